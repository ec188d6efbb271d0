"""What the reference shows of a problem: how its tests can be run, and how long they take here; or why it
fails."""

import json
from dataclasses import asdict, dataclass

from foureyes.judging.kept import Kept

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


def _encoded(found: Known) -> bytes:
    return json.dumps(asdict(found)).encode()


def _decoded(data: bytes) -> Known:
    found = json.loads(data)
    return Known(**found | {name: tuple(found[name]) for name in ("wrong", "altered")})


#: By the version of a problem.
STORE = Kept(f"{ENVIRONMENT} 2", _encoded, _decoded, ENVIRONMENT)
