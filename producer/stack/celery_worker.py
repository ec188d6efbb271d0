"""The command that starts a worker, and the worker of one model, started by a person."""

import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from sqlmodel import select

from foureyes import migrations
from foureyes.models import broker, children, llm
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM, AnyModel
from foureyes.models.session import check_connection, session
from foureyes.models.settings import settings
from foureyes.models.tables import LanguageModel
from foureyes.producer.commands import trust


def viewer(*arguments: str) -> list[str]:
    """The command line of Flower, which wants FLOWER_BASIC_AUTH. It needs `children.environment`."""
    return [*children.PYTHON, "foureyes.worker.viewer", *arguments]


def worker(node: str, queues: str, threads: int) -> list[str]:
    """The command line of a worker. It needs `children.environment`."""
    return [
        *children.PYTHON,
        "foureyes.worker.main",
        "-n",
        node,
        "-Q",
        queues,
        f"--concurrency={threads}",
    ]


def serve(name: str, threads: int | None, node: str | None, trusted: Sequence[str]) -> NoReturn:
    """Become the worker of a model that a sweep has defined, in the stack that the settings name.

    Raises: FoureyesError if there is no such stack or model.
    """
    if settings().database_url is None or settings().broker_url is None:
        raise FoureyesError(
            "a worker joins servers that run already: set FOUREYES_DATABASE_URL and "
            "FOUREYES_BROKER_URL (the embedded stack starts its own workers)"
        )
    check_connection()
    migrations.check()
    broker.check_connection()
    model = _find(name)
    trust.settle({name: model}, trusted)
    threads = threads or model.in_flight
    print(_described(name, model, threads), file=sys.stderr)
    command = worker(f"{node or name}@%h", broker.model_queue(name), threads)
    os.execve(command[0], command, children.environment(FOUREYES_MODEL=name))  # noqa: S606


def _find(name: str) -> AnyModel:
    with session() as db:
        rows = db.exec(select(LanguageModel).order_by(LanguageModel.name)).all()
    for row in rows:
        if row.name == name:
            return llm.read(row.settings)
    known = ", ".join(row.name for row in rows) or "none yet: enqueue a sweep first"
    raise FoureyesError(f"no sweep has defined a model named {name!r} in this database ({known})")


def _described(name: str, model: AnyModel, threads: int) -> str:
    """What is going to run, in two lines."""
    lines = [
        f"{name}: engine {model.engine}, up to {threads} calls at a time, each fetched from the "
        f"queue {broker.model_queue(name)} when one ends"
    ]
    if isinstance(model, VLLM):
        gpus = os.environ.get("CUDA_VISIBLE_DEVICES") or ",".join(map(str, model.gpus)) or "all"
        lines.append(
            f"{model.model} on GPUs {gpus}, {model.tensor_parallel} for one copy of it, "
            f"{model.gpu_memory:.0%} of their memory; batch-invariant: "
            f"{'yes' if model.batch_invariant else 'no'}"
            + ("; in turns with other models that share them" if model.share else "")
        )
    return "\n".join(lines)
