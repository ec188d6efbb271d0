#!/usr/bin/env bash
# Makes .venv-livecodebench from requirements-livecodebench.lock: LiveCodeBench's judge in an environment
# of its own, for the Python of .venv, so that both judges run programs on the same one.
# It lacks what LiveCodeBench needs only to ask models and to load data (scripts/livecodebench-without.txt),
# hence --no-deps: the lock is complete without them, and `pip check` would say that it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

home=.venv-livecodebench
lock=requirements-livecodebench.lock
python=$home/bin/python

install_with_uv() {
    uv venv --quiet --clear --python .venv/bin/python $home || return
    uv pip install --quiet --compile-bytecode --require-hashes --no-deps --python $python --requirement $lock
}

install_with_pip() {
    .venv/bin/python -m venv --clear $home
    $python -m pip install --quiet --quiet --require-hashes --no-deps --requirement $lock
}

echo "livecodebench: installing nvidia-livecodebench 26.3, as pinned, into $home"
if ! command -v uv >/dev/null || ! install_with_uv; then
    install_with_pip
fi
# It must start here and now, not fail in the middle of a comparison.
$python -c 'import livecodebench.evaluation'
