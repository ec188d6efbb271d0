"""What a sweep's numbers say, and what they do not, in plain words."""

from collections.abc import Container, Iterator

from foureyes.results.figures import primary
from foureyes.results.figures.baselines import pattern_name, style, without_style
from foureyes.results.figures.comparisons import NO_EVIDENCE, Comparison
from foureyes.results.figures.precision import precisions
from foureyes.results.figures.questions import Question
from foureyes.results.figures.rewordings import wordings
from foureyes.results.figures.scoreboard import Group, Scoreboard
from foureyes.results.figures.scores import Score
from foureyes.results.figures.stopping import compare_as_planned
from foureyes.results.figures.together import Together, together
from foureyes.results.formatting import count, dollars, p_equals, percent, verb
from foureyes.results.report import endings, equal_tokens, evidence


def of_together(board: Scoreboard) -> list[str]:
    """About the patterns on all benchmarks together; nothing for a sweep of one."""
    found = together(board)
    teams = {each.pairing for each in found}
    compared = [
        (f"{each.pattern} by {each.pairing}" if len(teams) > 1 else each.pattern, each.comparison)
        for each in found
    ]
    others = {(score.pattern, score.run.pairing) for score in _no_baselines(board.scores, board)}
    return [
        *_against_baseline(board.baseline, compared, len(others) if found else 0),
        *evidence.margins(compared, board.baseline),
        *evidence.missing(compared, "patterns"),
        *evidence.with_errors(compared),
        *_repeated(found),
    ]


def _repeated(found: list[Together]) -> Iterator[str]:
    most = max((each.repeated for each in found), default=0)
    if most:
        yield (
            f"{count(most, 'problem')} that several benchmarks have, in these words or others, "
            f"{'counts' if most == 1 else 'count'} once, with the mean of what was seen."
        )


def of_group(board: Scoreboard, group: Group) -> list[str]:
    """About the runs of one benchmark by one team."""
    compared = [
        (score.pattern, board.comparisons[score.run_id])
        for score in group.scores
        if score.run_id in board.comparisons
    ]
    exploratory = primary.exploratory(board)
    unplanned = {score.pattern for score in group.scores if score.run_id in exploratory}
    return [
        *_against_baseline(
            board.baseline, compared, len(_no_baselines(group.scores, board)), unplanned
        ),
        *evidence.margins(compared, board.baseline),
        *evidence.missing(compared, "patterns"),
        *evidence.with_errors(compared),
        *evidence.bought(list(precisions(board.compared(group), board.outcomes).values())),
        *_reviewers(group),
        *_prices(group),
    ]


def of_sweep(board: Scoreboard) -> list[str]:
    """About the sweep as a whole: first what is missing from its figures."""
    return [*state(board), *further(board)]


def state(board: Scoreboard) -> list[str]:
    """What is missing from a sweep's figures, or may be: what is still running, cancelled, refused, forged
    or in error."""
    return list(_state(board))


def further(board: Scoreboard) -> list[str]:
    """The rest about the sweep as a whole."""
    return [
        *_elsewhere(board),
        *_regrades(board),
        *endings.sentences(board.endings),
        *_copies(board),
        *_no_baseline(board),
        *_review_against_plan(board),
        *equal_tokens.sentences(board),
        *_wordings(board),
    ]


def _elsewhere(board: Scoreboard) -> Iterator[str]:
    for found in board.elsewhere:
        made = " and ".join(
            count(number, word)
            for number, word in ((found.answers, "answer"), (found.verdicts, "verdict"))
            if number
        )
        yield (
            f"Not made here: {count(found.attempts, 'attempt')} "
            f"{'rests' if found.attempts == 1 else 'rest'} on {made} from {found.origin}."
        )


def whose(board: Scoreboard) -> list[str]:
    """By whose verdicts the figures are, where it is not the first ones; what is missing of them."""
    found = board.verdicts
    if found is None:
        return []
    by = found.regrade
    differ = "differs" if by.flips == 1 else "differ"
    # who judges by another profile than the usual one is called by it
    profile = "" if by.judge_version.endswith(by.profile) else f", profile {by.profile}"
    said = [
        f"By the verdicts of regrade {by.regrade_id}{profile}: judge {by.judge_version}. "
        f"{by.flips:,} of {by.programs:,} {differ} from the first ones, which are by judge {by.at_first}. What "
        "reviewers caught is known by the first ones alone, and left out."
    ]
    if by.diverged:
        said.append(
            f"{count(by.diverged, 'attempt')} would have gone on differently, as other visible tests pass by this judge: "
            "which program that would have led to nobody knows, and the verdicts here are of those that were written."
        )
    if by.trials_waiting:
        said.append(
            f"Visible tests are not run anew yet in {count(by.trials_waiting, 'step')}: more attempts may turn out to have "
            "had another course."
        )
    if found.waiting:
        said.append(
            f"It has not ended: {count(found.waiting, 'program')} of {by.programs + found.waiting + found.errors:,} "
            f"{'is' if found.waiting == 1 else 'are'} not judged anew, and in no figure. The same `foureyes regrade` "
            "goes on."
        )
    if found.errors:
        said.append(
            f"Its judge failed on {count(found.errors, 'program')}, which are in no figure. The same `foureyes "
            "regrade` tries again."
        )
    return said


def _regrades(board: Scoreboard) -> Iterator[str]:
    """That other verdicts exist than those that the figures are of."""
    mine = board.verdicts and board.verdicts.regrade
    for found in board.regrades:
        if found == mine or not found.programs:
            continue
        differ = "differs" if found.flips == 1 else "differ"
        anew, first = _brief(found.judge_version), _brief(found.at_first)
        if anew == first:  # they differ in their Python or its libraries
            anew, first = f"judge {found.judge_version}", f"judge {found.at_first}"
        stands = "" if mine else f"The figures are those of the first verdicts, by {first}; "
        yield (
            f"Judged anew by {anew}: {found.flips:,} of {found.programs:,} verdicts {differ}"
            f"{' from the first ones' if mine else ''}. {stands}`foureyes report id={board.sweep_id} --regrade "
            f"{found.regrade_id}` has {'those' if mine else 'the others'}."
        )


def _brief(judges: str) -> str:
    """Judges, a format's each with its libraries, by their versions and profiles alone."""
    names = []
    for judge in judges.split("; "):
        version, (_, by, profile) = judge.partition(",")[0], judge.rpartition(", profile ")
        names.append(f"judge {version}{by}{profile if by else ''}")
    return " and ".join(dict.fromkeys(names))


def _state(board: Scoreboard) -> Iterator[str]:
    anew = board.verdicts
    missing = [] if anew and anew.waiting else sorted(
        ((score.unfinished, f"{score.pattern} on {board.title(group)}")
         for group in board.groups for score in group.scores if score.unfinished),
        key=lambda each: -each[0],
    )  # fmt: skip
    held = [] if board.steering is None else [*board.steering.sentences()]
    if missing:
        total = sum(score.attempts for score in board.scores)
        yield (
            f"{'Held' if held else 'Still running'}: {sum(number for number, _ in missing):,} of {count(total, 'attempt')} "
            f"have not ended, in {count(len(missing), 'run')}, most of them by {missing[0][1]} "
            f"({missing[0][0]:,}). The figures are those of the others."
        )
        yield from (f"{line[0].upper()}{line[1:]}." for line in held)
        if board.comparisons and not board.stops:
            yield (
                "Looking is not stopping: p-values and intervals are for the end that was planned. Who "
                "stops when they please finds differences that are none."
            )
    if board.stops:
        yield (
            "This sweep stops what is decided. Its p-values and intervals are right at every look; of a "
            "comparison those problems count that ended before the first, in the plan's order, that has not."
        )
    if not missing and not any(score.n for score in board.scores):
        yield "No attempt was judged: nothing here is known of any pattern."
    cancelled = sum(score.cancelled for score in board.scores)
    if cancelled:
        yield f"{count(cancelled, 'attempt')} of this sweep were cancelled and are in no figure."
    refused = sum(score.refused for score in board.scores)
    if refused:
        yield (
            f"{count(refused, 'attempt')} ended in a refusal: a model or its provider declined to "
            "answer, and no program came of it. They count as not solved."
        )
    forged = sum(len(each) for of in board.forgeries.values() for each in of.values())
    if forged:
        yield (
            f"{count(forged, 'attempt')} {'is' if forged == 1 else 'are'} forged: the program spoke in the "
            "judge's place. They count as not solved."
        )
    errors = sum(score.errors for score in board.scores)
    lost = board.without_reference
    broken = board.patterns_failed
    failed = errors - lost.attempts - broken.attempts
    if anew and errors > anew.errors:
        yield (
            f"{count(errors - anew.errors, 'attempt')} ended in error and have no first verdict, either: they are in "
            "no figure."
        )
    elif failed and not anew:
        yield (
            f"{count(failed, 'attempt')} ended in error: nothing was judged, and they are in "
            f"no figure. Most often: {_most_often(board)}. `foureyes retry {board.sweep_id}` tries again."
        )
    if broken.attempts and not anew:
        yield (
            f"{count(broken.attempts, 'attempt')} ended in error because the pattern failed: they are in no "
            "figure, and as long as it is the same a retry ends as they did. Most often: "
            f"{_reason(broken.error)}. Mend its module, or what it asks for and has not, and run `foureyes sweep` "
            "again: no call is asked twice. `foureyes patterns check` says what the mended one would ask otherwise."
        )
    if lost.attempts and not anew:
        yield (
            f"{count(lost.attempts, 'attempt')} of {count(lost.tasks, 'task')} ended in error because the "
            "task's own reference program fails where it was judged: nothing is known of any program for it, "
            "it is in no figure, and no retry there mends that. `foureyes benchmark check` names such tasks."
        )
    if errors:
        yield f"Were they all wrong, or all right, pass@1 would be {_bounds(board)}."


#: Characters of an error in a sentence: what a server said is whole in all but the rarest.
_SAID = 600


def _most_often(board: Scoreboard) -> str:
    """What most of the errors say that another try may mend."""
    # read by a statement of its own: a retry meanwhile leaves none
    error, _ = next(iter(board.failures), ("", 0))
    return _reason(error)


def _reason(error: str) -> str:
    """An error in whole words; and where the rest is, if there is more."""
    said = " ".join(error.split()).rstrip(".") or "no reason given"
    if len(said) <= _SAID:
        return said
    kept = said[:_SAID].rpartition(" ")[0] or said[:_SAID]
    return f"{kept} ... (v_errors has all of it)"


#: Runs whose bounds are told; those with the most errors.
_BOUNDED = 5


def _bounds(board: Scoreboard) -> str:
    """Between what the errors leave pass@1 of each run that has some."""
    found = sorted(
        ((score, group) for group in board.groups for score in group.scores if score.with_errors),
        key=lambda each: -each[0].errors,
    )
    told = []
    for score, group in found[:_BOUNDED]:
        assert score.with_errors is not None
        least, most = map(percent, score.with_errors)
        told.append(f"{least} to {most} for {score.pattern} on {board.title(group)}")
    more = [f"and so on for {count(len(found) - _BOUNDED, 'run')} more"]
    return "; ".join(told + (more if len(found) > _BOUNDED else []))


def _copies(board: Scoreboard) -> Iterator[str]:
    """Samples that are none: a greedy answer is the same each time."""
    samples = max(group.samples for group in board.groups)
    found = sorted({group.pairing for group in board.groups} & board.copying)
    if samples > 1 and found:
        yield (
            f"samples = {samples}, but at temperature 0, as {' and '.join(found)} answered, samples of "
            "a problem are copies of one, but where a pattern draws at another: copies count as one "
            "here, and tell nothing more."
        )


def _no_baseline(board: Scoreboard) -> Iterator[str]:
    """Which runs are compared with nothing, and why."""
    if not board.baselines:
        yield (
            f"The sweep has no {board.baseline} to compare with; --baseline names another pattern."
        )
        return
    baseline = without_style(board.baseline)
    styles = {style(score.run) for score in board.scores}
    if len(styles) > 1:
        yield (
            f"Each pattern is compared with the {baseline} that has the same prompts, thinking and extraction."
        )
    alone = [score.pattern for score in board.scores if score.run_id not in board.baselines]
    if alone:
        yield (
            f"Compared with nothing, as no {baseline} has the same prompts, thinking and extraction: "
            f"{', '.join(dict.fromkeys(alone))}. A baseline with these options belongs to the sweep."
        )
    empty = [
        f"{score.pattern} on {board.title(group)}"
        for group in board.groups
        for score in group.scores
        if board.is_baseline(score) and not score.n and _no_baselines(group.scores, board)
    ]
    if empty:
        yield f"Nothing is compared with a baseline of which no attempt was judged: {', '.join(empty)}."


def _no_baselines(scores: list[Score], board: Scoreboard) -> list[Score]:
    """The runs that are no baseline themselves."""
    return [score for score in scores if not board.is_baseline(score)]


def _against_baseline(
    baseline: str, compared: evidence.Named, others: int, exploratory: Container[str] = ()
) -> Iterator[str]:
    """Which of so many patterns differ from the baseline, which may, and what could have been seen."""
    for word in ("better", "worse"):
        names = [
            f"{name}{' (exploratory)' if name in exploratory else ''}"
            for name, found in compared
            if found.verdict == word
        ]
        if names:
            yield f"{word.capitalize()} than {baseline}: {', '.join(names)}."
    unclear = [(name, found) for name, found in compared if found.verdict == NO_EVIDENCE]
    if not unclear:
        return
    names = [name for name, _ in unclear]
    told = evidence.detectable(unclear)
    which = "any other pattern" if len(unclear) == others > 1 else evidence.listed(names)
    yield f"{NO_EVIDENCE.capitalize()} between {baseline} and {which}. {told}".rstrip()
    yield from evidence.by_itself(unclear)


def _reviewers(group: Group) -> Iterator[str]:
    """How often a reviewer asked for changes, of the attempts in which it said so or approved."""
    read = [score for score in group.scores if score.run.verdicts]
    asked = [
        f"{score.pattern} {percent(score.run.changes_asked / score.run.verdicts)}"
        for score in read
        if score.run.changes_asked
    ]
    if asked:
        yield f"Attempts in which the reviewer asked for changes: {', '.join(asked)}."
    silent = [
        f"{score.pattern} (in {count(score.run.verdicts, 'attempt')})"
        for score in read
        if not score.run.changes_asked
    ]
    if silent:
        yield f"The reviewer never asked for a change: {', '.join(silent)}."
    unread = [
        f"{score.pattern} {score.run.reviewed - score.run.verdicts:,} of {score.run.reviewed:,}"
        for score in group.scores
        if score.run.reviewed > score.run.verdicts
    ]
    if unread:
        yield (
            f"Attempts whose reviews have no verdict that could be read: {', '.join(unread)}. They "
            "say nothing of the reviewer."
        )


def _prices(group: Group) -> Iterator[str]:
    """What a solved problem costs, cheapest first, where the models have a price."""
    priced = sorted(
        (score.price_per_solved, score.pattern) for score in group.scores if score.price_per_solved
    )
    if not priced:
        return
    (cheapest, first), (dearest, last) = priced[0], priced[-1]
    line = f"A solved problem costs {dollars(cheapest)} with {first}"
    if len(priced) > 1:
        line += f", and {dollars(dearest)} with {last}"
    yield f"{line}, by the models' busy time."


def review_against_plan(board: Scoreboard) -> list[tuple[str, Comparison]]:
    """The question of the paper, once for each group, and each style of prompts, that has both patterns.

    One family. The names are those of the groups, with the pattern's options where it has some.
    """
    found = []
    for group in board.groups:
        plans = {
            style(score.run): score.run_id
            for score in reversed(group.scores)
            if pattern_name(score.run) == "plan-then-code"
        }
        for score in group.scores:
            plan = plans.get(style(score.run))
            if plan is not None and pattern_name(score.run) == "review-then-fix":
                review = score.run_id
                options = score.pattern.removeprefix("review-then-fix")
                name = f"{board.title(group)}{options and ' ' + options}"
                found.append(
                    (name, Question(plan, board.outcomes[plan], review, board.outcomes[review]))
                )
    compared = compare_as_planned(
        [question for _, question in found], board.margin, stops=board.stops
    )
    return [(name, each) for (name, _), each in zip(found, compared, strict=True)]


def _review_against_plan(board: Scoreboard) -> Iterator[str]:
    for name, found in review_against_plan(board):
        if not found.pairs:
            continue
        if found.verdict == NO_EVIDENCE:
            answer = NO_EVIDENCE
        else:
            answer = "yes" if found.difference > 0 else "no, planning is better"
        yield (
            f"{name}: does review beat planning here? {answer.capitalize()}: of "
            f"{count(found.pairs, 'attempt')}, {found.improved} {verb(found.improved, 'is', 'are')} solved by review alone and "
            f"{found.regressed} by planning alone ({found.test}, {p_equals(found.p_holm)})."
        )


def _wordings(board: Scoreboard) -> Iterator[str]:
    """The baseline on the same problems in other words, where two benchmarks have some."""
    for each in wordings(board):
        if board.baselines.get(each.comparison.run_id) != each.comparison.run_id:
            continue
        found = each.comparison
        by = f" by {each.pairing}" if len({group.pairing for group in board.groups}) > 1 else ""
        answer = NO_EVIDENCE if found.verdict == NO_EVIDENCE else "a difference"
        missing = (
            f" ({found.missing:,} more {verb(found.missing, 'is', 'are')} missing)"
            if found.missing
            else ""
        )
        yield (
            f"The same problems in other words, {each.pattern}{by}: {answer.capitalize()}. Of "
            f"{count(found.pairs, 'pair')}{missing}, {found.improved} {verb(found.improved, 'is', 'are')} solved only as "
            f"{each.first} has them and {found.regressed} only as {each.second} does, "
            f"{found.both_solved} as both do ({found.test}, {p_equals(found.p_holm)})."
        )
