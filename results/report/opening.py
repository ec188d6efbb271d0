"""What a report opens with: all comparisons of a sweep in a few sentences, and each group in a line. Pure."""

from collections import Counter
from collections.abc import Iterator

from foureyes.results.figures.comparisons import NO_EVIDENCE
from foureyes.results.figures.primary import exploratory
from foureyes.results.figures.scoreboard import Group, Scoreboard
from foureyes.results.figures.scores import Score
from foureyes.results.formatting import count, interval, p_equals, points_interval
from foureyes.results.report import evidence
from foureyes.results.report.sentences import of_group

#: Comparisons that are told one by one, largest difference first.
_TOLD = 5
#: Runs without evidence that are named, and not counted.
_FEW = 3


def sentences(board: Scoreboard) -> list[str]:
    """What all comparisons with the baseline came to, for whoever reads nothing else.

    Of several benchmarks it is in short: what is said of them together stands before it.
    """
    if len(board.groups) == 1:
        return of_group(board, board.groups[0])
    unplanned = exploratory(board)
    found = [
        (
            f"{score.pattern} on {board.title(group)}"
            f"{' (exploratory)' if score.run_id in unplanned else ''}",
            compared,
        )
        for group in board.groups
        for score in group.scores
        if (compared := board.comparisons.get(score.run_id)) is not None and compared.pairs
    ]
    told = 0 if len({group.benchmark for group in board.groups}) > 1 else _TOLD
    return [*_counted(board, found), *_named(found, told), *_unclear(board, found, told)]


def _counted(board: Scoreboard, found: evidence.Named) -> Iterator[str]:
    """How many runs differ from the baseline."""
    verdicts = Counter(compared.verdict for _, compared in found)
    better, worse = verdicts["better"], verdicts["worse"]
    if len(found) > 1 and better + worse:
        yield (
            f"Of {count(len(found), 'run')} that are compared with {board.baseline}, {better} "
            f"{'is' if better == 1 else 'are'} better and {worse} worse, corrected for all of "
            "these comparisons."
        )


def _named(found: evidence.Named, most: int) -> Iterator[str]:
    """Those of them that differ most."""
    clear = sorted(
        (each for each in found if each[1].verdict in ("better", "worse")),
        key=lambda each: -abs(each[1].difference),
    )
    for name, each in clear[:most]:
        by = points_interval(each.difference, each.low, each.high)
        yield (
            f"{each.verdict.capitalize()}: {name}, by {by} points of pass@1 ({each.test}, "
            f"{p_equals(each.p_holm)})."
        )
    if len(clear) > most > 0:
        yield f"And so on for {count(len(clear) - most, 'run')} more, marked in the table."


def _unclear(board: Scoreboard, found: evidence.Named, most: int) -> Iterator[str]:
    """In how many comparisons there is no evidence, and what could have been seen in them."""
    unclear = [each for each in found if each[1].verdict == NO_EVIDENCE]
    if not unclear:
        return
    if len(unclear) <= _FEW:
        which = evidence.listed(name for name, _ in unclear)
    elif len(unclear) == len(found):
        which = f"any of the {len(found)} other runs"
    else:
        which = f"{len(unclear)} of the {len(found)} other runs"
    line = f"{NO_EVIDENCE.capitalize()} between {board.baseline} and {which}."
    if not most:
        yield line
        return
    able = [each for each in unclear if each[1].detectable is not None]
    yield f"{line} {evidence.detectable(able or unclear)}"
    if able and len(able) < len(unclear):
        yield (
            f"In {len(unclear) - len(able)} of these comparisons so few problems differ that no split of them "
            "would have been evidence at the first step of the correction."
        )


def essence(board: Scoreboard, group: Group) -> str:
    """A group in a line: which run solves most, and how many differ from the baseline."""
    judged = [score for score in group.scores if score.pass_1 is not None]
    if not judged:
        return "nothing is judged yet"
    verdicts = Counter(
        board.comparisons[score.run_id].verdict
        for score in group.scores
        if score.run_id in board.comparisons
    )
    words = {"better": "better", "worse": "worse", NO_EVIDENCE: f"with {NO_EVIDENCE}"}
    counts = [f"{verdicts[each]} {word}" for each, word in words.items() if verdicts[each]]
    return "; ".join([_most_solved(judged), *filter(None, [", ".join(counts)])])


def _most_solved(judged: list[Score]) -> str:
    highest = max(score.pass_1 or 0.0 for score in judged)
    if not highest:
        return "nothing is solved"
    first, *others = [score for score in judged if score.pass_1 == highest]
    more = f" and {len(others)} more" if others else ""
    return f"most solved by {first.pattern}{more}, {interval(highest, first.low, first.high)}"
