#!/usr/bin/env bash
# `scripts/judge.sh NAME MODULE` makes .venv-NAME from requirements-NAME.lock: another judge, in an environment
# of its own, for the Python of .venv, so that all run programs on the same one. MODULE is what must import.
# Each lacks what it needs only to ask models or to load data, hence --no-deps: a lock is complete without
# it, and `pip check` would say that it is not.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
module=$2
home=.venv-$name
lock=requirements-$name.lock
python=$home/bin/python

#: Some come as sources alone; built without isolation, nothing unpinned is fetched.
builder=$(mktemp)
trap 'rm -f "$builder"' EXIT
awk '/^[^ ]/ { keep = /^setuptools==/ } keep' "$lock" >"$builder"

install_with_uv() {
    uv venv --quiet --clear --python .venv/bin/python "$home" || return
    install uv pip install --quiet --compile-bytecode --python "$python"
}

install_with_pip() {
    .venv/bin/python -m venv --clear "$home"
    install "$python" -m pip install --quiet --quiet
}

install() {
    if [ -s "$builder" ]; then
        "$@" --require-hashes --no-deps --requirement "$builder" || return
    fi
    "$@" --require-hashes --no-deps --no-build-isolation --requirement "$lock"
}

echo "$name: installing $(grep -m 1 -oE '^[a-z-]+==[^ ]+' "scripts/$name.in"), as pinned, into $home"
if ! command -v uv >/dev/null || ! install_with_uv; then
    install_with_pip
fi
# It must start here and now, not fail in the middle of a comparison.
"$python" -c "import $module"
