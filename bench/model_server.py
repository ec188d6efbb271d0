"""A server that answers as vLLM would on a GPU, with a clock in the place of the GPU.

`python -m bench.model_server --batch 256` prints its port. A step of the batch takes
`--step + --per-call * (calls in it) + (prompt tokens read in it) / --prefill` seconds and gives each
call one token; calls beyond the batch wait. `GET /steps` tells every step so far.
"""

import argparse
import asyncio
import hashlib
import json
import time
from collections import deque
from dataclasses import dataclass, field

import tornado.httpserver
import tornado.netutil
import tornado.web

#: Answers that patterns can go on with.
_CODE = "```python\ndef f(x):\n    return x + 1\n```\n"
_REVIEW = '{"issues": ["add one"], "verdict": "revise"}'
#: Characters of English and Python in a token.
_CHARACTERS = 3.6


@dataclass
class Call:
    """One request: what is still to be read and written of it."""

    prompt_tokens: int
    left: int
    done: asyncio.Future[None] = field(default_factory=asyncio.Future)


class Gpu:
    """The model of a GPU: continuous batching by the clock."""

    def __init__(self, batch: int, step: float, per_call: float, prefill: float) -> None:
        self._batch, self._step, self._per_call, self._prefill = batch, step, per_call, prefill
        self._waiting: deque[Call] = deque()
        self._something = asyncio.Event()
        #: When each began, how long it took, the calls in it, and those that ended with it.
        self.steps: list[tuple[float, float, int, int]] = []

    async def answer(self, prompt_tokens: int, answer_tokens: int) -> None:
        """Wait until a call is through."""
        call = Call(prompt_tokens, answer_tokens)
        self._waiting.append(call)
        self._something.set()
        await call.done

    async def run(self) -> None:
        """Step after step, as long as there is something to do."""
        running: list[Call] = []
        due = time.monotonic()
        while True:
            if not running and not self._waiting:
                self._something.clear()
                await self._something.wait()
                due = time.monotonic()
            read = 0
            while self._waiting and len(running) < self._batch:
                running.append(self._waiting.popleft())
                read += running[-1].prompt_tokens
            seconds = self._step + self._per_call * len(running) + read / self._prefill
            began, due = due, due + seconds
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            for call in running:
                call.left -= 1
                if call.left <= 0:
                    call.done.set_result(None)
            going_on = [call for call in running if call.left > 0]
            self.steps.append((began, seconds, len(running), len(running) - len(going_on)))
            running = going_on


class Chat(tornado.web.RequestHandler):
    """OpenAI's chat completions. How long an answer gets is decided by the request's hash."""

    def initialize(self, gpu: Gpu, tokens: int) -> None:
        """Tornado's constructor."""
        self._gpu, self._tokens = gpu, tokens

    async def post(self) -> None:
        """Answer when the GPU has."""
        asked = json.loads(self.request.body)
        prompt = "".join(message["content"] for message in asked["messages"])
        drawn = hashlib.sha256(f"{prompt}{asked.get('seed')}".encode()).digest()
        most = asked.get("max_tokens") or 1 << 20
        read = round(len(prompt) / _CHARACTERS)
        written = [
            min(round(self._tokens * (0.5 + drawn[number % len(drawn)] / 255)), most)
            for number in range(asked.get("n") or 1)
        ]
        # several answers to one prompt read it once
        await asyncio.gather(
            *(self._gpu.answer(0 if number else read, one) for number, one in enumerate(written))
        )
        text = _REVIEW if "response_format" in asked else _CODE
        message = {"role": "assistant", "content": text}
        self.write(
            {
                "id": "x", "object": "chat.completion", "created": 0, "model": asked["model"],
                "choices": [
                    {"index": number, "message": message, "finish_reason": "stop"}
                    for number in range(len(written))
                ],
                "usage": {
                    "prompt_tokens": read, "completion_tokens": sum(written),
                    "total_tokens": read + sum(written),
                },
            }
        )  # fmt: skip


class Steps(tornado.web.RequestHandler):
    """Every step so far, and forgets them."""

    def initialize(self, gpu: Gpu) -> None:
        """Tornado's constructor."""
        self._gpu = gpu

    def get(self) -> None:
        """Tell them."""
        steps, self._gpu.steps = self._gpu.steps, []
        self.write({"steps": steps})


async def main() -> None:
    """Serve until killed."""
    parser = argparse.ArgumentParser(prog="python -m bench.model_server")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--step", type=float, default=0.025)
    parser.add_argument("--per-call", type=float, default=0.0001)
    parser.add_argument("--prefill", type=float, default=8000)
    parser.add_argument("--tokens", type=int, default=200, help="of an answer, on average")
    options = parser.parse_args()
    gpu = Gpu(options.batch, options.step, options.per_call, options.prefill)
    sockets = tornado.netutil.bind_sockets(0, "127.0.0.1", backlog=4096)
    application = tornado.web.Application(
        [
            ("/v1/chat/completions", Chat, {"gpu": gpu, "tokens": options.tokens}),
            ("/steps", Steps, {"gpu": gpu}),
        ],
        log_function=lambda handler: None,
    )
    tornado.httpserver.HTTPServer(application).add_sockets(sockets)
    print(sockets[0].getsockname()[1], flush=True)
    await gpu.run()


if __name__ == "__main__":
    asyncio.run(main())
