"""How programs are judged by EvalPlus's problems: beside the answers of a reference program."""

import time
from collections.abc import Iterator, Sequence

from foureyes.judging.formats.evalplus import expected, reference, suites
from foureyes.judging.formats.evalplus.expected import Expected, Failure
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.formats.evalplus.prepared import Prepared, tests_of
from foureyes.judging.formats.evalplus.record import EvalPlusProblem
from foureyes.judging.formats.verdicts import KEPT, Examined, ReferenceFails, without_answer
from foureyes.judging.profiles import Profile
from foureyes.judging.sandbox.inside import frames, wire
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible import assertions, running
from foureyes.judging.visible.running import Given
from foureyes.models.enums import Status
from foureyes.models.errors import REFERENCE_FAILS
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import Judgement, Trial

#: Seconds of CPU time for all inputs of a problem, above which judging a sweep is felt.
_SLOW = 10.0
_NOTHING = frames.VALUE + wire.encode(None)


def hidden(
    sandbox: Sandbox, profile: Profile, tests: FunctionTests, code: str, all_tests: bool
) -> Judgement:
    """What the base and plus tests say of a program.

    If it fails the base tests, the plus tests count for nothing: the default profile does not
    run them, and `plus` is then what `base` is.
    """
    prepared = tests_of(tests, lambda: answers(sandbox, tests))
    started = time.monotonic()
    base = suites.judge(sandbox, profile, prepared.base, code, all_tests)
    if base.status is Status.PASS and not prepared.plus.inputs:
        plus, cpu_seconds = base, base.cpu_seconds  # that it can be loaded is known
    elif base.status is Status.PASS or profile.plus_without_base or all_tests:
        plus = suites.judge(sandbox, profile, prepared.plus, code, all_tests)
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
        profile=profile.name,
        failed_base=base.failed if all_tests else None,
        failed_plus=plus.failed if all_tests else None,
    )


def killed(sandbox: Sandbox, profile: Profile, tests: FunctionTests, all_tests: bool) -> Judgement:
    """A timeout, unless the reference ends its sandbox, too: then it is not the program's doing."""
    prepared = Prepared.of(tests, answers(sandbox, tests))
    failed = (len(prepared.base.inputs), len(prepared.plus.inputs)) if all_tests else None
    return without_answer(sandbox, profile, failed)


def visible(sandbox: Sandbox, spec: Spec, code: str) -> Trial:
    """The doctests and asserts that the prompt shows."""
    return running.run(sandbox, code, spec.entry_point, spec.visible_tests)


def read_test(spec: Spec, source: str) -> VisibleTest:
    """An assert that calls the function."""
    return assertions.read(spec, source)


def outputs(sandbox: Sandbox, spec: Spec, code: str, inputs: Sequence[str]) -> list[Given]:
    """The values of calls."""
    return running.outputs(sandbox, code, spec.entry_point, inputs)


def examine(sandbox: Sandbox, problem: EvalPlusProblem) -> Examined:
    """The reference, asked anew: its times may have been found out on a busy machine."""
    tests = problem.hidden_tests()
    expected.STORE.forget(problem.version)
    found = answers(sandbox, tests)
    seconds = sum(answer.seconds for answer in (*found.base, *found.plus))
    trial = visible(sandbox, problem.spec(), tests.reference)
    return Examined(seconds, trial, tuple(_findings(found, seconds)))


def _findings(found: Expected, seconds: float) -> Iterator[str]:
    if seconds > _SLOW:
        yield f"slow: {seconds:.0f} s for all inputs, and so does every right program"
    if all(answer.frame == _NOTHING for answer in (*found.base, *found.plus)):
        yield "its reference returns None for every input, as a program without a return does"


def answers(sandbox: Sandbox, tests: FunctionTests) -> Expected:
    """What the reference program answers, and how long it takes. Raises: ReferenceFails."""
    found = expected.STORE.load(tests.version, lambda: reference.run(sandbox, tests))
    if isinstance(found, Failure):
        raise ReferenceFails(f"{tests.problem_id}: {REFERENCE_FAILS}: {found.reason}{KEPT}")
    return found
