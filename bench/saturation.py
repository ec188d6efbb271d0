"""Is the model ever waiting for the queue? `python -m bench.saturation`; needs rabbitmq-server.

On one server, in one run, the same requests by each client in turn: a bare asyncio client that sends
everything at once is the ceiling; foureyes sends them through RabbitMQ and PostgreSQL of its own;
inspect_ai and evalplus.codegen if there is a .venv-peers (`make peers`). EvalPlus asks for one problem
after the other, so it is given only the first few. Each server's own steps tell what it did.

Five parts: a simulated vLLM server (bench/model_server.py); one that does 300 calls a second, for which
foureyes is a model's worker alone, whose calls lie ready; two of the first kind and `review-then-fix`, to
see how full both are over the sweep; vLLM's own engine and front end with a tiny model, if there is a
.venv-vllm (`make test-vllm`); and llama.cpp's server with a small model. The last two compute on this
machine's CPU.
"""

import argparse
import asyncio
import statistics
import subprocess
import sys
from collections import defaultdict
from itertools import pairwise

from bench import calls, clients
from bench.endpoints import Endpoint, Use, in_flight, llamacpp, simulated
from bench.servers import Bench, opened
from foureyes.models import weights
from foureyes.models.errors import FoureyesError
from tests.programs import ROOT

PARTS = ["simulated", "fast", "stages", "engine", "llamacpp"]
#: Of the simulated server that is as fast as a small model on a large card: a step takes 4 ms.
FAST = ("--step=0.003", "--per-call=0.000004", "--prefill=1000000")
#: The Python that has vLLM's build for CPUs.
VLLM = ROOT / ".venv-vllm" / "bin" / "python"
TINY = ("--shape=tiny", "--requests=1500", "--tokens=16")
#: The two-stage part's servers: a batch, and the tokens of a draft; a review has twice as many.
STAGE_BATCH = 64
#: llama.cpp's: the model, the calls at once, and the tokens that an answer may have.
WEIGHTS, SLOTS, SHORT = "qwen2.5-coder-0.5b", 4, 48
#: Parts of a sweep's time for which the chart has a column.
_COLUMNS = 20
_BARS = " ▁▂▃▄▅▆▇█"


def one_stage(
    bench: Bench, server: Endpoint, requests: int, samples: int, max_tokens: int, rounds: int
) -> dict[str, list[Use]]:
    """Each client's rounds on a server: `requests` calls, of which `samples` share a prompt."""
    measured: dict[str, list[Use]] = defaultdict(list)
    for number in range(rounds):
        database = f"{server.model[0]}{number}"
        folder = bench.folder / database
        with bench.database(database):
            models = {"c": server}
            file = clients.sweep_file(
                folder, requests // samples, "raw-coder", samples, models, max_tokens
            )
            clients.through_foureyes(bench, database, file, models)
            measured["foureyes"].append(server.used())
            same = clients.asked(server.model)
        asyncio.run(clients.at_once(server.url, same))
        measured["bare asyncio client"].append(server.used())
        if clients.PEERS.exists():
            clients.inspect_ai(folder, server, same)
            measured["inspect_ai"].append(server.used())
            clients.evalplus_codegen(folder, server, max(3, requests // 200), samples)
            measured["evalplus.codegen"].append(server.used())
    return measured


def fast(
    bench: Bench, server: Endpoint, requests: int, rounds: int
) -> tuple[dict[str, list[Use]], list[calls.Cost]]:
    """The same on a server that leaves a client little time; and what a call costs our worker."""
    measured: dict[str, list[Use]] = defaultdict(list)
    costs = []
    model = (
        f'engine = "openai", model = "{server.model}", base_url = "{server.url}/v1", '
        f"threads = {in_flight(server)}"
    )
    for number in range(rounds):
        database = f"fast{number}"
        folder = bench.folder / database
        with bench.database(database):
            calls.lay_ready(bench, database, model, requests, 768)
            server.used()  # the command asks a server whether it answers
            costs.append(calls.work(bench, database, requests, server.batch))
            measured["foureyes, one worker"].append(server.used())
            same = clients.asked(server.model)
        asyncio.run(clients.at_once(server.url, same))
        measured["bare asyncio client"].append(server.used())
        if clients.PEERS.exists():
            clients.inspect_ai(folder, server, same)
            measured["inspect_ai"].append(server.used())
    return measured, costs


def print_clients(measured: dict[str, list[Use]]) -> None:
    """A table in Markdown: the median of the rounds."""
    ceiling = statistics.median(use.rate for use in measured["bare asyncio client"])
    print("| client | seconds | tokens a second | of the ceiling | batch full until the tail |")
    print("|---|---:|---:|---:|---:|")
    for name, uses in measured.items():
        rate = statistics.median(use.rate for use in uses)
        seconds = statistics.median(use.seconds for use in uses)
        fill = statistics.median(use.fill() for use in uses)
        print(f"| {name} | {seconds:.1f} | {rate:,.0f} | {rate / ceiling:.2f} | {fill:.1%} |")


def two_stages(bench: Bench, problems: int, tokens: int) -> None:
    """Two models with as much to do, in turns: how full is either, from the first call to the last?"""
    print(f"\nreview-then-fix, {problems} problems, two models of {STAGE_BATCH} at once\n")
    with simulated((STAGE_BATCH, tokens), (STAGE_BATCH, 2 * tokens)) as (coder, reviewer):
        models = {"coder": coder, "reviewer": reviewer}
        with bench.database("two"):
            file = clients.sweep_file(bench.folder / "two", problems, "review-then-fix", 1, models)
            clients.through_foureyes(bench, "two", file, models)
        used = {name: server.used() for name, server in models.items()}
    began = min(use.began for use in used.values())
    seconds = max(use.ended for use in used.values()) - began
    moments = [began + seconds * number / _COLUMNS for number in range(_COLUMNS + 1)]
    print(f"{seconds:.0f} s in all")
    for name, use in used.items():
        parts = [use.share(*each) for each in pairwise(moments)]
        chart = "".join(_BARS[round(8 * part)] for part in parts)
        worked = use.share(began, moments[_COLUMNS * 9 // 10])
        print(f"{name:9} {chart}  {worked:.0%} full until the last tenth")


def parse() -> argparse.Namespace:
    """What a person asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.saturation")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--requests", type=int, default=1000, help="to the simulated server")
    parser.add_argument("--batch", type=int, default=256, help="of the simulated server")
    parser.add_argument("--tokens", type=int, default=200, help="of its answers, on average")
    parser.add_argument("--fast-requests", type=int, default=9000, help="to the fast one")
    parser.add_argument("--problems", type=int, default=1500, help="of the two-stage sweep")
    parser.add_argument("--llamacpp-requests", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3, help="the median is shown")
    return parser.parse_args()


def measure(bench: Bench, options: argparse.Namespace) -> None:
    """Every part that is asked for."""
    if "simulated" in options.parts:
        print(
            f"\nA simulated vLLM server: {options.requests} requests, up to {options.batch} at "
            f"once, {options.tokens} tokens an answer\n"
        )
        with simulated((options.batch, options.tokens)) as (server,):
            print_clients(one_stage(bench, server, options.requests, 10, 768, options.rounds))
    if "fast" in options.parts:
        print(
            f"\nA simulated server of 300 calls a second: {options.fast_requests} requests, up to "
            f"{options.batch} at once, {options.tokens} tokens an answer\n"
        )
        with simulated((options.batch, options.tokens), speed=FAST) as (server,):
            measured, costs = fast(bench, server, options.fast_requests, options.rounds)
        print_clients(measured)
        worker, postgres, rabbitmq = (
            statistics.median(each)
            for each in zip(
                *((cost.worker, cost.postgres, cost.rabbitmq) for cost in costs), strict=True
            )
        )
        print(
            f"\nCPU a call: foureyes' worker {worker:.2f} ms, PostgreSQL {postgres:.2f}, "
            f"RabbitMQ {rabbitmq:.2f}"
        )
    if "stages" in options.parts:
        two_stages(bench, options.problems, options.tokens)
    if "engine" in options.parts and VLLM.exists():
        print("\nvLLM's engine and front end on this machine's CPU\n", flush=True)
        subprocess.run([str(VLLM), "-m", "bench.gpu", *TINY], cwd=ROOT, check=True)
    if "llamacpp" in options.parts:
        requests = options.llamacpp_requests
        print(
            f"\nllama.cpp's server, {WEIGHTS}: {requests} requests, {SLOTS} at once, at most "
            f"{SHORT} tokens an answer\n"
        )
        with llamacpp(WEIGHTS, SLOTS) as small:
            print_clients(one_stage(bench, small, requests, 1, SHORT, options.rounds))


def main() -> None:
    """Measure, and print tables."""
    options = parse()
    if "llamacpp" in options.parts:
        try:
            weights.locate(WEIGHTS)
        except FoureyesError as error:
            sys.exit(f"bench: {error}")
    if not clients.PEERS.exists():
        print("inspect_ai and evalplus.codegen are not measured: make peers")
    if "engine" in options.parts and not VLLM.exists():
        print("vLLM's engine is not measured: make test-vllm")
    with opened("saturation") as bench:
        measure(bench, options)


if __name__ == "__main__":
    main()
