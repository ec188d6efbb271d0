"""`--against evalplus`: EvalPlus itself judges the same samples, and the two are held together."""

import json
import os
import resource
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.table import Table
from rich.text import Text

from evaluation import evalplus
from evaluation.journal import Verdict
from evaluation.memory import PeakMemory
from evaluation.samples import Sample
from models.errors import FoureyesError
from models.settings import settings
from results.text import in_line

_SHOWN = 40


@dataclass
class Cost(AbstractContextManager["Cost"]):
    """What a `with` block takes, all processes below this one included.

    `seconds` of wall-clock time, `cpu_seconds` and `peak_bytes` (proportional set size).
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    peak_bytes: int = 0

    def __enter__(self) -> Self:
        self._memory = PeakMemory(os.getpid())
        self._memory.__enter__()
        self._began = time.monotonic(), _cpu_seconds()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        began, cpu = self._began
        self.seconds, self.cpu_seconds = time.monotonic() - began, _cpu_seconds() - cpu
        self._memory.__exit__(kind, error, trace)
        self.peak_bytes = self._memory.bytes


def check(samples: Sequence[Sample]) -> None:
    """Raises: FoureyesError if EvalPlus is not here, or cannot judge these samples at once."""
    evalplus.environment()
    _kind(samples)


def compare(
    samples: Sequence[Sample], ours: Sequence[Verdict], slots: int, cost: Cost, console: Console
) -> None:
    """Have EvalPlus judge the samples too; print where the two agree, where not, and what each took.

    `cost` is that of our own verdicts, or of those that were not there before.

    Raises: InfrastructureError if EvalPlus reaches no verdict.
    """
    console.print("EvalPlus 0.3.1 judges the same samples ...", style="dim", highlight=False)
    records = {sample.problem.problem_id: json.loads(sample.problem.record) for sample in samples}
    theirs = evalplus.evaluate(
        _kind(samples),
        list(records.values()),
        [(sample.problem.problem_id, sample.code) for sample in samples],
        parallel=slots,
        cache=settings().cache / "evalplus",
    )
    _show_agreement(ours, theirs.verdicts, _official(samples), console)
    table = Table()
    for name in ("", "seconds", "CPU seconds", "peak memory"):
        table.add_column(name, justify="right" if name else "left")
    for name, took in (("foureyes", cost), ("EvalPlus 0.3.1", theirs)):
        table.add_row(
            name,
            f"{took.seconds:.1f}",
            f"{took.cpu_seconds:.1f}",
            f"{took.peak_bytes / 2**20:,.0f} MiB",
        )
    console.print(table)
    if theirs.ground_truth_seconds is not None:
        console.print(
            f"EvalPlus's ground truth took {theirs.ground_truth_seconds:.1f} s more and is kept now",
            highlight=False,
        )


def _kind(samples: Sequence[Sample]) -> evalplus.Kind:
    """Which of EvalPlus's rules hold: MBPP's only for its own problems, not for any of such an id."""
    of_mbpp = {problem_id.startswith("Mbpp/") for problem_id in _official(samples)}
    if True not in of_mbpp:
        return "humaneval"
    if not all(sample.problem.problem_id.startswith("Mbpp/") for sample in samples):
        raise FoureyesError("EvalPlus judges one benchmark at a time; these samples are of both")
    return "mbpp"


def _official(samples: Sequence[Sample]) -> set[str]:
    """The ids of EvalPlus's own problems that it has rules for, or faults with."""
    problems = {sample.problem.version: sample.problem for sample in samples}
    return {each.problem_id for each in problems.values() if each.hidden_tests().official}


def _show_agreement(
    ours: Sequence[Verdict],
    theirs: Sequence[evalplus.Verdict],
    official: set[str],
    console: Console,
) -> None:
    table = Table()
    for name in ("tests", "agree", "only ours pass", "only EvalPlus's pass", "fail otherwise"):
        table.add_column(name, justify="right" if name != "tests" else "left")
    lines = []
    for suite in ("base", "plus"):
        counts: Counter[str] = Counter()
        for verdict, other in zip(ours, theirs, strict=True):
            here, there = _status(verdict["base"], verdict["plus"], suite), _status(*other, suite)
            if verdict["outcome"] == "error" or (here is None and there is None):
                continue
            counts[_how(here, there)] += 1
            if here != there:
                lines.append(
                    f"{verdict['task_id']} #{verdict['index']} {suite}: here {here or 'not run'}, "
                    f"EvalPlus {there or 'not counted'}; {_why(verdict, official)}"
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


def _status(base: str | None, plus: str | None, suite: str) -> str | None:
    """A suite's status; plus tests count only for programs that pass the base tests."""
    if suite == "base":
        return base
    return plus if base == "pass" else None


def _how(here: str | None, there: str | None) -> str:
    if here == there:
        return "agree"
    if here == "pass":
        return "ours"
    return "theirs" if there == "pass" else "otherwise"


def _why(verdict: Verdict, official: set[str]) -> str:
    found = verdict["reason"] or "it passes every test here"
    fault = evalplus.FAULTS.get(verdict["task_id"]) if verdict["task_id"] in official else None
    return f"{found}; EvalPlus: {fault}" if fault else found


def _cpu_seconds() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)
