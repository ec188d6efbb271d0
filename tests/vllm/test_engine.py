"""The engine itself, as a worker has it: what is asked of vLLM arrives, and what it cannot do is said."""

import asyncio
import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError, InfrastructureError
from foureyes.models.llm import VLLM, ModelSampling
from foureyes.worker.engines import Message, Request, front_end, load
from foureyes.worker.engines.guard import below
from foureyes.worker.engines.vllm import VLLMEngine
from foureyes.worker.patterns.reading.thoughts import without_thinking
from tests.programs import ROOT, wait_for
from tests.unit.test_guard import alive
from tests.vllm import tiny

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
    sampling = ModelSampling(max_tokens=max_tokens, stop=stop, temperature=temperature)
    return Request("ab" * 32, (Message("user", text),), sampling, **more)


@pytest.fixture(scope="module")
def engine(folder: Path) -> Iterator[VLLMEngine]:
    made = load(model(folder))
    assert isinstance(made, VLLMEngine)
    yield made
    made.close()


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


def test_many_calls_each_get_their_own_answer(engine: VLLMEngine) -> None:
    asked = {number: request("x" * number, 300 + number) for number in range(1, 65)}
    calls = {number: engine.begin(each) for number, each in asked.items()}
    got = {number: call.result() for number, call in calls.items()}
    lengths = {number: (a.prompt_tokens, a.completion_tokens) for number, a in got.items()}
    prompt = lengths[1][0]
    assert prompt is not None
    assert lengths == {number: (prompt + number - 1, 300 + number) for number in asked}


def test_calls_are_computed_together_and_one_that_takes_too_long_leaves_the_engine(
    folder: Path,
) -> None:
    """In this process, where one can look into vLLM."""

    async def ask() -> None:
        loaded = await front_end.load(model(folder))
        unfinished = loaded._llm.get_num_unfinished_requests
        many = [asyncio.create_task(loaded.complete(request("x", 100))) for _ in range(64)]
        async with asyncio.timeout(60):
            while unfinished() != 64:
                await asyncio.sleep(0.01)
        await asyncio.gather(*many)
        loaded._model = model(folder, timeout=0.2)
        with pytest.raises(InfrastructureError, match=r"no answer within 0\.2 s"):
            await loaded.complete(request("Hello", 900))
        async with asyncio.timeout(5):
            while unfinished():
                await asyncio.sleep(0.01)
        await loaded.close()

    asyncio.run(ask())


def test_feeders_share_one_engine(folder: Path) -> None:
    engine = load(model(folder, feeders=2))
    assert isinstance(engine, VLLMEngine)
    calls = [engine.begin(request("x" * number, 20)) for number in range(1, 65)]
    assert [len(feeder._asked) for feeder in engine._feeders] == [32, 32]
    lengths = [call.result().prompt_tokens for call in calls]
    assert lengths == list(range(lengths[0] or 0, (lengths[0] or 0) + 64))
    there = {engine._process.pid} | {pid for pid, _ in below(engine._process.pid)}
    said = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in there]
    assert sum(b"EngineCore" in each for each in said) == 1
    engine.close()
    wait_for(lambda: not any(map(alive, there)), 20)


@pytest.mark.parametrize(
    ("killed", "feeders"), [("worker", 1), ("feeder", 1), ("core", 1), ("worker", 2), ("core", 2)]
)
def test_however_it_ends_no_process_stays_and_no_call_waits(
    folder: Path, killed: str, feeders: int
) -> None:
    program = (
        "import os, sys\nfrom pathlib import Path\n"
        "from tests.vllm.test_engine import load, model, request\nfrom worker.engines import EngineDied\n"
        f"engine = load(model(Path({str(folder)!r}), feeders={feeders}))\nprint('up', flush=True)\n"
        "try:\n    engine.complete(request('Hello', 900))\n"
        "except EngineDied as error:\n    print(error, flush=True)\nos._exit(1)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as worker:
        assert worker.stdout is not None
        wait_for(lambda: worker.stdout.readline() == "up\n", 900)  # type: ignore[union-attr]
        there = {pid: Path(f"/proc/{pid}/cmdline").read_bytes() for pid, _ in below(worker.pid)}
        pids = {"worker": worker.pid}
        pids |= {"feeder" if b"engines.feeder" in said else "core": pid for pid, said in there.items()
                 if b"engines.feeder" in said or b"EngineCore" in said}  # fmt: skip
        os.kill(pids[killed], signal.SIGKILL)
        if killed != "worker":
            told = worker.stdout.read()
            assert "has ended" in told or "EngineDeadError" in told
        wait_for(lambda: not any(map(alive, there)), 60)


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
