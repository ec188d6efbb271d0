"""Whether a recording still answers a sweep: another prompt, and its answers are to other questions."""

from pathlib import Path
from typing import Any

from foureyes.judging.execution import RECORDED, execution_key
from foureyes.judging.formats.problem import Problem
from foureyes.models import recording
from foureyes.models.enums import Suite
from foureyes.producer.sweeps.sweep import Cell, PlannedSweep
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.attempt.requests import Caller
from foureyes.worker.patterns.steps import CompletionStep, ExecutionStep, Result, Step


def unanswered(sweep: PlannedSweep, path: Path) -> int:
    """How many attempts of a sweep ask what a recording does not answer.

    For sweeps of one sample, of patterns without a budget, at temperature 0.
    """
    answers = _Answers(path)
    return sum(
        not answers.suffice(sweep, cell, problem)
        for cell in sweep.cells()
        for problem in sweep.problems[cell.benchmark]
    )


class _Answers:
    """What a recording holds: answers by the keys of calls, trials by those of executions."""

    def __init__(self, path: Path) -> None:
        self._texts: dict[str, str] = {}
        self._trials: dict[str, dict[str, Any]] = {}
        for row in recording.read(path):
            if "text" in row:
                self._texts[row["key"]] = row["text"]
                continue
            suite = Suite(row.get("suite", Suite.VISIBLE))
            told = row["version"], row["code"], RECORDED, row.get("given")
            self._trials[execution_key(suite, *told)] = row["trial"]

    def suffice(self, sweep: PlannedSweep, cell: Cell, problem: Problem) -> bool:
        """Whether an attempt comes to its program."""
        models = {role: sweep.file.models[name] for role, name in cell.team.roles.items()}
        style = cell.pattern.style
        caller = Caller(sweep.templates(style.prompts), style, sweep.fresh)

        def result(step: Step) -> Result:
            if isinstance(step, ExecutionStep):
                asked = step.suite, problem.version, step.code, RECORDED, step.given
                return step.read(self._trials[execution_key(*asked)])
            assert isinstance(step, CompletionStep)
            key = caller.call(step, models[step.by], sample=0).key
            return step.read_in(style, self._texts[key])

        replay = PatternReplay(cell.pattern, problem.spec())
        try:
            while replay.wanted is not None:
                replay.answer(tuple(map(result, replay.wanted)))
        except KeyError:
            return False
        finally:
            replay.close()
        return True
