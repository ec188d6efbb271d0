"""Where LiveCodeBench's own judge and ours differ, by name: which parts of programs, and why.

Each is of the judge of `nvidia-livecodebench` 26.3, as it was seen to behave.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Reason:
    """A class of differences: what it is, whether such a program passes here, and whose parts show it."""

    why: str
    passes_here: bool
    parts: frozenset[str]


REASONS = {
    "standard input": Reason(
        "programs get a stand-in for `sys.stdin` alone: descriptor 0, `open(0)`, `sys.stdin.buffer` and "
        "the lines of a `stdin` that was imported are empty or not there",
        True,
        frozenset({
            "open(0)", "for line in open(0)", "os.read(0)", "sys.stdin.buffer",
            "for line in stdin of sys",
        }),
    ),
    "standard output": Reason(
        "it takes what went through `sys.stdout`, and not what was written",
        True,
        frozenset({"sys.stdout.buffer", "os.write(1)", "open(1)", "stdout of sys"}),
    ),
    "not a program": Reason(
        "the program becomes the body of a function in a module of another name: a guard on "
        "`__main__` holds only at its very end and in one spelling, and what needs a module's own "
        "names fails",
        True,
        frozenset({
            "a guard in the middle", "a guard the other way round", "global", "from __future__",
            "globals()", "pickle of a class", "inspect", "sys.argv",
        }),
    ),
    "the end": Reason(
        "it looks when the last line has run: threads and what is registered for the end come too "
        "late; and a process that ends itself is lost, with what it has written or defined",
        True,
        frozenset({
            "a thread that is not waited for", "atexit", "os._exit(0)", "sys.exit() at its end",
        }),
    ),
    "taken away": Reason(
        "`quit`, `os.getcwd`, `os.unlink` and others are None, with what needs them",
        True,
        frozenset({"quit()", "os.getcwd", "a file"}),
    ),
    "the words `class Solution`": Reason(
        "whether there is such a class it tells by whether the words are in the text",
        True,
        frozenset({
            "a class named Solution", "class Solution in a comment", "Solution by another name",
            "a Solution without the method",
        }),
    ),
    "the status": Reason(
        "a program that ends with a status other than 0 has failed, whatever it wrote before; it "
        "does not look at the status",
        False,
        frozenset({"sys.exit(1)", "exit('done')"}),
    ),
    "no Python": Reason(
        "as the body of a function, what Python refuses can be run",
        False,
        frozenset({"return outside of a function"}),
    ),
    "forged": Reason(
        "it asks the program's own `==` whether the result is right",
        False,
        frozenset({"equal to everything", "a list equal to everything"}),
    ),
}  # fmt: skip


def reasons(parts: Iterable[str], passes_here: bool) -> list[str]:
    """The classes that a difference is of; none if nothing explains it."""
    known = frozenset(parts)
    return [
        name
        for name, reason in REASONS.items()
        if reason.passes_here is passes_here and reason.parts & known
    ]
