"""A whole grid worked to its end: every pattern, two teams, two benchmarks: `python -m bench.grid`.

By default of as many problems as HumanEval+ and MBPP+ have (problems of our own, scripted models, real
judging). Workers, RabbitMQ and Postgres are the bench's; the database is as fresh as a newcomer's. Prints
when the first call was answered, when each run had its first result, how long all took, and what each
process used. Needs rabbitmq-server.
"""

import argparse
import os
import re
import statistics
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from bench.servers import Bench, cpu_seconds, opened
from foureyes.evaluation.memory import tree
from foureyes.models.session import session
from foureyes.producer.sweeps import open_work
from foureyes.worker.patterns import patterns
from tests.faults.fleet import Fleet
from tests.programs import ROOT, command, problem_line

#: Of HumanEval+ and MBPP+.
_SHARES = {"one": 164, "other": 378}
_QUEUES = {"start": 4, "execution": 2, "model.a": 8, "model.b": 8}

_CAME_OF = text("""
SELECT count(*) AS attempts, count(*) FILTER (WHERE outcome IN ('solved', 'unsolved')) AS judged,
    extract(epoch FROM max(attempt.finished_at)) AS last
FROM attempt JOIN run ON run.id = run_id WHERE sweep_id = :sweep
""")
_FIRST_CALL = text("""
SELECT extract(epoch FROM min(completion.finished_at)) FROM completion
JOIN step ON step.completion_id = completion.id JOIN attempt ON attempt.id = step.attempt_id
JOIN run ON run.id = run_id
WHERE sweep_id = :sweep AND completion.finished_at > to_timestamp(:began)
""")
_FIRST_RESULTS = text("""
SELECT extract(epoch FROM min(attempt.finished_at))
FROM attempt JOIN run ON run.id = run_id WHERE sweep_id = :sweep GROUP BY run.id
""")
_STEPS = text("""
SELECT count(*) FROM step JOIN attempt ON attempt.id = step.attempt_id
JOIN run ON run.id = run_id WHERE sweep_id = :sweep
""")


def sweep_file(folder: Path, name: str, problems: int, first: int = 0) -> Path:
    """A sweep of every pattern, both ways round, over two benchmarks of so many problems together.

    Their numbers begin with `first`: problems of one number are one to a model.
    """
    benchmarks = []
    for benchmark, share in _SHARES.items():
        number = max(1, round(problems * share / sum(_SHARES.values())))
        numbers = range(first, first + number)
        first += number
        lines = [problem_line(f"{name}-{benchmark}", each) for each in numbers]
        (folder / f"{name}-{benchmark}.jsonl").write_text("".join(lines))
        benchmarks.append(f'{{ name = "{name}-{benchmark}", data = "{name}-{benchmark}.jsonl" }}')
    model = f'engine = "scripted", script = "{folder}/script.toml"'
    (folder / f"{name}.toml").write_text(
        f'name = "{name}"\npatterns = {sorted(patterns())}\nbenchmarks = [{", ".join(benchmarks)}]\n'
        # two models, and not one by two names
        f"[models]\na = {{ {model}, sampling = {{ seed = 1 }} }}\n"
        f"b = {{ {model}, sampling = {{ seed = 2 }} }}\n"
        '[[teams]]\ncoder = "a"\nreviewer = "b"\n[[teams]]\ncoder = "b"\nreviewer = "a"\n'
    )
    return folder / f"{name}.toml"


def run(bench: Bench, file: Path) -> int:
    """Enqueue a sweep as a person does; its id."""
    made = subprocess.run(
        command("sweep", str(file)),
        cwd=ROOT,
        env=bench.environment("grid"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    with session() as db:
        return int(db.execute(text("SELECT max(id) FROM sweep")).scalar_one())


def highest(pid: int) -> int:
    """Bytes of a process's memory at its highest."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found[1]) * 1024 if found else 0


def measure(bench: Bench, problems: int) -> None:
    """Work on the whole grid, and print what came of it."""
    with bench.database("grid"):
        first = run(
            bench, sweep_file(bench.folder, "before", 2, first=1_000_000)
        )  # it names the models
        fleet = Fleet(bench.folder, bench.environment("grid"))
        names = [queue.replace(".", "-") for queue in _QUEUES]
        try:
            for name, (queue, threads) in zip(names, _QUEUES.items(), strict=True):
                model = queue.removeprefix("model.") if "." in queue else "a"
                fleet.start(name, queues=queue, threads=threads, model=model)
            while open_work.unfinished(first):
                time.sleep(0.2)
            processes = dict(zip(names, fleet.pids(), strict=True))
            processes |= {"rabbitmq": bench.rabbitmq.pid, "postgres": bench.postgres.pid}
            before = {name: cpu_seconds(pid) for name, pid in processes.items()}
            file = sweep_file(bench.folder, "grid", problems)
            began = time.time()
            sweep = run(bench, file)
            enqueued = time.time() - began
            while left := open_work.unfinished(sweep):
                print(f"  {left} attempts left", file=sys.stderr, flush=True)
                time.sleep(5)
            used = {name: cpu_seconds(pid) - before[name] for name, pid in processes.items()}
            memory = {name: sum(map(highest, tree(pid))) for name, pid in processes.items()}
        finally:
            fleet.close()
        with session() as db:
            came = db.execute(_CAME_OF, {"sweep": sweep}).one()
            call = (
                float(db.execute(_FIRST_CALL, {"sweep": sweep, "began": began}).scalar_one())
                - began
            )
            results = [
                float(each) - began
                for each in db.execute(_FIRST_RESULTS, {"sweep": sweep}).scalars()
            ]
            steps = int(db.execute(_STEPS, {"sweep": sweep}).scalar_one())
    assert came.judged == came.attempts, f"{came.attempts - came.judged} attempts have failed"
    took = float(came.last) - began
    print(f"{os.cpu_count()} cores; {came.attempts:,} attempts in {len(results)} runs\n")
    print(f"enqueued after {enqueued:.1f} s, first call answered after {call:.1f} s")
    print(
        f"first result of a run after {min(results):.1f} s (the first), "
        f"{statistics.median(results):.1f} s (half of them), {max(results):.1f} s (the last)"
    )
    print(
        f"all done after {took:.0f} s: {came.attempts / took:.0f} attempts, {steps / took:.0f} steps a second\n"
    )
    print("| process | CPU, s | ms a step | MiB |\n|---|---:|---:|---:|")
    for name, seconds in used.items():
        print(
            f"| {name} | {seconds:.0f} | {1000 * seconds / steps:.2f} "
            f"| {memory[name] / 2**20:.0f} |"
        )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.grid")
    parser.add_argument("--problems", type=int, default=sum(_SHARES.values()))
    options = parser.parse_args()
    with opened("grid") as bench:
        measure(bench, options.problems)


if __name__ == "__main__":
    main()
