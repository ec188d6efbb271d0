"""What the reference program returns, computed in the sandbox once per problem version and machine."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.errors import InfrastructureError
from models.problem import HiddenTests
from models.settings import settings
from worker.sandbox import wire
from worker.sandbox.comparison import reduction
from worker.sandbox.inputs import arguments_of
from worker.sandbox.sandbox import Limits, Sandbox

#: Seconds a reference may take for one input.
_REFERENCE_SECONDS = 120.0


@dataclass(frozen=True)
class Expected:
    """One input's right output: the encoded value, or the digest of a large one.

    `seconds` is what the reference took on this machine, its encoding included.
    """

    kind: str
    payload: bytes
    seconds: float


def job(problem: HiddenTests, code: str, inputs: list[Any]) -> dict[str, Any]:
    """What the sandbox is told to do with a program."""
    return {
        "code": code,
        "entry_point": problem.entry_point,
        "inputs": arguments_of(problem.problem_id, inputs),
        "reduce": reduction(problem.problem_id, problem.entry_point),
        "tests": None,
    }


def outputs(
    sandbox: Sandbox, problem: HiddenTests, version: str
) -> tuple[list[Expected], list[Expected]]:
    """The right outputs of the base and of the plus tests, from disk or computed now.

    `version` is the judge's; another one asks anew.

    Raises: InfrastructureError if the reference program itself does not get through.
    """
    path = settings().home / "expected" / f"{problem.version[:32]}-{version}.bin"
    try:
        base, plus = _read(path)
        if len(base) == len(problem.base_inputs) and len(plus) == len(problem.plus_inputs):
            return base, plus
    except (OSError, wire.WireError, ValueError, TypeError):
        pass  # not there, or cut off by a crash of the machine: computed again
    base = list(_compute(sandbox, problem, problem.base_inputs))
    plus = list(_compute(sandbox, problem, problem.plus_inputs))
    _write(path, base, plus)
    return base, plus


def _compute(sandbox: Sandbox, problem: HiddenTests, inputs: list[Any]) -> Iterator[Expected]:
    if not inputs:
        return
    count = 0
    asked = job(problem, problem.reference, inputs)
    with closing(sandbox.run(asked, Limits(load_seconds=60), [_REFERENCE_SECONDS])) as frames:
        for frame in frames:
            if frame.kind in "VD":
                count += 1
                yield Expected(frame.kind, frame.payload, frame.seconds)
            elif frame.kind != "R":
                said = wire.decode(frame.payload) if frame.payload else "no entry point"
                raise InfrastructureError(
                    f"the reference program of {problem.problem_id} fails by itself: {said}"
                )
    if count != len(inputs):
        raise InfrastructureError(
            f"the reference program of {problem.problem_id} ended after {count} of "
            f"{len(inputs)} inputs ({sandbox.ended})"
        )


def _read(path: Path) -> tuple[list[Expected], list[Expected]]:
    stored: Any = wire.decode(path.read_bytes())
    base, plus = ([Expected(*each) for each in suite] for suite in stored)
    return base, plus


def _write(path: Path, base: list[Expected], plus: list[Expected]) -> None:
    """Write in one go, so that no other worker ever reads half a file."""
    suites = [[[e.kind, e.payload, e.seconds] for e in suite] for suite in (base, plus)]
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent)
    with os.fdopen(descriptor, "wb") as file:
        file.write(wire.encode(suites, 1 << 30))
    os.replace(temporary, path)
