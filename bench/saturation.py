"""Is the model ever waiting for the queue? `python -m bench.saturation`; needs rabbitmq-server.

One run, one simulated vLLM server (bench/model_server.py), the same requests: a bare asyncio client
that sends everything at once is the ceiling; foureyes sends them through RabbitMQ and PostgreSQL of
its own; inspect_ai and evalplus.codegen if there is a .venv-peers (`make peers`). EvalPlus asks for
one problem after the other, so it is given only the first few. Then two models and
`review-then-fix`: how full both are, over the sweep.
"""

import argparse
import asyncio
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import text

from bench.scale import Bench
from models.session import session
from producer import enqueue
from tests.faults.fleet import Fleet
from tests.faults.servers import RabbitMQ
from tests.programs import ROOT, foureyes

#: Answers to each problem.
SAMPLES = 10
#: Problems that EvalPlus is given: it would take an hour for all.
EVALPLUS_PROBLEMS = 5
PEERS = ROOT / ".venv-peers" / "bin" / "python"
#: Parts of a sweep's time for which the chart has a column.
_COLUMNS = 20
_BARS = " ▁▂▃▄▅▆▇█"


@dataclass(frozen=True)
class Filled:
    """How a server was used: from its first step to its last.

    `tokens` a second; `fill` is the mean share of the batch that was at work until the tail, which
    begins when fewer calls are left than the batch has room for.
    """

    seconds: float
    tokens: float
    fill: float
    parts: list[float]


class Server:
    """A simulated server in a process of its own."""

    def __init__(self, batch: int, tokens: int) -> None:
        self.batch = batch
        #: What keeps it full: a quarter more, as with the vllm engine.
        self.in_flight = batch + batch // 4
        self._process = subprocess.Popen(
            [sys.executable, "-m", "bench.model_server", f"--batch={batch}", f"--tokens={tokens}"],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"

    def filled(self) -> Filled:
        """How it was used since it was asked last."""
        steps = httpx.get(f"{self.url}/steps", timeout=60).json()["steps"]
        began, ended = steps[0][0], steps[-1][0] + steps[-1][1]
        written = sum(calls for _, _, calls, _ in steps)
        left = sum(done for *_, done in steps)
        until, full = began, 0.0
        for start, seconds, calls, done in steps:
            if left < self.batch:
                break
            left -= done
            until, full = start + seconds, full + seconds * calls
        return Filled(
            ended - began,
            written / (ended - began),
            full / (self.batch * (until - began)) if until > began else 0.0,
            self._parts(steps, began, ended),
        )

    def _parts(self, steps: list[list[float]], began: float, ended: float) -> list[float]:
        """The share of the batch that was at work, in equal parts of the time."""
        width = (ended - began) / _COLUMNS
        parts = [0.0] * _COLUMNS
        for start, seconds, calls, _ in steps:
            index = int((start - began) / width)
            if 0 <= index < _COLUMNS:
                parts[index] += seconds * calls
        return [part / (self.batch * width) for part in parts]

    def close(self) -> None:
        """End it."""
        self._process.kill()
        self._process.wait()


@contextmanager
def serving(*sizes: tuple[int, int]) -> Iterator[list[Server]]:
    """Servers of these batches and lengths of answers."""
    servers: list[Server] = []
    try:
        for batch, tokens in sizes:
            servers.append(Server(batch, tokens))
        yield servers
    finally:
        for server in servers:
            server.close()


def sweep_file(
    folder: Path, problems: int, pattern: str, samples: int, models: dict[str, Server]
) -> Path:
    """A sweep whose models are these servers: the first is the coder, the last the reviewer."""
    folder.mkdir(exist_ok=True)
    with (folder / "mine.jsonl").open("w") as file:
        for number in range(problems):
            file.write(json.dumps(problem(number)) + "\n")
    tables = "".join(
        f'[models.{name}]\nengine = "openai"\nmodel = "simulated"\nbase_url = "{server.url}/v1"\n'
        f"threads = {server.in_flight}\nsampling = {{ temperature = 0.8 }}\n"
        for name, server in models.items()
    )
    (folder / "sweep.toml").write_text(
        f'name = "saturation"\nsamples = {samples}\npatterns = ["{pattern}"]\n'
        f'benchmarks = [{{ name = "mine", data = "mine.jsonl" }}]\n{tables}'
        f'[[pairings]]\ncoder = "{next(iter(models))}"\nreviewer = "{list(models)[-1]}"\n'
    )
    return folder / "sweep.toml"


def through_foureyes(bench: Bench, database: str, file: Path, models: dict[str, Server]) -> None:
    """The sweep from `foureyes sweep` to its last attempt, by workers that are up already."""
    environment = bench.environment(database)
    made = foureyes("sweep", str(file), home=Path(environment["FOUREYES_HOME"]), **environment)
    assert made.returncode == 0, made.stderr
    fleet = Fleet(bench.folder, environment)
    try:
        for name, server in models.items():
            fleet.start(name, queues=f"model.{name}", model=name, threads=server.in_flight)
        fleet.start("execution", queues="start,execution", model=next(iter(models)), threads=2)
        while enqueue.unfinished(1) > 0:
            time.sleep(0.5)
    finally:
        fleet.close()


async def at_once(url: str, requests: list[dict[str, Any]]) -> None:
    """The ceiling: a client that does nothing but send, everything at once."""
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(limits=limits, timeout=None) as client:
        answers = await asyncio.gather(
            *(client.post(f"{url}/v1/chat/completions", json=each) for each in requests)
        )
    assert all(answer.status_code == 200 for answer in answers)


def asked() -> list[dict[str, Any]]:
    """The requests of the sweep in the database, as the engine sent them."""
    with session() as db:
        rows = db.execute(text("SELECT request FROM completion ORDER BY id")).scalars().all()
    return [
        {
            "model": "simulated",
            "messages": row["messages"],
            "seed": row["seed"],
            **row["sampling"],
        }
        for row in rows
    ]


def inspect_ai(folder: Path, url: str, requests: list[dict[str, Any]], most: int) -> None:
    """The same requests by inspect_ai, as many at once as foureyes sends."""
    file = folder / "requests.jsonl"
    file.write_text("".join(json.dumps(each["messages"]) + "\n" for each in requests))
    subprocess.run(
        [str(PEERS), "bench/inspect_peer.py", str(file), str(folder / "inspect"), str(most)],
        cwd=ROOT, check=True, capture_output=True,
        env=os.environ | {"SIMULATED_BASE_URL": f"{url}/v1", "SIMULATED_API_KEY": "none"},
    )  # fmt: skip


def evalplus_codegen(folder: Path, url: str, problems: int, samples: int) -> None:
    """The same problems by EvalPlus, which insists on 164 of them in the file."""
    dataset = folder / "HumanEvalPlus.jsonl"
    with dataset.open("w") as file:
        for number in range(164):
            record = problem(number) | {"task_id": f"HumanEval/{number}", "contract": ""}
            file.write(json.dumps(record) + "\n")
    subprocess.run(
        [
            str(PEERS), "-m", "evalplus.codegen", "simulated", "humaneval", "--backend=openai",
            f"--base_url={url}/v1", f"--n_samples={samples}", "--temperature=0.8",
            f"--id_range=[0,{problems}]", f"--root={folder / 'evalplus'}", "--resume=False",
        ],
        cwd=folder, check=True, capture_output=True,
        env=os.environ | {"HUMANEVAL_OVERRIDE_PATH": str(dataset), "OPENAI_API_KEY": "none"},
    )  # fmt: skip


def problem(number: int) -> dict[str, Any]:
    """A problem that all clients understand."""
    return {
        "task_id": f"mine/{number}",
        "prompt": f'def f(x):\n    """Return x plus one ({number})."""\n',
        "entry_point": "f", "canonical_solution": "    return x + 1\n",
        "base_input": [[1]], "plus_input": [[2], [3]], "atol": 0,
    }  # fmt: skip


def one_stage(bench: Bench, requests: int, batch: int, tokens: int, rounds: int) -> None:
    """foureyes beside the bare client."""
    print(f"\n{requests} requests, up to {batch} at once, {tokens} tokens an answer\n")
    measured: dict[str, list[Filled]] = defaultdict(list)
    with serving((batch, tokens)) as (server,):
        for number in range(rounds):
            database = f"one{number}"
            folder = bench.folder / database
            with bench.database(database):
                models = {"c": server}
                file = sweep_file(folder, requests // SAMPLES, "raw-coder", SAMPLES, models)
                through_foureyes(bench, database, file, models)
                measured["foureyes"].append(server.filled())
                same = asked()
            asyncio.run(at_once(server.url, same))
            measured["bare asyncio client"].append(server.filled())
            if PEERS.exists():
                inspect_ai(folder, server.url, same, server.in_flight)
                measured["inspect_ai"].append(server.filled())
                evalplus_codegen(folder, server.url, EVALPLUS_PROBLEMS, SAMPLES)
                measured["evalplus.codegen"].append(server.filled())
    ceiling = statistics.median(each.tokens for each in measured["bare asyncio client"])
    print("| client | seconds | tokens a second | of the ceiling | batch full until the tail |")
    print("|---|---:|---:|---:|---:|")
    for name, found in measured.items():
        rate = statistics.median(each.tokens for each in found)
        seconds = statistics.median(each.seconds for each in found)
        fill = statistics.median(each.fill for each in found)
        print(f"| {name} | {seconds:.1f} | {rate:,.0f} | {rate / ceiling:.2f} | {fill:.1%} |")


def two_stages(bench: Bench, problems: int, batch: int, tokens: int) -> None:
    """Two models with as much to do, in turns: how full is either?"""
    print(f"\nreview-then-fix, {problems} problems, two models of {batch} at once\n")
    with serving((batch, tokens), (batch, 2 * tokens)) as (coder, reviewer):
        models = {"coder": coder, "reviewer": reviewer}
        with bench.database("two"):
            file = sweep_file(bench.folder / "two", problems, "review-then-fix", 1, models)
            through_foureyes(bench, "two", file, models)
            with session() as db:
                seconds = "extract(epoch FROM max(finished_at) - min(finished_at - seconds * interval '1 second'))"  # fmt: skip
                print(f"{db.scalar(text(f'SELECT {seconds} FROM completion')):.0f} s in all")
        for name, server in models.items():
            found = server.filled()
            chart = "".join(_BARS[min(8, round(8 * part))] for part in found.parts)
            worked = statistics.mean(found.parts[: _COLUMNS * 9 // 10])
            print(f"{name:9} {chart}  {worked:.0%} full until the last tenth")


def main() -> None:
    """Measure, and print tables."""
    parser = argparse.ArgumentParser(prog="python -m bench.saturation")
    parser.add_argument("--requests", type=int, default=1000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--tokens", type=int, default=200)
    parser.add_argument("--problems", type=int, default=600, help="of the two-stage sweep")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if RabbitMQ.program() is None:
        sys.exit("bench: rabbitmq-server is not installed")
    if not PEERS.exists():
        print("inspect_ai and evalplus.codegen are not measured: make peers")
    folder = Path(tempfile.mkdtemp(prefix="foureyes-saturation-"))
    folder.chmod(0o755)
    bench = Bench(folder)
    try:
        bench.postgres.start()
        bench.rabbitmq.start()
        one_stage(bench, options.requests, options.batch, options.tokens, options.rounds)
        two_stages(bench, options.problems, options.batch // 4, options.tokens)
    finally:
        bench.rabbitmq.close()
        bench.postgres.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
