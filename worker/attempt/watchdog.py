"""Interrupting code that does not come back: a pattern of a user's own may hold an endless loop.

It would hold its thread, and after it that of every worker to which the attempt is given anew.
"""

import ctypes
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cache
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")

_LOOK_SECONDS = 0.2
#: Between two interruptions of code that caught the first.
_AGAIN_SECONDS = 1.0

_lock = threading.Lock()
#: By thread: its CPU time, and the moment, at which it is interrupted.
_until: dict[int, tuple[float, float]] = {}


class Endless(BaseException):
    """Raised in the midst of code that took too long, and again until it gives in."""


def within(cpu: float, wall: float, part: Callable[..., Result], *given: Any) -> Result:
    """Call a function, and interrupt it after so many seconds of CPU time, or by the clock.

    In the main thread, a command's, what waits for something is interrupted, too; in others Python code only. A
    call into C that computes ends first. Raises: Endless; what the function raises.
    """
    _watcher()
    thread = threading.get_ident()
    with _listening(thread):
        try:
            try:
                with _lock:
                    _until[thread] = time.thread_time() + cpu, time.monotonic() + wall
                return part(*given)
            finally:
                _disarm(thread)
        finally:
            _disarm(thread)  # an interruption may come at any place, and so before the other


@contextmanager
def _listening(thread: int) -> Iterator[None]:
    """Have the main thread hear a signal: only that ends a call that waits."""

    def interrupt(_: int, __: FrameType | None) -> None:
        if thread in _until:
            raise Endless

    if thread != threading.main_thread().ident:
        yield
        return
    before = signal.signal(signal.SIGVTALRM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGVTALRM, signal.SIG_DFL if before is None else before)


def _disarm(thread: int) -> None:
    while thread in _until:
        try:
            with _lock:
                _until.pop(thread, None)
        except Endless:  # once more, on the way out
            continue


@cache
def _watcher() -> threading.Thread:
    """The one thread that looks after all others."""
    thread = threading.Thread(target=_watch, name="endless", daemon=True)
    thread.start()
    return thread


def _watch() -> None:
    while True:
        time.sleep(_LOOK_SECONDS)
        with _lock:  # so no thread leaves its block before it is told
            now = time.monotonic()
            for thread, (cpu, wall) in _until.items():
                used = time.clock_gettime(time.pthread_getcpuclockid(thread))
                if used >= cpu or now >= wall:
                    _until[thread] = math.inf, now + _AGAIN_SECONDS
                    _interrupt(thread)


def _interrupt(thread: int) -> None:
    if thread == threading.main_thread().ident:
        signal.pthread_kill(thread, signal.SIGVTALRM)
    else:
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread), ctypes.py_object(Endless)
        )
