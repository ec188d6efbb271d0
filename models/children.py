"""How a process of ours starts another of ours."""

import os
import sys
from pathlib import Path

#: With `-P`, or modules would be looked for in the current folder first, where a person may well have a
#: `foureyes` of their own: a clone, or what they keep for it.
PYTHON = (sys.executable, "-P", "-m")
#: Where the package `foureyes` lies: a clone, or where packages are installed.
_ROOT = Path(__file__).parents[2]


def environment(**more: str) -> dict[str, str]:
    """This process's environment, in which `foureyes` is found as it is here."""
    path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
    return os.environ | {"PYTHONPATH": path} | more
