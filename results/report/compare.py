"""`foureyes compare`: any two runs on the problems that both have, in the terminal or as JSON."""

import json
from dataclasses import asdict, dataclass, replace

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import Sweep
from foureyes.results.figures import details, outcomes, plans
from foureyes.results.figures.comparisons import NO_EVIDENCE, Comparison, compare
from foureyes.results.figures.details import Flip
from foureyes.results.figures.margins import MARGIN
from foureyes.results.figures.outcomes import OPEN, Outcomes
from foureyes.results.figures.questions import SEQUENTIAL, Question
from foureyes.results.figures.scoreboard import Scoreboard, judged_anew, scoreboard
from foureyes.results.figures.stopping import compare_as_planned
from foureyes.results.formatting import count, p_equals, points_interval, size, verb
from foureyes.results.report import evidence
from foureyes.results.report.sentences import review_against_plan, whose
from foureyes.results.runs import RunName, find_pair
from foureyes.results.visible import in_line

#: Flips that the terminal lists.
_SHOWN = 20


@dataclass(frozen=True)
class TwoRuns:
    """Two runs side by side. Problems that only one of them has are in no figure but their own.

    `alone`: the report, with its usual baseline, makes no such comparison, and its p-value is not corrected.
    `whose` says by which regrade's verdicts it is, and what is missing of these; nothing by the first ones.
    """

    baseline: RunName
    run: RunName
    comparison: Comparison
    alone: bool
    common: int
    only_baseline: int
    only_run: int
    unfinished: int
    flips: list[Flip]
    whose: list[str]


def find(first: str, second: str, regrade: int | None = None) -> TwoRuns:
    """Compare the two runs of these names, the first of which is the baseline; by a regrade's verdicts, if
    one is said.

    Raises: FoureyesError if there are no such runs, if they have no problem in common, or if the regrade is
        not of their sweep.
    """
    baseline, run = find_pair(first, second)
    if baseline.id == run.id:
        raise FoureyesError(f"both are run {run.id} ({run}): nothing to compare")
    anew = None if regrade is None else _anew(baseline, run, regrade)
    with session() as db:
        found = anew.outcomes if anew else outcomes.read(db, [baseline.id, run.id])
        theirs, ours = found[baseline.id], found[run.id]
        common = theirs.keys() & ours.keys()
        if not common:
            raise FoureyesError(
                f"run {baseline.id} ({baseline}) and run {run.id} ({run}) have no problem in common"
            )
        theirs_too, ours_too = _only(theirs, common), _only(ours, common)
        sweeps = [db.get_one(Sweep, each.sweep_id) for each in (baseline, run)]
        stops = any(plans.stops(plans.read(db, sweep)) for sweep in sweeps)
        comparison = compare(baseline.id, theirs_too, run.id, ours_too)
        flips = (
            details.flips_of(db, [comparison], found) if anew else details.flips(db, [comparison])
        )[run.id]
    family = _in_report(baseline, run, anew)
    if stops:
        # this test is the same from either side
        planned = 1 if family is None else family.family
        margin = MARGIN if family is None else family.margin
        asked = Question(baseline.id, theirs_too, run.id, ours_too)
        (comparison,) = compare_as_planned([asked], margin, stops=True, planned=planned)
    elif family is not None:
        comparison = replace(
            comparison,
            family=family.family,
            p_holm=family.p_holm,
            detectable=family.detectable,
            # the other way round it is another question, which the report does not ask
            not_worse=family.not_worse if family.run_id == run.id else comparison.not_worse,
            equivalent=family.equivalent,
        )
    return TwoRuns(
        baseline=baseline,
        run=run,
        comparison=comparison,
        alone=family is None,
        common=len(common),
        only_baseline=len(theirs) - len(common),
        only_run=len(ours) - len(common),
        unfinished=sum(
            each.count(OPEN) for some in (theirs_too, ours_too) for each in some.values()
        ),
        flips=flips,
        whose=whose(anew) if anew else [],
    )


def _anew(baseline: RunName, run: RunName, regrade: int) -> Scoreboard:
    """Their sweep by the verdicts of a regrade."""
    if baseline.sweep_id != run.sweep_id:
        raise FoureyesError(
            f"--regrade {regrade}: a regrade is of one sweep, and these runs are of sweeps {baseline.sweep_id} and "
            f"{run.sweep_id}"
        )
    return judged_anew(scoreboard(run.sweep_id), regrade)


def _in_report(baseline: RunName, run: RunName, anew: Scoreboard | None) -> Comparison | None:
    """The comparison that the report has of the two, so that it and this one say the same."""
    if any(
        getattr(baseline, part) != getattr(run, part)
        for part in ("sweep_id", "benchmark", "pairing")
    ):
        return None
    board = anew or scoreboard(run.sweep_id)
    asked = [each for _, each in review_against_plan(board)] + [*board.comparisons.values()]
    both = {baseline.id, run.id}
    return next((each for each in asked if {each.baseline_run_id, each.run_id} == both), None)


def _only(run: Outcomes, problems: set[int]) -> Outcomes:
    return {problem: samples for problem, samples in run.items() if problem in problems}


def to_json(compared: TwoRuns) -> str:
    """The comparison for programs."""
    row = compared.comparison.row()
    if compared.alone:
        row["p_holm"] = None
    content = asdict(compared) | {"comparison": row}
    return json.dumps(content, indent=2)


def render(compared: TwoRuns, console: Console) -> None:
    """Print by whose verdicts it is, the pairs, what they say, and the flips."""
    for line in compared.whose:
        console.print(Text(in_line(line), style="bold"))
    for letter, run in (("A", compared.baseline), ("B", compared.run)):
        console.print(Text(in_line(f"{letter}: {run} (run {run.id})"), style="bold"))
    console.print()
    console.print(_pairs(compared.comparison))
    for line in said(compared):
        console.print(Text(f"- {in_line(line)}"))
    if compared.flips:
        console.print()
        console.print(_flips(compared.flips))
    if len(compared.flips) > _SHOWN:
        console.print(f"and {len(compared.flips) - _SHOWN} more: --json has more", style="dim")


def said(compared: TwoRuns) -> list[str]:
    """What the comparison says, and on how much it rests."""
    found = compared.comparison
    lines = []
    if compared.only_baseline or compared.only_run:
        lines.append(
            f"Compared on the {count(compared.common, 'problem')} that both have: "
            f"{compared.only_baseline:,} more {verb(compared.only_baseline, 'is', 'are')} only in A, {compared.only_run:,} only in B."
        )
    if compared.unfinished:
        lines.append(
            f"Still running: {count(compared.unfinished, 'attempt')} {verb(compared.unfinished, 'has', 'have')} not ended."
        )
    if found.missing:
        lines.append(
            f"Pairs that are missing, not judged on both sides: {found.missing:,} of "
            f"{found.missing + found.pairs:,}."
        )
    if not found.pairs:
        return [*lines, "There is nothing to compare yet."]
    verdict = NO_EVIDENCE.capitalize() if found.verdict == NO_EVIDENCE else f"B is {found.verdict}"
    lines.append(
        f"{verdict}: {points_interval(found.difference, found.low, found.high)} points of pass@1 "
        f"({found.test}, {p_equals(found.p)}{_correction(compared)})."
    )
    if found.test == SEQUENTIAL:
        lines.append("The sweep stops what is decided; this is right at every look.")
    elif found.verdict == NO_EVIDENCE and found.detectable is None:
        step = " at the first step of the correction" if found.could_be_evidence else ""
        lines.append(
            f"They differ on so few problems that no split of them would be evidence{step}."
        )
    elif found.detectable is not None:
        lines.append(
            f"On as many differing problems, a difference below {size(found.detectable, 1)} points "
            "would be missed more often than one time in five."
        )
    named = [("B", found)]
    return [*lines, *evidence.margins(named, "A"), *evidence.with_errors(named)]


def _correction(compared: TwoRuns) -> str:
    found = compared.comparison
    if compared.alone:
        return "; not corrected for what else was compared"
    if found.family == 1:
        return ""
    return f"; {p_equals(found.p_holm)} as one of the report's {found.family} comparisons"


def _pairs(found: Comparison) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in ("", "B solved", "B did not"):
        table.add_column(header, justify="right" if header else "left")
    table.add_row("A solved", f"{found.both_solved:,}", f"{found.regressed:,}")
    table.add_row("A did not", f"{found.improved:,}", f"{found.neither_solved:,}")
    return table


def _flips(flips: list[Flip]) -> Table:
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    for header in ("problem", "flip", "A", "B"):
        table.add_column(header, overflow="fold")
    for flip in flips[:_SHOWN]:
        both = [(flip.improved, "improved"), (flip.regressed, "regressed")]
        words = [f"{number} {word}" for number, word in both if number]
        single = flip.improved + flip.regressed == 1
        table.add_row(
            Text(in_line(flip.problem_id)),
            words[0].split()[1] if single else ", ".join(words),
            f"foureyes show {flip.baseline_attempt_id}",
            f"foureyes show {flip.attempt_id}",
        )
    return table
