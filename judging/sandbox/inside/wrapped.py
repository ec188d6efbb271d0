"""Programs as LiveCodeBench's own judge runs them, so that what it refuses is refused here, too.

There a program is no program: one that reads standard input becomes the body of a function, which is
called for each test, with stand-ins for `sys.stdin` and `sys.stdout`.
"""

import ast
import builtins
import io
import subprocess
import sys
import types
from collections.abc import Callable
from typing import Any

from . import contest, frames, manners, wire

_CLASS = "class Solution"
_GUARD = "__name__ == '__main__'"
_FUNCTION = "wrapped_function"
#: Before a program stand imports, so that none `from __future__` can come first.
_FIRST = "import string\n"
#: Characters of a text that may take more bytes than are sent.
_LONG = wire.MAX_BYTES // 4
#: Of the builtins.
_TAKEN = ("quit", "help")


class _Refused(Exception):
    """Why a program cannot be called."""


def method(fd: int, code: str, name: str) -> Callable[..., Any] | None:
    """What is called for each test: the method of that name, or a function of a standard input.

    None, once the reason is sent, if there is none.
    """
    manners.take_away_some(_TAKEN)
    subprocess.Popen = None  # type: ignore[assignment,misc]
    try:
        found = _found(_FIRST + code if name else _as_function(code), name or _FUNCTION)
        problem = "" if found is not None else "missing entry point"
    except (SyntaxError, ValueError) as error:
        problem = f"syntax error: {error}"
    except _Refused as error:
        problem = str(error)
    except BaseException as error:
        problem = f"exception: {frames.described(error).decode()}"
    frames.send(fd, frames.BROKEN if problem else frames.READY, frames.encoded(problem))
    if problem or found is None:
        return None
    called = found
    if name:
        return lambda *arguments: contest.listed(called(*arguments))
    return lambda given: _written(called, given)


def _found(code: str, name: str) -> Callable[..., Any] | None:
    """The program is no module that could be looked up, and what is given to it is among its globals."""
    module = types.ModuleType("wrapped")
    vars(module).update(vars(contest.given()) | dict.fromkeys(_TAKEN))
    contest.widen()
    exec(compile(code, contest.FILE, "exec", dont_inherit=True), module.__dict__)  # noqa: S102
    holder: Any = module.__dict__["Solution"]() if _CLASS in code else module
    found: Callable[..., Any] | None = getattr(holder, name, None)
    return found


def _as_function(code: str) -> str:
    """The program's imports, and a function of all else. Raises: SyntaxError, _Refused."""
    body = ast.parse(code).body
    match body[-1:]:
        case [ast.If(test=test, body=guarded)] if ast.unparse(test) == _GUARD:
            body = [*body[:-1], *guarded]
    imports = [each for each in body if isinstance(each, ast.Import | ast.ImportFrom)]
    others = [each for each in body if not isinstance(each, ast.Import | ast.ImportFrom)]
    if not others:
        raise _Refused("syntax error: nothing but imports")
    function = ast.parse(f"def {_FUNCTION}(): pass").body[0]
    assert isinstance(function, ast.FunctionDef)
    function.body = others
    return _FIRST + ast.unparse(ast.Module([*imports, function], []))


def _written(function: Callable[[], Any], given: str) -> str:
    """What the function writes to `sys.stdout` when `sys.stdin` has what is given."""
    lines = iter(given.split("\n"))
    # The stream that was there before is what `from sys import stdin` has found.
    before: Any = sys.stdin
    before.read = lambda *_: given
    before.readline = lambda *_: next(lines)
    before.readlines = lambda *_: given.split("\n")
    # Seen by code that is run in a namespace of its own alone: a program's globals have the real one.
    builtins.open = lambda *_, **__: io.StringIO(given)  # type: ignore[assignment]
    sys.stdin = io.StringIO(given)
    sys.stdout = written = io.StringIO()
    written.close = lambda: None  # type: ignore[method-assign]
    try:
        function()
    except SystemExit:
        pass
    finally:
        sys.stdin, sys.stdout = before, sys.__stdout__
        builtins.open = io.open
    text = written.getvalue()
    return text if len(text) < _LONG else stripped(text)


def stripped(text: str) -> str:
    """A text without the white space that does not count in it.

    Of one that is too long to be sent only the digest is, so it must be equal for what is right.
    """
    return "\n".join(line.strip() for line in text.strip().split("\n"))
