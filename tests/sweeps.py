"""Small sweeps of a benchmark of our own, enqueued as the command does it."""

import json
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any

from sqlmodel import Session

from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.records import parse_record
from foureyes.models.tables import LanguageModel, Run, Seat
from foureyes.producer.sweeps import enqueue
from foureyes.producer.sweeps.sweep import PlannedSweep
from foureyes.producer.sweeps.sweep_file import SweepFile
from foureyes.worker.patterns import Module, with_modules

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


def leaner(n: int) -> Problem:
    """The same problem in fewer words, in a benchmark of its own."""
    record = json.loads(problem(n).record) | {"prompt": f"def f(x): # x + {n}\n"}
    return parse_record("lean", json.dumps(record))


def seat(db: Session, run: Run, **roles: LanguageModel) -> None:
    """Give a run that was written as a row its team."""
    db.add_all([Seat(run_id=run.id, role=role, model_id=roles[role].id) for role in roles])
    db.flush()


def make_sweep(*names: str | dict[str, object], **options: Any) -> int:
    """Enqueue a sweep; its id. The options are those of `make_grid`."""
    return enqueue.enqueue(make_grid(*names, **options)).id


def make_grid(
    *names: str | dict[str, object],
    problems: int = 1,
    samples: int = 1,
    name: str = "test",
    fresh: str = "",
    lean: bool = False,
    temperature: float = 0.0,
    modules: Path = Path(),
    coder: str = "c",
    accepts_imported: bool = False,
    own: Mapping[str, Module] = MappingProxyType({}),
    roles: Mapping[str, str] = MappingProxyType({}),
    plan: Mapping[str, Any] | None = None,
) -> PlannedSweep:
    """A sweep of these patterns. `lean`: on the problems in fewer words, too.

    `coder` names the coder, the same model by any name. `own` modules have been loaded from the folder
    `modules`. `roles` are further ones, with the names of their models. `plan` is what it is to show.
    """
    benchmarks = {"mine": [problem(n) for n in range(problems)]}
    if lean:
        benchmarks["lean"] = [leaner(n) for n in range(problems)]
    file = SweepFile.model_validate(
        {
            "name": name,
            "benchmarks": list(benchmarks),
            "patterns": list(names),
            "samples": samples,
            "models": {
                name: {
                    "engine": "scripted",
                    "script": f"{name[0]}.toml",
                    "sampling": {"temperature": temperature},
                }
                for name in dict.fromkeys((coder, "r", *roles.values()))
            },
            "teams" if roles else "pairings": [{"coder": coder, "reviewer": "r", **roles}],
            "modules": list(own),
            "plan": plan,
        }
    )
    return PlannedSweep(
        file,
        file.configured(with_modules(own)),
        benchmarks,
        module_folder=str(modules),
        module_hashes={name: module.source_hash for name, module in own.items()},
        fresh=fresh,
        accepts_imported=accepts_imported,
    )
