"""Several feeders for one engine, as vLLM has several API servers for one: the engine starts once.

It is vLLM's own way to start them (`vllm serve --api-server-count`), with feeders in the place of its
servers: who starts what with which addresses differs from version to version, and is left to it.
Nothing listens.
"""

import argparse
import asyncio
import json
import socket
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from functools import partial
from multiprocessing import connection
from typing import Any

from foureyes.models import llm, logs
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM
from foureyes.models.settings import settings
from foureyes.worker.engines import cards, front_end
from foureyes.worker.engines.feeder import failure, feed, line


class _Arguments(argparse.Namespace):
    """What vLLM's command line would say: what is not set there is None."""

    def __getattr__(self, name: str) -> None:
        if name.startswith("__"):
            raise AttributeError(name)


def run(model: VLLM, workers: Sequence[socket.socket]) -> None:
    """Start the engine and a feeder for each socket; returns when one of them has ended."""
    try:
        front_end.prepare(model)
        with ExitStack() as loading:
            loading.enter_context(cards.turn())
            _start(model, workers, loading)
    except Exception as error:
        with suppress(OSError):  # the worker is gone
            workers[0].sendall(line(failure(front_end.not_loaded(model, error))))


def _start(model: VLLM, workers: Sequence[socket.socket], loading: ExitStack) -> None:
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.entrypoints.cli import serve

    if not hasattr(serve, "run_multi_api_server"):
        raise FoureyesError("this vLLM knows no several front ends: set `feeders = 1`")
    manager = serve.APIServerProcessManager

    def start(*told: Any, **more: Any) -> Any:
        more["target_server_fn"] = partial(_serve, model.model_dump_json(), [*workers])
        return manager(*told, **more)

    serve.APIServerProcessManager = start
    serve.setup_server = lambda *_, **__: ("nowhere", None)
    serve.wait_for_completion_or_failure = partial(_wait, workers, loading)
    told = vars(AsyncEngineArgs(**front_end.arguments(model)))
    serve.run_multi_api_server(_Arguments(**told | {"api_server_count": len(workers)}))


def _wait(
    workers: Sequence[socket.socket],
    loading: ExitStack,
    api_server_manager: Any,
    engine_manager: Any,
    **_: Any,
) -> None:
    """Wait, once all is loaded, until a feeder or the engine has ended: vLLM then ends the others."""
    loading.close()
    for each in workers:  # they are the feeders' alone: or nobody would see that one has ended
        each.close()
    processes = [*api_server_manager.processes, *getattr(engine_manager, "processes", ())]
    connection.wait([each.sentinel for each in processes])


def _serve(
    told: str,
    workers: list[socket.socket],
    address: str,
    listener: None,
    arguments: argparse.Namespace,
    client: dict[str, Any],
    **_: Any,
) -> None:
    """One feeder's process. `client` is what vLLM says of its place among them."""
    logs.configure(settings().log)
    model = llm.read(json.loads(told))
    assert isinstance(model, VLLM)
    worker = workers[client["client_index"]]
    for each in workers:
        if each is not worker:
            each.close()
    asyncio.run(feed(worker, model, partial(front_end.load, client=client)))
