"""An OpenAI-compatible server that answers rightly, or fails in each of the ways that servers do."""

import json
import re
import threading
import time
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

_CODE = "```python\ndef f(x):\n    return x + 1\n```"
_REVIEW = '{"issues": ["add one"], "verdict": "revise"}'
#: The problem's number, as the sweeps of these tests write it.
_NUMBER = re.compile(r"\(\d+\.(\d+)\)")

#: What becomes of a problem's calls while the server is broken, by its number modulo seven.
PASSING = ("busy", "broken for a moment", "fine")
LASTING = ("hangs", "truncates", "talks rubbish", "says nothing")
WAYS = (*PASSING, *LASTING)


class ModelServer:
    """Listens on a free loopback port; `broken` until told otherwise."""

    def __init__(self) -> None:
        self.broken = True
        self.calls: Counter[str] = Counter()
        self._seen: Counter[str] = Counter()
        self._lock = threading.Lock()
        handler = type("Handler", (_Handler,), {"model": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def way(self, messages: str) -> str:
        """How to answer this call; passing troubles happen at a call's first time only."""
        found = _NUMBER.search(messages)
        way = WAYS[int(found.group(1)) % len(WAYS)] if found else "fine"
        with self._lock:
            self.calls[way] += 1
            self._seen[messages] += 1
            first = self._seen[messages] == 1
        if not self.broken or (way in PASSING and not first):
            return "fine"
        return way

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    model: ModelServer

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        messages = "\n".join(message["content"] for message in body["messages"])
        way = self.model.way(messages)
        if way == "busy":
            self._send(429, {"error": {"message": "busy"}}, retry_after="0")
        elif way == "broken for a moment":
            self._send(500, {"error": {"message": "out of memory"}})
        elif way == "hangs":
            time.sleep(60)
        elif way == "truncates":
            self._send(200, _answer(_CODE), missing=20)
        elif way == "talks rubbish":
            self._send(200, "<html>It works!</html>", kind="text/html")
        elif way == "says nothing":
            self._send(200, {"choices": []})
        else:
            self._send(200, _answer(_REVIEW if "Answer in JSON" in messages else _CODE))

    def _send(
        self,
        status: int,
        content: Any,
        retry_after: str | None = None,
        missing: int = 0,
        kind: str = "application/json",
    ) -> None:
        data = (content if isinstance(content, str) else json.dumps(content)).encode()
        self.send_response(status)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(data)))
        if retry_after is not None:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(data[: len(data) - missing])
        if missing:
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        pass


def _answer(content: str) -> dict[str, Any]:
    return {
        "id": "1", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content},
                     "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
    }  # fmt: skip
