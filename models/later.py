"""Modules that are imported when something of them is asked for.

All together they take seconds of CPU, and no process needs them all: `--help` none, a model's worker
nothing of the sandbox.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import FrameType
from typing import Any


class Later:
    """Stands for a module, and imports it when it is first asked for something."""

    def __init__(self, module: str) -> None:
        self._module = module

    def __getattr__(self, name: str) -> Any:
        if self._module in sys.modules:
            module = import_module(self._module)  # waits for another thread that is at it
        else:
            with importing():
                module = import_module(self._module)
        return getattr(module, name)


@contextmanager
def importing() -> Iterator[None]:
    """Import without looking for garbage meanwhile: there is none, and it takes a seventh of the time.

    Ctrl-C ends the process at once: an exception may get lost on its way through an import.
    """
    collects = gc.isenabled()
    gc.disable()
    try:
        with _ending_on_ctrl_c():
            yield
    finally:
        if collects:
            gc.enable()


@contextmanager
def _ending_on_ctrl_c() -> Iterator[None]:
    """Let Ctrl-C end the process at once.

    Where Ctrl-C is ignored, as under nohup, it stays so.
    """
    if not (is_minded() and threading.current_thread() is threading.main_thread()):
        yield
        return
    signal.signal(signal.SIGINT, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def is_minded() -> bool:
    """Whether Ctrl-C raises KeyboardInterrupt here, as it does unless somebody wants otherwise."""
    return signal.getsignal(signal.SIGINT) is signal.default_int_handler


def end(_: int, __: FrameType | None) -> None:
    """End the process as Ctrl-C ends it."""
    os._exit(130)
