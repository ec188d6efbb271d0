"""Loads one program, calls it, and says what it returned. Runs inside, beside the candidate.

The candidate can change everything here once it runs. That gains it nothing: all it can do is to
return other values, and it is never told which ones are right.
"""

import ast
import contextlib
import io
import linecache
import sys
import traceback
import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from . import contest, digests, frames, manners, unittests, values, wire, wrapped

#: A program's own name for itself; never "__main__", so that what stands behind that is not run.
MODULE = "solution"
FILE = "<program>"


def run(fd: int) -> None:
    """Do what the request on `fd` asks, and write its frames there."""
    kind, code, entry_point, *rest = frames.receive_request(fd)
    if kind not in (frames.GUARDED, frames.WRAPPED):
        # as Python does with a file; EvalPlus and others run a text
        code = code.removeprefix("\ufeff")
    if kind == frames.SCRIPT:
        contest.run(fd, code)
        return
    if kind in (frames.METHOD, frames.WRAPPED):
        find = contest.method if kind == frames.METHOD else wrapped.method
        function = find(fd, code, entry_point)
        if function is not None:
            _call(fd, function, rest[0], "")
        return
    if kind == frames.GUARDED:
        manners.take_away()
    namespace = _load(fd, code, entry_point, bare=kind == frames.GUARDED)
    if namespace is None:
        return
    if kind in (frames.CALL, frames.GUARDED):
        _call(fd, namespace[entry_point], *rest)
    elif kind in unittests.KINDS:
        unittests.run(fd, kind, namespace, entry_point)
    else:
        _test(fd, namespace, *rest)


def _load(fd: int, code: str, entry_point: str, bare: bool) -> dict[str, Any] | None:
    """The namespace of the loaded program; None, once the reason is sent, if it is no use.

    `bare`: it is no module's, its source cannot be looked up, and it must not exit, as in EvalPlus.
    """
    namespace: dict[str, Any] = {}
    if not bare:
        module = types.ModuleType(MODULE)
        module.__file__ = FILE
        sys.modules[MODULE] = module
        linecache.cache[FILE] = (len(code), None, code.splitlines(True), FILE)
        namespace = module.__dict__
    problem = ""
    try:
        try:
            compiled = compile(code, FILE, "exec")
        except (SyntaxError, ValueError) as error:  # ValueError: a NUL, in older Pythons
            problem = f"syntax error: {error}"
        else:
            try:
                exec(compiled, namespace)  # noqa: S102
            except SystemExit:  # as a script ends itself; what it has defined is there
                if bare or entry_point not in namespace:
                    raise
            if entry_point not in namespace:
                problem = "missing entry point"
    except BaseException as error:
        problem = f"exception: {frames.described(error).decode()}"
    frames.send(fd, frames.BROKEN if problem else frames.READY, frames.encoded(problem))
    return None if problem else namespace


def _call(fd: int, function: Callable[..., Any], count: int, reduction: str) -> None:
    """Call the function with so many inputs; one answer each.

    They arrive bit by bit, as the answers before them do, so that nobody works on one ahead of its
    time.
    """
    while count > 0:
        count -= _call_some(fd, function, reduction)


def _call_some(fd: int, function: Callable[..., Any], reduction: str) -> int:
    """Call the function with the inputs that have been sent; how many they were."""
    count = 0
    for arguments, with_numbers in frames.receive_inputs(fd):
        count += 1
        try:
            output = function(*arguments)
            parts = _REDUCTIONS[reduction](output)
        except BaseException as error:
            frames.send(fd, frames.RAISED, frames.described(error))
            continue
        try:
            for tag, body in answer(output, parts, with_numbers):
                frames.send(fd, tag, body)
        except BaseException as error:
            frames.send(fd, frames.REFUSED, frames.described(error))
    return count


def answer(
    output: Any, parts: tuple[Any, ...], with_numbers: bool, limit: int = wire.MAX_BYTES
) -> Iterator[tuple[bytes, bytes]]:
    """The frames that say what was returned: what is to be sent of it, then numbers, if need be.

    Parts that would take more than `limit` bytes are not sent themselves.
    """
    tag = frames.VALUE if type(output) in values.PLAIN else frames.LIKE
    encoded, large = [], None
    for part in parts:
        try:
            encoded.append(wire.encode(part, limit // len(parts)))
        except (wire.TooLarge, RecursionError):  # the program may have set a low limit
            array = isinstance(part, values.Other) and part.name == values.ARRAY
            try:
                large = digests.large(part.content if array else part, with_numbers)
            except digests.Incomparable as error:
                encoded.append(wire.encode(values.Opaque(str(error))))
            else:
                encoded.append(wire.encode(values.Other(values.ARRAY, large) if array else large))
    yield tag, wire.joined(encoded)
    if large is not None:
        for numbers in large.numbers:
            yield frames.NUMBERS, wire.encode(numbers)


def _whole(output: Any) -> tuple[Any]:
    """An array of one item equals both the item and a list of it."""
    if isinstance(output, np.ndarray) and output.size == 1 and output.ndim:
        return (values.Other(values.ARRAY, output.item()),)
    return (output,)


def _as_set(output: Any) -> tuple[set[Any], Any]:
    """And as it is: what is equal as a set may still be near as a list."""
    return set(output), output


def _presence(output: Any) -> tuple[bool]:
    return (output if isinstance(output, bool) else output is not None,)


def _truth(output: Any) -> tuple[bool]:
    return (bool(output),)


#: What is sent of an output; see oracles.py, which chooses.
_REDUCTIONS: dict[str, Callable[[Any], tuple[Any, ...]]] = {
    "": _whole,
    "set": _as_set,
    "presence": _presence,
    "truth": _truth,
}


def _test(fd: int, namespace: dict[str, Any], tests: list[tuple[str, str]]) -> None:
    """Run visible tests, pairs of a kind and a call; one frame each, and one more for a value."""
    for kind, call in tests:
        value: list[Any] = []
        printed = io.BytesIO()
        out = io.TextIOWrapper(printed, "utf-8", "backslashreplace", write_through=True)
        try:
            with contextlib.redirect_stdout(out):
                if kind == frames.ASKED:
                    value.append(eval(compile(call, "<test>", "eval"), namespace))  # noqa: S307
                    outcome, text = frames.GAVE, ""
                else:
                    outcome, text = _TESTS[kind](call, namespace)
            text = printed.getvalue().decode("utf-8", "replace") + text
        except BaseException as error:
            outcome, text = frames.THREW, frames.described(error).decode()
        frames.send(fd, frames.TESTED, wire.encode((outcome, text[: frames.MAX_TEXT])))
        if outcome == frames.GAVE:
            _give(fd, value[0])


def _give(fd: int, value: Any) -> None:
    """Send one value."""
    try:
        for tag, body in answer(value, _whole(value), False, frames.MAX_ASKED):
            frames.send(fd, tag, body)
    except BaseException as error:
        frames.send(fd, frames.REFUSED, frames.described(error))


def _doctest(call: str, namespace: dict[str, Any]) -> tuple[str, str]:
    value = eval(compile(call, "<test>", "eval"), namespace)  # noqa: S307
    return frames.PRINTED, "" if value is None else repr(value)


def _assert(call: str, namespace: dict[str, Any]) -> tuple[str, str]:
    try:
        exec(compile(call, "<test>", "exec"), namespace)  # noqa: S102
    except AssertionError as error:
        if len(list(traceback.walk_tb(error.__traceback__))) > 2:
            raise  # the program's own assertion
        return frames.FAILED, _left_side(call, namespace)
    return frames.HELD, ""


def _left_side(call: str, namespace: dict[str, Any]) -> str:
    """What the left side of a failed comparison gave, for a person to read."""
    match ast.parse(call).body:
        case [ast.Assert(test=ast.Compare(left=left))]:
            code = compile(ast.Expression(left), "<test>", "eval")
            with contextlib.redirect_stdout(io.StringIO()):  # it has printed already
                return repr(eval(code, namespace))  # noqa: S307
    return ""


_TESTS: dict[str, Callable[[str, dict[str, Any]], tuple[str, str]]] = {
    "doctest": _doctest,
    "assert": _assert,
}
