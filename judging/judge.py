"""Judges programs: by the hidden tests for a verdict, by the visible ones for a pattern to see."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from foureyes.judging import comparing, libraries, profiles, tracing, written
from foureyes.judging.formats import verdicts
from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.verdicts import Examined
from foureyes.judging.sandbox import probe, room, turns
from foureyes.judging.sandbox.process import Killed, SandboxEnded, Starved
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible.running import Given
from foureyes.models.enums import Level
from foureyes.models.errors import InfrastructureError
from foureyes.models.problem import HiddenTests, Spec
from foureyes.models.settings import settings
from foureyes.models.shown import (
    FAILED,
    STOPPED,
    Comparison,
    Judgement,
    Output,
    TestResult,
    TestRun,
    Traced,
    Trial,
    WrittenResult,
)

Result = TypeVar("Result")


class Judge:
    """One slot of an execution worker: a sandbox, started when first needed. For one thread.

    And one more for each format whose programs have libraries of their own. It is of the best of `levels` that holds here; by default, of those that the settings accept.
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
        #: A sandbox for each environment of libraries (libraries.py) that was asked for.
        self._sandboxes: dict[str, Sandbox] = {}

    def hidden(
        self,
        tests: HiddenTests,
        code: str,
        all_tests: bool = False,
        profile: profiles.Profile | None = None,
    ) -> Judgement:
        """What the hidden tests say of a program.

        Up to the first that fails; with `all_tests` all of them, which tells which ones fail and does
        not change whether the program is solved. By another `profile` than the judge's, if one is said.

        A program that ends the sandbox twice is `killed`, whatever it would have answered.

        Raises: InfrastructureError if the sandbox fails twice, ReferenceFails if the reference
        program itself does not work; a program cannot bring that about.
        """
        judged = verdicts.of(tests.format)
        by = profile or self._profile
        try:
            return self._twice(
                lambda sandbox: judged.hidden(sandbox, by, tests, code, all_tests), tests.format
            )
        except SandboxEnded:
            return self._twice(
                lambda sandbox: judged.killed(sandbox, by, tests, all_tests),
                tests.format,
            )

    def visible(self, spec: Spec, code: str) -> Trial:
        """What running the tests of the prompt shows. Raises: InfrastructureError as above."""
        try:
            return self._twice(
                lambda sandbox: verdicts.of(spec.format).visible(sandbox, spec, code), spec.format
            )
        except SandboxEnded:
            return Trial(
                tuple(
                    TestResult(test.source, False, "the process ended")
                    for test in spec.visible_tests
                )
            )

    def written(self, spec: Spec, code: str, tests: Sequence[str]) -> TestRun:
        """What running tests shows that a model wrote. Raises: InfrastructureError as above."""
        try:
            return self._twice(lambda sandbox: written.run(sandbox, spec, code, tests), spec.format)
        except SandboxEnded:
            ended = (WrittenResult(test, FAILED, "the process ended") for test in tests)
            return TestRun(tuple(ended))

    def compare(self, spec: Spec, programs: Sequence[str], inputs: Sequence[str]) -> Comparison:
        """What programs give for the same inputs. Raises: InfrastructureError as above."""
        return comparing.compare([self._outputs(spec, code, inputs) for code in programs])

    def trace(self, spec: Spec, code: str, call: str) -> Traced:
        """How a program goes through a call of its function. Raises: InfrastructureError as above."""
        (given,) = self._outputs(spec, tracing.traceable(code), [tracing.asked(call)])
        return tracing.read(code, given)

    def _outputs(self, spec: Spec, code: str, inputs: Sequence[str]) -> list[Given]:
        try:
            return self._twice(
                lambda sandbox: verdicts.of(spec.format).outputs(sandbox, spec, code, inputs),
                spec.format,
            )
        except SandboxEnded:
            return [Given(Output(STOPPED, "the process ended"))] * len(inputs)

    def examine(self, problem: Problem) -> Examined:
        """What judging a problem's own reference shows. Raises: as above."""
        format_name = problem.hidden_tests().format
        judged = verdicts.of(format_name)
        return self._twice(lambda sandbox: judged.examine(sandbox, problem), format_name)

    def close(self) -> None:
        """End its sandboxes. The judge may be used again."""
        while self._sandboxes:
            self._sandboxes.popitem()[1].close()

    def _twice(self, work: Callable[[Sandbox], Result], format_name: str) -> Result:
        """Do it in the sandbox for a format; if that fails, do it once more in a new one.

        What was killed gets all memory then, and no other slot judges meanwhile.
        """
        try:
            with turns.beside_others():
                return work(self._started(format_name))
        except (Starved, verdicts.ReferenceFails):
            raise  # another sandbox would get no processor either, or the same answers
        except InfrastructureError as error:
            self.close()
            was_killed = isinstance(error, Killed)
        try:
            if not was_killed:
                with turns.beside_others():
                    return work(self._started(format_name))
            with turns.alone():
                return work(self._started(format_name, room.share(1)))
        except InfrastructureError:
            self.close()
            raise
        finally:
            if was_killed:
                self.close()  # the next one gets its share again

    def _started(self, format_name: str, memory: int | None = None) -> Sandbox:
        """The sandbox for a format, which has withstood an attack before it is given any program.

        `memory`: bytes that it gets if it has to be started, by default its share.
        """
        environment = libraries.environment_of(format_name)
        if environment not in self._sandboxes:
            if memory is None:
                memory = room.share(self._slots or settings().slots)
            self._sandboxes[environment] = probe.start(
                self._slot, self._levels, self._hash_seed, memory, environment
            )
        return self._sandboxes[environment]
