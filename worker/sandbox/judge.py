"""Judges programs: by the hidden tests for a verdict, by the visible ones for a pattern to see."""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from models.enums import Level, Status
from models.errors import InfrastructureError
from models.problem import HiddenTests, Judgement, Trial, VisibleTest
from models.settings import settings
from worker.sandbox import (
    environment,
    expected,
    probe,
    profiles,
    reference,
    room,
    suites,
    turns,
    visible,
)
from worker.sandbox.expected import Expected, Failure
from worker.sandbox.prepared import Prepared, tests_of
from worker.sandbox.running import Killed, SandboxEnded, Starved
from worker.sandbox.sandbox import Sandbox

__all__ = ["JUDGE_VERSION", "Judge", "identity"]

#: Part of what identifies an execution. Change it when any verdict could change.
JUDGE_VERSION = "10"

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
            return self._killed(Prepared.of(problem, expected), all_tests)

    def visible(self, code: str, entry_point: str, tests: Sequence[VisibleTest]) -> Trial:
        """What running the tests of the prompt shows. Raises: InfrastructureError as above."""
        try:
            return self._twice(lambda sandbox: visible.run(sandbox, code, entry_point, tests))
        except SandboxEnded:
            return Trial(tuple(visible.failed(test, "the process ended") for test in tests))

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
        prepared = tests_of(problem, lambda: _expected(sandbox, problem))
        started = time.monotonic()
        base = suites.judge(sandbox, self._profile, prepared.base, code, all_tests)
        if base.status is Status.PASS and not prepared.plus.inputs:
            plus, cpu_seconds = base, base.cpu_seconds  # that it can be loaded is known
        elif base.status is Status.PASS or self._profile.plus_without_base or all_tests:
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

    def _killed(self, prepared: Prepared, all_tests: bool) -> Judgement:
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


def _expected(sandbox: Sandbox, problem: HiddenTests) -> Expected:
    answers = expected.load(problem.version, lambda: reference.run(sandbox, problem))
    if isinstance(answers, Failure):
        raise reference.ReferenceFails(
            f"{problem.problem_id}: its reference program fails: {answers.reason}{reference.AGAIN}"
        )
    return answers
