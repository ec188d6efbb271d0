"""What an attempt asks for: each step of its pattern as the row of work that answers it.

No database is needed for it: prompts and keys are made while no transaction is open.
"""

import itertools
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row

from foureyes.judging.execution import RECORDED, execution_key
from foureyes.judging.identity import identity
from foureyes.models import broker, team
from foureyes.models.enums import Suite
from foureyes.models.errors import FoureyesError
from foureyes.models.lifecycle import Asked
from foureyes.models.llm import AnyModel
from foureyes.models.storable import storable
from foureyes.models.sweep_content import SweepContent
from foureyes.models.tables import Completion, Execution
from foureyes.worker.attempt.requests import Caller, WantedCall
from foureyes.worker.patterns import templates
from foureyes.worker.patterns.steps import CompletionStep, ExecutionStep, Step
from foureyes.worker.patterns.style import Style


class Asking:
    """The questions of one attempt: its models, its prompts, its sample's seeds."""

    def __init__(
        self, attempt: Row[Any], sweep: SweepContent, style: Style, format_name: str
    ) -> None:
        self._attempt = attempt
        self._models = {
            role: (model_id, sweep.models[name]) for role, (model_id, name) in attempt.seats.items()
        }
        self._names = dict(attempt.seats.values())
        answers = (model.answers_from for _, model in self._models.values())
        #: The recording that answers, if this is a replay.
        self._recording = next(filter(None, answers), None)
        self._caller = Caller(templates.of(style.prompts, sweep.prompt_files), style, sweep.fresh)
        #: Who judges here programs of the attempt's problem, by its format.
        self._judge = identity(format_name)
        #: Keys of the calls that were asked for so far.
        self._called: set[str] = set()

    def step(self, step: Step) -> Asked:
        """What answers a step.

        Raises: FoureyesError if its prompt cannot be written, or nobody plays its role: patterns were
        rehearsed before, though not for every answer.
        """
        if isinstance(step, ExecutionStep):
            by = RECORDED if self._recording else self._judge
            return self._execution(step.suite, step.code, by, step.given)
        assert isinstance(step, CompletionStep)
        if step.by not in self._models:
            raise FoureyesError(team.lacks(step.by, self._models))
        model_id, model = self._models[step.by]
        wanted = self._call(step, model)
        return Asked(
            Completion,
            {
                "key": wanted.key,
                "model_id": model_id,
                "kind": step.kind,
                "prompt": wanted.prompt,
                "prompt_hash": wanted.prompt_hash,
                "request": wanted.request,
            },
            model.answers_from,
            self._attempt.accepts_imported,
        )

    def _call(self, step: CompletionStep, model: AnyModel) -> WantedCall:
        """The call for a step. What the attempt has asked before is drawn anew, if it is drawn."""
        for again in itertools.count():
            wanted = self._caller.call(step, model, self._attempt.sample, again)
            if wanted.request["seed"] is None or wanted.key not in self._called:
                self._called.add(wanted.key)
                return wanted
        raise AssertionError("counting does not end")

    def judging(self, code: str) -> Asked:
        """The judging of the final code."""
        return self._execution(Suite.HIDDEN, code, self._judge)

    def by_judge(self, asked: Asked, judge_version: str) -> Asked:
        """The same execution asked of another judge."""
        suite, code, given = (asked.values[name] for name in ("suite", "code", "given"))
        return self._execution(suite, code, judge_version, given)

    def _execution(
        self, suite: Suite, code: str, judged_by: str, given: Sequence[str] | None = None
    ) -> Asked:
        code = storable(code)
        given = None if given is None else list(map(storable, given))
        return Asked(
            Execution,
            {
                "key": execution_key(suite, self._attempt.version, code, judged_by, given),
                "problem_id": self._attempt.problem_id,
                "suite": suite,
                "code": code,
                "given": given,
                "judge_version": judged_by,
            },
            self._recording if judged_by == RECORDED else None,
            self._attempt.accepts_imported,
        )

    def where(self, asked: Asked) -> tuple[str, str]:
        """The task that does it, and the queue it waits in."""
        if asked.table is Execution:
            return broker.EXECUTE, broker.EXECUTION
        return asked.values["kind"].value, broker.model_queue(self._names[asked.values["model_id"]])
