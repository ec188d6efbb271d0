"""A feeder: a process that has vLLM's front end, and feeds the engine what a worker asks of it.

Templates, tokens and texts of a full batch take a good part of a processor, and so do messages and the
database: in one process they would wait for each other's interpreter lock, and the engine for both.
This is the feeder's side: `python -m foureyes.worker.engines.feeder FD...`, a socket that it shares with the
worker (worker/engines/vllm.py), or several, for a feeder each (worker/engines/feeders.py). Both send
JSON, a message a line: first the model and what came of loading it, then requests and, in any order,
what became of them; or that the engine is to sleep or to wake up, which the worker says while it has no
requests there. The end of the worker's messages is the feeder's.
"""

import asyncio
import gc
import json
import logging
import socket
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from typing import Any

from foureyes.models import llm, logs
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM
from foureyes.models.settings import settings
from foureyes.worker.engines import front_end
from foureyes.worker.engines.base import Request
from foureyes.worker.engines.front_end import FrontEnd

log = logging.getLogger(__name__)

Load = Callable[[VLLM], Awaitable[FrontEnd]]

#: Bytes of the longest message.
LONGEST = 1 << 28


def line(message: dict[str, Any]) -> bytes:
    """A message as it is sent."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


class Feeding:
    """One feeder's work for one worker."""

    def __init__(
        self, loaded: FrontEnd, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._loaded = loaded
        self._reader = reader
        self._writer = writer
        self._tasks: set[asyncio.Task[None]] = set()
        self._told: list[bytes] = []

    async def run(self) -> None:
        """Answer until the worker sends no more, or is gone."""
        while asked := await self._reader.readline():
            task = asyncio.create_task(self._answer(json.loads(asked)))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _answer(self, asked: dict[str, Any]) -> None:
        told: dict[str, Any] = {"number": asked["number"]}
        try:
            if "asleep" in asked:
                await self._loaded.sleep(asked["asleep"])
                told["done"] = None
            else:
                request = Request.from_json(asked["key"], asked["request"])
                told["answer"] = asdict(await self._loaded.complete(request))
        except Exception as error:
            told |= {"error": type(error).__name__, "said": str(error)}
        if not self._told:  # answers of the same step of the engine are sent together
            asyncio.get_running_loop().call_soon(self._send)
        self._told.append(line(told))

    def _send(self) -> None:
        told, self._told = self._told, []
        self._writer.write(b"".join(told))


async def feed(worker: socket.socket, model: VLLM, load: Load = front_end.load) -> None:
    """Load a model, and answer what a worker asks of it."""
    reader, writer = await asyncio.open_unix_connection(sock=worker, limit=LONGEST)
    try:
        loaded = await load(model)
    except Exception as error:
        writer.write(line(failure(error)))
        await writer.drain()
        return
    _tell_as_we_do()
    gc.collect()
    gc.freeze()  # what was loaded stays, and need not be looked through again and again
    try:
        writer.write(line({"ready": True}))
        await Feeding(loaded, reader, writer).run()
    except ConnectionError:  # the worker was killed
        log.info("the worker is gone")
    finally:
        await loaded.close()


def failure(error: Exception) -> dict[str, Any]:
    """Why a model is not loaded."""
    if isinstance(error, ModuleNotFoundError):
        return {"missing": error.name}
    if not isinstance(error, FoureyesError):
        log.error("the feeder cannot start", exc_info=error)
        return {"failed": f"{type(error).__name__}: {error}"}
    if error.__cause__ is not None:
        log.error("vLLM cannot load the model", exc_info=error.__cause__)
    return {"failed": str(error)}


def _tell_as_we_do() -> None:
    """Write vLLM's lines as this project's: with its form, its ids, and without secrets."""
    theirs = logging.getLogger("vllm")
    theirs.handlers.clear()
    theirs.propagate = True


def main() -> None:
    """Feed the worker at the other end of the sockets that the command line names: a feeder for each."""
    logs.configure(settings().log)
    workers = [socket.socket(fileno=int(number)) for number in sys.argv[1:]]
    with workers[0].makefile("rb", buffering=0) as file:  # reads not a byte too much
        told = file.readline()
    if not told:  # the worker was killed
        return
    model = llm.read(json.loads(told))
    assert isinstance(model, VLLM)
    if len(workers) == 1:
        asyncio.run(feed(workers[0], model))
    else:
        from foureyes.worker.engines import feeders

        feeders.run(model, workers)


if __name__ == "__main__":
    main()
