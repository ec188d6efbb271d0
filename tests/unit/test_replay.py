"""A replay that differed from the first run would give an attempt another history than its rows."""

import json
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.problem import Spec, Trial
from worker import patterns
from worker.patterns import Pattern
from worker.replay import MAX_POSITIONS, PatternError, Replay
from worker.steps import Draft, Plan, Review, Step, Steps, VisibleTests

SPEC = Spec(problem_id="t/1", prompt="def f(x):\n", entry_point="f", visible_tests=())


def answer(step: Step, draw: Callable[[str], str]) -> object:
    """A random but readable answer to a step."""
    if isinstance(step, VisibleTests):
        return Trial(results=())
    if isinstance(step, Review):
        return step.read(json.dumps({"issues": [draw("issue")], "verdict": draw("verdict")}))
    return step.read(f"```python\ndef f(x):\n    return {draw('value')!r}\n```")


@given(st.data(), st.sampled_from(sorted(patterns.patterns())))
def test_replaying_after_every_step_gives_the_same_attempt(data: st.DataObject, name: str) -> None:
    draws = {
        "issue": st.sampled_from(["a", "b"]),
        "verdict": st.sampled_from(["approve", "revise", "?"]),
        "value": st.integers(0, 3).map(str),
    }
    pattern = patterns.find(name)
    once = Replay(pattern, SPEC)
    recorded: list[tuple[object, ...]] = []
    wanted = []
    while once.wanted is not None:
        wanted.append(once.wanted)
        recorded.append(
            tuple(answer(step, lambda kind: data.draw(draws[kind])) for step in once.wanted)
        )
        once.answer(recorded[-1])  # type: ignore[arg-type]
        again = Replay(pattern, SPEC)
        for position, results in enumerate(recorded):
            assert again.wanted == wanted[position]
            again.answer(results)  # type: ignore[arg-type]
        assert (again.wanted, again.code) == (once.wanted, once.code)
    assert isinstance(once.code, str)


def _pattern(body: Callable[[Spec], Steps]) -> Pattern:
    return Pattern("mine", body, "A test.")


def test_parallel_steps_come_back_as_a_tuple() -> None:
    def both(spec: Spec) -> Steps:
        left, right = yield Draft(spec), Plan(spec)
        return str(left.code) + str(right.text)

    replay = Replay(_pattern(both), SPEC)
    assert replay.wanted is not None
    draft, plan = replay.wanted
    replay.answer((draft.read("f = 1"), plan.read("p")))  # type: ignore[union-attr]
    assert replay.code == "f = 1\np"


def _not_a_generator(spec: Spec) -> str:
    return "code"


def _yields_nothing(spec: Spec) -> Steps:
    yield None
    return ""


def _yields_empty(spec: Spec) -> Steps:
    yield ()
    return ""


def _returns_no_code(spec: Spec) -> Steps:
    yield Draft(spec)
    return None  # type: ignore[return-value]


def _raises(spec: Spec) -> Steps:
    yield Draft(spec)
    raise ValueError("oh no")


def _loops(spec: Spec) -> Steps:
    while True:
        yield Draft(spec)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (_not_a_generator, "pattern 'mine', step 1: is not a generator"),
        (_yields_nothing, "pattern 'mine', step 1: must yield a step"),
        (_yields_empty, "pattern 'mine', step 1: must yield a step"),
        (_returns_no_code, "pattern 'mine', step 2: must return code as a str, not NoneType"),
        (_raises, "pattern 'mine', step 2: raised ValueError: oh no"),
        (_loops, f"has asked {MAX_POSITIONS} times without returning"),
    ],
)
def test_a_broken_pattern_is_named_with_the_step(body: Callable[[Spec], Steps], says: str) -> None:
    def replay_to_the_end() -> None:
        replay = Replay(_pattern(body), SPEC)
        while replay.wanted is not None:
            replay.answer(tuple(step.read("f = 1") for step in replay.wanted))  # type: ignore[union-attr]

    with pytest.raises(PatternError) as caught:
        replay_to_the_end()
    assert says in str(caught.value)
