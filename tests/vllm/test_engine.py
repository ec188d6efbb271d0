"""The engine itself, in this process: what is asked of vLLM arrives, and what it cannot do is said."""

import json
import re
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from models.errors import FoureyesError, InfrastructureError
from models.llm import VLLM, Sampling
from tests.programs import wait_for
from tests.vllm import tiny
from worker.engines import Message, Request, load
from worker.engines.vllm import VLLMEngine
from worker.thoughts import without_thinking

_SCHEMA = {
    "type": "object",
    "properties": {"verdict": {"enum": ["approve", "revise"]}},
    "required": ["verdict"],
    "additionalProperties": False,
}


def model(folder: Path, **more: Any) -> VLLM:
    fields = {"dtype": "float32", "context": tiny.CONTEXT, "threads": 64} | more
    return VLLM(engine="vllm", name="tiny", model=str(folder), **fields)


def request(text: str, max_tokens: int = 8, stop: tuple[str, ...] = (), **more: Any) -> Request:
    temperature = 0.0 if more.get("seed") is None else 1.0
    sampling = Sampling(max_tokens=max_tokens, stop=stop, temperature=temperature)
    return Request("ab" * 32, (Message("user", text),), sampling, **more)


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[VLLMEngine]:
    made = load(model(folder))
    assert isinstance(made, VLLMEngine)
    yield made
    made.close()


def unfinished(engine: VLLMEngine) -> int:
    number: int = engine._llm.get_num_unfinished_requests()
    return number


def test_an_answer_says_what_it_took(engine: VLLMEngine) -> None:
    first = engine.complete(request("Add one. " * 20))
    assert (first.completion_tokens, first.finish_reason) == (8, "length")
    assert first.prompt_tokens is not None and first.prompt_tokens > 180
    assert re.match(r"vllm \d+\.\d+", first.engine)
    again = engine.complete(request("Add one. " * 20))
    assert again.text == first.text
    assert again.cached_tokens is not None and again.cached_tokens > 100  # the prefix is known


def test_seeds_draw_and_repeat(engine: VLLMEngine) -> None:
    one, two, again = (engine.complete(request("Hello", 20, seed=seed)).text for seed in (1, 2, 1))
    assert one == again != two


def test_json_is_what_the_schema_says(engine: VLLMEngine) -> None:
    answer = engine.complete(request("Review.", 40, schema=_SCHEMA))
    assert json.loads(answer.text)["verdict"] in ("approve", "revise")
    assert answer.finish_reason == "stop"


def test_an_answer_ends_before_a_stop_string(engine: VLLMEngine) -> None:
    whole = engine.complete(request("Hello", 30)).text
    letter = next(letter for letter in whole[1:] if letter.isascii())
    ended = engine.complete(request("Hello", 30, stop=(letter,)))
    assert (ended.text, ended.finish_reason) == (whole[: whole.index(letter)], "stop")


def test_the_chat_template_is_told_about_thinking(engine: VLLMEngine) -> None:
    either, without = (
        engine.complete(request("Hello", thinking=thinking)).prompt_tokens
        for thinking in (None, False)
    )
    assert either is not None and without is not None
    assert without - either == len("<think>\n\n</think>\n\n")


def test_a_prompt_that_is_too_long_is_an_answer_of_its_own(engine: VLLMEngine) -> None:
    answer = engine.complete(request("word " * tiny.CONTEXT))
    assert answer.engine == engine.complete(request("Hello")).engine
    assert (answer.text, answer.finish_reason) == ("", "prompt_too_long")


def test_many_threads_each_get_their_own_answer(engine: VLLMEngine) -> None:
    asked = {number: request("x" * number, 300 + number) for number in range(1, 65)}
    got = {}

    def ask(number: int) -> None:
        got[number] = engine.complete(asked[number])

    threads = [threading.Thread(target=ask, args=(number,)) for number in asked]
    for thread in threads:
        thread.start()
    wait_for(lambda: unfinished(engine) == 64)
    for thread in threads:
        thread.join()
    lengths = {number: (a.prompt_tokens, a.completion_tokens) for number, a in got.items()}
    prompt = lengths[1][0]
    assert prompt is not None
    assert lengths == {number: (prompt + number - 1, 300 + number) for number in asked}


def test_a_call_that_takes_too_long_leaves_the_engine(
    engine: VLLMEngine, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_model", model(folder, timeout=0.2))
    with pytest.raises(InfrastructureError, match=r"no answer within 0\.2 s"):
        engine.complete(request("Hello", 900))
    wait_for(lambda: unfinished(engine) == 0, 5)


def test_what_a_model_thinks_is_kept_and_no_schema_binds_it(tmp_path: Path) -> None:
    """Bound to JSON from its first token it could not think at all, and would review worse for it."""
    tiny.write_thinker(tmp_path)
    thinker = load(model(tmp_path, reasoning_parser="qwen3"))
    free, bound = (
        thinker.complete(request("Review.", 60, schema=schema)).text for schema in (None, _SCHEMA)
    )
    thinker.close()
    assert free == "<think>a</think>"
    assert bound.startswith("<think>a</think>{")
    assert json.loads(without_thinking(bound))["verdict"] in ("approve", "revise")


def test_a_thought_that_the_template_opens_is_one_even_if_it_is_cut_off(tmp_path: Path) -> None:
    """Nothing in the answer says so, and a thought would be taken for a program or a verdict."""
    tiny.write_thinker(tmp_path, opened=True)
    thinker = load(model(tmp_path))
    whole, cut_off = (thinker.complete(request("Review.", length)).text for length in (60, 1))
    thinker.close()
    assert (whole, cut_off) == ("<think>\na</think>", "<think>\na")
    assert without_thinking(cut_off) == ""


def test_a_model_that_does_not_exist_is_named() -> None:
    with pytest.raises(FoureyesError, match=r"vLLM cannot load /no/such/model"):
        load(model(Path("/no/such/model")))


def test_a_model_without_a_chat_template_is_named(tmp_path: Path) -> None:
    tiny.write(tmp_path, chat_template=False)
    with pytest.raises(FoureyesError, match="chat template"):
        load(model(tmp_path))
