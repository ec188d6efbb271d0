"""What the `openai` engine must do with a real server behind a network that fails.

The servers' tests inherit it; a class of theirs has a fixture `server`, a port of the loopback interface.
"""

import json
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from foureyes.models.errors import InfrastructureError, RequestRefused
from foureyes.models.llm import ModelSampling, OpenAI
from foureyes.worker.engines import Engine, Message, Request, load
from foureyes.worker.engines.ends import PROMPT_TOO_LONG
from tests.faults.proxy import Proxy

_SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"enum": ["approve", "revise"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}


def _asked(text: str, tokens: int = 20, **more: Any) -> Request:
    return Request("ab" * 32, (Message("user", text),), ModelSampling(max_tokens=tokens), **more)


class OpenAIContract:
    """`context` is the longest prompt and answer of the server's model, in bytes and in tokens."""

    context: int
    model: str

    @pytest.fixture
    def network(self, server: int) -> Iterator[Proxy]:
        proxy = Proxy(server)
        yield proxy
        proxy.close()

    @pytest.fixture
    def engine(self, network: Proxy) -> Iterator[Engine]:
        made = self.load(network.port)
        yield made
        made.close()

    def load(self, port: int, **more: Any) -> Engine:
        fields = {"name": "m", "model": self.model, "base_url": f"http://127.0.0.1:{port}/v1"}
        return load(OpenAI.model_validate({"engine": "openai", **fields, "timeout": 60.0, **more}))

    def test_an_answer_has_its_counts_and_greedy_ones_repeat(self, engine: Engine) -> None:
        first, again = (engine.complete(_asked("hello")) for _ in range(2))
        assert first.text and first.text == again.text
        assert (first.completion_tokens, first.finish_reason) == (20, "length")
        assert first.prompt_tokens and first.prompt_tokens > len("hello")
        assert first.engine.startswith("openai ")

    def test_a_schema_binds_the_answer(self, engine: Engine) -> None:
        answer = engine.complete(_asked("a verdict, please", 60, schema=_SCHEMA))
        assert json.loads(answer.text)["verdict"] in {"approve", "revise"}

    def test_a_stop_string_ends_it(self, engine: Engine) -> None:
        whole = engine.complete(_asked("hello")).text
        cut = whole[3:5]
        sampling = ModelSampling(max_tokens=20, stop=(cut,))
        stopped = engine.complete(Request("ab" * 32, (Message("user", "hello"),), sampling))
        assert stopped.text == whole[: whole.index(cut)] and stopped.finish_reason == "stop"

    def test_a_prompt_that_does_not_fit_is_no_failure_of_the_server(self, engine: Engine) -> None:
        answer = engine.complete(_asked("x" * (2 * self.context)))
        assert (answer.text, answer.finish_reason) == ("", PROMPT_TOO_LONG)
        assert answer.engine == "openai"

    def test_what_the_server_refuses_is_not_asked_again(self, engine: Engine) -> None:
        with pytest.raises(RequestRefused, match=r"127\.0\.0\.1"):
            engine.complete(_asked("x", schema={"type": "no such type"}))

    def test_every_thread_gets_its_own_answer(self, engine: Engine) -> None:
        asked = [_asked("y" * number) for number in range(1, 33)]
        with ThreadPoolExecutor(16) as pool:
            counts = [answer.prompt_tokens for answer in pool.map(engine.complete, asked)]
        assert [count - number for number, count in enumerate(counts, 1) if count] == [
            (counts[0] or 0) - 1
        ] * 32

    def test_connections_that_are_cut_in_a_call_are_made_again(
        self, engine: Engine, network: Proxy
    ) -> None:
        wanted = engine.complete(_asked("hello")).text
        network.swallow()
        cut = threading.Timer(0.5, lambda: (network.cut(), network.resume()))
        cut.start()
        assert engine.complete(_asked("hello")).text == wanted
        cut.join()

    def test_half_an_answer_is_none(self, engine: Engine, network: Proxy) -> None:
        wanted = engine.complete(_asked("hello")).text
        network.rewrite = lambda data: (network.cut(), data)[1]
        threading.Timer(1.0, lambda: setattr(network, "rewrite", lambda data: data)).start()
        assert engine.complete(_asked("hello")).text == wanted

    def test_a_slow_network_only_takes_longer(self, engine: Engine, network: Proxy) -> None:
        wanted = engine.complete(_asked("hello")).text
        network.delay = 0.3
        assert engine.complete(_asked("hello")).text == wanted

    def test_a_dead_network_ends_the_call_in_time(self, engine: Engine, network: Proxy) -> None:
        hasty = self.load(network.port, timeout=1.0)
        network.swallow()
        began = time.monotonic()
        with pytest.raises(InfrastructureError, match="no answer within 1 s"):
            hasty.complete(_asked("hello"))
        assert time.monotonic() - began < 30
        hasty.close()
        network.resume()
        assert engine.complete(_asked("hello")).text
