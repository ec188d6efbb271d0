"""A replay that differed from the first run would give an attempt another history than its rows."""

import functools
import json
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import TestResult, Trial
from foureyes.worker import patterns
from foureyes.worker.attempt import replay, watchdog
from foureyes.worker.attempt.replay import MAX_POSITIONS, PatternError, PatternReplay
from foureyes.worker.patterns import Configured, Pattern
from foureyes.worker.patterns.steps import (
    Draft,
    ExecutionStep,
    Fix,
    Note,
    Plan,
    RepairVerdict,
    Result,
    Review,
    Sampling,
    Step,
    Steps,
    TokensLeft,
    VisibleTests,
)
from foureyes.worker.patterns.style import Style

ROOT = Path(__file__).parents[2]

TESTS = tuple(VisibleTest("doctest", f">>> f({n})\n{n}", f"f({n})", str(n)) for n in range(3))
SPEC = Spec(problem_id="t/1", prompt="def f(x):\n", entry_point="f", visible_tests=TESTS)

#: Option values to draw from; the others stay at their defaults.
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "retries": st.integers(1, 3),
    "rounds": st.integers(1, 3),
    "drafts": st.integers(2, 4),
    "accept": st.sampled_from(["better", "not-worse"]),
    "review_format": st.sampled_from(["json", "text"]),
    "both_orders": st.booleans(),
    "candidates": st.integers(2, 4),
    "repairs": st.integers(1, 3),
    "of": st.sampled_from(["another", "shuffled"]),
}

texts = st.one_of(
    st.integers(0, 3).map(lambda n: f"```python\ndef f(x):\n    return {n}\n```"),
    st.builds(
        lambda verdict, issue: json.dumps({"issues": [issue], "verdict": verdict}),
        st.sampled_from(["approve", "revise", "?"]),
        st.sampled_from(["a", "b"]),
    ),
    st.sampled_from(['{"reason": "", "choice": "B"}', '{"reason": "", "choice": "A"}', "", "?"]),
)
trials = st.lists(st.booleans(), min_size=3, max_size=3).map(
    lambda passed: Trial(tuple(TestResult("t", one, "") for one in passed))
)


def answer(data: st.DataObject, step: Step) -> Result:
    """A random answer to a step, fit for it or not."""
    if isinstance(step, VisibleTests):
        return data.draw(trials)
    if isinstance(step, ExecutionStep):
        return step.rehearsed(data.draw(st.integers(0, len(step.outcomes) - 1)), "")
    return step.read(data.draw(texts))


def configured(data: st.DataObject, name: str) -> Configured:
    pattern = patterns.find(name)
    known = {
        option: values
        for option, values in VALUES.items()
        if option in pattern.options.model_fields
    }
    return pattern.configure(data.draw(st.fixed_dictionaries({}, optional=known)))


def attempt(
    data: st.DataObject, pattern: Configured
) -> tuple[list[tuple[Step, ...]], list[tuple[Result, ...]], str]:
    """One attempt from beginning to end: what was wanted, what came of it, and the code."""
    replay = PatternReplay(pattern, SPEC)
    wanted, recorded = [], []
    while replay.wanted is not None:
        wanted.append(replay.wanted)
        recorded.append(tuple(answer(data, step) for step in replay.wanted))
        replay.answer(recorded[-1])
    assert replay.code is not None
    return wanted, recorded, replay.code


@given(st.data(), st.sampled_from(sorted(patterns.patterns())))
def test_replaying_after_every_step_gives_the_same_attempt(data: st.DataObject, name: str) -> None:
    pattern = configured(data, name)
    wanted, recorded, code = attempt(data, pattern)
    for known in range(len(recorded) + 1):
        again = PatternReplay(pattern, SPEC)
        for position in range(known):
            assert again.wanted == wanted[position]
            again.answer(recorded[position])
        if known < len(recorded):
            assert again.wanted == wanted[known]
        else:
            assert (again.wanted, again.code) == (None, code)


@given(st.data(), st.sampled_from(sorted(patterns.patterns())))
@settings(max_examples=10)
def test_another_process_asks_for_the_same(data: st.DataObject, name: str) -> None:
    """Hash seeds and the like differ there."""
    pattern = configured(data, name)
    wanted, recorded, code = attempt(data, pattern)
    there = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        input=pickle.dumps((name, pattern.options, SPEC, recorded)),
        env={"PYTHONPATH": str(ROOT), "PYTHONHASHSEED": str(data.draw(st.integers(0, 99)))},
        capture_output=True,
        check=True,
    )
    assert pickle.loads(there.stdout) == (wanted, code)


ELSEWHERE = """
import pickle, sys
from foureyes.worker import patterns
from foureyes.worker.attempt import replay, watchdog
from foureyes.worker.attempt.replay import PatternReplay
name, options, spec, recorded = pickle.load(sys.stdin.buffer)
replay, wanted = PatternReplay(patterns.find(name).configure(options), spec), []
for results in recorded:
    wanted.append(replay.wanted)
    replay.answer(results)
sys.stdout.buffer.write(pickle.dumps((wanted, replay.code)))
"""


def test_a_review_without_a_verdict_is_asked_about_once() -> None:
    """Else an unreadable answer would count as an approval, or stop the attempt."""
    for said, ends in [('{"issues": ["x"], "verdict": "revise"}', 3), ("who knows", 2)]:
        replay = PatternReplay(patterns.find("review-then-fix").configure({}), SPEC)
        replay.answer((replay.wanted[0].read("```\ndef f(x): return 1\n```"),))
        replay.answer((replay.wanted[0].read("Looks odd to me."),))
        (question,) = replay.wanted
        assert isinstance(question, RepairVerdict)
        assert question.review.text == "Looks odd to me."
        replay.answer((question.read(said),))
        assert replay.position == 3
        if ends == 3:
            (fix,) = replay.wanted
            assert isinstance(fix, Fix) and fix.found.issues == ("x",)
        else:
            assert replay.wanted is None  # no verdict: the draft stands
            assert replay.code == "def f(x): return 1\n"


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        ("A", "B", "left"),  # the left one, wherever it stands
        ("B", "A", "right"),
        ("A", "A", "left"),  # what stands first: that is no choice, and the coder's counts
        ("B", "B", "left"),
        ("B", "none", "left"),
    ],
)
def test_a_choice_in_both_orders_counts_where_they_agree(
    first: str, second: str, chosen: str
) -> None:
    """Else a model that takes what it is shown first would decide the debate."""
    replay = PatternReplay(patterns.find("debate").configure({"both_orders": True}), SPEC)
    programs = [f"```\ndef f(x): return {number}\n```" for number in (1, 2)]
    replay.answer(
        tuple(step.read(text) for step, text in zip(replay.wanted, programs, strict=True))
    )
    approval = '{"reasons": ["fine"], "verdict": "approve"}'
    replay.answer(tuple(step.read(approval) for step in replay.wanted))
    replay.answer((Trial(()), Trial(())))
    one, other = replay.wanted
    assert (one.shown, other.shown) == ((one.left, one.right), (one.right, one.left))
    answers = [json.dumps({"reason": "?", "choice": letter}) for letter in (first, second)]
    replay.answer((one.read(answers[0]), other.read(answers[1])))
    assert replay.code == {"left": one.left, "right": one.right}[chosen].code


@pytest.mark.parametrize("said", ["", " \n", "<think>cut off before any answer"])
def test_a_review_that_says_nothing_is_not_asked_about(said: str) -> None:
    """There would be nothing to quote, and whoever is asked about nothing finds that it is fine."""
    replay = PatternReplay(patterns.find("review-then-fix").configure({}), SPEC)
    replay.answer((replay.wanted[0].read("```\ndef f(x): return 1\n```"),))
    replay.answer((replay.wanted[0].read(said),))
    assert (replay.wanted, replay.code) == (None, "def f(x): return 1\n")


def test_whoever_is_asked_for_a_verdict_can_say_that_there_is_none() -> None:
    review = Review(Draft(SPEC).read("f = 1")).read("Looks odd to me.")
    question = RepairVerdict(review)
    assert question.schema is not None
    assert question.schema["properties"]["verdict"]["enum"] == ["approve", "revise", "none"]
    assert question.read('{"issues": [], "verdict": "none"}').approves is None


def _pattern(body: Callable[[Spec], Steps]) -> Configured:
    return Pattern("mine", body, "A test.", Style).configure({})


def _spins(spec: Spec) -> Steps:
    yield Draft(spec)
    try:
        while True:
            pass
    except Exception:  # what interrupts it is not caught like this
        return ""


def _spins_at_once(spec: Spec) -> str:
    while True:
        pass


def _goes_on(spec: Spec) -> Steps:
    for _ in range(3):
        try:
            while True:
                pass
        except:  # noqa: E722  # what interrupts it is caught like this, but it comes again
            pass
    while True:
        pass
    yield Draft(spec)


def _counts_its_tokens(spec: Spec) -> Steps:
    while True:
        yield TokensLeft()
    yield Draft(spec)


def _naps(spec: Spec) -> Steps:
    while True:
        time.sleep(0.01)
    yield Draft(spec)


def _sleeps(spec: Spec) -> Steps:
    time.sleep(60)
    yield Draft(spec)


def _waits_for_nobody(spec: Spec) -> Steps:
    Event().wait(60)
    yield Draft(spec)


def _replay(body: Callable[[Spec], Steps]) -> None:
    PatternReplay(_pattern(body), SPEC).answer((Draft(SPEC).read("f = 1"),))


_LOOPS = [(_spins, 2), (_spins_at_once, 1), (_goes_on, 1), (_naps, 1), (_counts_its_tokens, 1)]


@pytest.mark.parametrize(("body", "step"), [*_LOOPS, (_sleeps, 1), (_waits_for_nobody, 1)])
def test_an_endless_loop_is_named_by_the_command_that_meets_it(
    body: Callable[[Spec], Steps], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else `foureyes patterns show` and `sweep` hang without a word, on whatever a pattern waits for."""
    monkeypatch.setattr(replay, "MAX_SECONDS", 0.2)
    monkeypatch.setattr(replay, "MAX_WALL_SECONDS", 1.0)
    heard, began = signal.getsignal(signal.SIGVTALRM), time.monotonic()
    _is_interrupted(_replay, body, step)
    assert time.monotonic() - began < 30  # and not when what it waits for has come
    assert signal.getsignal(signal.SIGVTALRM) == heard


@pytest.mark.parametrize(("body", "step"), _LOOPS)
def test_an_endless_loop_holds_up_nobody(
    body: Callable[[Spec], Steps], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else one pattern with a mistake would stop one worker after the other, for all sweeps."""
    monkeypatch.setattr(replay, "MAX_SECONDS", 0.2)
    monkeypatch.setattr(replay, "MAX_WALL_SECONDS", 1.0)
    with ThreadPoolExecutor(1) as workers_thread:
        _is_interrupted(lambda body: workers_thread.submit(_replay, body).result(), body, step)


def _is_interrupted(
    run: Callable[[Callable[[Spec], Steps]], None], body: Callable[[Spec], Steps], step: int
) -> None:
    with pytest.raises(
        PatternError,
        match=rf"step {step}: has gone on for 0.2 s of CPU .* \(test_replay.py line \d+\)",
    ):
        run(body)
    time.sleep(2 * watchdog._LOOK_SECONDS)  # an interruption that came late would come now
    assert watchdog._until == {}


def test_a_replay_ends_its_pattern_in_time_wherever_it_waits(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """What follows a `yield` in a `finally` would run when Python collects it, with no limit."""

    def lingers(spec: Spec) -> Steps:
        try:
            yield Draft(spec)
        finally:
            while True:
                time.sleep(0.01)

    monkeypatch.setattr(replay, "MAX_WALL_SECONDS", 0.5)
    lingering = PatternReplay(_pattern(lingers), SPEC)
    with pytest.raises(PatternError, match="step 1: has gone on"):
        lingering.close()


def test_all_steps_of_a_replay_have_one_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """They run in one transaction, which Postgres ends after a minute."""

    def slow(spec: Spec) -> Steps:
        for _ in range(20):
            end = time.monotonic() + 0.2
            while time.monotonic() < end:
                time.sleep(0.01)
            yield Draft(spec)
        return ""

    monkeypatch.setattr(replay, "MAX_WALL_SECONDS", 1.0)

    def replay_to_the_end() -> None:
        slowly = PatternReplay(_pattern(slow), SPEC)
        while slowly.wanted is not None:
            slowly.answer((Draft(SPEC).read("f = 1"),))

    with pytest.raises(PatternError, match="has gone on"):
        replay_to_the_end()


def test_parallel_steps_come_back_as_a_tuple() -> None:
    def both(spec: Spec) -> Steps:
        left, right = yield Draft(spec), Plan(spec)
        return str(left.code) + str(right.text)

    replay = PatternReplay(_pattern(both), SPEC)
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


def _reviews_the_specification(spec: Spec) -> Steps:
    yield Draft(spec), Review(spec)  # type: ignore[arg-type]
    return ""


def _names_a_role(spec: Spec) -> Steps:
    yield Draft(spec, by=7)  # type: ignore[arg-type]
    return ""


def _runs_hot(spec: Spec) -> Steps:
    yield Draft(spec, sampling=Sampling(9))
    return ""


def _leaves(spec: Spec) -> Steps:
    yield Draft(spec)
    sys.exit("bye")


def _is_closed(spec: Spec) -> Steps:
    yield Draft(spec)
    raise GeneratorExit("now")


def _tests_of_its_own(spec: Spec) -> Steps:
    draft = yield Draft(replace(spec, visible_tests=spec.visible_tests[1:]))
    trial = yield VisibleTests(draft)
    return str(trial)


def _a_name_of_its_own(spec: Spec) -> Steps:
    draft = yield Draft(replace(spec, entry_point="helper"))
    fixed = yield Fix(draft, Trial(()))
    yield Draft(spec), VisibleTests(fixed)
    return ""


def _loops(spec: Spec) -> Steps:
    while True:
        yield Draft(spec)


def _asks_for_everything(spec: Spec) -> Steps:
    yield (Draft(spec),) * (replay.MAX_BRANCHES + 1)


def _has_no_next(spec: Spec) -> Steps:
    yield Draft(spec)
    return next(iter(()))


def _quotes_all(spec: Spec) -> Steps:
    yield Draft(spec)
    raise ValueError("x" * 10_000)


def _only_notes(spec: Spec) -> Steps:
    while True:
        yield Note("again", 1)
    yield Draft(spec)


def _notes_an_object(spec: Spec) -> Steps:
    yield Note("spec", spec)


def _notes_beside_a_step(spec: Spec) -> Steps:
    yield Draft(spec), Note("beside", 1)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (_asks_for_everything, "asks for 101 steps at once; 100 are the most (test_replay.py line"),
        (_has_no_next, "raised RuntimeError: generator raised StopIteration (test_replay.py line"),
        (_quotes_all, f"raised ValueError: {'x' * 500} ... (test_replay.py line"),
        (_only_notes, f"pattern 'mine', step 1: has made {replay.MAX_NOTES} notes"),
        (_notes_an_object, "raised ValueError: Note 'spec': JSON has no words for the value Spec("),
        (_notes_beside_a_step, "must yield a step or a tuple of steps, not (Draft("),
        (_not_a_generator, "pattern 'mine', step 1: is not a generator"),
        (_yields_nothing, "pattern 'mine', step 1: must yield a step"),
        (_yields_empty, "pattern 'mine', step 1: must yield a step"),
        (_returns_no_code, "pattern 'mine', step 2: must return code as a str, not NoneType"),
        (_raises, "pattern 'mine', step 2: raised ValueError: oh no"),
        (
            _reviews_the_specification,
            "pattern 'mine', step 1: Review(draft=...) takes a Program, not S",
        ),
        (_names_a_role, "pattern 'mine', step 1: Draft(by=...) takes a str, not 7"),
        (
            _runs_hot,
            "pattern 'mine', step 1: raised ValueError: Sampling: temperature is from 0 to 2, not 9",
        ),
        (_leaves, "pattern 'mine', step 2: raised SystemExit: bye"),
        (_is_closed, "pattern 'mine', step 2: raised GeneratorExit: now"),
        (_tests_of_its_own, "pattern 'mine', step 2: VisibleTests runs the problem's own tests"),
        (_a_name_of_its_own, "pattern 'mine', step 3: VisibleTests runs the problem's own tests"),
        (_loops, f"has asked {MAX_POSITIONS} times without returning"),
    ],
)
def test_a_broken_pattern_is_named_with_the_step(body: Callable[[Spec], Steps], says: str) -> None:
    def replay_to_the_end() -> None:
        replay = PatternReplay(_pattern(body), SPEC)
        while replay.wanted is not None:
            replay.answer(tuple(step.read("f = 1") for step in replay.wanted))  # type: ignore[union-attr]

    with pytest.raises(PatternError) as caught:
        replay_to_the_end()
    assert says in str(caught.value)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (["x" * 2000], f'["{"x" * 1998} ... (2,004 characters)'),
        (functools.reduce(lambda inner, _: [inner], range(300), 1), f"{'[' * 300}1{']' * 300} ... (601 characters)"),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        (None, None),
    ],
)  # fmt: skip
def test_a_note_of_whatever_a_model_wrote_ends_no_attempt(value: object, kept: object) -> None:
    assert Note("said", value).value == kept


def test_a_draft_on_a_specification_with_notes_is_tested_as_any_other() -> None:
    """What a model adds to the words changes no test."""

    def enriched(spec: Spec) -> Steps:
        draft = yield Draft(replace(spec, notes="n is never negative"))
        trial = yield VisibleTests(draft)
        return str(trial.failed)

    replay = PatternReplay(_pattern(enriched), SPEC)
    (step,) = replay.wanted or ()
    replay.answer((step.read("f = 1"),))  # type: ignore[union-attr]
    replay.answer((Trial(()),))
    assert replay.code == str(Trial(()).failed)
