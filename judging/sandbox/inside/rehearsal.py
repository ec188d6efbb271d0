"""What Python does the first times that code runs, done in the zygote, so that no program's process does.

It remembers where it found attributes, and rewrites the code itself for the types that it meets. Each
such memory lies in a page that the process would have to copy.
"""

import linecache
import socket
import sys

from . import frames, program

_CODE = "def f(x):\n    return x\n"
#: So often that nothing is rewritten any more.
_TIMES = 100


def rehearse() -> None:
    """Run a program of our own in this process, as those of others will be run in theirs."""
    for _ in range(_TIMES):
        _run(
            frames.request((frames.CALL, _CODE, "f", 1, ""))
            + frames.inputs([frames.given([1], False)])
        )
    del sys.modules[program.MODULE], linecache.cache[program.FILE]


def _run(asked: bytes) -> None:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(asked)
        program.run(theirs.fileno())
