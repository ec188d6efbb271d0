"""`foureyes evaluate`: from a file of samples to verdicts and pass@k."""

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from foureyes.evaluation import against, judging, samples, summary
from foureyes.evaluation.cost import JudgingCost
from foureyes.evaluation.journal import Journal, Verdict
from foureyes.evaluation.samples import Mistake, Sample
from foureyes.judging import sources
from foureyes.judging.formats.problem import Problem
from foureyes.judging.profiles import PROFILES
from foureyes.judging.sandbox import probe
from foureyes.models.errors import FoureyesError
from foureyes.results.formatting import count, verb
from foureyes.results.visible import in_line

#: Lines about samples that cannot be judged, before the rest is only counted.
_MISTAKES_SHOWN = 20


@dataclass(frozen=True)
class Evaluation:
    """How many samples got no verdict: for a mistake in them, or an error of the judge."""

    mistakes: int
    errors: int


def evaluate(
    path: Path,
    *,
    benchmark: str | None,
    data: Path | None,
    profile: str,
    slots: int | None,
    output: Path | None,
    force: bool,
    all_tests: bool,
    peer: str | None,
    console: Console,
) -> Evaluation:
    """Judge samples and print what came out.

    Raises: FoureyesError for a mistake in what was asked for; nothing is judged then.
    """
    problems = {problem.problem_id: problem for problem in _problems(benchmark, data)}
    chosen = PROFILES[profile]
    wanted, mistakes = _wanted(path, problems, console)
    slots = slots or os.cpu_count() or 1
    cost = JudgingCost()
    if peer is not None:
        against.check(peer, wanted)
    probe.check()
    with Journal(_output(output, path, data), force=force) as journal:
        keys = [judging.key(sample, chosen, all_tests) for sample in wanted]
        todo = {
            key: sample for key, sample in zip(keys, wanted, strict=True) if not journal.get(key)
        }
        if journal.foreign:
            console.print(
                f"{count(journal.foreign, 'verdict')} in {journal.output} "
                f"{verb(journal.foreign, 'was not given here, and counts', 'were not given here, and count')} "
                "for nothing",
                style="yellow", markup=False, highlight=False, soft_wrap=True,
            )  # fmt: skip
        _tell(len(keys), sum(journal.get(key) is not None for key in keys), len(todo), console)
        verdicts = judging.judge_all(todo.values(), chosen, slots, all_tests)
        wrong: dict[str, Problem] = {}
        with cost, contextlib.closing(verdicts):
            for verdict in _shown(verdicts, len(todo), console):
                journal.add(verdict)
                if verdict["reason"] == "wrong answer":
                    problem = todo[verdict["key"]].problem
                    wrong[problem.version] = problem
        _note_random(journal, todo, _random(wrong, slots))
        found = journal.finish(
            (key, sample.problem.problem_id, sample.index)
            for key, sample in zip(keys, wanted, strict=True)
        )
    summary.show(found, len(problems), console)
    levels = "/".join(sorted({verdict["level"] for verdict in found if "level" in verdict}))
    console.print(f"level {levels or 'none'}, profile {profile}", highlight=False)
    whole = list(problems.values())
    if release := type(whole[0]).release(whole):
        console.print(f"the problems are {release}", highlight=False)
    if shared := sum(verdict.get("trust") == "shared" for verdict in found):
        console.print(
            f"{shared} of {len(found)} verdicts were made where the program had its tests beside it: "
            "their trust is 'shared'",
            highlight=False,
        )
    console.print(f"verdicts: {journal.output}", highlight=False, soft_wrap=True)
    if peer is not None:
        against.compare(peer, wanted, found, slots, cost, console)
    errors = sum(verdict["outcome"] == "error" for verdict in found)
    return Evaluation(mistakes, errors)


def _tell(samples: int, judged: int, todo: int, console: Console) -> None:
    """Say what will not be judged, and why."""
    lines = []
    if judged:
        lines.append(f"{judged} of {samples} samples are judged already")
    if alike := samples - judged - todo:
        lines.append(f"{alike} of {samples} samples repeat another, and are judged once")
    for line in lines:
        console.print(line, style="dim", highlight=False)


def _random(wrong: dict[str, Problem], slots: int) -> set[str]:
    """The versions of those problems whose reference is random: right programs may be wrong there."""
    with contextlib.closing(judging.random_references(wrong.values(), slots)) as looked:
        return {problem.version for problem, is_random in looked if is_random}


def _note_random(journal: Journal, todo: dict[str, Sample], versions: set[str]) -> None:
    for key, sample in todo.items():
        verdict = journal.get(key)
        if sample.problem.version in versions and verdict is not None:
            journal.add(verdict | {"reference": "random"})


def _problems(benchmark: str | None, data: Path | None) -> list[Problem]:
    if data is not None:
        return sources.load_file(data, benchmark)
    if benchmark is None:
        known = ", ".join(sources.names())
        raise FoureyesError(f"say which problems: --benchmark ({known}), or --data FILE")
    return sources.load(benchmark)


def _wanted(path: Path, problems: dict[str, Problem], console: Console) -> tuple[list[Sample], int]:
    """The samples that can be judged, and how many cannot; each of those gets a line."""
    wanted: list[Sample] = []
    mistakes = 0
    for one in samples.read(path, problems):
        if isinstance(one, Sample):
            wanted.append(one)
            continue
        mistakes += 1
        if mistakes <= _MISTAKES_SHOWN:
            _warn(one, console)
    if mistakes > _MISTAKES_SHOWN:
        _warn(Mistake(f"... and {mistakes - _MISTAKES_SHOWN} more"), console)
    if not wanted:
        raise FoureyesError(f"{path}: there is no sample that can be judged")
    return wanted, mistakes


def _warn(mistake: Mistake, console: Console) -> None:
    console.print(Text(in_line(mistake.line), style="yellow"), soft_wrap=True)


def _output(given: Path | None, samples: Path, data: Path | None) -> Path:
    """Where verdicts go: never to what they are made from, whatever is forced."""
    output = given or _beside(samples)
    for source in filter(None, (samples, data)):
        if output.is_file() and source.is_file() and output.samefile(source):
            raise FoureyesError(f"{output}: is read from; choose another --output")
    return output


def _beside(path: Path) -> Path:
    """samples.jsonl.gz -> samples.verdicts.jsonl; for a folder, beside the folder.

    Beside the name that was given: what a link leads to may be somebody else's. What is only a
    stream has no place of its own: standard.verdicts.jsonl in the current folder.
    """
    if path == samples.STANDARD_INPUT or not (path.is_file() or path.is_dir()):
        return Path("standard.verdicts.jsonl")
    path = Path(os.path.abspath(path))
    name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return path.with_name(f"{name}.verdicts.jsonl")


def _shown(verdicts: Iterator[Verdict], count: int, console: Console) -> Iterator[Verdict]:
    """The verdicts, with progress on a terminal."""
    with Progress(
        TextColumn("judging"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[solved]} solved"),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not console.is_terminal,
    ) as progress:
        task = progress.add_task("", total=count, solved=0)
        solved = 0
        for verdict in verdicts:
            solved += verdict["outcome"] == "solved"
            progress.update(task, advance=1, solved=solved)
            yield verdict
