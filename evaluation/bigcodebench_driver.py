"""Runs BigCodeBench's own judge inside the sandbox and says what it found. No part of ours.

    python bigcodebench_driver.py SECONDS

`/evaluation/pairs.jsonl` holds a program and its tests in each line; a program may take SECONDS. Prints
one line of JSON: [[status, {test: why it failed}], ...] in their order.
"""

import contextlib
import importlib
import json
import os
import sys
from pathlib import Path

#: MiB of its own limits: addresses, data, stack.
_LIMITS = (30 * 1024, 30 * 1024, 10)

#: Loaded once, here: each of its processes would take seconds for them.
_LOADED = (
    "matplotlib.pyplot",
    "pandas",
    "seaborn",
    "scipy.stats",
    "sklearn.linear_model",
    "unittest.mock",
)


def main() -> None:
    """Judge each pair as bigcodebench.evaluate does, in a process that it starts."""
    from bigcodebench import eval as judge  # type: ignore[import-not-found]

    for name in _LOADED:
        importlib.import_module(name)
    judge.TIMEOUT_LIMIT = float(sys.argv[1])
    found = []
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # programs write there, too
    with contextlib.redirect_stdout(sys.stderr):
        for line in Path("/evaluation/pairs.jsonl").read_text().splitlines():
            pair = json.loads(line)
            status, details = judge.untrusted_check(
                pair["code"], pair["test"], pair["entry_point"], *_LIMITS, 1.0, 1.0
            )
            found.append([status, {name: str(why)[-500:] for name, why in details.items()}])
    os.write(out, json.dumps(found).encode())


if __name__ == "__main__":
    main()
