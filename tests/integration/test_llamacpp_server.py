"""The `openai` engine and llama.cpp's own server: what a person with a GGUF file on another port has."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import tiny_model
from tests.openai_contract import OpenAIContract
from tests.programs import ROOT

#: llama.cpp's server, as its bindings start it, until standard input ends.
_SERVE = """
import sys, xllamacpp
params = xllamacpp.CommonParams()
params.model.path, params.n_ctx, params.n_parallel = sys.argv[1], int(sys.argv[2]), 1
params.warmup = params.fit_params = False
params.verbosity = 0
server = xllamacpp.Server(params)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


_CONTEXT = 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    path: Path = tmp_path_factory.mktemp("llamacpp") / "tiny.gguf"
    tiny_model.write(path, seed=1)
    with subprocess.Popen(
        [sys.executable, "-c", _SERVE, str(path), str(_CONTEXT)],
        cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as child:  # fmt: skip
        assert child.stdout is not None
        yield int(child.stdout.readline().rpartition(":")[2])
        child.kill()


class TestLlamaCpp(OpenAIContract):
    context = _CONTEXT
    model = "tiny"
