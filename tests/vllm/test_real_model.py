"""The vllm engine with real weights: the model that the embedded stack runs, with vLLM in llama.cpp's place."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from transformers import AutoModelForCausalLM, AutoTokenizer

from models import weights
from models.errors import FoureyesError
from models.llm import VLLM, Sampling
from models.problem import VisibleTest
from worker.engines import Message, Request, load
from worker.extract import extract_code
from worker.sandbox.judge import Judge

_QUESTION = (
    "Write a Python function `{name}(a, b)` that returns a {sign} b. Answer with one code block."
)
_WANTED = {"+": 12, "-": 2, "*": 35}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its weights as vLLM wants them, which reads no GGUF."""
    try:
        path = weights.locate("qwen2.5-coder-0.5b")
    except FoureyesError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("qwen")
    for kind in (AutoTokenizer, AutoModelForCausalLM):
        kind.from_pretrained(path.parent, gguf_file=path.name).save_pretrained(folder)
    return folder


def test_a_real_model_writes_programs_that_work(folder: Path) -> None:
    """With the tiny one, a wrong chat template or wrong stop tokens would go unnoticed."""
    fields = {"dtype": "float32", "context": 1024, "threads": 4}
    engine = load(VLLM(engine="vllm", name="qwen", model=str(folder), **fields))
    asked = {
        sign: Request(
            "ab" * 32,
            (Message("user", _QUESTION.format(name=f"f{ord(sign)}", sign=sign)),),
            Sampling(max_tokens=200),
        )
        for sign in _WANTED
    }
    with ThreadPoolExecutor(4) as pool:
        answers = dict(zip(asked, pool.map(engine.complete, asked.values()), strict=True))
    engine.close()
    judge = Judge(slot=0)
    for sign, answer in answers.items():
        assert answer.finish_reason == "stop", answer
        assert answer.prompt_tokens and answer.completion_tokens
        name = f"f{ord(sign)}"
        test = VisibleTest("assert", f"{name}(7, 5)", f"assert {name}(7, 5) == {_WANTED[sign]}")
        trial = judge.visible(extract_code(answer.text, name), name, [test])
        assert trial.passes == 1, answer.text
    judge.close()
