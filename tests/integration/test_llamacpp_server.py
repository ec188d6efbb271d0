"""The `openai` engine and llama.cpp's own server: what a person with a GGUF file on another port has."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tiny_model
from tests.llamacpp_server import llamacpp_server
from tests.openai_contract import OpenAIContract

_CONTEXT = 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    path: Path = tmp_path_factory.mktemp("llamacpp") / "tiny.gguf"
    tiny_model.write(path, seed=1)
    with llamacpp_server(path, _CONTEXT) as port:
        yield port


class TestLlamaCpp(OpenAIContract):
    context = _CONTEXT
    model = "tiny"
