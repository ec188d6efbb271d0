#!/bin/sh
# Make .venv from requirements.lock: with uv if it is here, else with venv and pip.
set -eu
cd "$(dirname "$0")/.."

fits() { "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))' 2>/dev/null; }

python=
for candidate in "${PYTHON:-python3}" python3.13 python3.12 python3.11; do
    if fits "$candidate"; then python=$candidate && break; fi
done
if [ -z "$python" ] && [ "$(id -u)" = 0 ]; then
    sh scripts/system-package.sh python3 python3
    fits python3 && python=python3
fi
if [ -z "$python" ]; then
    echo "foureyes: needs Python 3.11 or later; none is on the PATH (PYTHON=... names another)" >&2
    exit 2
fi

rm -rf .venv
if command -v uv >/dev/null; then
    echo "making .venv with uv and $("$python" --version)"
    uv venv -q --python "$python" .venv
    uv pip install -q --python .venv/bin/python --require-hashes -r requirements.lock
    uv pip install -q --python .venv/bin/python --no-deps --no-build-isolation -e .
else
    if ! "$python" -c 'import ensurepip' 2>/dev/null; then
        version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
        # the command does not exist: the package is wanted in any case
        sh scripts/system-package.sh "no-ensurepip" "python$version-venv"
    fi
    echo "making .venv with pip and $("$python" --version); a few minutes"
    "$python" -m venv .venv
    .venv/bin/python -m pip install -q --disable-pip-version-check --require-hashes -r requirements.lock
    .venv/bin/python -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e .
fi
touch .venv/installed
