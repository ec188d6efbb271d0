"""What the reference shows of a problem: how its tests can be run, and how long they take here; kept.

Kept under FOUREYES_HOME/expected, in a folder for each environment that programs are run in, a file for
each version of a problem. Why a reference fails is kept, too. Any of them may be removed.
"""

import fcntl
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from judging.sandbox import environment
from models.settings import settings

_FORMAT = "2"
#: The environment of its programs (libraries.py).
ENVIRONMENT = "bigcodebench"
#: How far a verdict can be trusted: it was made outside the program's process, or in it.
OUTSIDE, SHARED = "outside", "shared"


@dataclass(frozen=True)
class Known:
    """What is known of a problem here.

    `failure`: why its reference fails; nothing else counts then. `trust`: OUTSIDE, if its tests can be
    run apart. `taken`: seconds of the reference by the clock, by test, as what it sleeps counts too.
    `wrong`: the planted functions with which it fails, `altered` the numbers of expectations with others
    in whose place it does. `is_foreign`: it returns objects of classes that are no library's.
    """

    failure: str = ""
    trust: str = SHARED
    taken: dict[str, float] | None = None
    wrong: tuple[str, ...] = ()
    altered: tuple[int, ...] = ()
    is_foreign: bool = False


def load(version: str, find_out: Callable[[], Known]) -> Known:
    """What is known of a version of a problem; `find_out` is called if nothing is yet."""
    path = _folder() / version
    kept = _read(path)
    if kept is not None:
        return kept
    with _locked(path):
        kept = _read(path)  # another worker may have been at it
        if kept is None:
            kept = find_out()
            _write(path, kept)
    return kept


def forget(version: str) -> None:
    """Have it found out anew: times may be those of a busy hour."""
    (_folder() / version).unlink(missing_ok=True)


def _folder() -> Path:
    said = f"{ENVIRONMENT} {_FORMAT}, {environment.fingerprint(ENVIRONMENT)}"
    return settings().home / "expected" / re.sub(r"[^\w.]+", "-", said)


def _read(path: Path) -> Known | None:
    try:
        found = json.loads(path.read_text("utf-8"))
        several = {name: tuple(found[name]) for name in ("wrong", "altered")}
        return Known(**found | several)
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None


def _write(path: Path, found: Known) -> None:
    """Write it whole or not at all. Raises: OSError that names the file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(asdict(found), file)
        Path(name).replace(path)
    except OSError as error:  # of a write it does not say where
        raise OSError(error.errno, error.strerror, str(path)) from None
    finally:
        Path(name).unlink(missing_ok=True)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    with (path.parent / f".lock-{path.name[:2]}").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
