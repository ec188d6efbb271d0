"""What EvalPlus takes away from a program, so that here too a program that wants it fails.

No protection: that is the business of confine.py and seccomp.py. But a verdict should not depend
on who judges, so `open` is None here as it is there.
"""

import builtins
import os
import shutil
import sys

_BUILTINS = ("exit", "help", "open", "quit")
_OS = (
    "chdir", "chmod", "chown", "chroot", "fchdir", "fchmod", "fchown", "fork", "forkpty", "getcwd",
    "kill", "killpg", "lchown", "putenv", "remove", "removedirs", "rename", "renames", "replace",
    "rmdir", "setuid", "system", "truncate", "unlink",
)  # fmt: skip
_SHUTIL = ("chown", "move", "rmtree")
_MODULES = ("ipdb", "joblib", "psutil", "resource", "tkinter")


def take_away() -> None:
    """Set all of it to None, in this process."""
    for module, names in ((builtins, _BUILTINS), (os, _OS), (shutil, _SHUTIL)):
        for name in names:
            setattr(module, name, None)
    for name in _MODULES:
        sys.modules[name] = None  # type: ignore[assignment]  # importing it then fails
