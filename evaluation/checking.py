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

from foureyes.evaluation import judging
from foureyes.evaluation.slots import in_slots
from foureyes.judging import sources
from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.verdicts import KEPT, ReferenceFails
from foureyes.judging.judge import Judge
from foureyes.judging.sandbox import probe
from foureyes.models.errors import InfrastructureError
from foureyes.results.visible import in_line

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
    is_name = source in sources.names() and not Path(source).exists()
    problems = sources.load(source) if is_name else sources.load_file(Path(source))
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
    seconds, kept = None, 0
    findings: list[str] = []
    try:
        found = judge.examine(problem)
        seconds, kept = found.seconds, found.trial.passes
        findings += found.findings
        findings += [
            f"its own example fails: {' '.join(result.source.split())} ({result.shown})"
            for result in found.trial.results
            if not result.passed
        ]
    except ReferenceFails as error:
        said = str(error).removeprefix(f"{problem.problem_id}: ")
        findings.append(said.removesuffix(KEPT))
    except InfrastructureError as error:
        findings.append(f"could not be checked: {error}")
    examples, (base, plus) = len(problem.spec().visible_tests), problem.hidden_tests().counts
    return Checked(problem, examples, kept, base, plus, seconds, tuple(findings))


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
    problems = [each.problem for each in found]
    if release := type(problems[0]).release(problems):
        said.append(f"they are {release}")
    if without:
        said.append(f"{without} without an example that could be read")
    console.print("; ".join(said), highlight=False)
