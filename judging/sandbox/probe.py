"""Does a sandbox hold here, and at which level? Found out by attacking it, not by reading settings."""

import json
import logging
from dataclasses import asdict, dataclass

from foureyes.judging.sandbox import room
from foureyes.judging.sandbox.attack import Layer, attack
from foureyes.judging.sandbox.sandbox import Sandbox
from foureyes.models.enums import Level
from foureyes.models.errors import InfrastructureError
from foureyes.models.settings import settings

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Findings:
    """What was found of one level."""

    level: Level
    layers: tuple[Layer, ...]

    @property
    def held(self) -> bool:
        """Whether programs may be run at this level."""
        return all(layer.ok for layer in self.layers)

    def __str__(self) -> str:
        lacking = [f"{layer.name}: {layer.remedy}" for layer in self.layers if not layer.ok]
        return f"level {self.level}: {'; '.join(lacking) or f'{len(self.layers)} checks hold'}"


@dataclass(frozen=True)
class Report:
    """What was found; `level` is empty if programs must not be run here.

    `tried` goes on to the first level that held, which may be one that the settings do not accept.
    `memory` says what keeps all slots together from taking all memory.
    """

    level: str
    tried: tuple[Findings, ...]
    memory: str = ""


def accepted() -> tuple[Level, ...]:
    """The levels that the settings accept, best first."""
    return tuple(level for level in Level if level <= settings().sandbox_level)


def probe() -> Report:
    """Try the levels. Never raises for what a machine lacks: the report says it."""
    tried: list[Findings] = []
    for level in Level:
        found, sandbox = _try(level)
        if sandbox is not None:
            sandbox.close()
        tried.append(found)
        if found.held:
            memory = room.told(settings().slots)
            return Report(level if level in accepted() else "", tuple(tried), memory)
    return Report("", tuple(tried))


def start(
    slot: int = 0,
    levels: tuple[Level, ...] | None = None,
    hash_seed: int = 0,
    memory: int = room.FULL,
    packages: str = "",
) -> Sandbox:
    """A sandbox that has withstood the attack, of the best of `levels`: those of the settings.

    The others as in Sandbox. Raises: InfrastructureError with the remedies if none holds, NotPrepared.
    """
    tried: list[Findings] = []
    for level in accepted() if levels is None else levels:
        found, sandbox = _try(level, slot, hash_seed, memory, packages)
        if sandbox is not None and found.held:
            if tried:
                log.warning("programs are judged at level %s; %s", level, tried[-1])
            return sandbox
        if sandbox is not None:
            sandbox.close()
        tried.append(found)
    raise _refused(tried)


def check() -> None:
    """Raises: InfrastructureError with the remedies unless programs are held safely here."""
    start().close()


def _try(
    level: Level,
    slot: int = 0,
    hash_seed: int = 0,
    memory: int = room.FULL,
    packages: str = "",
) -> tuple[Findings, Sandbox | None]:
    """Start a sandbox and attack it."""
    try:
        sandbox = Sandbox(slot, level, hash_seed, memory, packages)
    except InfrastructureError as error:
        return Findings(level, (Layer("sandbox starts", False, str(error)),)), None
    try:
        return Findings(level, (Layer("sandbox starts", True), *attack(sandbox))), sandbox
    except InfrastructureError as error:
        sandbox.close()
        return Findings(level, (Layer("sandbox runs programs", False, str(error)),)), None
    except BaseException:
        sandbox.close()
        raise


def _refused(tried: list[Findings]) -> InfrastructureError:
    told = "; ".join(map(str, tried))
    if Level.B not in [found.level for found in tried]:
        told += "; or accept level B, if it holds here: FOUREYES_SANDBOX_LEVEL=B"
    return InfrastructureError(f"programs cannot be judged here: {told}; see foureyes doctor")


if __name__ == "__main__":  # `foureyes doctor` asks so: it imports nothing of a worker's
    print(json.dumps(asdict(probe())))
