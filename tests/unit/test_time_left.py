"""If one of these fails, `watch` and the demo promise to be done long before they are, or long after."""

import heapq
import math
import random
from collections import deque
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from foureyes.models.enums import Kind
from foureyes.models.sweep_content import ExpectedCalls
from foureyes.results.time_left import SeenStep, seconds_left

START = datetime(2026, 1, 1, tzinfo=UTC)
JUDGE = None
DRAFT, PLAN, REVIEW, FIX = Kind.DRAFT, Kind.PLAN, Kind.REVIEW, Kind.FIX
#: By pattern, what it asks of whom, in this order; a fix follows a review that wants changes.
PATTERNS: dict[str, list[tuple[str, Kind]]] = {
    "raw-coder": [("coder", DRAFT)],
    "raw-reviewer": [("reviewer", DRAFT)],
    "plan-then-code": [("reviewer", PLAN), ("coder", DRAFT)],
    "review-then-fix": [("coder", DRAFT), ("reviewer", REVIEW), ("coder", FIX)],
    "grounded-review": [("coder", DRAFT), ("reviewer", REVIEW), ("coder", FIX)],
}
PROMPT_TOKENS = {DRAFT: 180, PLAN: 180, REVIEW: 360, FIX: 380}
PLANNED_TOKENS = {DRAFT: 170, PLAN: 120, REVIEW: 90, FIX: 170}
#: Whose draft it is that patterns share: of the coder, unplanned.
SHARED = {"raw-coder", "review-then-fix", "grounded-review"}


def planned() -> list[list[ExpectedCalls]]:
    """As the estimate has it: every review wants changes, and the first pattern pays for the draft."""
    return [
        [
            ExpectedCalls(
                model=model,
                kind=kind,
                steps=1,
                calls=0 if kind is DRAFT and name in SHARED - {"raw-coder"} else 1,
                prompt_tokens=PROMPT_TOKENS[kind],
                tokens=PLANNED_TOKENS[kind],
                seconds=None,
            )
            for model, kind in steps
        ]
        for name, steps in PATTERNS.items()
    ]


class History:
    """A sweep as it went: two models, each with one call at a time and its own speed, and a judge."""

    def __init__(
        self, speeds: dict[str, float], approvals: float, problems: int, at_once: int
    ) -> None:
        self.speeds, self.approvals, self.at_once = speeds, approvals, at_once
        self.random = random.Random(7)
        self.ended: dict[int, float] = {}
        self.steps: list[tuple[int, str | None, Kind, int, float]] = []
        self.work: dict[int, tuple[float, float, int]] = {}  # when it was done, seconds, tokens
        self.runs = [name for _ in range(problems) for name in PATTERNS]
        self._ids: dict[object, int] = {}
        self._waiting: dict[str | None, deque[int]] = {}
        self._asking: dict[int, list[int]] = {}
        self._at_work: set[str | None] = set()
        self._events: list[tuple[float, int, str | None, float, int]] = []
        self._now = 0.0
        self._play()

    def _play(self) -> None:
        left = deque(range(len(self.runs)))
        under_way = 0
        at = dict.fromkeys(range(len(self.runs)), 0)
        kinds: dict[int, tuple[str | None, Kind]] = {}

        def go_on(attempt: int) -> bool:
            """Ask for the next step; whether the attempt has ended."""
            name, position = self.runs[attempt], at[attempt]
            asks = PATTERNS[name]
            if position < len(asks) and not (
                asks[position][1] is FIX and self.approves(attempt // len(PATTERNS))
            ):
                who, kind = asks[position]
            elif position <= len(asks):
                at[attempt] = len(asks)
                who, kind = JUDGE, Kind.JUDGE
            else:
                self.ended[attempt] = self._now
                return True
            at[attempt] += 1
            shared = kind is DRAFT and name in SHARED
            key = (attempt // len(PATTERNS), "draft") if shared else (attempt, at[attempt])
            work = self._ids.setdefault(key, len(self._ids) + 1)
            self.steps.append((attempt, who, kind, work, self._now))
            kinds[work] = (who, kind)
            if work in self.work:
                return go_on(attempt)
            if work not in self._asking:
                self._asking[work] = []
                self._waiting.setdefault(who, deque()).append(work)
            self._asking[work].append(attempt)
            return False

        while True:
            while left and under_way < self.at_once:
                under_way += 1 - go_on(left.popleft())
            for who, queue in self._waiting.items():
                if queue and who not in self._at_work:
                    work = queue.popleft()
                    kind = kinds[work][1]
                    tokens = round(PLANNED_TOKENS.get(kind, 0) * self.random.uniform(0.5, 1.2))
                    seconds = (
                        0.3
                        if who is None
                        else (tokens + PROMPT_TOKENS[kind] / 4) / self.speeds[who]
                    )
                    self._at_work.add(who)
                    heapq.heappush(self._events, (self._now + seconds, work, who, seconds, tokens))
            if not self._events:
                return
            self._now, work, who, seconds, tokens = heapq.heappop(self._events)
            self._at_work.discard(who)
            self.work[work] = (self._now, seconds, tokens)
            for attempt in self._asking[work]:
                under_way -= go_on(attempt)

    def approves(self, problem: int) -> bool:
        """Evenly: how far chance is off with a few reviews is not what is tested."""
        return int((problem + 1) * self.approvals) > int(problem * self.approvals)

    def estimate(self, now: float, also: Sequence[SeenStep] = ()) -> float | None:
        """What is said at that moment, from what was to be seen then."""
        unfinished = [0] * len(PATTERNS)
        for attempt in range(len(self.runs)):
            unfinished[attempt % len(PATTERNS)] += self.ended.get(attempt, 0) > now
        seen = list(also)
        for attempt, who, kind, work, asked in self.steps:
            if asked > now:
                continue
            end, seconds, tokens = self.work[work]
            done = START + timedelta(seconds=end) if end <= now else None
            position, has_ended = attempt % len(PATTERNS), self.ended[attempt] <= now
            is_running = who is not None and end - seconds <= now < end
            told = who, kind, work, done, is_running
            cost = (seconds, PROMPT_TOKENS.get(kind, 0), tokens) if done else (0.0, 0, 0)
            seen.append(SeenStep(attempt, position, has_ended, *told, *cost))
        return seconds_left(planned(), unfinished, seen, START - timedelta(seconds=1))


@pytest.mark.parametrize("approvals", [0.0, 0.3, 0.7])
@pytest.mark.parametrize(
    ("coder", "reviewer"), [(15.0, 8.0), (40.0, 4.0), (4.0, 40.0)], ids=["demo", "slow", "fast"]
)
@pytest.mark.parametrize("at_once", [1, 5, 40], ids=["one", "some", "many"])
def test_after_a_tenth_the_time_left_is_told_within_a_factor_of_one_and_a_half(
    coder: float, reviewer: float, approvals: float, at_once: int
) -> None:
    """Told by the attempts that have ended it was 2 to 6 times too short in the first half of a sweep."""
    speeds = {"coder": coder, "reviewer": reviewer}
    history = History(speeds, approvals, problems=16, at_once=at_once)
    ends = sorted(history.ended.values())
    assert len(ends) == 16 * len(PATTERNS)
    longest = max(seconds for _, seconds, _ in history.work.values())
    begin = max(ends[len(ends) // 10], ends[-1] / 10)
    for moment in (each for each in ends[:-1] if each >= begin):
        true, told = ends[-1] - moment, history.estimate(moment)
        assert told is not None
        # at the very end the one call that is at work is what one can be wrong by
        assert true / 1.5 - longest <= told <= 1.5 * true + longest, (moment, true, told)
        if true > ends[-1] / 5:
            assert true / 1.5 <= told <= 1.5 * true, (moment, true, told)


def test_nothing_is_said_while_a_model_has_not_answered_yet() -> None:
    history = History({"coder": 15.0, "reviewer": 8.0}, 0.5, problems=4, at_once=5)
    assert history.estimate(0.0) is None


def test_a_recording_answers_in_no_time_which_says_nothing_of_the_rest() -> None:
    """What was left of 7,588 replayed attempts was said to take 45 s, by the judge's seconds alone; it took 12 minutes."""
    speeds = {"coder": math.inf, "reviewer": math.inf}
    history = History(speeds, 0.5, problems=8, at_once=5)
    ends = sorted(history.ended.values())
    assert history.estimate(ends[len(ends) // 2]) is None  # the rate of attempts is known


def test_what_was_found_there_does_not_hasten_the_rest() -> None:
    """Answers of an earlier sweep came in no time, and the others will not."""
    history = History({"coder": 15.0, "reviewer": 8.0}, 0.0, problems=8, at_once=5)
    ends = sorted(history.ended.values())
    moment = ends[len(ends) // 2]
    told = history.estimate(moment)
    assert told is not None
    earlier = START - timedelta(days=1)
    found = [
        SeenStep(
            900 + n, n % len(PATTERNS), True, "coder", DRAFT, 900 + n, earlier, False, 0.1, 90, 100
        )
        for n in range(50)
    ]
    assert history.estimate(moment, found) == told


def test_calls_that_a_model_is_at_now_share_its_time() -> None:
    """Of many that were made together only a few are looked at: each would seem to have been alone."""
    asked = [
        ExpectedCalls(
            model="coder", kind=DRAFT, steps=1, calls=1, prompt_tokens=1, tokens=1, seconds=None
        )
    ]
    ended = [
        SeenStep(
            n, 0, True, "coder", DRAFT, n, START + timedelta(seconds=100 * n), False, 80, 90, 100
        )
        for n in (1, 2)
    ]
    running = [
        SeenStep(n, 0, False, "coder", DRAFT, n, None, True, 0.0, 0, 0) for n in range(3, 19)
    ]
    alone, together = (
        seconds_left([asked], [160], [*ended, *more], START) for more in ([], running)
    )
    assert alone is not None and together is not None
    assert together == pytest.approx(alone / 16, rel=0.05)


@pytest.mark.parametrize("says_what_was_there", [True, False], ids=["rows of now", "of before"])
def test_reviews_that_were_there_before_are_not_waited_for(says_what_was_there: bool) -> None:
    """A sweep that asked one new question of each attempt, all else there, was said to take 26 hours; it took 20
    minutes. What holds an answer in its question the plan cannot look up."""

    def planned_call(kind: Kind, not_done: float) -> ExpectedCalls:
        told = not_done if says_what_was_there else None
        return ExpectedCalls(
            model="coder",
            kind=kind,
            steps=1,
            steps_not_done=told,
            calls=not_done,
            prompt_tokens=100,
            tokens=100,
            seconds=None,
        )

    asked = [[planned_call(DRAFT, 0), planned_call(REVIEW, 1), planned_call(Kind.ASK, 1)]]
    before, begin = START - timedelta(days=1), START
    seen = []
    for n in range(1, 41):
        has_ended = n <= 30
        end = begin + timedelta(seconds=2 * n) if has_ended else None
        for work, kind in enumerate((DRAFT, REVIEW)):
            there = SeenStep(
                n, 0, has_ended, "coder", kind, 1000 * n + work, before, False, 9.0, 100, 100
            )
            seen.append(there)
        choice = SeenStep(
            n, 0, has_ended, "coder", Kind.ASK, n, end, False, 2.0 if end else 0.0, 100, 100
        )
        seen.append(choice)
    told = seconds_left(asked, [300], seen, begin)
    assert told == pytest.approx(300 * 2, rel=0.1)
