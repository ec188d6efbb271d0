#!/usr/bin/env bash
# Makes .venv from requirements.lock: with uv if it is there and works here, else with venv and pip.
# Which package index they use is the business of their own configuration, not of this project.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { echo "environment: $*"; }
fail() { echo "environment: $*" >&2; exit 1; }

# Celery 5.7 is the last to support 3.11; what the lock pins is tried up to 3.13.
fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))' 2>/dev/null; }

# Debian ships venv without ensurepip until python3-venv is installed.
has_venv() { "$1" -c 'import venv, ensurepip' 2>/dev/null; }

as_root() { [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; }

find_python() {
    # a version manager's shim may exist and not work, so each is tried
    local name
    for name in python3 python3.11 python3.12 python3.13; do
        if command -v "$name" >/dev/null && fits "$name" && { has_venv "$name" || "$1"; }; then
            "$name" -c 'import sys; print(sys.executable)'
            return
        fi
    done
    return 1
}

# Bytecode, as pip makes it: where Python may not write it later, every command would start by
# compiling its libraries, which takes three times as long as all else.
install_with_uv() {
    local python=$1
    [ -x .venv/bin/python ] || uv venv --quiet --python "$python" .venv || return
    uv pip install --quiet --compile-bytecode --require-hashes --python .venv/bin/python --requirement requirements.lock || return
    uv pip install --quiet --no-deps --no-build-isolation --python .venv/bin/python --editable .
}

install_with_pip() {
    local python=$1
    .venv/bin/python -m pip --version >/dev/null 2>&1 || "$python" -m venv --clear .venv
    .venv/bin/python -m pip install --quiet --quiet --require-hashes --requirement requirements.lock
    .venv/bin/python -m pip install --quiet --quiet --no-deps --no-build-isolation --editable .
}

# A .venv whose Python is gone or is too old is of no use.
if [ -e .venv ] && ! fits .venv/bin/python; then
    say "the .venv here does not work any more; making a new one"
    rm -rf .venv
fi

if command -v uv >/dev/null; then
    python=$(find_python true || echo "3.11") # uv needs no venv module, and can bring a Python
    say "installing the pinned packages with uv"
    if install_with_uv "$python"; then
        exit
    fi
    say "uv could not (see above); trying venv and pip"
fi

if ! python=$(find_python false); then
    if ! as_root; then
        fail "no Python 3.11 to 3.13 with venv here: as root, apt-get install python3 python3-venv"
    fi
    say "installing python3-venv"
    scripts/packages.sh apt python3 python3-venv || true
    python=$(find_python false) || {
        scripts/packages.sh apt python3.11 python3.11-venv || true # older Ubuntus have both
        python=$(find_python false) || fail "no Python 3.11 to 3.13 with venv can be had here"
    }
fi
say "installing the pinned packages with pip, for $("$python" --version) (some minutes)"
install_with_pip "$python"
