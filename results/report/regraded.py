"""A regrade for a person, or as JSON: both verdicts, where they differ, and what that changes."""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.regrades import Diverged, RegradeFigures, VerdictFlip
from foureyes.results.figures.scoreboard import Group, Scoreboard
from foureyes.results.figures.scores import Score
from foureyes.results.formatting import count, p_equals, p_value, percent, points, verb
from foureyes.results.visible import in_line

#: Flips that the terminal lists.
_SHOWN = 20


def to_json(found: RegradeFigures) -> str:
    """All of it for programs; every flip, and scores and comparisons by either verdicts."""
    content = {
        "regrade_id": found.regrade_id,
        "sweep_id": found.before.sweep_id,
        "name": found.before.name,
        "profile": found.profile,
        "programs": found.programs,
        "judged": found.judged,
        "same": found.judged - len(found.flips),
        "waiting": found.waiting,
        "errors": found.errors,
        "left_out": found.left_out,
        "judges": [asdict(each) for each in found.judges],
        "failures": [{"error": error, "programs": n} for error, n in found.failures],
        "flips": [asdict(each) for each in found.flips],
        "trials": asdict(found.trials),
        "diverged": [asdict(each) for each in found.diverged],
        "before": _figures(found.before),
        "after": _figures(found.after),
        "sentences": said(found),
    }
    return json.dumps(content, indent=2)


def _figures(board: Scoreboard) -> dict[str, Any]:
    return {
        "scores": [
            {
                "run_id": each.run_id, "benchmark": each.run.benchmark, "pattern": each.pattern,
                "pairing": each.run.pairing, "n": each.n, "solved": each.solved,
                "pass_1": each.pass_1, "low": each.low, "high": each.high,
            }
            for each in board.scores
        ],
        "comparisons": [each.row() for each in board.comparisons.values()],
    }  # fmt: skip


def render(found: RegradeFigures, console: Console) -> None:
    """Print the runs by either verdicts, the flips, and what all of it says."""
    after = {score.run_id: score for score in found.after.scores}
    for group in found.before.groups:
        console.print(Text(in_line(found.before.title(group)), style="bold"))
        console.print(_runs(found, group, after))
        console.print()
    if found.flips:
        console.print(_flips(found.flips))
        console.print()
    if found.diverged:
        console.print(Text("These attempts would have gone on differently", style="bold"))
        console.print(_diverged(found.diverged))
        console.print()
    for line in said(found):
        console.print(Text(f"- {in_line(line)}"))
    console.print(
        f"All of the report by these verdicts: foureyes report id={found.before.sweep_id} --regrade "
        f"{found.regrade_id}",
        markup=False, soft_wrap=True, highlight=False,
    )  # fmt: skip


def _runs(found: RegradeFigures, group: Group, after: dict[int, Score]) -> Table:
    """Each run's figures, those of the time on the left of each pair."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    table.add_column("pattern", overflow="fold", min_width=12)
    versus = Text(f"vs {in_line(found.before.baseline)}")
    for header in ("pass@1", "anew", versus, "anew", "p", "anew"):
        table.add_column(header, justify="right", no_wrap=True)
    for score in group.scores:
        both = [
            _compared(each.comparisons.get(score.run_id)) for each in (found.before, found.after)
        ]
        differences, p_values = zip(*both, strict=True)
        table.add_row(
            Text(in_line(score.pattern)),
            percent(score.pass_1, 1),
            percent(after[score.run_id].pass_1, 1),
            *differences,
            *p_values,
        )
    return table


def _compared(found: Comparison | None) -> tuple[str, str]:
    """A difference from the baseline, and its p; empty where nothing is compared."""
    if found is None or not found.pairs:
        return "", ""
    return points(found.difference), p_value(found.p_holm)


def _flips(flips: list[VerdictFlip]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in ("problem", "pattern", "at first", "anew", ""):
        table.add_column(header, overflow="fold")
    for flip in flips[:_SHOWN]:
        table.add_row(
            Text(in_line(flip.problem_id)),
            Text(in_line(flip.pattern)),
            Text(_verdict(flip.before, flip.reason_before)),
            Text(_verdict(flip.after, flip.reason_after)),
            f"foureyes show {flip.attempt_id}",
        )
    return table


def _diverged(found: list[Diverged]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in ("problem", "pattern", ""):
        table.add_column(header, overflow="fold")
    for each in found[:_SHOWN]:
        table.add_row(
            Text(in_line(each.problem_id)),
            Text(in_line(each.pattern)),
            f"foureyes show {each.attempt_id}",
        )
    return table


def _verdict(outcome: str, reason: str) -> str:
    return in_line(f"{outcome}: {reason}" if reason else outcome)


def said(found: RegradeFigures) -> list[str]:
    """What came of it, in sentences: first what is missing."""
    return [
        *_missing(found),
        *_verdicts(found),
        *_trials(found),
        *_judges(found),
        *_comparisons(found),
    ]


def _missing(found: RegradeFigures) -> Iterator[str]:
    if found.waiting:
        yield (
            f"Not judged anew yet: {count(found.waiting, 'program')} of {found.programs:,}. The same "
            "command goes on."
        )
    if found.errors:
        why, _ = found.failures[0]
        yield (
            f"The judge failed on {count(found.errors, 'program')}, which are in no figure of the regrade; "
            f"most often: {in_line(why)}. The same command tries again."
        )
    lost = found.before.without_reference.attempts
    broken = found.before.patterns_failed.attempts
    if failed := found.left_out - lost - broken:
        yield (
            f"{count(failed, 'attempt')} ended in error and {verb(failed, 'has', 'have')} no first verdict: "
            f"`foureyes retry id={found.before.sweep_id}` is for these."
        )
    if lost:
        yield (
            f"{count(lost, 'attempt')} {verb(lost, 'has', 'have')} no first verdict because the reference program of their task fails "
            "where it was judged."
        )
    if broken:
        yield f"{count(broken, 'attempt')} {verb(broken, 'has', 'have')} no first verdict because the pattern failed."


def _verdicts(found: RegradeFigures) -> Iterator[str]:
    flips = found.flips
    line = f"{count(found.judged, 'program')} judged anew: {found.judged - len(flips):,} verdicts are the same"
    if flips:
        lost = sum(flip.before == "solved" for flip in flips)
        line += f", {lost:,} solved programs are unsolved now, and {len(flips) - lost:,} unsolved ones solved"
    yield f"{line}."
    reasons = Counter(
        flip.reason_after or flip.reason_before or "no reason given" for flip in flips
    )
    if reasons:
        told = [f"{in_line(reason)} {number:,}" for reason, number in reasons.most_common(5)]
        yield f"What the stricter of the two says: {', '.join(told)}."
    if len(flips) > _SHOWN:
        yield f"{len(flips) - _SHOWN:,} flips more are in v_regraded, and in --json."


def _trials(found: RegradeFigures) -> Iterator[str]:
    """Whose course the visible tests would have changed."""
    trials = found.trials
    if trials.waiting:
        yield f"Visible tests are not run anew yet in {count(trials.waiting, 'step')}."
    if trials.errors:
        yield f"The judge failed on the visible tests of {count(trials.errors, 'step')}."
    if found.diverged:
        yield (
            f"{count(len(found.diverged), 'attempt')} would have gone on differently: in {trials.differ:,} of "
            f"{count(trials.judged, 'step')} that ran visible tests others pass now. Which programs that would have "
            "led to no regrade can say; the verdicts anew are of those that were written."
        )
        if len(found.diverged) > _SHOWN:
            yield f"{len(found.diverged) - _SHOWN:,} such attempts more are in v_regraded_trials, and in --json."
    elif trials.judged:
        yield f"In all of {count(trials.judged, 'step')} that ran visible tests the same ones pass: patterns would have gone on alike."


def _judges(found: RegradeFigures) -> Iterator[str]:
    """Who judged; and if a worker's judge was none but the first."""
    before, after = Counter[str](), Counter[str]()
    for each in found.judges:
        before[each.before] += each.programs
        after[each.after] += each.programs
    for word, names in (("At first", before), ("Anew", after)):
        if names:
            told = (f"{in_line(name)} ({number:,})" for name, number in names.most_common())
            yield f"{word} by the judge {'; '.join(told)}."
    unchanged = sum(each.programs for each in found.judges if each.before == each.after)
    if unchanged:
        yield f"{count(unchanged, 'program')} had this very judge at first: their verdicts are those."


def _comparisons(found: RegradeFigures) -> Iterator[str]:
    """What may be said otherwise of a pattern by the verdicts of the regrade."""
    names = {
        score.run_id: f"{score.pattern} on {found.before.title(group)}"
        for group in found.before.groups
        for score in group.scores
    }
    both = [
        (run_id, before, found.after.comparisons[run_id])
        for run_id, before in found.before.comparisons.items()
        if run_id in found.after.comparisons
    ]
    changed = [
        f"{names[run_id]}: {before.verdict} at first ({p_equals(before.p_holm)}), "
        f"{after.verdict} now ({p_equals(after.p_holm)})"
        for run_id, before, after in both
        if before.verdict != after.verdict
    ]
    if changed:
        yield f"Against {found.before.baseline}, other words follow: {'; '.join(changed)}."
    elif both:
        yield f"Of no pattern is anything else said than before, against {found.before.baseline}."
