#!/usr/bin/env bash
# Makes .venv-evalplus from requirements-evalplus.lock: EvalPlus in an environment of its own, for
# the Python of .venv, so that both judges run programs on the same one.
# It lacks what EvalPlus needs only to ask models (scripts/evalplus-without.txt), hence --no-deps:
# the lock is complete without them, and `pip check` would say that it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

home=.venv-evalplus
lock=requirements-evalplus.lock
python=$home/bin/python

#: tempdir and wget come as sources alone; built without isolation, nothing unpinned is fetched.
builder=$(mktemp)
trap 'rm -f "$builder"' EXIT
awk '/^[^ ]/ { keep = /^setuptools==/ } keep' $lock >"$builder"

install_with_uv() {
    uv venv --quiet --clear --python .venv/bin/python $home || return
    local install=(uv pip install --quiet --compile-bytecode --require-hashes --no-deps --python $python)
    "${install[@]}" --requirement "$builder" || return
    "${install[@]}" --no-build-isolation --requirement $lock
}

install_with_pip() {
    .venv/bin/python -m venv --clear $home
    local install=($python -m pip install --quiet --quiet --require-hashes --no-deps)
    "${install[@]}" --requirement "$builder"
    "${install[@]}" --no-build-isolation --requirement $lock
}

echo "evalplus: installing EvalPlus 0.3.1, as pinned, into $home"
if ! command -v uv >/dev/null || ! install_with_uv; then
    install_with_pip
fi
# It must start here and now, not fail in the middle of a comparison.
$python -c 'import evalplus.evaluate'
