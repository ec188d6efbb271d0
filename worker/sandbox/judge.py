"""The judge: runs a program in the sandbox and says what became of it. One per slot."""

import signal
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from models.enums import Status
from models.problem import HiddenTests, Judgement, TestResult, Trial, VisibleTest
from worker.sandbox import wire
from worker.sandbox.comparison import Comparison
from worker.sandbox.expected import Expected, job, outputs
from worker.sandbox.inputs import arguments_of
from worker.sandbox.sandbox import Limits, Sandbox

#: Part of every execution's key: change it when a verdict could change.
JUDGE_VERSION = "1"
#: What the sandbox holds programs with: namespaces, seccomp and resource limits (JUDGE.md's A).
LEVEL = "A"
PROFILE = "default"

#: CPU seconds for an input: at least this, or this many times what the reference took.
_LEAST_SECONDS = 1.0
_REFERENCE_FACTOR = 4.0
_VISIBLE_SECONDS = 5.0
_SHOWN = 2000


class Judge:
    """One slot's judge. It starts its sandbox when needed, and again should it die."""

    def __init__(self, slot: int = 0) -> None:
        self._sandbox = Sandbox(slot)

    def hidden(self, problem: HiddenTests, code: str) -> Judgement:
        """Judge a program by the base and the plus tests; each stops at the first failing input.

        Raises: InfrastructureError if no verdict was reached; that is never the program's fault.
        """
        base_expected, plus_expected = outputs(self._sandbox, problem, JUDGE_VERSION)
        base = self._suite(problem, code, problem.base_inputs, base_expected)
        plus = self._suite(problem, code, problem.plus_inputs, plus_expected)
        first = base if base.status is not Status.PASS else plus
        return Judgement(
            base=base.status,
            plus=plus.status,
            reason=first.reason,
            failing_input=first.failing_input,
            expected=first.expected,
            got=first.got,
            seconds=base.seconds + plus.seconds,
            cpu_seconds=base.cpu_seconds + plus.cpu_seconds,
            level=LEVEL,
            profile=PROFILE,
        )

    def visible(self, code: str, entry_point: str, tests: Sequence[VisibleTest]) -> Trial:
        """Run the tests that the prompt shows, each to its end.

        Their verdicts come from the program's own process: they guide models, and count for nothing.
        """
        if not tests:
            return Trial(())
        asked: dict[str, Any] = {
            "code": code,
            "entry_point": entry_point,
            "inputs": [],
            "reduce": "",
            "tests": [[test.kind, test.call, test.expected] for test in tests],
        }
        results: list[TestResult] = []
        failed = ""
        with closing(self._sandbox.run(asked, Limits(), [_VISIBLE_SECONDS])) as frames:
            for frame in frames:
                if frame.kind == "T" and len(results) < len(tests):
                    passed, shown = _trial_result(frame.payload)
                    results.append(TestResult(tests[len(results)].source, passed, shown))
                elif frame.kind == "L":
                    failed = "raised " + ": ".join(_said(frame.payload))
        ended = self._sandbox.ended
        if not failed and ended is not None:
            failed = "ran out of time" if ended.timed_out else _death(ended.status)
        results += [TestResult(test.source, False, failed) for test in tests[len(results) :]]
        return Trial(tuple(results))

    def close(self) -> None:
        """End the sandbox."""
        self._sandbox.close()

    def _suite(
        self, problem: HiddenTests, code: str, inputs: list[Any], expected: list[Expected]
    ) -> "_Suite":
        suite = _Suite(problem, inputs, expected)
        if not inputs:
            return suite
        seconds = [max(_LEAST_SECONDS, _REFERENCE_FACTOR * each.seconds) for each in expected]
        with closing(self._sandbox.run(job(problem, code, inputs), Limits(), seconds)) as frames:
            for frame in frames:
                suite.seconds += frame.seconds
                if not suite.take(frame.kind, frame.payload):
                    break
        ended = self._sandbox.ended
        assert ended is not None
        suite.cpu_seconds = ended.cpu_seconds
        if not suite.decided:
            if ended.flooded:
                suite.fail("output too large")
            elif ended.timed_out:
                suite.fail("timeout", status=Status.TIMEOUT if not suite.loaded else Status.FAIL)
            else:
                suite.fail(_death(ended.status))
        return suite


class _Suite:
    """One program on one suite of tests, frame by frame."""

    def __init__(self, problem: HiddenTests, inputs: list[Any], expected: list[Expected]) -> None:
        self._arguments = arguments_of(problem.problem_id, inputs)
        self._expected = expected
        self._comparison = Comparison(problem.problem_id, problem.entry_point, problem.atol)
        self._right = 0
        self.loaded = False
        self.decided = not inputs
        self.status = Status.PASS
        self.reason = ""
        self.failing_input: str | None = None
        self.expected: str | None = None
        self.got: str | None = None
        self.seconds = 0.0
        self.cpu_seconds = 0.0

    def take(self, kind: str, payload: bytes) -> bool:
        """Take one frame in; False once nothing further matters."""
        if kind == "R" and not self.loaded:
            self.loaded = True
        elif kind == "L":
            name, message = _said(payload)
            syntax = name in ("SyntaxError", "IndentationError", "TabError")
            self.fail("syntax error" if syntax else f"exception: {name}", got=f"{name}: {message}")
        elif kind == "M":
            self.fail("missing entry point")
        elif kind == "E" and self.loaded:
            name, message = _said(payload)
            memory = name == "MemoryError"
            self.fail("memory" if memory else f"exception: {name}", got=f"{name}: {message}")
        elif kind in "VD" and self.loaded:
            self._compare(kind, payload)
        else:
            self.fail("malformed output")
        return not self.decided

    def fail(self, reason: str, got: str | None = None, status: Status = Status.FAIL) -> None:
        """Decide against the program, at the input it had come to."""
        self.decided = True
        self.status = status
        self.reason = reason
        if self.loaded and self._right < len(self._arguments):
            self.failing_input = repr(self._arguments[self._right])[:_SHOWN]
            wanted = self._expected[self._right]
            if wanted.kind == "V":
                self.expected = repr(wire.decode(wanted.payload))[:_SHOWN]
        self.got = got[:_SHOWN] if got is not None else None

    def _compare(self, kind: str, payload: bytes) -> None:
        wanted = self._expected[self._right]
        if kind == wanted.kind and payload == wanted.payload:
            right, got = True, None
        elif kind == "D" or wanted.kind == "D":
            right, got = False, "a large value"
        else:
            try:
                value = wire.decode(payload)
            except wire.WireError:
                self.fail("malformed output")
                return
            arguments = self._arguments[self._right]
            right = self._comparison.matches(arguments, wire.decode(wanted.payload), value)
            got = None if right else repr(value)
        if not right:
            self.fail("wrong answer", got=got)
            return
        self._right += 1
        self.decided = self._right == len(self._expected)


def _said(payload: bytes) -> tuple[str, str]:
    """The type and the message of an exception, as the program's process tells it."""
    try:
        name, message = wire.decode(payload)  # type: ignore[misc]
        return str(name)[:80], str(message)[:500]
    except (wire.WireError, ValueError, TypeError):
        return "Exception", "malformed"


def _trial_result(payload: bytes) -> tuple[bool, str]:
    try:
        passed, shown = wire.decode(payload)  # type: ignore[misc]
        return passed is True, str(shown)[:500]
    except (wire.WireError, ValueError, TypeError):
        return False, "malformed output"


def _death(status: int) -> str:
    """How a process ended that did not say what it should have, from its wait status."""
    if status & 0x7F:
        number = status & 0x7F
        try:
            return f"killed: {signal.Signals(number).name}"
        except ValueError:
            return f"killed: signal {number}"
    return "exited"
