"""Small sweeps of a benchmark of our own, enqueued as the command does it."""

import json

from models.benchmark import Problem, parse_record
from producer import enqueue
from producer.sweep import Sweep
from producer.sweep_file import SweepFile

RECORD = {
    "task_id": "t/{n}",
    "prompt": 'def f(x):\n    """Return x + {n}.\n\n    >>> f(1)\n    {one}\n    """\n',
    "entry_point": "f",
    "canonical_solution": "    return x + {n}\n",
    "base_input": [[1], [2]],
    "plus_input": [[3]],
    "atol": 0,
}


def problem(n: int) -> Problem:
    text = json.dumps(RECORD).replace("{n}", str(n)).replace("{one}", str(1 + n))
    return parse_record("mine", text)


def make_sweep(
    *names: str | dict[str, object],
    problems: int = 1,
    samples: int = 1,
    name: str = "test",
    fresh: str = "",
) -> int:
    """Enqueue a sweep of these patterns; its id."""
    file = SweepFile.model_validate(
        {
            "name": name,
            "benchmarks": ["mine"],
            "patterns": list(names),
            "samples": samples,
            "models": {
                "c": {"engine": "scripted", "script": "c.toml"},
                "r": {"engine": "scripted", "script": "r.toml"},
            },
            "pairings": [{"coder": "c", "reviewer": "r"}],
        }
    )
    grid = Sweep(file, {"mine": [problem(n) for n in range(problems)]}, fresh=fresh)
    return enqueue.enqueue(grid).id
