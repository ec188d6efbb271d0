"""Replaying an attempt's record with a pattern as it is now: nothing is asked, and nothing is written."""

from collections import defaultdict
from collections.abc import Iterable
from contextlib import closing
from typing import Any

from sqlalchemy import Row

from foureyes.models.enums import Outcome, State
from foureyes.models.errors import FoureyesError
from foureyes.models.lifecycle import Asked
from foureyes.models.sweep_content import SweepContent
from foureyes.models.tables import Execution
from foureyes.worker.attempt.asking import Asking
from foureyes.worker.attempt.difference import names_side_by_side, side_by_side
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.attempt.rows import asked_before, spec_of
from foureyes.worker.attempt.spending import Spending
from foureyes.worker.patterns import Configured
from foureyes.worker.patterns.steps import CompletionStep, ExecutionStep, Result, Step
from foureyes.worker.patterns.style import Style


def difference(
    attempt: Row[Any], steps: Iterable[Row[Any]], sweep: SweepContent, pattern: Configured
) -> str | None:
    """Where a pattern asks for something else than an attempt has on record; None if nowhere.

    `sweep` has the models that were asked, and the prompts as they are now. An attempt that is under
    way is replayed as far as its steps are done.
    """
    recorded: dict[int, list[Row[Any]]] = defaultdict(list)
    for step in steps:
        recorded[step.position].append(step)
    spec = spec_of(attempt)
    asking = Asking(attempt, sweep, pattern.style, spec.format)
    try:
        spending = Spending(attempt.token_budget)
        with closing(PatternReplay(pattern, spec, budget=attempt.token_budget)) as replay:
            while replay.wanted is not None:
                rows, wanted = recorded[replay.position], replay.wanted
                if not rows:
                    return _missing(attempt, replay, wanted)
                if said := _differs(rows, wanted, _asked(asking, replay, wanted), asking):
                    return f"step {replay.position + 1}: {said}{_at(replay)}"
                if any(row.state is not State.DONE for row in rows):
                    return None
                style = pattern.style
                found = tuple(_read(style, *pair) for pair in zip(wanted, rows, strict=True))
                replay.answer(found, spending.pay(wanted, rows))
            rows, code = recorded[replay.position], replay.code
            assert code is not None
            if not rows:  # refused, or under way
                return None
            said = _differs(rows, (None,), [asking.judging(code)], asking)
            return f"step {replay.position + 1}: {said}" if said else None
    except FoureyesError as error:
        return str(error)


def _asked(asking: Asking, replay: PatternReplay, wanted: tuple[Step, ...]) -> list[Asked]:
    try:
        return list(map(asking.step, wanted))
    except FoureyesError as error:
        raise replay.error(str(error)) from None


def _missing(attempt: Row[Any], replay: PatternReplay, wanted: tuple[Step, ...]) -> str | None:
    """What is said of steps that are not on record: only of an attempt that has ended it says anything."""
    if attempt.outcome is None or attempt.state == State.ERROR:
        return None
    return f"step {replay.position + 1}: {names_side_by_side((None,), wanted)}{_at(replay)}"


def _at(replay: PatternReplay) -> str:
    return f" ({replay.place})"


def _differs(
    rows: list[Row[Any]], wanted: tuple[Step | None, ...], asked: list[Asked], asking: Asking
) -> str | None:
    if len(rows) != len(wanted):
        return names_side_by_side(rows, wanted)
    for row, step, each in zip(rows, wanted, asked, strict=True):
        if row.judge_version is not None and each.table is Execution:
            each = asking.by_judge(each, row.judge_version)
        if row.key != each.key:
            return side_by_side(row, asked_before(row), step, each)
        if isinstance(step, CompletionStep) and row.role != step.by:  # of one model: the same call
            return names_side_by_side((row,), (step,))
    return None


def _read(style: Style, step: Step, row: Row[Any]) -> Result:
    if isinstance(step, ExecutionStep):
        return step.read(row.detail)
    assert isinstance(step, CompletionStep)
    return step.read_in(style, "" if row.finish_reason == Outcome.REFUSED else row.text)
