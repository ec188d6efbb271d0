#!/usr/bin/env bash
# Makes .venv-bigcodebench from requirements-bigcodebench.lock: BigCodeBench's own judge in an environment
# of its own, for the Python of .venv. It lacks all that it needs only to ask models, hence --no-deps;
# programs and their libraries come from what `foureyes benchmark prepare bigcodebench` has installed.
set -euo pipefail
cd "$(dirname "$0")/.."

home=.venv-bigcodebench
lock=requirements-bigcodebench.lock
python=$home/bin/python

install_with_uv() {
    uv venv --quiet --clear --python .venv/bin/python $home || return
    uv pip install --quiet --require-hashes --no-deps --python $python --requirement $lock
}

install_with_pip() {
    .venv/bin/python -m venv --clear $home
    $python -m pip install --quiet --quiet --require-hashes --no-deps --requirement $lock
}

echo "bigcodebench: installing BigCodeBench 0.2.5, as pinned, into $home"
if ! command -v uv >/dev/null || ! install_with_uv; then
    install_with_pip
fi
