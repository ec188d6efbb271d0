"""If one of these fails, a sweep waits for ever for an engine that is gone, or a card is full of one.

The feeder is real; below it, in vLLM's place, is a package that answers by the last message's words.
(tests/vllm has vLLM itself.)
"""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.models.llm import VLLM, ModelSampling
from foureyes.worker.engines import EngineDied, Message, Request, load
from foureyes.worker.engines import vllm as engine_of_ours
from foureyes.worker.engines.guard import below
from foureyes.worker.engines.vllm import VLLMEngine
from tests.programs import ROOT, wait_for
from tests.unit.test_guard import alive

#: As vLLM 0.26 has it: without a word for all that a request may be at fault of.
_FAKE = {
    "__init__.py": """
__version__ = "0.26.0"
class SamplingParams:
    def __init__(self, **told):
        self.__dict__.update(told)
""",
    "sampling_params.py": """
class RequestOutputKind:
    FINAL_ONLY = 1
class StructuredOutputsParams:
    def __init__(self, json):
        self.json = json
""",
    "exceptions.py": "class VLLMValidationError(ValueError): pass",
    "renderers.py": """
class ChatParams:
    def __init__(self, chat_template_kwargs): pass
""",
    "engine/__init__.py": "",
    "engine/arg_utils.py": """
from dataclasses import dataclass, make_dataclass
AsyncEngineArgs = make_dataclass("AsyncEngineArgs", [(name, object, None) for name in (
    "model", "revision", "dtype", "quantization", "max_model_len", "kv_cache_dtype",
    "tensor_parallel_size", "gpu_memory_utilization", "max_num_seqs", "enable_prefix_caching",
    "enable_sleep_mode", "structured_outputs_config")])
""",
    "v1/__init__.py": "",
    "v1/engine/__init__.py": "",
    "v1/engine/async_llm.py": """
import asyncio, os, subprocess, sys, time, types
from vllm.exceptions import VLLMValidationError
class AsyncLLM:
    errored = False
    @classmethod
    def from_engine_args(cls, arguments):
        if arguments.model == "too/large":
            raise RuntimeError("no room for it\\nand more")
        if arguments.model == "soon/loaded":
            time.sleep(1)
        if arguments.model == "killed/while-loading":
            os.kill(os.getpid(), 9)
        if arguments.model == "slow/to-load":
            cls.core = subprocess.Popen(["sleep", "600"])
            time.sleep(600)
        return cls(arguments)
    def __init__(self, arguments):
        self.core = subprocess.Popen(["sleep", "600"], start_new_session=True)
        self.renderer = self
        self.model = arguments.model
        self.can_sleep = arguments.enable_sleep_mode
        self.at_work = 0
        self.note("awake")
    def note(self, said):  # as tests/unit/test_turns.py reads it
        if path := os.environ.get("FAKE_LOG"):
            with open(path, "a") as log:
                print(self.model, self.core.pid, said, file=log)
    async def sleep(self, level=1, mode="abort"):
        assert self.can_sleep and level == 1
        self.note(f"falls-asleep {self.at_work}")
        await asyncio.sleep(0.05)
        self.note("asleep")
    async def wake_up(self, tags=None):
        if self.model == "never/wakes":
            raise RuntimeError("CUDA out of memory")
        self.note("awake")
        await asyncio.sleep(0.05)
    async def render_chat_async(self, chats, params):
        return None, [chats[0][-1]["content"]]
    def get_tokenizer(self):
        return types.SimpleNamespace(decode=lambda tokens: "")
    async def do_log_stats(self): pass
    async def generate(self, *told):
        self.at_work += 1
        try:
            async for made in self.made(*told):
                yield made
        finally:
            self.at_work -= 1
    async def made(self, prompt, params, name):
        if prompt.startswith("wait"):
            await asyncio.sleep(float(prompt.split()[1]))
        if prompt == "stop":
            os.kill(os.getpid(), 19)
        if prompt == "die":
            AsyncLLM.errored = True
        if AsyncLLM.errored:
            raise RuntimeError("EngineCore encountered an issue")
        if prompt == "wrong":
            raise VLLMValidationError("temperature must be a number")
        if prompt == "odd":
            raise KeyError("odd")
        output = types.SimpleNamespace(text=prompt.upper(), token_ids=[1, 2], finish_reason="stop")
        yield types.SimpleNamespace(outputs=[output], prompt_token_ids=[1], num_cached_tokens=0)
    def shutdown(self):
        self.core.kill()
        self.core.wait()
""",
}


@pytest.fixture(autouse=True)
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, content in _FAKE.items():
        path = tmp_path / "vllm" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))


def model(name: str = "a/b", **more: Any) -> VLLM:
    return VLLM(engine="vllm", name="m", model=name, **more)


def request(text: str) -> Request:
    return Request("ab" * 32, (Message("user", text),), ModelSampling())


def processes(engine: VLLMEngine) -> set[int]:
    """The feeder, and what is below it."""
    feeder = engine._process.pid
    return {feeder} | {pid for pid, _ in below(feeder)}


def test_answers_come_in_any_order_each_to_who_asked() -> None:
    engine = load(model())
    assert isinstance(engine, VLLMEngine)
    there = processes(engine)
    late, soon = engine.begin(request("wait 1")), engine.begin(request("é\n\ud800"))
    assert soon.result(20).text == "É\n\ud800"
    assert not late.done()
    assert late.result(20).text == "WAIT 1"
    many = [engine.begin(request("x" * 3000 + str(number))) for number in range(500)]
    assert [each.result(20).text[3000:] for each in many] == [str(number) for number in range(500)]
    answer = soon.result()
    assert (answer.engine, answer.completion_tokens, answer.finish_reason) == (
        "vllm 0.26.0",
        2,
        "stop",
    )
    engine.close()
    assert not any(map(alive, there))


def test_what_a_call_fails_of_is_of_its_own_kind() -> None:
    engine = load(model(timeout=0.5))
    try:
        for asked, kind, said in (
            ("wrong", RequestRefused, "vllm: temperature must be a number"),
            ("odd", InfrastructureError, "vllm: KeyError: 'odd'"),
            ("wait 30", InfrastructureError, "no answer within 0.5 s"),
            ("die", EngineDied, "EngineCore encountered an issue"),
        ):
            with pytest.raises(kind, match=said) as raised:
                engine.complete(request(asked))
            assert type(raised.value) is kind
    finally:
        engine.close()


def test_a_feeder_that_is_killed_fails_the_calls_and_its_engine_does_not_stay() -> None:
    engine = load(model())
    assert isinstance(engine, VLLMEngine)
    time.sleep(2)  # the guard has looked
    there = processes(engine)
    calls = [engine.begin(request("wait 600")) for _ in range(3)]
    os.kill(engine._process.pid, signal.SIGKILL)
    wait(calls, 20)
    for call in calls:
        with pytest.raises(
            EngineDied, match=r"the front end's process \d+ has ended \(status -9\)"
        ):
            call.result(0)
    with pytest.raises(EngineDied, match="has ended"):
        engine.complete(request("more"))
    engine.close()
    wait_for(lambda: not any(map(alive, there)), 20)


def test_a_feeder_that_says_nothing_any_more_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_of_ours, "_GRACE", 0.5)
    monkeypatch.setattr(engine_of_ours, "_LOOK_SECONDS", 0.2)
    monkeypatch.setattr(engine_of_ours, "_END_SECONDS", 0.2)
    engine = load(model(timeout=0.5))
    with pytest.raises(EngineDied, match="does not answer"):
        engine.begin(request("stop")).result(20)
    engine.close()


@pytest.mark.parametrize("when", ["it loads", "it answers"])
def test_a_worker_that_is_killed_leaves_nothing(when: str) -> None:
    name = "slow/to-load" if when == "it loads" else "a/b"
    program = (
        "import threading, time; from tests.unit.test_feeder import load, model, request\n"
        f"engine = load(model({name!r})); print('up', flush=True)\n"
        "engine.complete(request('wait 600'))"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": f"{ROOT}:{os.environ['PYTHONPATH']}"},
    ) as worker:  # fmt: skip
        if when == "it answers":
            assert worker.stdout is not None and worker.stdout.readline() == b"up\n"
        wait_for(lambda: len(below(worker.pid)) == 3, 60)  # guard, feeder, engine core
        there = {pid for pid, _ in below(worker.pid)}
        worker.kill()
        wait_for(lambda: not any(map(alive, there)), 30)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("too/large", "vLLM cannot load too/large: no room for it (the log above"),
        ("killed/while-loading", "its process ended with status -9 (the log above"),
    ],
)
def test_a_model_that_cannot_be_loaded_is_a_line(name: str, said: str) -> None:
    with pytest.raises(FoureyesError) as raised:
        load(model(name))
    assert said in str(raised.value) and "\n" not in str(raised.value)


def card(folder: Path, free: int, monkeypatch: pytest.MonkeyPatch, holder: str = "") -> None:
    """Have nvidia-smi know a card of 80 GiB."""
    program = folder / "nvidia-smi"
    program.write_text(
        f'#!/bin/sh\ncase "$1" in *gpu=*) echo "0, GPU-{folder.name}, {free}, 81920";; '
        f'*) echo "{holder}";; esac\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)


def test_what_holds_the_memory_that_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with subprocess.Popen(["sleep", "600"]) as holder:
        held = f"GPU-{tmp_path.name}, {holder.pid}, 71680"
        card(tmp_path, 10240, monkeypatch, held)
        with pytest.raises(FoureyesError) as raised:
            load(model("too/large"))
        holder.kill()
    assert str(raised.value).endswith(
        "GPU 0: 10.0 of 80.0 GiB are free and 72.0 wanted, held by process "
        f"{holder.pid} (sleep 600, 70.0 GiB)"
    )


def test_models_load_on_a_card_one_after_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    card(tmp_path, 81920, monkeypatch)
    with ThreadPoolExecutor() as pool:
        engines = [pool.submit(load, model("soon/loaded")) for _ in range(2)]
        for each in engines:
            each.result(60).close()
    assert capfd.readouterr().err.count("another model loads on GPU 0; this one waits for it") == 1


def test_without_vllm_it_is_said_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PYTHONPATH")
    with pytest.raises(FoureyesError, match=r"vllm is not installed; install foureyes\[vllm\]"):
        load(model())
