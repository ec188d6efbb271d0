"""The vllm engine with real weights: the model that the embedded stack runs, in another engine."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

from foureyes.judging.judge import Judge
from foureyes.models import weights
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM, ModelSampling
from foureyes.models.problem import Spec, VisibleTest
from foureyes.worker.engines import Message, Request, load
from foureyes.worker.patterns.reading.extract import extract_code

_QUESTION = (
    "Write a Python function `add(a, b)` that returns a + b. "
    "Answer with one code block and nothing else."
)


@pytest.fixture(scope="module")
def qwen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Its weights as a folder that vLLM loads, which reads no GGUF."""
    try:
        path = weights.locate("qwen2.5-coder-0.5b")
    except FoureyesError as error:
        pytest.skip(str(error))
    folder = tmp_path_factory.mktemp("qwen")
    source = {"pretrained_model_name_or_path": path.parent, "gguf_file": path.name}
    AutoTokenizer.from_pretrained(**source).save_pretrained(folder)
    model = AutoModelForCausalLM.from_pretrained(**source, dtype=torch.bfloat16)
    # not `model.save_pretrained`: what came from a GGUF takes itself for one, and refuses
    save_file(model.state_dict(), folder / "model.safetensors")
    del model.config.quantization_config
    model.config.architectures = [type(model).__name__]
    model.config.save_pretrained(folder)
    yield folder
    shutil.rmtree(folder)  # pytest would keep its 1.3 GB for three runs


def test_a_real_model_writes_a_program_that_works(qwen: Path) -> None:
    """With random weights, a chat template or an end that the model does not know goes unnoticed."""
    engine = load(
        VLLM(engine="vllm", name="qwen", model=str(qwen), dtype="float32", context=512, threads=2)
    )
    try:
        answer = engine.complete(
            Request("ab" * 32, (Message("user", _QUESTION),), ModelSampling(max_tokens=100))
        )
    finally:
        engine.close()
    assert answer.finish_reason == "stop", answer
    judge = Judge()
    try:
        test = VisibleTest("assert", "assert add(7, 5) == 12", "assert add(7, 5) == 12")
        trial = judge.visible(Spec("p", "", "add", (test,)), extract_code(answer.text, "add"))
    finally:
        judge.close()
    assert trial.passes == 1, answer.text
