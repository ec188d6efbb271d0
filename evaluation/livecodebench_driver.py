"""Runs LiveCodeBench's own judge inside the sandbox and says what it found. No part of ours.

    python livecodebench_driver.py '{"parallel": ..., "seconds": ...}'

`/evaluation` holds the problems, in its format, and the samples. Prints one line of JSON:
{"passed": [...], "said": [...], "seconds": ..., "cpu_seconds": ...}, in the order of the samples.
"""

import contextlib
import importlib
import json
import os
import resource
import signal
import sys
import time
import types
from pathlib import Path
from typing import Any

#: More processes than this are an attack on the machine.
_PROCESSES = 512


def _own_judge() -> tuple[Any, Any]:
    """Its class of problems, and what judges programs.

    The class stands beside what loads the hub's dataset, with a library that is not here.
    """
    hub = types.ModuleType("datasets")
    hub.load_dataset = hub.Dataset = None  # type: ignore[attr-defined]
    sys.modules["datasets"] = hub
    problems = importlib.import_module("livecodebench.benchmarks.code_generation")
    judge = importlib.import_module("livecodebench.evaluation.compute_code_generation_metrics")
    return problems.CodeGenerationProblem, judge.evaluate_generations


def _cpu_seconds() -> float:
    """CPU time of all that was started here, which is ended; as process number 1 we inherit it."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(-1, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.wait()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _lines(name: str) -> list[Any]:
    return [json.loads(line) for line in Path("/evaluation", name).read_text().splitlines()]


def main() -> None:
    """Judge each sample by its problem, as `codegen_metrics` does before it counts."""
    request = json.loads(sys.argv[1])
    answer_to = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # programs write there, too
    resource.setrlimit(resource.RLIMIT_NPROC, (_PROCESSES, _PROCESSES))
    problem_class, evaluate_generations = _own_judge()
    problems = {}
    for record in _lines("records.jsonl"):
        problem = problem_class(**record)
        problems[problem.question_id] = problem.get_evaluation_sample()
    samples = _lines("samples.jsonl")
    began = time.monotonic()
    results, told = evaluate_generations(
        [problems[problem_id] for problem_id, _ in samples],
        [[code] for _, code in samples],
        num_process_evaluate=request["parallel"],
        timeout=request["seconds"],
    )
    answer = {
        "seconds": time.monotonic() - began,
        "passed": [all(one > 0 for one in results[at][0]) for at in range(len(samples))],
        "said": [str(told[at][0].get("error_message", "")) for at in range(len(samples))],
    }
    answer["cpu_seconds"] = _cpu_seconds()
    with os.fdopen(answer_to, "w") as out:
        print(json.dumps(answer), file=out)


if __name__ == "__main__":
    main()
