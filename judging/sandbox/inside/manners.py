"""What EvalPlus takes away from a program, so that here too a program that wants it fails.

No protection: that is the business of confine.py and seccomp.py. But where verdicts are to be
EvalPlus's, `open` is None as it is there, and standard input and output are no real files.
"""

import builtins
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable

_BUILTINS = ("exit", "help", "open", "quit")
_OS = (
    "chdir", "chmod", "chown", "chroot", "fchdir", "fchmod", "fchown", "fork", "forkpty", "getcwd",
    "kill", "killpg", "lchown", "putenv", "remove", "removedirs", "rename", "renames", "replace",
    "rmdir", "setuid", "system", "truncate", "unlink",
)  # fmt: skip
_SHUTIL = ("chown", "move", "rmtree")
_MODULES = ("ipdb", "joblib", "psutil", "resource", "tkinter")


def take_away() -> None:
    """Set all of it to None, and the streams to what cannot be read, in this process."""
    take_away_some(_BUILTINS)
    tempfile.tempdir = "/tmp"  # noqa: S108  # found out before, as finding it out asks for getcwd
    sys.stdin = sys.stdout = sys.stderr = _Swallowed()


def take_away_some(names_of_builtins: Iterable[str]) -> None:
    """What LiveCodeBench takes away, too, and of the builtins some."""
    for module, names in ((builtins, names_of_builtins), (os, _OS), (shutil, _SHUTIL)):
        for name in names:
            setattr(module, name, None)
    for name in _MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # importing it then fails


class _Swallowed(io.StringIO):
    """What is printed is dropped, and to read is an error."""

    def write(self, text: str) -> int:
        if not isinstance(text, str):
            raise TypeError(f"string argument expected, got {type(text).__name__!r}")
        return len(text)

    def read(self, *_: object) -> str:
        raise OSError

    def readline(self, *_: object) -> str:  # type: ignore[override]
        raise OSError

    def readlines(self, *_: object) -> list[str]:  # type: ignore[override]
        raise OSError

    def readable(self) -> bool:
        return False
