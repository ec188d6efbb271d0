"""Needs vLLM: `make test-vllm` has it in an environment of its own, and `make test` does without."""

import importlib.util
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

if importlib.util.find_spec("vllm") is None:
    collect_ignore_glob = ["*"]
else:
    from tests.faults.conftest import servers, system  # noqa: F401
    from tests.vllm import tiny

#: What vLLM's build for CPUs wants: a gigabyte of cache, and no cores of its own. Nor does it compile
#: the model first, as its own tests do not: that took minutes, for answers of seconds.
_ON_A_CPU = {
    "VLLM_CPU_CI_ENV": "1",
    "VLLM_CPU_KVCACHE_SPACE": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",
    "HF_HUB_OFFLINE": "1",
}


@pytest.fixture(scope="session", autouse=True)
def on_a_cpu() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in _ON_A_CPU.items():
            if name not in os.environ:
                patch.setenv(name, value)
        yield


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tiny model's."""
    folder = tmp_path_factory.mktemp("tiny")
    tiny.write(folder)
    return folder
