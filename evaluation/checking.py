"""`foureyes benchmark check`: can programs be judged by these problems?"""

import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from rich.console import Console
from rich.progress import track
from rich.table import Table
from rich.text import Text

from evaluation import judging
from evaluation.slots import in_slots
from models.benchmark import Problem
from models.errors import InfrastructureError
from models.problem import HiddenTests
from producer import benchmarks
from results.text import in_line
from worker.sandbox import expected, probe, reference
from worker.sandbox.expected import Expected
from worker.sandbox.inside import frames, wire
from worker.sandbox.judge import Judge
from worker.sandbox.reference import ReferenceFails

#: Seconds of CPU time for all inputs of a problem, above which judging a sweep is felt.
_SLOW = 10.0
_NOTHING = frames.VALUE + wire.encode(None)
_SHOWN = 300

Ready = TypeVar("Ready")


@dataclass(frozen=True)
class Checked:
    """What was found of one problem.

    `examples` are the visible tests that its prompt has, `kept` those that its reference passes;
    `base` and `plus` count inputs; `seconds` is the CPU time of the reference for all of them, None
    if it fails. `findings` say what has to be mended.
    """

    problem: Problem
    examples: int
    kept: int
    base: int
    plus: int
    seconds: float | None
    findings: tuple[str, ...]


def check(source: str, slots: int | None, console: Console) -> bool:
    """Check the problems of a file, or of a benchmark by name, and print a table; whether all are fit.

    Raises: FoureyesError for a file that cannot be used, or if no program can be judged here.
    """
    is_name = source in benchmarks.names() and not Path(source).exists()
    problems = benchmarks.load(source) if is_name else benchmarks.load_file(Path(source))
    probe.check()
    found = examine(problems, slots or os.cpu_count() or 1, console)
    _show(found, console)
    return not any(each.findings for each in found)


def examine(problems: list[Problem], slots: int, console: Console) -> list[Checked]:
    """What is found of each problem, in their order."""
    found = {}
    with closing(in_slots(problems, slots, partial(_opened, slots))) as ready:
        for each in _shown(ready, "references", len(problems), console):
            found[each.problem.problem_id] = each
    sound = [each.problem for each in found.values() if each.seconds is not None]
    with closing(judging.random_references(sound, slots)) as looked:
        for problem, is_random in _shown(looked, "once more", len(sound), console):
            if is_random:
                each = found[problem.problem_id]
                said = (
                    "its reference is random, or hangs on the order of a set: in another process "
                    "it answers otherwise"
                )
                found[problem.problem_id] = replace(each, findings=(*each.findings, said))
    return [found[problem.problem_id] for problem in problems]


@contextmanager
def _opened(slots: int, slot: int) -> Iterator[Callable[[Problem], Checked]]:
    with closing(Judge(slot, slots=slots)) as judge:
        yield lambda problem: _check(judge, problem)


def _check(judge: Judge, problem: Problem) -> Checked:
    tests, spec = problem.hidden_tests(), problem.spec()
    seconds, kept = None, 0
    findings: list[str] = []
    try:
        expected.forget(problem.version)  # it may have been found out on a busy machine
        answers = judge.expected(tests)
        seconds = sum(answer.seconds for answer in (*answers.base, *answers.plus))
        findings += _answer_findings(answers, seconds)
        trial = judge.visible(tests.reference, problem.entry_point, spec.visible_tests)
        kept = trial.passes
        findings += [
            f"its own example fails: {' '.join(result.source.split())} ({result.shown})"
            for result in trial.results
            if not result.passed
        ]
    except ReferenceFails as error:
        said = str(error).removeprefix(f"{problem.problem_id}: ")
        findings.append(said.removesuffix(reference.AGAIN))
    except InfrastructureError as error:
        findings.append(f"could not be checked: {error}")
    return Checked(
        problem, len(spec.visible_tests), kept, *_inputs(tests), seconds, tuple(findings)
    )


def _inputs(tests: HiddenTests) -> tuple[int, int]:
    return len(tests.base_inputs), len(tests.plus_inputs)


def _answer_findings(answers: Expected, seconds: float) -> Iterator[str]:
    if seconds > _SLOW:
        yield f"slow: {seconds:.0f} s for all inputs, and so does every right program"
    if all(answer.frame == _NOTHING for answer in (*answers.base, *answers.plus)):
        yield "its reference returns None for every input, as a program without a return does"


def _shown(ready: Iterator[Ready], what: str, count: int, console: Console) -> Iterator[Ready]:
    """The same, with progress on a terminal."""
    return iter(
        track(ready, what, count, console=console, transient=True, disable=not console.is_terminal)
    )


def _show(found: list[Checked], console: Console) -> None:
    table = Table()
    for name in ("problem", "examples", "base", "plus", "seconds", "found"):
        table.add_column(name, justify="left" if name in ("problem", "found") else "right")
    for each in found:
        table.add_row(
            Text(in_line(each.problem.problem_id)),
            str(each.examples)
            if each.kept == each.examples or each.seconds is None
            else f"{each.kept} of {each.examples}",
            str(each.base),
            str(each.plus),
            "" if each.seconds is None else f"{each.seconds:.2f}",
            Text("\n".join(in_line(said)[:_SHOWN] for said in each.findings), style="yellow"),
        )
    console.print(table)
    faulty = sum(bool(each.findings) for each in found)
    without = sum(not each.examples for each in found)
    said = [f"{len(found)} problems: {faulty or 'none'} to mend"]
    if without:
        said.append(f"{without} without an example that could be read")
    console.print("; ".join(said), highlight=False)
