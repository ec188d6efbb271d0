"""Patterns put together at random of all steps: each replay goes the same way, with the same notes."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from foureyes.models.problem import Spec
from foureyes.models.shown import BROKEN, FAILED, GAVE, PASSED, TestRun, WrittenResult
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.patterns import Configured, Pattern
from foureyes.worker.patterns.steps import (
    CODER,
    REVIEWER,
    Ask,
    Code,
    Compare,
    CompletionStep,
    Draft,
    Fix,
    Inputs,
    Json,
    Note,
    Number,
    OneOf,
    Result,
    Review,
    RunTests,
    Sampling,
    Step,
    Steps,
    Tests,
    VisibleTests,
    WrittenInputs,
    mutated,
)
from foureyes.worker.patterns.style import Style
from tests.unit.test_replay import texts, trials

SPEC = Spec("t/1", "def f(x):\n", "f", ())
READINGS = (OneOf("A", "B"), Number(0, 9), Json({"type": "object"}), Code(SPEC))
#: What a pattern does, one after the other.
PARTS = ("text", *map(str, range(len(READINGS))), "tests", "vote", "loop", "draw", "trial")


def pattern_of(parts: list[str]) -> Configured:
    """A pattern that does these, and goes other ways by what comes of them."""

    def body(spec: Spec) -> Steps:
        programs = [(yield Draft(spec, by=CODER))]
        for number, part in enumerate(parts):
            yield Note("part", [number, part])
            if part == "text":
                told = yield Ask("explain", by=CODER, draft=programs[-1])
                yield Note("told", len(told.value))
            elif part.isdigit():
                reading = READINGS[int(part)]
                found = yield Ask("read", by=REVIEWER, read=reading, number=number)
                if isinstance(reading, Code):
                    programs.append(found)
                elif found.value is None:
                    yield Note("unread", number)
                    break
            elif part == "tests":
                tests = yield Tests(spec, sampling=Sampling(0.5, seed=number))
                run, _ = yield RunTests(programs[-1], tests), Draft(spec)
                yield Note("run", [run.passes, run.failures, run.broken])
            elif part == "vote":
                written = yield Inputs(spec)
                inputs = WrittenInputs(mutated(spec).inputs + written.inputs)
                compared = yield Compare((programs[0], *programs[-4:]), inputs)
                programs.append(compared.best)
            elif part == "loop":
                for _ in range(3):
                    review = yield Review(programs[-1])
                    if not review.asks_for_changes:
                        break
                    programs.append((yield Fix(programs[-1], review)))
            elif part == "draw":
                programs += yield tuple(Draft(spec, sampling=Sampling(0.5, seed=n)) for n in (1, 2))
            else:
                trial = yield VisibleTests(programs[-1])
                if trial.failed:
                    programs.append((yield Fix(programs[-1], trial)))
        return str(programs[-1].code)

    return Pattern("random", body, "Random.", Style).configure({})


answers = st.one_of(
    texts,
    st.sampled_from(["A", "not B", "7", "11", "{}", "```\nassert f(1) == 1\nassert f(\n```", "f(1)\nf(2)"]),
)  # fmt: skip


def answer(data: st.DataObject, step: Step) -> Result:
    """What may come of a step, as its row would have it."""
    if isinstance(step, CompletionStep):
        return step.read(data.draw(answers))
    if isinstance(step, RunTests):
        how = st.sampled_from([PASSED, FAILED, BROKEN])
        run = TestRun(tuple(WrittenResult(test, data.draw(how), "") for test in step.given))
        return step.read(json.loads(json.dumps(run.to_json())))
    if isinstance(step, Compare):
        labels = [data.draw(st.integers(0, 2)) for _ in step.programs]
        groups = [[n for n, mine in enumerate(labels) if mine == each] for each in set(labels)]
        given = [[{"how": GAVE, "shown": "0"} for _ in step.given] for _ in labels]
        return step.read({"outputs": given, "groups": groups})
    return data.draw(trials)


@given(st.data(), st.lists(st.sampled_from(PARTS), max_size=5))
@settings(max_examples=60, deadline=None)
def test_a_replay_goes_the_same_way_whatever_comes(data: st.DataObject, parts: list[str]) -> None:
    made = pattern_of(parts)
    replay = PatternReplay(made, SPEC)
    seen: list[tuple[Any, Any]] = []
    recorded = []
    while replay.wanted is not None:
        seen.append((replay.wanted, list(replay.notes)))
        recorded.append(tuple(answer(data, step) for step in replay.wanted))
        replay.answer(recorded[-1])
    for known in range(len(recorded) + 1):
        again = PatternReplay(made, SPEC)
        for wanted, results in zip(seen[:known], recorded, strict=False):
            assert (again.wanted, again.notes) == wanted
            again.answer(results)
        if known == len(recorded):
            assert (again.code, again.notes) == (replay.code, replay.notes)
        again.close()
