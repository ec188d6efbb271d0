"""A sweep's programs as judges of benchmarks read samples, to be judged again by anybody."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

from sqlalchemy import text

from foureyes.models.session import snapshot
from foureyes.models.tables import Sweep

#: Samples of a problem in their order, which is all that EvalPlus knows them by.
_SAMPLES = text("""
SELECT run.id, run.position, run.benchmark, run.pattern, run.pairing,
    problem.problem_id, attempt.code
FROM run
JOIN attempt ON attempt.run_id = run.id
JOIN problem ON problem.id = attempt.problem_id
WHERE run.sweep_id = :sweep AND attempt.outcome IN ('solved', 'unsolved')
    AND attempt.code IS NOT NULL
ORDER BY run.position, run.id, attempt.id
""")
_LEFT_OUT = text("""
SELECT
    CASE
        WHEN attempt.outcome IS NULL THEN 'unfinished'
        WHEN attempt.outcome = 'error' THEN 'ended in error'
        WHEN attempt.outcome = 'refused' THEN 'refused'
        ELSE 'without code'
    END AS why,
    count(*) AS attempts
FROM run JOIN attempt ON attempt.run_id = run.id
WHERE run.sweep_id = :sweep
    AND (attempt.outcome IS NULL OR attempt.outcome IN ('error', 'refused') OR attempt.code IS NULL)
GROUP BY why
ORDER BY why
""")


@dataclass(frozen=True)
class Samples:
    """How many samples each file has; how many attempts are in none of them, by the reason."""

    files: dict[str, int]
    left_out: dict[str, int]


#: Writes one run's samples, pairs of a problem's id and a program, and says how many they were.
Writer = Callable[[Path, Iterator[tuple[str, str]]], int]


def as_lines(stem: Path, samples: Iterator[tuple[str, str]]) -> int:
    """A line of JSON each, as EvalPlus and BigCodeBench read them."""
    count = 0
    with stem.with_name(f"{stem.name}.jsonl").open("w", encoding="utf-8") as file:
        for problem_id, code in samples:
            file.write(json.dumps({"task_id": problem_id, "solution": code}) + "\n")
            count += 1
    return count


def as_lists(stem: Path, samples: Iterator[tuple[str, str]]) -> int:
    """One list with all programs of each problem, as LiveCodeBench reads the outputs of others."""
    programs: dict[str, list[str]] = {}
    for problem_id, code in samples:
        programs.setdefault(problem_id, []).append(code)
    listed = [{"question_id": key, "code_list": codes} for key, codes in programs.items()]
    stem.with_name(f"{stem.name}.json").write_text(json.dumps(listed), encoding="utf-8")
    return sum(map(len, programs.values()))


def write(sweep: Sweep, folder: Path, writer: Writer = as_lines) -> Samples:
    """Write a file of samples for each run that has any."""
    files: dict[str, int] = {}
    with snapshot() as db:
        left_out = {row.why: row.attempts for row in db.execute(_LEFT_OUT, {"sweep": sweep.id})}
        samples = db.execute(_SAMPLES, {"sweep": sweep.id})
        for run, rows in groupby(samples, key=lambda row: row[:5]):
            name = _file_name(*run[1:])
            files[name] = writer(folder / name, ((row.problem_id, row.code) for row in rows))
    return Samples(files, left_out)


def _file_name(position: int, benchmark: str, pattern: str, pairing: str) -> str:
    """The run's place in the grid, which makes it unique, and what tells it from the others."""
    # names come from anybody's sweep files and archives: none may lead out of the folder
    words = re.sub(r"[^A-Za-z0-9.+=-]+", "_", f"{benchmark}_{pattern}_{pairing}")
    return f"{position + 1:03}_{words[:150].strip('_')}"
