"""How programs are judged by a format's problems: what its module `verdicts` has, for one sandbox.

Each function may be called once more, in a new sandbox, if it raises InfrastructureError.
"""

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol, cast

from foureyes.judging.profiles import Profile
from foureyes.judging.replies import KILLED
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.judging.visible.running import Given
from foureyes.models.enums import Status
from foureyes.models.errors import RequestRefused
from foureyes.models.problem import Spec, VisibleTest
from foureyes.models.shown import Judgement, Trial

#: What is said with a failure that is kept: it was found out once, and maybe on a bad day.
KEPT = " (kept; `foureyes benchmark check` of its benchmark finds it out anew on this machine)"


class ReferenceFails(RequestRefused):
    """The reference program itself fails: a mistake of the problem's, which no other try mends."""


@dataclass(frozen=True)
class Examined:
    """What is found of a problem when its own reference is judged by it.

    `seconds` is the CPU time of the reference for all hidden tests, None if there is no reference;
    `trial` the visible tests, run on it. `findings` say what has to be mended.
    """

    seconds: float | None
    trial: Trial
    findings: tuple[str, ...] = ()


class Verdicts(Protocol):
    """A format's module `verdicts`. `tests` and `problem` are of its own types."""

    def hidden(
        self, sandbox: Sandbox, profile: Profile, tests: Any, code: str, all_tests: bool
    ) -> Judgement:
        """What the hidden tests say of a program; see Judge.hidden.

        Raises: ReferenceFails, InfrastructureError.
        """

    def killed(self, sandbox: Sandbox, profile: Profile, tests: Any, all_tests: bool) -> Judgement:
        """What is said of a program that ended its sandbox, and then another one. Raises: the same."""

    def visible(self, sandbox: Sandbox, spec: Spec, code: str) -> Trial:
        """What running the visible tests shows. Raises: InfrastructureError."""

    def read_test(self, spec: Spec, source: str) -> VisibleTest:
        """A test that a model wrote, as one that `visible` can run. Raises: BrokenTest."""

    def outputs(
        self, sandbox: Sandbox, spec: Spec, code: str, inputs: Sequence[str]
    ) -> list[Given]:
        """What a program gives for each input. Raises: InfrastructureError."""

    def examine(self, sandbox: Sandbox, problem: Any) -> Examined:
        """Judge the reference, if there is one, and look at what it needs. Raises: as `hidden`."""


def without_answer(
    sandbox: Sandbox, profile: Profile, failed: tuple[int, int] | None, trust: str = "outside"
) -> Judgement:
    """What is said of a program that was killed: a timeout.

    `failed`: how many base and plus tests failed, all of them, if all were asked for.
    """
    base, plus = (None, None) if failed is None else map(tuple, map(range, failed))
    return Judgement(
        base=Status.TIMEOUT,
        plus=Status.TIMEOUT,
        reason=KILLED,
        failing_input=None,
        expected=None,
        got=None,
        seconds=0.0,
        cpu_seconds=0.0,
        level=str(sandbox.level),
        profile=profile.name,
        failed_base=base,
        failed_plus=plus,
        trust=trust,
    )


@cache
def of(format_name: str) -> Verdicts:
    """A format's own. It is loaded when a program is judged: to read a problem takes no sandbox."""
    return cast(
        Verdicts, importlib.import_module(f"foureyes.judging.formats.{format_name}.verdicts")
    )
