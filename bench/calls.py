"""What one call costs a model's worker, with nobody but that worker at work: `python -m bench.calls`.

The drafts of a sweep lie ready in the model's queue, and what goes on after them is left lying: so
the model's worker is measured, and neither who feeds it nor who judges what it wrote. The model is
scripted, and each call takes `--latency` seconds. RabbitMQ and Postgres are the bench's own; needs
rabbitmq-server.
"""

import argparse
import json
import os
import time
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench import clients
from bench.servers import Bench, cpu_seconds, opened
from foureyes.models import broker
from foureyes.models.session import session
from foureyes.worker.attempt.advance import advance
from tests.faults.fleet import Fleet
from tests.programs import foureyes, wait_for

#: Problems of each sweep; the calls are samples of them.
PROBLEMS = 100
#: Seconds that a model is given to load.
_LOADED = 300
#: Of the calls, so many are done before anything is measured, and so many are left when it ends.
_WARM, _LEFT = 0.1, 0.1
_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """Calls a second while the batch was full, and milliseconds of CPU a call: of the worker, of all
    that it has started, and of the servers."""

    calls_a_second: float
    worker: float
    below: float
    postgres: float
    rabbitmq: float


def lay_ready(bench: Bench, database: str, model: str, calls: int, max_tokens: int) -> None:
    """So many calls of a model, whose settings are `model`, in its queue. Inside of bench.database."""
    environment = bench.environment(database)
    file = _sweep_file(bench.folder / database, model, calls, max_tokens)
    made = foureyes(
        "sweep", str(file), home=Path(environment["FOUREYES_HOME"]), timeout=240, **environment
    )
    assert made.returncode == 0, made.stderr
    _ask(calls)


def work(bench: Bench, database: str, calls: int, batch: int) -> Cost:
    """Have one worker do the calls that lie ready."""
    environment = bench.environment(database)
    fleet = Fleet(bench.folder, environment)
    try:
        fleet.start(database, queues="model.c", model="c", threads=_in_flight(batch), wait=False)
        wait_for(lambda: " ready." in fleet.log(database), _LOADED)
        (worker,) = fleet.pids()
        return _watch(worker, (bench.postgres.pid, bench.rabbitmq.pid), calls)
    finally:
        fleet.close()


def _in_flight(batch: int) -> int:
    """Calls that a worker has in hand: a quarter more than the batch holds."""
    return batch + -(-batch // 4)


def _sweep_file(folder: Path, model: str, calls: int, max_tokens: int) -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / "mine.jsonl").open("w") as file:
        for number in range(PROBLEMS):
            file.write(json.dumps(clients.problem(number)) + "\n")
    (folder / "sweep.toml").write_text(
        f'name = "calls"\nsamples = {calls // PROBLEMS}\npatterns = ["raw-coder"]\n'
        f'benchmarks = [{{ name = "mine", data = "mine.jsonl" }}]\n[models]\nc = {{ {model}, '
        f"sampling = {{ temperature = 0.8, max_tokens = {max_tokens} }} }}\n"
        '[[teams]]\ncoder = "c"\nreviewer = "c"\n'
    )
    return folder / "sweep.toml"


#: Every attempt asks for what the first one asked, with a seed of its own.
_ALIKE = """
INSERT INTO completion (key, state, tries, send_again_at, created_at, model_id, kind, prompt,
    prompt_hash, request)
SELECT md5(attempt.id::text) || md5(key), 'queued', 0, now() + interval '1 day', now(), model_id,
    kind, prompt, prompt_hash, jsonb_set(request::jsonb, '{seed}', to_jsonb(attempt.id))
FROM completion, attempt WHERE attempt.moves = 0;
INSERT INTO step (attempt_id, position, branch, kind, role, completion_id, created_at)
SELECT attempt.id, 0, 0, 'draft', 'coder', completion.id, now()
FROM attempt JOIN completion ON substr(completion.key, 1, 32) = md5(attempt.id::text)
WHERE attempt.moves = 0;
UPDATE attempt SET state = 'running', moves = 1, moved_at = now() WHERE moves = 0;
ANALYZE
"""


def _ask(calls: int) -> None:
    """Have every attempt wait for its draft, and the drafts wait for the worker."""
    with session() as db:
        first = db.execute(text("SELECT min(id) FROM attempt")).scalar_one()
    (message,) = advance(first)
    with session() as db:
        for statement in _ALIKE.split(";"):
            db.execute(text(statement))
        rows = db.execute(text("SELECT id FROM completion ORDER BY id")).scalars().all()
    assert len(rows) == calls
    for row in rows:
        broker.send(message.task, message.queue, row, shown=message.shown)


def _watch(worker: int, servers: tuple[int, ...], calls: int) -> Cost:
    """What the worker does between the first and the last tenth of the calls."""

    def done() -> int:
        with session() as db:
            query = text("SELECT count(*) FROM completion WHERE state = 'done'")
            return int(db.execute(query).scalar_one())

    def spent() -> list[float]:
        return [own_seconds(worker), cpu_seconds(worker), *map(cpu_seconds, servers)]

    def when(enough: float) -> tuple[int, list[float], float]:
        while (now := done()) < enough:
            time.sleep(0.25)
        return now, spent(), time.monotonic()

    first, before, began = when(calls * _WARM)
    last, after, ended = when(calls * (1 - _LEFT))
    when(calls)
    number = last - first
    own, all_of_it, postgres, rabbitmq = (
        1000 * (late - early) / number for early, late in zip(before, after, strict=True)
    )
    return Cost(number / (ended - began), own, all_of_it - own, postgres, rabbitmq)


def own_seconds(pid: int) -> float:
    """CPU time of one process, without any that it has started."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / _TICKS


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(prog="python -m bench.calls")
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=256, help="calls that the model has at once")
    parser.add_argument("--latency", type=float, default=0.85, help="seconds that a call takes")
    options = parser.parse_args()
    in_flight = _in_flight(options.batch)
    with opened("calls") as bench, bench.database("calls"):
        script = f'engine = "scripted", script = "{bench.folder}/script.toml"'
        model = f"{script}, latency = {options.latency}, threads = {in_flight}"
        lay_ready(bench, "calls", model, options.calls, 768)
        cost = work(bench, "calls", options.calls, options.batch)
    print(f"{os.cpu_count()} cores; {options.calls:,} calls, {in_flight} in flight\n")
    print(
        "| calls a second | worker, ms a call | PostgreSQL, ms | RabbitMQ, ms |\n|---:|---:|---:|---:|"
    )
    print(
        f"| {cost.calls_a_second:.0f} | {cost.worker + cost.below:.2f} | {cost.postgres:.2f} "
        f"| {cost.rabbitmq:.2f} |"
    )


if __name__ == "__main__":
    main()
