"""A worker whose engine is vLLM, on RabbitMQ and PostgreSQL: kept full, and nothing is lost with it."""

import os
import re
import signal
from pathlib import Path

from sqlalchemy import text

from foureyes.models import broker
from foureyes.models.session import session
from tests.faults import audit
from tests.faults.conftest import System
from tests.programs import wait_for
from tests.vllm import tiny

_IN_FLIGHT = 64
_LOADED = 300
#: Long enough for several of vLLM's own lines, one every ten seconds, with the batch full.
_TOKENS = 700


def test_a_sweep_fills_the_engine_and_survives_its_death(system: System, folder: Path) -> None:
    fields = (
        f'engine = "vllm", model = "{folder}", dtype = "float32", context = {tiny.CONTEXT}, '
        f"threads = {_IN_FLIGHT}, sampling = {{ temperature = 0.0, max_tokens = {_TOKENS} }}"
    )
    # greedy: on a CPU, vLLM 0.32 dies of a seed whose prompt is read in parts
    sweep_id = system.enqueue(system.sweep_file(100 * audit.ATTEMPTS_PER_PROBLEM, model=fields))
    system.all_up()  # they judge; the model `s` has a worker of its own
    system.fleet.start(
        "gpu", queues=broker.model_queue("s"), model="s", threads=_IN_FLIGHT, wait=False
    )
    log = lambda: system.fleet.log("gpu")  # noqa: E731
    wait_for(lambda: " ready." in log(), _LOADED)
    assert log().index("is ready") < log().index(" ready.")  # the model first, then the queue
    full = rf"Running: {_IN_FLIGHT} reqs"
    wait_for(lambda: re.search(full, log()), 120)
    assert max(map(int, re.findall(r"Running: (\d+) reqs", log()))) == _IN_FLIGHT

    (core,) = [pid for pid in _children(system, "gpu") if b"EngineCore" in _command(pid)]
    os.kill(core, signal.SIGKILL)
    gpu = system.fleet._workers["gpu"]
    assert gpu.wait(60) == 1
    assert "its work goes back to the queue" in log()
    with session() as db:
        held = "SELECT count(*) FROM completion WHERE state = 'running' AND worker LIKE 'gpu@%'"
        assert db.scalar(text(held)) == 0

    system.fleet.start(
        "gpu", queues=broker.model_queue("s"), model="s", threads=_IN_FLIGHT, wait=False
    )
    audit.wait_until_ended(sweep_id, seconds=1200)
    counts = audit.counts(sweep_id)
    assert (counts["open"], counts["errors"], counts["twice"]) == (0, 0, 0)
    with session() as db:
        prompts = db.execute(text(_SAID), {"sweep": sweep_id}).all()
    # a byte is a token: an answer to another prompt would have another prompt's length
    assert len({tokens - length for tokens, length in prompts}) == 1
    assert system.fleet.stop("gpu") == 0


_SAID = """
SELECT completion.prompt_tokens, (
    SELECT sum(octet_length(message ->> 'content')) FROM jsonb_array_elements(request::jsonb -> 'messages')
        AS message
) FROM completion WHERE kind = 'draft' AND id IN (
    SELECT completion_id FROM step JOIN attempt ON attempt.id = attempt_id
    JOIN run ON run.id = run_id WHERE sweep_id = :sweep
)
"""


def _children(system: System, name: str) -> list[int]:
    """The processes under a worker, of every generation."""
    found, parents = [], [system.fleet._workers[name].pid]
    while parents:
        parent = parents.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            parents += map(int, task.read_text().split())
        found.append(parent)
    return found[1:]


def _command(pid: int) -> bytes:
    return Path(f"/proc/{pid}/cmdline").read_bytes()
