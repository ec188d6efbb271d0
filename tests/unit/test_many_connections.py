"""If this fails, a worker with hundreds of calls at a server has no time left for them."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from foureyes.models.llm import ModelSampling, OpenAI
from foureyes.worker.engines import Concurrent, Message, Request, load

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


def steps(at_once: int) -> float:
    """Functions that the engine's thread runs for a call, with so many in flight."""
    count = 0

    def counted(frame: object, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    server = _Server(("127.0.0.1", 0), _Slow)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://127.0.0.1:{server.server_port}/v1"
    threading.setprofile(counted)
    try:
        engine = load(OpenAI(engine="openai", name="c", model="m", base_url=url, threads=at_once))
    finally:
        threading.setprofile(None)
    assert isinstance(engine, Concurrent)
    try:
        asked = [
            engine.begin(Request(f"{number:064x}", (Message("user", "?"),), ModelSampling()))
            for number in range(2 * at_once)
        ]
        assert {call.result(60).text for call in asked} == {"yes"}
    finally:
        engine.close()
        server.shutdown()
        server.server_close()
    return count / (2 * at_once)


def test_a_call_costs_no_more_where_many_are_in_flight() -> None:
    steps(1)  # imports on first use
    assert steps(128) < 1.5 * steps(8)
