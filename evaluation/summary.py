"""What the verdicts of an evaluation come to."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table
from rich.text import Text

from foureyes.evaluation.journal import Verdict
from foureyes.results.figures.statistics import mean_interval, pass_at_k
from foureyes.results.formatting import interval, percent
from foureyes.results.visible import in_line

_KS = (1, 10, 100)


@dataclass(frozen=True)
class Estimate:
    """pass@k over problems, with its 95 % interval."""

    k: int
    mean: float
    low: float
    high: float


def estimates(verdicts: Sequence[Verdict], right: Callable[[Verdict], bool]) -> list[Estimate]:
    """pass@k for each k of 1, 10 and 100 for which every problem has samples enough.

    Verdicts of outcome `error` are left out: they say nothing of the program. The interval
    is Wilson's, with several samples of as many as these count for.
    """
    by_problem: dict[str, list[bool]] = defaultdict(list)
    for verdict in verdicts:
        if verdict["outcome"] != "error":
            by_problem[verdict["task_id"]].append(right(verdict))
    fewest = min(map(len, by_problem.values()), default=0)
    found = []
    for k in _KS:
        if k > fewest:
            break
        each = [pass_at_k(len(samples), sum(samples), k) for samples in by_problem.values()]
        low, high = mean_interval(each, sum(map(len, by_problem.values())))
        found.append(Estimate(k, sum(each) / len(each), low, high))
    return found


def show(verdicts: Sequence[Verdict], problems: int, console: Console) -> None:
    """Print pass@k for base and base+plus, why programs failed, and what is missing."""
    base = estimates(verdicts, lambda verdict: verdict["base"] == "pass")
    plus = estimates(verdicts, lambda verdict: verdict["outcome"] == "solved")
    table = Table()
    table.add_column("tests")
    for estimate in base:
        table.add_column(f"pass@{estimate.k} [95 %]", justify="right", no_wrap=True)
    for name, row in (("base", base), ("base + plus", plus)):
        table.add_row(name, *[interval(e.mean, e.low, e.high, digits=1) for e in row])
    if base:
        console.print(table)
    outcomes = Counter(verdict["outcome"] for verdict in verdicts)
    covered = len({verdict["task_id"] for verdict in verdicts})
    lines = [
        f"{len(verdicts)} samples of {covered} problems: {outcomes['solved']} solved, "
        f"{outcomes['unsolved']} unsolved, {outcomes['error']} errors"
    ]
    if covered < problems:
        lines.append(f"{problems - covered} of the benchmark's {problems} problems have no sample")
    if reasons := _reasons(verdicts, "unsolved"):
        lines.append(f"unsolved: {reasons}")
    if errors := _reasons(verdicts, "error"):
        lines.append(f"errors, which count as neither right nor wrong: {errors}")
        lines.append(f"were they all wrong, or all right, pass@1 would be {_bounds(verdicts)}")
    if doubtful := _with_random_reference(verdicts):
        lines.append(
            "right programs may fail where the reference is random (judged again in another process, "
            f"it answers otherwise): {doubtful}"
        )
    for line in lines:  # reasons hold what programs said
        console.print(Text(in_line(line)))


def _bounds(verdicts: Sequence[Verdict]) -> str:
    """pass@1 if every error were a wrong answer, and if it were a right one."""
    shares = []
    for outcome in ("unsolved", "solved"):
        judged = [
            {**each, "outcome": outcome} if each["outcome"] == "error" else each
            for each in verdicts
        ]
        (found, *_) = estimates(judged, lambda verdict: verdict["outcome"] == "solved")
        shares.append(percent(found.mean, digits=1))
    return " to ".join(shares)


def _with_random_reference(verdicts: Sequence[Verdict]) -> str:
    """The problems whose reference was found to be random, in their order."""
    found = dict.fromkeys(each["task_id"] for each in verdicts if "reference" in each)
    return ", ".join(found)


def _reasons(verdicts: Sequence[Verdict], outcome: str) -> str:
    """How often each reason occurs, the most frequent first; exceptions by their type."""
    counts = Counter(
        _kind(verdict["reason"]) for verdict in verdicts if verdict["outcome"] == outcome
    )
    return ", ".join(f"{reason} {count}" for reason, count in counts.most_common(12))


def _kind(reason: str) -> str:
    """`exception: TypeError: no such ...` without what the program said."""
    if reason.startswith("exception: "):
        return ": ".join(reason.split(": ")[:2])
    return reason.split(":")[0] if reason.startswith("syntax error") else reason
