"""The model servers of bench/saturation.py, which tell how full they were."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from typing import Any, Protocol

import httpx

from foureyes.models import weights
from tests.llamacpp_server import llamacpp_server
from tests.programs import ROOT

#: Tokens that a call to llama.cpp may take, prompt and answer together.
_CONTEXT = 1024


@dataclass(frozen=True)
class Step:
    """A stretch of time in which the same calls were at work; `done` of them ended with it.

    By the machine's monotonic clock, which all its processes share.
    """

    began: float
    seconds: float
    calls: int
    done: int

    @property
    def ended(self) -> float:
        """The moment of its end."""
        return self.began + self.seconds


@dataclass(frozen=True)
class Use:
    """How a server was used: its steps in order, and the tokens that it wrote."""

    batch: int
    steps: list[Step]
    tokens: int

    @property
    def began(self) -> float:
        """The first call's begin."""
        return self.steps[0].began

    @property
    def ended(self) -> float:
        """The last call's end."""
        return self.steps[-1].ended

    @property
    def seconds(self) -> float:
        """From the first call's begin to the last one's end."""
        return self.ended - self.began

    @property
    def rate(self) -> float:
        """Tokens written a second."""
        return self.tokens / self.seconds

    def share(self, since: float, until: float) -> float:
        """The mean share of the batch that was at work between two moments."""
        full = 0.0
        for step in self.steps:
            seconds = min(step.ended, until) - max(step.began, since)
            full += max(0.0, seconds) * min(step.calls, self.batch)
        return full / (self.batch * (until - since))

    def fill(self) -> float:
        """The same until the tail, which begins when fewer calls are left than the batch holds."""
        left, until = sum(step.done for step in self.steps), self.began
        for step in self.steps:
            if left < self.batch:
                break
            left, until = left - step.done, step.ended
        return self.share(self.began, until) if until > self.began else 0.0


class Endpoint(Protocol):
    """A server: `batch` calls at once are computed, of the model `model`."""

    url: str
    model: str
    batch: int

    def used(self) -> Use:
        """How it was used since it was asked last."""
        ...


def in_flight(server: Endpoint) -> int:
    """Calls that keep a server full: a quarter more than its batch, as with the vllm engine."""
    return server.batch + -(-server.batch // 4)


class Simulated:
    """bench/model_server.py in a process of its own."""

    model = "simulated"

    def __init__(self, batch: int, tokens: int, *more: str) -> None:
        """`more` of its command line says how fast it is."""
        self.batch = batch
        self._process = subprocess.Popen(
            [
                sys.executable, "-m", "bench.model_server", f"--batch={batch}",
                f"--tokens={tokens}", *more,
            ],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def used(self) -> Use:
        """How it was used since it was asked last: each step gave each call in it a token."""
        told = httpx.get(f"{self.url}/steps", timeout=60).json()["steps"]
        steps = [Step(*each) for each in told]
        return Use(self.batch, steps, sum(step.calls for step in steps))

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def simulated(*sizes: tuple[int, int], speed: tuple[str, ...] = ()) -> Iterator[list[Simulated]]:
    """Servers of these batches and lengths of answers."""
    servers: list[Simulated] = []
    try:
        for batch, tokens in sizes:
            servers.append(Simulated(batch, tokens, *speed))
        yield servers
    finally:
        for server in servers:
            server.close()


class Relayed:
    """A server that tells nothing of this: a relay before it notes every call."""

    def __init__(self, port: int, model: str, batch: int) -> None:
        self.model, self.batch = model, batch
        #: When each began and ended, and its tokens.
        self.calls: list[tuple[float, float, int]] = []
        self.client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}",
            timeout=None,
            limits=httpx.Limits(max_connections=None),
        )
        handler = type("Handler", (_Relay,), {"relayed": self})
        self._server = _Listener(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def used(self) -> Use:
        """How it was used since it was asked last; a call that waits in the server is in its batch."""
        calls, self.calls = self.calls, []
        changes = sorted(
            [(began, 1) for began, _, _ in calls] + [(ended, -1) for _, ended, _ in calls]
        )
        steps, running = [], 0
        for (began, change), (ended, next_change) in pairwise(changes):
            running += change
            steps.append(Step(began, ended - began, running, int(next_change < 0)))
        return Use(self.batch, steps, sum(tokens for *_, tokens in calls))

    def close(self) -> None:
        """Stop relaying."""
        self._server.shutdown()
        self._server.server_close()
        self.client.close()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    relayed: Relayed

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        began = time.monotonic()
        answer = self.relayed.client.post(
            self.path, content=body, headers={"content-type": "application/json"}
        )
        ended = time.monotonic()
        told: dict[str, Any] = json.loads(answer.content)
        self.relayed.calls.append((began, ended, told.get("usage", {}).get("completion_tokens", 0)))
        self.send_response(answer.status_code)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@contextmanager
def llamacpp(name: str, slots: int) -> Iterator[Relayed]:
    """llama.cpp's own server with a model of the catalogue.

    Raises: FoureyesError if its weights are not there.
    """
    path = weights.locate(name)
    with llamacpp_server(path, _CONTEXT * slots, slots) as port:
        server = Relayed(port, name, slots)
        try:
            yield server
        finally:
            server.close()
