"""The `openai` engine and vLLM's API server."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.openai_contract import OpenAIContract
from tests.programs import wait_for
from tests.vllm import tiny

_LOADED = 300


@pytest.fixture(scope="module")
def server(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    log = tmp_path_factory.mktemp("vllm") / "server.log"
    with (
        log.open("wb") as file,
        subprocess.Popen(
            [
                sys.executable, "-m", "vllm.entrypoints.openai.api_server", f"--model={folder}",
                "--host=127.0.0.1", f"--port={port}", "--served-model-name=tiny",
                "--dtype=float32", f"--max-model-len={tiny.CONTEXT}", "--max-num-seqs=16",
                # as the vllm engine has it: a small model may fill its tokens with blanks
                '--structured-outputs-config={"disable_any_whitespace": true, "backend": "xgrammar"}',
            ],
            stdout=file, stderr=file,
        ) as child,
    ):  # fmt: skip

        def up() -> bool:
            assert child.poll() is None, log.read_text()[-2000:]
            try:
                return httpx.get(f"http://127.0.0.1:{port}/health").is_success
            except httpx.HTTPError:
                return False

        try:
            wait_for(up, _LOADED)
            yield port
        finally:  # or leaving the block would wait for it for ever
            child.terminate()
            child.wait(60)


class TestVLLM(OpenAIContract):
    context = tiny.CONTEXT
    model = "tiny"
