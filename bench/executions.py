"""What one execution costs the worker that judges it, with nobody but that worker at work.

    python -m bench.executions                 # canonical solutions of official problems
    python -m bench.executions --trivial       # a program of two lines and one input each

Programs lie ready in the queue, and what goes on after them is left lying: so the worker is measured,
from a message to the stored verdict, and neither who asked nor who goes on. CPU time is that of the
worker's own process, of its sandboxes, and of the servers. Each program is judged once before.
RabbitMQ and Postgres are the bench's own; needs rabbitmq-server, and FOUREYES_DATA for official problems.
"""

import argparse
import json
import os
import sys
import time
from pathlib import Path

from sqlalchemy import text

from bench import judging
from bench.calls import own_seconds
from bench.servers import Bench, cpu_seconds, opened
from foureyes.judging import sources
from foureyes.judging.formats.problem import Problem
from foureyes.judging.identity import identity
from foureyes.models import broker
from foureyes.models.session import session
from foureyes.models.settings import settings
from foureyes.producer.sweeps import enqueue, sweep
from tests.faults.fleet import Fleet
from tests.programs import problem_line

_BENCHMARKS = ("humaneval+", "mbpp+")
_TRIVIAL = 8
#: Every attempt waits for so many programs, alike but for a comment.
_ASK = text("""
WITH asked AS (
    INSERT INTO execution (key, state, tries, send_again_at, created_at, problem_id, suite, code,
        judge_version)
    SELECT attempt.id || '-' || number, 'queued', 0, now() + interval '1 day', now(),
        attempt.problem_id, 'hidden', given.code || chr(10) || '# ' || number, :judge
    FROM unnest(CAST(:names AS text[]), CAST(:codes AS text[])) AS given (name, code)
    JOIN problem ON problem.problem_id = given.name
    JOIN attempt ON attempt.problem_id = problem.id, generate_series(1, :times) AS number
    RETURNING id, key
)
INSERT INTO step (attempt_id, position, branch, kind, execution_id, created_at)
SELECT CAST(split_part(key, '-', 1) AS integer), 0, CAST(split_part(key, '-', 2) AS integer),
    'judge', id, now()
FROM asked
""")
_BEGIN = text("UPDATE attempt SET state = 'running', moves = 1, moved_at = now()")
_IDS = text("SELECT id FROM execution ORDER BY split_part(key, '-', 2)::integer, id")
_SHOWN = text("""
SELECT problem.benchmark, problem.problem_id FROM problem JOIN execution ON
    execution.problem_id = problem.id WHERE execution.id = :id
""")
_DONE = text("SELECT count(*) FROM execution WHERE state = 'done'")
_WRONG = text("SELECT count(*) FROM execution WHERE state <> 'done' OR plus <> 'pass'")


def ask(codes: dict[str, str], times: int) -> list[int]:
    """Have each attempt wait so many times for its problem's program; the executions, problem by problem."""
    asked = {"names": list(codes), "codes": list(codes.values()), "times": times}
    with session() as db:
        db.execute(_ASK, asked | {"judge": identity()})
        db.execute(_BEGIN)
        db.execute(text("ANALYZE"))
        return list(db.execute(_IDS).scalars())


def send(ids: list[int]) -> None:
    """Put the executions into the queue as those who ask do."""
    with session() as db:
        for each in ids:
            shown = "/".join(db.execute(_SHOWN, {"id": each}).one())
            broker.send(broker.EXECUTE, broker.EXECUTION, each, shown=shown)


def await_done(count: int) -> None:
    """Wait until so many executions are done."""
    while True:
        with session() as db:
            if db.execute(_DONE).scalar_one() >= count:
                return
        time.sleep(0.1)


def measure(bench: Bench, codes: dict[str, str], times: int, slots: int) -> list[float]:
    """Executions a second, and milliseconds of CPU each: worker, sandboxes, Postgres, RabbitMQ."""
    file = sweep.load(bench.folder / "judging.toml")
    enqueue.enqueue(file)
    ids = ask(codes, times + 1)
    fleet = Fleet(bench.folder, bench.environment("executions"))
    try:
        fleet.start("execution", queues="execution", threads=slots)
        (worker,) = fleet.pids()

        def spent() -> list[float]:
            servers = map(cpu_seconds, (bench.postgres.pid, bench.rabbitmq.pid))
            return [own_seconds(worker), cpu_seconds(worker), *servers]

        send(ids[: len(codes)])  # the worker reads its problems, and what is right
        await_done(len(codes))
        before, began = spent(), time.monotonic()
        send(ids[len(codes) :])
        await_done(len(ids))
        after, seconds = spent(), time.monotonic() - began
    finally:
        fleet.close()
    with session() as db:
        assert not db.execute(_WRONG).scalar_one(), "a program was not solved"
    count = len(codes) * times
    own, whole, *servers = (1000 * (b - a) / count for a, b in zip(before, after, strict=True))
    return [count / seconds, own, whole - own, *servers]


def problems(trivial: bool, limit: int, folder: Path) -> list[Problem]:
    """The first official ones of each benchmark, or a few of ours."""
    if not trivial:
        return [one for name in _BENCHMARKS for one in sources.load(name, limit)]
    file = folder / "trivial.jsonl"
    file.write_text("".join(problem_line("trivial", number) for number in range(_TRIVIAL)))
    return sources.load_file(file, "trivial")


def solutions(asked: list[Problem]) -> dict[str, str]:
    """The canonical solution of each problem, as a whole program."""
    return {
        each.problem_id: each.prompt + json.loads(each.record)["canonical_solution"]
        for each in asked
    }


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.executions")
    parser.add_argument("--trivial", action="store_true")
    parser.add_argument("--limit", type=int, default=12, help="problems of each benchmark")
    parser.add_argument("--times", type=int, default=20, help="how often each is judged")
    parser.add_argument("--slots", type=int, default=2)
    options = parser.parse_args()
    if not options.trivial and settings().data is None:
        sys.exit("bench: FOUREYES_DATA is not set")
    with opened("executions") as bench, bench.database("executions"):
        asked = problems(options.trivial, options.limit, bench.folder)
        judging.write(bench.folder, asked)
        found = measure(bench, solutions(asked), options.times, options.slots)
    sets = [each.hidden_tests() for each in asked]
    inputs = sum(sum(each.counts) for each in sets) / len(sets)
    print(
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; {len(asked)} problems with "
        f"{inputs:.0f} inputs on average, {options.times} times each, {options.slots} slots\n"
    )
    print("| a second | worker, ms of CPU each | its sandboxes | PostgreSQL | RabbitMQ |")
    print("|" + "---:|" * len(found))
    print("| " + " | ".join(f"{each:.2f}" for each in found) + " |")


if __name__ == "__main__":
    main()
