"""The machine's GPUs while a model loads: whose turn it is, and who holds the memory that is missing.

vLLM measures what is free and what it takes itself while it loads, and takes for its own what another
process takes at that moment: two models that load on one card at the same time spoil each other's
cache, or end. All is read from nvidia-smi; where there is none, nothing is waited for.
"""

import fcntl
import logging
import os
import subprocess
import tempfile
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from foureyes.worker.engines.guard import below

log = logging.getLogger(__name__)

_MIB_IN_GIB = 1024
_SHOWN = 60


@dataclass(frozen=True)
class Card:
    """A GPU that this process may use; memory is in GiB."""

    index: str
    uuid: str
    free: float
    total: float


def visible(gpus: Collection[int] = ()) -> list[Card]:
    """The GPUs that CUDA_VISIBLE_DEVICES leaves, or a model's `gpus` where it says nothing; none where
    there is no telling."""
    rows = _asked("--query-gpu=index,uuid,memory.free,memory.total")
    cards = [
        Card(index, uuid, float(free) / _MIB_IN_GIB, float(total) / _MIB_IN_GIB)
        for index, uuid, free, total in rows
        if free.isdigit() and total.isdigit()
    ]
    said = os.environ.get("CUDA_VISIBLE_DEVICES", ",".join(map(str, gpus)) or None)
    if said is None:
        return cards
    names = [name.strip() for name in said.split(",")]
    return [card for card in cards if card.index in names or card.uuid in names]


@contextmanager
def turn() -> Iterator[None]:
    """Load a model while no other of this machine's loads on the same cards."""
    with ExitStack() as held:
        for card in sorted(visible(), key=lambda card: card.uuid):  # the same order for all
            held.enter_context(_alone_on(card))
        yield


@contextmanager
def _alone_on(card: Card) -> Iterator[None]:
    path = Path(tempfile.gettempdir()) / f"foureyes-{card.uuid}.lock"
    try:
        file = opened(path)
    except OSError as error:
        log.warning("%s: %s; no other model's loading is waited for", path, error.strerror)
        yield
        return
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.info("another model loads on GPU %s; this one waits for it", card.index)
            fcntl.flock(file, fcntl.LOCK_EX)
        yield
    finally:
        os.close(file)  # which gives the turn on, as this process's end does


def opened(path: Path) -> int:
    """A file to lock, made if need be. Raises: OSError if it cannot be opened."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC
    try:
        return os.open(path, flags | os.O_CREAT, 0o644)
    except PermissionError:  # another user's, in a folder that is everybody's
        return os.open(path, flags)


def shortage(share: float, gpus: Collection[int] = ()) -> str:
    """Who holds what is missing where a model wants a share of every card; empty if nothing is."""
    ours = {str(pid) for pid, _ in below(os.getpid())} | {str(os.getpid())}
    holders: dict[str, list[str]] = {}
    for uuid, pid, used in _asked("--query-compute-apps=gpu_uuid,pid,used_memory"):
        if pid not in ours:
            much = f", {int(used) / _MIB_IN_GIB:.1f} GiB" if used.isdigit() else ""
            holders.setdefault(uuid, []).append(f"process {pid} ({_command(pid)}{much})")
    return "; ".join(
        f"GPU {card.index}: {card.free:.1f} of {card.total:.1f} GiB are free and "
        f"{share * card.total:.1f} wanted, held by "
        f"{', '.join(holders.get(card.uuid, ['a process that nvidia-smi does not show']))}"
        for card in visible(gpus)
        if card.free < share * card.total
    )


def _command(pid: str) -> str:
    try:
        said = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ")
    except OSError:
        return "of another container"
    return said.decode(errors="replace").strip()[:_SHOWN] or "without a command line"


def _asked(query: str) -> list[list[str]]:
    """nvidia-smi's answer: rows of fields."""
    try:
        said = subprocess.run(
            ["nvidia-smi", query, "--format=csv,noheader,nounits"],
            capture_output=True, text=True, check=True, timeout=30,
        ).stdout  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    rows = ([field.strip() for field in line.split(",")] for line in said.splitlines())
    return [row for row in rows if len(row) == query.count(",") + 1]
