"""Whom bench/saturation.py compares: foureyes, a bare client, inspect_ai and evalplus.codegen.

All of them send the same requests, or ask for answers to the same problems.
"""

import asyncio
import json
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy import text
from tornado.simple_httpclient import SimpleAsyncHTTPClient

from bench.endpoints import Endpoint, in_flight
from bench.servers import Bench
from foureyes.models.session import session
from foureyes.producer.sweeps import open_work
from tests.faults.fleet import Fleet
from tests.programs import ROOT, foureyes

#: The Python of the other harnesses: `make peers`.
PEERS = ROOT / ".venv-peers" / "bin" / "python"
#: Seconds that the bare client waits for an answer.
_PATIENT = 3600.0
#: Problems of EvalPlus's file, of which it insists on having all.
_HUMANEVAL = 164


def problem(number: int) -> dict[str, Any]:
    """A problem that all clients understand."""
    return {
        "task_id": f"mine/{number}",
        "prompt": f'def f(x):\n    """Return x plus one ({number})."""\n',
        "entry_point": "f", "canonical_solution": "    return x + 1\n",
        "base_input": [[1]], "plus_input": [[2], [3]], "atol": 0,
    }  # fmt: skip


def sweep_file(
    folder: Path,
    problems: int,
    pattern: str,
    samples: int,
    models: Mapping[str, Endpoint],
    max_tokens: int = 768,
) -> Path:
    """A sweep whose models are these servers: the first is the coder, the last the reviewer."""
    folder.mkdir(exist_ok=True)
    with (folder / "mine.jsonl").open("w") as file:
        for number in range(problems):
            file.write(json.dumps(problem(number)) + "\n")
    tables = "".join(
        f'[models.{name}]\nengine = "openai"\nmodel = "{server.model}"\n'
        f'base_url = "{server.url}/v1"\nthreads = {in_flight(server)}\n'
        f"sampling = {{ temperature = 0.8, max_tokens = {max_tokens} }}\n"
        for name, server in models.items()
    )
    (folder / "sweep.toml").write_text(
        f'name = "saturation"\nsamples = {samples}\npatterns = ["{pattern}"]\n'
        f'benchmarks = [{{ name = "mine", data = "mine.jsonl" }}]\n{tables}'
        f'[[teams]]\ncoder = "{next(iter(models))}"\nreviewer = "{list(models)[-1]}"\n'
    )
    return folder / "sweep.toml"


def through_foureyes(
    bench: Bench, database: str, file: Path, models: Mapping[str, Endpoint]
) -> None:
    """A sweep from its first call to its last attempt, whose workers start when it is enqueued."""
    environment = bench.environment(database)
    made = foureyes(
        "sweep", str(file), home=Path(environment["FOUREYES_HOME"]), timeout=240, **environment
    )
    assert made.returncode == 0, made.stderr
    for server in models.values():
        server.used()  # the command asks each whether it answers
    fleet = Fleet(bench.folder, environment)
    try:
        for name, server in models.items():
            fleet.start(name, queues=f"model.{name}", model=name, threads=in_flight(server))
        fleet.start("execution", queues="start,execution", model=next(iter(models)), threads=2)
        while open_work.unfinished(1) > 0:
            time.sleep(0.5)
    finally:
        fleet.close()


def asked(model: str) -> list[dict[str, Any]]:
    """The requests of the sweep in the database, as the engine sent them to `model`."""
    with session() as db:
        rows = db.execute(text("SELECT request FROM completion ORDER BY id")).scalars().all()
    return [
        {"model": model, "messages": row["messages"], "seed": row["seed"], **row["sampling"]}
        for row in rows
    ]


async def at_once(url: str, requests: list[dict[str, Any]]) -> None:
    """The ceiling: a client that does nothing but send, everything at once.

    It is Tornado's: httpx looks through all of its connections whenever a call begins or ends.
    """
    client = SimpleAsyncHTTPClient(force_instance=True, max_clients=len(requests))
    answers = await asyncio.gather(
        *(
            client.fetch(
                f"{url}/v1/chat/completions", method="POST", body=json.dumps(each),
                connect_timeout=_PATIENT, request_timeout=_PATIENT,
            )
            for each in requests
        )
    )  # fmt: skip
    client.close()
    assert all(answer.code == 200 for answer in answers)


def inspect_ai(folder: Path, server: Endpoint, requests: list[dict[str, Any]]) -> None:
    """The same requests by inspect_ai, as many at once as foureyes sends."""
    file = folder / "requests.jsonl"
    file.write_text("".join(json.dumps(each["messages"]) + "\n" for each in requests))
    most, max_tokens = str(in_flight(server)), str(requests[0]["max_tokens"])
    subprocess.run(
        # -P: or our bench/statistics.py would be taken for Python's own
        [str(PEERS), "-P", "bench/inspect_peer.py", str(file), str(folder / "inspect"), most, max_tokens],
        cwd=ROOT, check=True, capture_output=True,
        env=os.environ | {"MEASURED_BASE_URL": f"{server.url}/v1", "MEASURED_API_KEY": "none"},
    )  # fmt: skip


def evalplus_codegen(folder: Path, server: Endpoint, problems: int, samples: int) -> None:
    """The same problems by EvalPlus, which decides itself how long an answer may be."""
    dataset = folder / "HumanEvalPlus.jsonl"
    with dataset.open("w") as file:
        for number in range(_HUMANEVAL):
            record = problem(number) | {"task_id": f"HumanEval/{number}", "contract": ""}
            file.write(json.dumps(record) + "\n")
    subprocess.run(
        [
            str(PEERS), "-m", "evalplus.codegen", server.model, "humaneval", "--backend=openai",
            f"--base_url={server.url}/v1", f"--n_samples={samples}", "--temperature=0.8",
            f"--id_range=[0,{problems}]", f"--root={folder / 'evalplus'}", "--resume=False",
        ],
        cwd=folder, check=True, capture_output=True,
        env=os.environ | {"HUMANEVAL_OVERRIDE_PATH": str(dataset), "OPENAI_API_KEY": "none"},
    )  # fmt: skip
