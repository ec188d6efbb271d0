"""If this fails, a worker with hundreds of calls at a server has no time left for them."""

import json
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpcore
import pytest

from models.llm import OpenAI, Sampling
from worker.engines import Concurrent, Message, Request, load

_AT_ONCE = 128
_ANSWER = json.dumps(
    {
        "choices": [{"message": {"content": "yes"}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 1, "completion_tokens": 1},
    }
).encode()


class _Slow(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        time.sleep(0.3)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(_ANSWER)))
        self.end_headers()
        self.wfile.write(_ANSWER)

    def log_message(self, format: str, *args: object) -> None: ...


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


def test_a_call_does_not_look_through_the_connections_of_all_others(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looks = 0
    idle = httpcore.AsyncHTTPConnection.is_idle

    def counted(connection: httpcore.AsyncHTTPConnection) -> bool:
        nonlocal looks
        looks += 1
        return idle(connection)

    monkeypatch.setattr(httpcore.AsyncHTTPConnection, "is_idle", counted)
    server = _Server(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    engine = load(OpenAI(engine="openai", name="c", model="m", base_url=url, threads=_AT_ONCE))
    assert isinstance(engine, Concurrent)
    try:
        asked = [
            engine.begin(Request(f"{number:064x}", (Message("user", "?"),), Sampling()))
            for number in range(2 * _AT_ONCE)
        ]
        assert {call.result(60).text for call in asked} == {"yes"}
    finally:
        engine.close()
        server.shutdown()
        server.server_close()
    assert looks < 2 * _AT_ONCE * _AT_ONCE / 4  # a pool for all: as many as connections, each time


def test_a_call_does_not_look_for_packages_that_are_not_there() -> None:
    program = (
        "import sys\n"
        "from worker.engines import connections\n"
        "class Finder:\n"
        "    def find_spec(self, name, *more):\n"
        "        assert name != 'sniffio', name\n"
        "sys.meta_path.insert(0, Finder())\n"
        "import asyncio, httpcore._synchronization as asked\n"
        "async def main():\n"
        "    assert asked.current_async_library() == 'asyncio'\n"
        "asyncio.run(main())\n"
    )
    made = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert made.returncode == 0, made.stderr
