"""Runs the unit tests of a problem, beside the program or apart from it, and says what each one gave.

Beside it, in one process, the program can change whatever is here; integrity.py makes that harder. Apart
from it the tests get its answers as values, and know nothing else of it: they ask for a call, end if
its answer is not known yet, and are run once more when it is.
"""

import builtins
import os
import sys
import time
import unittest
from collections.abc import Callable, Iterable
from typing import Any

from . import carried, frames, integrity, planted, wire
from .values import Opaque

#: What is asked: run tests beside the program; run tests that ask for calls; make such calls.
BESIDE, APART, CALLS = "tests beside", "tests apart", "calls"
KINDS = (BESIDE, APART, CALLS)

#: Tags: what a test gave, a call that one asks for, what a call gave; that all tests have ended, and the
#: name of a foreign type that was returned; that the program has changed what its tests depend on.
TESTED, ASKED, GAVE, ENDED, TAMPERED = b"T", b"A", b"G", b"Z", b"X"
#: Outcomes of a test: it waits for the answer of a call, or cannot be run apart.
PASSED, FAILED, SKIPPED, WAITS, UNFIT = "passed", "failed", "skipped", "waits", "unfit"

_SHOWN = 500
_CLASS = "TestCases"
#: BigCodeBench's judge has these in a program's namespace, whether it imports them or not.
_GIVEN: dict[str, Any] = {"sys": sys, "os": os, "environ": os.environ}


def run(fd: int, kind: str, namespace: dict[str, Any], entry_point: str) -> None:
    """Do what is asked of a program that is loaded."""
    for name, value in _GIVEN.items():
        namespace.setdefault(name, value)
    for arguments, _ in frames.receive_inputs(fd):
        _DONE[kind](fd, namespace, entry_point, *arguments)


def _beside(
    fd: int,
    namespace: dict[str, Any],
    entry_point: str,
    source: str,
    names: list[str],
    wrong: str,
) -> None:
    """Run tests on the function itself, or on a wrong one that is planted in its place."""
    found: list[str] = []
    function = namespace[entry_point]
    call = planted.wrong(wrong, function) if wrong else planted.watched(function, found)
    namespace[entry_point] = call
    _run_tests(fd, namespace, source, names, _Report(fd), found)


def _apart(
    fd: int,
    namespace: dict[str, Any],
    entry_point: str,
    source: str,
    names: list[str],
    known: list[tuple[str, int, bytes, bytes]],
) -> None:
    """Run tests on a function whose answers are known, or are asked for."""
    report = _Report(fd)
    answers = {(name, number): (asked, given) for name, number, asked, given in known}

    def function(*arguments: Any, **named: Any) -> Any:
        place = report.name, report.calls
        report.calls += 1
        try:
            asked = carried.encode((arguments, named))
        except (carried.Uncarried, wire.WireError) as error:
            report.mark(UNFIT, f"an argument cannot be sent: {error}")
            raise _Stopped from None
        if place not in answers:
            report.mark(WAITS, "")
            frames.send(fd, ASKED, wire.encode((*place, asked)))
            raise _Stopped
        if answers[place][0] != asked:
            report.mark(UNFIT, "it asks for something else each time")
            raise _Stopped
        try:
            return _given(answers[place][1], arguments, named)
        except (carried.Uncarried, wire.WireError) as error:
            report.mark(FAILED, f"what it returns cannot be compared: {error}")
            raise _Stopped from None

    function.__name__ = entry_point
    namespace[entry_point] = function
    _run_tests(fd, namespace, source, names, report, [])


class _Stopped(BaseException):
    """The test cannot go on."""


def _given(data: bytes, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
    """What a call gives: its value, or what it raises, once it has changed its arguments.

    Raises: Uncarried, WireError.
    """
    returned, value, changed = carried.decode(data)
    if changed is not None:
        now, now_named = changed
        for old, new in (*zip(arguments, now, strict=True), *_pairs(named, now_named)):
            if carried.encode(old) != carried.encode(new):
                carried.change(old, new)
    if returned is True:
        return value
    names, said = value
    raise _exception(names)(*said)


def _pairs(old: dict[str, Any], new: dict[str, Any]) -> list[tuple[Any, Any]]:
    return [(old[name], new[name]) for name in old]


def _exception(names: Iterable[str]) -> type[BaseException]:
    """The nearest type of Python's own among the names of a type's bases."""
    for name in names:
        found = getattr(builtins, name, None)
        if isinstance(found, type) and issubclass(found, BaseException):
            return found
    return Exception


def _calls(
    fd: int, namespace: dict[str, Any], entry_point: str, imports: str, calls: list[bytes]
) -> None:
    """Make calls; one answer each. `imports` are what the tests import: names that a program may use."""
    exec(compile(imports, "<imports>", "exec"), namespace)  # noqa: S102
    function = namespace[entry_point]
    for asked in calls:
        frames.send(fd, GAVE, _answer(function, asked))


def _answer(function: Callable[..., Any], asked: bytes) -> bytes:
    arguments, named = carried.decode(asked)
    try:
        returned, value = True, function(*arguments, **named)
    except BaseException as error:
        returned, value = False, ([kind.__name__ for kind in type(error).__mro__], error.args)
        try:
            carried.encode(value)
        except (carried.Uncarried, wire.WireError, RecursionError):
            value = (value[0], (str(error)[:_SHOWN],))
    changed = None
    try:
        if carried.encode((arguments, named)) != asked:
            changed = (arguments, named)
        return carried.encode((returned, value, changed))
    except (carried.Uncarried, wire.WireError, RecursionError) as error:
        # An Opaque, which whoever reads it refuses by this name.
        return wire.encode((True, Opaque(str(error)[:_SHOWN]), None))


class _Report(unittest.TestResult):
    """Sends what each test gave when it ends."""

    def __init__(self, fd: int) -> None:
        super().__init__()
        self._fd = fd
        #: The test that runs, and the calls that it has asked for.
        self.name, self.calls = "", 0
        self._outcome, self._said = PASSED, ""
        self._began = 0.0

    def mark(self, outcome: str, said: str) -> None:
        """Say what became of the running test; what was said first counts."""
        if self._outcome == PASSED:
            self._outcome, self._said = outcome, said

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().startTest(test)
        self.name, self.calls = test._testMethodName, 0
        self._outcome, self._said = PASSED, ""
        self._began = time.monotonic()

    def stopTest(self, test: unittest.TestCase) -> None:  # noqa: N802
        super().stopTest(test)
        self._send(self.name)
        self.name = ""

    def addError(self, test: Any, err: Any) -> None:  # noqa: N802
        self._fails(err)

    def addFailure(self, test: Any, err: Any) -> None:  # noqa: N802
        self._fails(err)

    def addSubTest(self, test: Any, subtest: Any, err: Any) -> None:  # noqa: N802
        if err is not None:
            self._fails(err)

    def addSkip(self, test: Any, reason: str) -> None:  # noqa: N802
        self.mark(SKIPPED, str(reason)[:_SHOWN])
        if not self.name:  # the whole class
            self._send(getattr(test, "_testMethodName", ""))

    def addUnexpectedSuccess(self, test: Any) -> None:  # noqa: N802
        self.mark(FAILED, "it was expected to fail")

    def _fails(self, err: Any) -> None:
        kind, error, _ = err
        self.mark(FAILED, _described(kind, error))
        if not self.name:  # what prepares the class, or cleans up after it
            self._send("")

    def _send(self, name: str) -> None:
        seconds = time.monotonic() - self._began
        frames.send(self._fd, TESTED, wire.encode((name, self._outcome, self._said, seconds)))
        self._outcome, self._said = PASSED, ""


def _run_tests(
    fd: int,
    namespace: dict[str, Any],
    source: str,
    names: list[str],
    report: _Report,
    found: list[str],
) -> None:
    """Run tests by name, in the namespace in which the program is loaded. `found`: of `watched`."""
    if changed := integrity.broken():
        frames.send(fd, TAMPERED, changed.encode("utf-8", "replace"))
        return
    try:
        exec(compile(source, "<tests>", "exec"), namespace)  # noqa: S102
        cases = namespace[_CLASS]
        suite = unittest.TestSuite([cases(name) for name in names])
        suite.run(report)
    except BaseException as error:
        text = _described(type(error), error)
        frames.send(fd, TESTED, wire.encode(("", FAILED, text, 0.0)))
    if changed := integrity.broken():
        frames.send(fd, TAMPERED, changed.encode("utf-8", "replace"))
        return
    frames.send(fd, ENDED, "".join(found[:1]).encode("utf-8", "replace"))


def _described(kind: type[BaseException], error: BaseException) -> str:
    try:
        text = str(error)
    except BaseException:
        text = ""
    return f"{kind.__name__}: {text}"[:_SHOWN]


_DONE: dict[str, Callable[..., None]] = {BESIDE: _beside, APART: _apart, CALLS: _calls}
