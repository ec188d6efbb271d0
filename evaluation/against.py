"""`--against NAME`: another judge gets the same samples, and the two are held together."""

from collections import Counter
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from foureyes.evaluation.cost import JudgingCost
from foureyes.evaluation.journal import Verdict
from foureyes.evaluation.peers import PEERS, Theirs
from foureyes.evaluation.samples import Sample
from foureyes.results.visible import in_line

_SHOWN = 40


def check(peer: str, samples: Sequence[Sample]) -> None:
    """Raises: FoureyesError if the judge is not here, or cannot judge these samples at once."""
    PEERS[peer].check(samples)


def compare(
    peer: str,
    samples: Sequence[Sample],
    ours: Sequence[Verdict],
    slots: int,
    cost: JudgingCost,
    console: Console,
) -> None:
    """Have another judge the samples too; print where the two agree, where not, and what each took.

    `cost` is that of our own verdicts, or of those that were not there before.

    Raises: InfrastructureError if the other reaches no verdict.
    """
    name = PEERS[peer].name
    console.print(f"{name} judges the same samples ...", style="dim", highlight=False)
    theirs = PEERS[peer].judge(samples, slots)
    _show_agreement(name.rpartition(" ")[0], ours, theirs, console)
    table = Table()
    for head in ("", "seconds", "CPU seconds", "peak memory"):
        table.add_column(head, justify="right" if head else "left")
    for who, took in (("foureyes", cost), (name, theirs)):
        peak = "" if took.peak_bytes is None else f"{took.peak_bytes / 2**20:,.0f} MiB"
        table.add_row(who, f"{took.seconds:.1f}", f"{took.cpu_seconds:.1f}", peak)
    console.print(table)
    if theirs.remark:
        console.print(f"{name}: {theirs.remark}", highlight=False)


def _show_agreement(name: str, ours: Sequence[Verdict], theirs: Theirs, console: Console) -> None:
    table = Table()
    for head in ("tests", "agree", "only ours pass", f"only {name}'s pass", "fail otherwise"):
        table.add_column(head, justify="right" if head != "tests" else "left")
    lines = []
    for suite in dict.fromkeys(suite for each in theirs.statuses for suite in each):
        counts: Counter[str] = Counter()
        for verdict, other in zip(ours, theirs.statuses, strict=True):
            here, there = _status(verdict, suite), other[suite]
            if verdict["outcome"] == "error" or (here is None and there is None):
                continue
            counts[_how(here, there)] += 1
            if here != there:
                lines.append(
                    f"{verdict['task_id']} #{verdict['index']} {suite}: here {here or 'not run'}, "
                    f"{name} {there or 'not counted'}; {_why(name, verdict, theirs)}"
                )
        table.add_row(
            suite,
            f"{counts['agree']} of {counts.total()}",
            *(str(counts[how]) for how in ("ours", "theirs", "otherwise")),
        )
    console.print(table)
    for line in lines[:_SHOWN]:
        console.print(Text(in_line(line)))
    if len(lines) > _SHOWN:
        console.print(f"... and {len(lines) - _SHOWN} more", highlight=False)


def _status(verdict: Verdict, suite: str) -> str | None:
    """What our verdict says of a suite. Plus tests count only for programs that pass the base tests;
    `all` are those of a judge that knows passing and failing alone."""
    base: str | None = verdict["base"]
    plus: str | None = verdict["plus"]
    if suite == "base" or base is None:
        return base
    if suite == "all":
        return "pass" if verdict["outcome"] == "solved" else "fail"
    return plus if base == "pass" else None


def _how(here: str | None, there: str | None) -> str:
    if here == there:
        return "agree"
    if here == "pass":
        return "ours"
    return "theirs" if there == "pass" else "otherwise"


def _why(name: str, verdict: Verdict, theirs: Theirs) -> str:
    found = verdict["reason"] or "it passes every test here"
    fault = theirs.faults.get(verdict["task_id"])
    return f"{found}; {name}: {fault}" if fault else found
