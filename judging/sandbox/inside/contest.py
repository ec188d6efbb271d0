"""Programs of contests: run as Python runs a file, or asked for what a method of their Solution returns.

Nothing here knows what is right. A program that is run as a whole has real files for its standard input
and output, which the supervisor opened; what it has written is read when its process is gone.
"""

import atexit
import builtins
import contextlib
import functools
import gc
import importlib
import linecache
import os
import sys
import threading
import types
from collections.abc import Callable
from typing import Any, NoReturn

from . import frames

FILE = "<program>"
#: A method's program is imported: what stands behind a guard on "__main__" is not run.
MODULE = "solution"

#: What LiveCodeBench's own judge lets every program use without an import, as starter code does
#: (`List[int]`): first the names in these modules, where later ones win, then the modules.
_MODULES = (
    "string", "re", "datetime", "collections", "heapq", "bisect", "copy", "math", "random",
    "statistics", "itertools", "functools", "operator", "io", "sys", "json",
)  # fmt: skip
#: How deep that judge lets every program recurse, and the digits of the longest integer that it lets one
#: read or write.
_DEPTH, _DIGITS = 50_000, 50_000
#: The status with which Python ends if it cannot write what is left to be written.
_UNWRITTEN = 120


def _names() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name in (*_MODULES, "typing"):
        module = importlib.import_module(name)
        public = getattr(module, "__all__", [each for each in vars(module) if each[0] != "_"])
        found.update((each, getattr(module, each)) for each in public)
    found.update((name, importlib.import_module(name)) for name in _MODULES)
    return found


@functools.cache
def given() -> types.ModuleType:
    """The builtins of contests' programs, and of nobody else's.

    Made once, in the zygote: to put a thousand names into each program's own took longer than all
    else that is done for it. Nor are they among its globals, which are its own.
    """
    module = types.ModuleType("builtins")
    vars(module).update(_names() | vars(builtins))
    return module


def run(fd: int, code: str) -> NoReturn:
    """Run a program as `__main__`, and end with the status that Python would end with.

    What ended it before its end is said on `fd`, and nothing else is.
    """
    status = 1
    try:
        module = _module("__main__", code)
        sys.argv[:] = [FILE]
        status = _run(fd, code, module)
        status = _finish(status, module)
    finally:
        os._exit(status)


def method(fd: int, code: str, name: str) -> Callable[..., Any] | None:
    """The method of the one Solution of a program, or its function of that name.

    None, once the reason is sent, if there is none.
    """
    problem, found = "", None
    try:
        try:
            compiled = compile(code, FILE, "exec", dont_inherit=True)
        except (SyntaxError, ValueError) as error:  # ValueError: a NUL, in older Pythons
            problem = f"syntax error: {error}"
        else:
            namespace = _module(MODULE, code).__dict__
            with contextlib.suppress(
                SystemExit
            ):  # as a script ends itself; what it has defined is there
                exec(compiled, namespace)  # noqa: S102
            found = _found(namespace, name)
            problem = "" if found is not None else "missing entry point"
    except BaseException as error:
        problem = f"exception: {frames.described(error).decode()}"
    frames.send(fd, frames.BROKEN if problem else frames.READY, frames.encoded(problem))
    if found is None or problem:
        return None
    call = found
    return lambda *arguments: listed(call(*arguments))


def _found(namespace: dict[str, Any], name: str) -> Callable[..., Any] | None:
    if "Solution" in namespace:
        found: Callable[..., Any] | None = getattr(namespace["Solution"](), name, None)
        if found is not None:
            return found
    return namespace.get(name)


def listed(output: Any) -> Any:
    """Results are JSON, which knows no tuples: a program may return one all the same."""
    return list(output) if isinstance(output, tuple) else output


def _module(name: str, code: str) -> types.ModuleType:
    """A module for a program, whose source can be looked up, where it has what it need not import."""
    module = types.ModuleType(name)
    module.__file__ = FILE
    sys.modules[name] = module
    linecache.cache[FILE] = (len(code), None, code.splitlines(True), FILE)
    vars(module)["__builtins__"] = sys.modules["builtins"] = given()
    widen()
    return module


def widen() -> None:
    """Set the limits of the interpreter as LiveCodeBench's own judge does."""
    sys.setrecursionlimit(_DEPTH)
    sys.set_int_max_str_digits(_DIGITS)


def _run(fd: int, code: str, module: types.ModuleType) -> int:
    """Run a program up to its last line; its status."""
    try:
        compiled = compile(code, FILE, "exec", dont_inherit=True)
    except (SyntaxError, ValueError) as error:
        frames.send(fd, frames.BROKEN, frames.encoded(f"syntax error: {error}"))
        return 1
    try:
        exec(compiled, module.__dict__)  # noqa: S102
    except SystemExit as leave:
        return _status(leave.code)
    except BaseException as error:
        frames.send(fd, frames.RAISED, frames.described(error))
        return 1
    return 0


def _status(code: Any) -> int:
    """The status that Python makes of what was given to `sys.exit`."""
    if code is None:
        return 0
    return int(code) & 0xFF if isinstance(code, int) else 1


def _finish(status: int, module: types.ModuleType) -> int:
    """What Python does when a program's last line has run; the status, which may have changed.

    It waits for threads, calls what was registered, writes what is left to be written, and takes the
    module apart, so that files which only it held are written, too.
    """
    with contextlib.suppress(BaseException):
        if threading.active_count() > 1:
            threading._shutdown()  # type: ignore[attr-defined]
    with contextlib.suppress(BaseException):
        atexit._run_exitfuncs()
    written = _flush(sys.stdout)
    module.__dict__.clear()
    gc.collect()
    written = _flush(sys.__stdout__) and written
    return status if written or status else _UNWRITTEN


def _flush(stream: Any) -> bool:
    """Write what a stream holds; whether that could be done."""
    try:
        if stream is not None and not getattr(stream, "closed", False):
            stream.flush()
    except BaseException:
        return False
    return True
