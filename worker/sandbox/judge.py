"""Judges programs: by the hidden tests for a verdict, by the visible ones for a pattern to see."""

import ast
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from models.enums import Level, Status
from models.errors import InfrastructureError
from models.problem import HiddenTests, Judgement, TestResult, Trial, VisibleTest
from models.settings import settings
from worker.sandbox import environment, expected, probe, profiles, reference, room, suites, turns
from worker.sandbox.comparison import FLOATS, matches
from worker.sandbox.expected import Expected, Failure
from worker.sandbox.inside import frames, wire
from worker.sandbox.running import BadFrames, Killed, Overtime, Run, SandboxEnded, Starved
from worker.sandbox.sandbox import Sandbox

__all__ = ["JUDGE_VERSION", "Judge", "identity"]

#: Part of what identifies an execution. Change it when any verdict could change.
JUDGE_VERSION = "9"

_PREPARED = 8
_TEST_SECONDS = 2.0
#: Bytes that what a visible test gave takes at most: four to a character.
_MAX_RESULT = 4 * frames.MAX_TEXT + 100
#: Visible tests that may run into their time limit before the rest is not tried any more.
_MAX_TIMEOUTS = 2

Result = TypeVar("Result")


def identity() -> str:
    """Who judges here: our version, and the Python that runs the programs. Verdicts are kept by it."""
    return f"{JUDGE_VERSION}, {environment.fingerprint()}"


class Judge:
    """One slot of an execution worker: a sandbox, started when first needed. For one thread.

    It is of the best of `levels` that holds here; by default, of those that the settings accept.
    `hash_seed` is that of programs; expected outputs are those under seed 0 and must be known.
    `slots`: how many share this machine's memory; by default, as the settings say.
    """

    def __init__(
        self,
        slot: int = 0,
        profile: profiles.Profile = profiles.DEFAULT,
        levels: tuple[Level, ...] | None = None,
        hash_seed: int = 0,
        slots: int | None = None,
    ) -> None:
        self._slot = slot
        self._hash_seed = hash_seed
        self._slots = slots
        self._levels = levels
        self._profile = profile
        self._sandbox: Sandbox | None = None
        self._prepared: dict[str, suites.Prepared] = {}

    def hidden(self, problem: HiddenTests, code: str, all_tests: bool = False) -> Judgement:
        """What the base and plus tests say of a program.

        Each up to the first failing input; with `all_tests` all of them, which tells which ones
        fail and does not change whether the program is solved.

        If it fails the base tests, the plus tests count for nothing: the default profile does not
        run them, and `plus` is then what `base` is.

        A program that ends the sandbox twice is `killed`, whatever it would have answered.

        Raises: InfrastructureError if the sandbox fails twice, ReferenceFails if the reference
        program itself does not work; a program cannot bring that about.
        """
        try:
            return self._twice(lambda sandbox: self._hidden(sandbox, problem, code, all_tests))
        except SandboxEnded:
            expected = self.expected(problem)  # if that ends it too, it is not the program's doing
            return self._killed(suites.Prepared.of(problem, expected), all_tests)

    def visible(self, code: str, entry_point: str, tests: Sequence[VisibleTest]) -> Trial:
        """What running the tests of the prompt shows. Raises: InfrastructureError as above."""
        try:
            return self._twice(lambda sandbox: _visible(sandbox, code, entry_point, tests))
        except SandboxEnded:
            return Trial(tuple(_result(test, "the process ended") for test in tests))

    def expected(self, problem: HiddenTests) -> Expected:
        """What the reference program answers, and how long it takes. Raises: as above."""
        return self._twice(lambda sandbox: _expected(sandbox, problem))

    def close(self) -> None:
        """End the sandbox. The judge may be used again."""
        sandbox, self._sandbox = self._sandbox, None
        if sandbox is not None:
            sandbox.close()

    def _twice(self, work: Callable[[Sandbox], Result]) -> Result:
        """Do it; if the sandbox fails, do it once more in a new one.

        What was killed gets all memory then, and no other slot judges meanwhile.
        """
        try:
            with turns.beside_others():
                return work(self._started())
        except (Starved, reference.ReferenceFails):
            raise  # another sandbox would get no processor either, or the same answers
        except InfrastructureError as error:
            self.close()
            was_killed = isinstance(error, Killed)
        try:
            if not was_killed:
                with turns.beside_others():
                    return work(self._started())
            with turns.alone():
                return work(self._started(room.share(1)))
        except InfrastructureError:
            self.close()
            raise
        finally:
            if was_killed:
                self.close()  # the next one gets its share again

    def _started(self, memory: int | None = None) -> Sandbox:
        """The sandbox, which has withstood an attack before it is given any program.

        `memory`: bytes that it gets if it has to be started, by default its share.
        """
        if self._sandbox is None:
            if memory is None:
                memory = room.share(self._slots or settings().slots)
            self._sandbox = probe.start(self._slot, self._levels, self._hash_seed, memory)
        return self._sandbox

    def _hidden(
        self, sandbox: Sandbox, problem: HiddenTests, code: str, all_tests: bool
    ) -> Judgement:
        prepared = self._prepare(sandbox, problem)
        started = time.monotonic()
        base = suites.judge(sandbox, self._profile, prepared.base, code, all_tests)
        if base.status is Status.PASS or self._profile.plus_without_base or all_tests:
            plus = suites.judge(sandbox, self._profile, prepared.plus, code, all_tests)
            cpu_seconds = base.cpu_seconds + plus.cpu_seconds
        else:
            plus, cpu_seconds = base, base.cpu_seconds
        shown = plus if base.status is Status.PASS else base
        return Judgement(
            base=base.status,
            plus=plus.status,
            reason=shown.reason,
            failing_input=shown.failing_input,
            expected=shown.expected,
            got=shown.got,
            seconds=time.monotonic() - started,
            cpu_seconds=cpu_seconds,
            level=str(sandbox.level),
            profile=self._profile.name,
            failed_base=base.failed if all_tests else None,
            failed_plus=plus.failed if all_tests else None,
        )

    def _killed(self, prepared: suites.Prepared, all_tests: bool) -> Judgement:
        """What is said of a program that ended its sandbox, and then another one."""
        return Judgement(
            base=Status.TIMEOUT,
            plus=Status.TIMEOUT,
            reason=suites.KILLED,
            failing_input=None,
            expected=None,
            got=None,
            seconds=0.0,
            cpu_seconds=0.0,
            level=str(self._started().level),
            profile=self._profile.name,
            failed_base=tuple(range(len(prepared.base.inputs))) if all_tests else None,
            failed_plus=tuple(range(len(prepared.plus.inputs))) if all_tests else None,
        )

    def _prepare(self, sandbox: Sandbox, problem: HiddenTests) -> suites.Prepared:
        prepared = self._prepared.pop(problem.version, None)
        if prepared is None:
            prepared = suites.Prepared.of(problem, _expected(sandbox, problem))
            if len(self._prepared) >= _PREPARED:
                del self._prepared[next(iter(self._prepared))]
        self._prepared[problem.version] = prepared
        return prepared


def _expected(sandbox: Sandbox, problem: HiddenTests) -> Expected:
    answers = expected.load(problem.version, lambda: reference.run(sandbox, problem))
    if isinstance(answers, Failure):
        raise reference.ReferenceFails(
            f"{problem.problem_id}: its reference program fails: {answers.reason}{reference.AGAIN}"
        )
    return answers


def _visible(sandbox: Sandbox, code: str, entry_point: str, tests: Sequence[VisibleTest]) -> Trial:
    """Run the tests in one process; after one that does not end, the rest in another."""
    results: list[TestResult] = []
    timeouts = 0
    while len(results) < len(tests):
        left = tests[len(results) :]
        if timeouts >= _MAX_TIMEOUTS:
            results += [_result(test, "not run: others took too long") for test in left]
            break
        calls = [(test.kind, test.call) for test in left]
        request = frames.request((frames.TEST, code, entry_point, calls))
        with sandbox.run(
            request, int(_TEST_SECONDS * (len(left) + 2)) + suites.LOAD_SECONDS
        ) as run:
            stopped = _run_tests(run, left, results)
        if stopped:
            timeouts += 1
    return Trial(tuple(results))


def _run_tests(run: Run, tests: Sequence[VisibleTest], results: list[TestResult]) -> bool:
    """Append the results of tests until one stops the process; whether one did."""
    broken = suites.loading_problem(run)
    if broken is not None:
        results += [_result(test, broken.reason) for test in tests]
        return False
    for test in tests:
        try:
            frame = run.next(_TEST_SECONDS)
            shown = "the process ended" if frame is None else ""
        except Overtime:
            frame, shown = None, f"took more than {_TEST_SECONDS:g} s"
        except BadFrames:
            frame, shown = None, "the process wrote in the judge's place"
        else:
            if frame is None:
                run.await_end(suites.END_SECONDS)
        if frame is None:
            results.append(_result(test, shown))
            return True
        results.append(_read_result(test, frame))
    return False


def _read_result(test: VisibleTest, frame: bytes) -> TestResult:
    try:
        if len(frame) > _MAX_RESULT:
            raise wire.WireError("longer than what is sent")
        outcome, text = wire.decode(frame[1:])
    except (wire.WireError, TypeError, ValueError):
        outcome, text = frames.THREW, None
    if not isinstance(text, str):
        outcome, text = frames.THREW, "nothing that can be read"
    # Cut as an honest process does: reading a literal of a megabyte as Python can take minutes.
    text = text[: frames.MAX_TEXT].strip()
    if outcome == frames.PRINTED and test.expected is not None:
        passed = _prints_alike(test.expected, text)
        return TestResult(test.source, passed, f"got: {text}"[: suites.SHOWN])
    if outcome == frames.HELD:
        return TestResult(test.source, True, "")
    what = "raised" if outcome == frames.THREW else "got"
    return _result(test, f"{what}: {text}")


def _result(test: VisibleTest, shown: str) -> TestResult:
    return TestResult(test.source, False, shown[: suites.SHOWN])


def _prints_alike(wanted: str, printed: str) -> bool:
    """Equal texts, or texts of equal values; floats as close as the hidden tests ask."""
    if wanted.strip() == printed:
        return True
    try:
        values: list[Any] = [ast.literal_eval(text) for text in (wanted, printed)]
    except (SyntaxError, ValueError, TypeError, MemoryError, RecursionError):
        return False
    return matches(values[0], values[1], FLOATS)
