"""What judging costs, ours beside EvalPlus's, in one run: `python -m bench.judge`.

`--before FOLDER`, a checkout of an older commit (`git worktree add FOLDER COMMIT`): what a trivial program
costs here and there, by turns, and nothing else.

Same programs, same machine, two at a time, one judge after the other in every round. Prints medians
of the rounds and their ratios. `--quick`: every twentieth problem. Memory is the sum of all
processes' proportional set sizes, at its highest. Needs `make evalplus` and the official data.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.judge_slots import SLOTS, programs
from foureyes.evaluation import evalplus
from foureyes.evaluation.evalplus import Kind
from foureyes.evaluation.memory import PeakMemory
from tests.parity.programs import FILES, tasks

ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Cost:
    """Wall-clock and CPU seconds, bytes of memory, and how many programs it was for.

    `written`: seconds till the results stood; EvalPlus then sleeps for up to 20 s before it ends.
    """

    seconds: float
    written: float
    cpu_seconds: float
    bytes: int
    programs: int
    solved: int


def ours(what: str, number: int, home: Path) -> tuple[Cost, dict[str, float]]:
    """One measurement of bench.judge_slots."""
    environment = {**os.environ, "FOUREYES_HOME": str(home)}
    line = [sys.executable, "-m", "bench.judge_slots", what, str(number)]
    with (
        subprocess.Popen(line, stdout=subprocess.PIPE, env=environment) as child,
        PeakMemory(child.pid) as memory,
    ):
        said, _ = child.communicate()
    if child.returncode:
        sys.exit("bench: our judge failed, see above")
    found: dict[str, float] = json.loads(said)
    seconds, programs = found["seconds"], int(found["programs"])
    solved = int(found.get("solved", 0))
    cost = Cost(seconds, seconds, found["cpu_seconds"], memory.bytes, programs, solved)
    return cost, found


def theirs(what: str, every: int, cache: Path) -> tuple[Cost, float]:
    """The same programs by EvalPlus, its ground truth in the cache; and the seconds that took."""
    costs, ground_truth = [], 0.0
    for kind in FILES:
        some = [task for task in tasks(kind, every) if programs(what, task)]
        samples = [
            (program.task_id, program.code) for task in some for program in programs(what, task)
        ]
        found = evalplus.evaluate(
            kind, [task.record for task in some], samples, SLOTS, cache, linger=True
        )
        ground_truth += found.ground_truth_seconds or 0.0
        solved = sum(verdict == ("pass", "pass") for verdict in found.verdicts)
        assert found.end_seconds is not None
        costs.append(
            Cost(
                found.end_seconds,
                found.seconds,
                found.cpu_seconds,
                found.peak_bytes,
                len(samples),
                solved,
            )
        )
    return (
        Cost(
            sum(cost.seconds for cost in costs),
            sum(cost.written for cost in costs),
            sum(cost.cpu_seconds for cost in costs),
            max(cost.bytes for cost in costs),
            sum(cost.programs for cost in costs),
            sum(cost.solved for cost in costs),
        ),
        ground_truth,
    )


def median(costs: list[Cost], of: Callable[[Cost], float]) -> float:
    """The median of one figure over the rounds."""
    return statistics.median(map(of, costs))


def compared(title: str, here: list[Cost], there: list[Cost]) -> None:
    """Print both sides' medians and the ratios."""
    print(f"\n{title}: {here[0].programs} programs, two at a time, {len(here)} rounds")
    for name, costs in (("here", here), ("EvalPlus", there)):
        print(
            f"  {name:9} {median(costs, lambda one: one.seconds):8.1f} s wall"
            f" {median(costs, lambda one: one.cpu_seconds):8.1f} s CPU"
            f" {median(costs, lambda one: one.bytes) / 2**30:6.2f} GiB at most"
            f" {median(costs, lambda one: one.solved):6.0f} solved"
        )
    wall = median(here, lambda one: one.seconds) / median(there, lambda one: one.seconds)
    cpu = median(here, lambda one: one.cpu_seconds) / median(there, lambda one: one.cpu_seconds)
    print(f"  ratio     {wall:8.2f}        {cpu:8.2f}          throughput x {1 / wall:.1f}")
    written = median(there, lambda one: one.written)
    ratio = median(here, lambda one: one.seconds) / written
    print(f"  EvalPlus's results stood after {written:.1f} s: ratio {ratio:.2f}", flush=True)


def before_and_here(folder: Path, count: int, rounds: int, home: Path) -> None:
    """What a trivial program costs, in this checkout and in an older one, by turns."""
    measured: dict[Path, list[dict[str, float]]] = {folder: [], ROOT: []}
    for _ in range(rounds):
        for place, found in measured.items():
            environment = {**os.environ, "FOUREYES_HOME": str(home), "PYTHONPATH": str(place)}
            line = [
                sys.executable,
                "-P",
                str(ROOT / "bench" / "judge_slots.py"),
                "sets",
                str(count),
            ]
            said = subprocess.run(
                line, stdout=subprocess.PIPE, env=environment, cwd=place, check=True
            )
            found.append(json.loads(said.stdout))
    print(f"a trivial program, {count} times in a row in one slot, {rounds} rounds by turns:")
    print(f"  {'':22}{'before':>10}{'here':>10}{'ratio':>8}")
    for tests, named in (("base", "base tests alone"), ("both", "base and plus tests")):
        for figure, unit, factor in (
            ("cpu_seconds", "ms CPU", 1e3), ("seconds", "ms wall", 1e3), ("pages", "pages", 1),
        ):  # fmt: skip
            then, now = (
                factor * statistics.median(each[f"{tests}_{figure}"] for each in found)
                for found in measured.values()
            )
            print(f"  {named:19}{unit:>8}{then:10.2f}{now:10.2f}{now / then:8.2f}", flush=True)


def size(folder: Path) -> float:
    """Megabytes of all files in a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e6


def canonical(every: int, rounds: int, folder: Path) -> None:
    """The canonical solutions, with and without the ground truth at hand."""
    home, cache = folder / "ours", folder / "theirs"
    cold, _ = ours("canonical", every, home)
    first, ground_truth = theirs("canonical", every, cache)
    here = [ours("canonical", every, home)[0] for _ in range(rounds)]
    there = [first, *(theirs("canonical", every, cache)[0] for _ in range(rounds - 1))]
    compared("canonical solutions, ground truth at hand", here, there)
    whole = ground_truth + first.seconds
    print(
        f"without it: here {cold.seconds:.1f} s, EvalPlus {whole:.1f} s ({ground_truth:.1f} s of it"
        f" ground truth), ratio {cold.seconds / whole:.2f}; {cold.bytes / 2**30:.2f} GiB at most here"
    )
    print(f"ground truth on disk: {size(home):.1f} MB, EvalPlus {size(cache):.1f} MB", flush=True)


def warm(what: str, title: str, every: int, rounds: int, folder: Path) -> None:
    """Programs of one sort, with the ground truth at hand."""
    home, cache = folder / "ours", folder / "theirs"
    ours(what, every, home)
    theirs(what, every, cache)
    here, there = [], []
    for _ in range(rounds):
        here.append(ours(what, every, home)[0])
        there.append(theirs(what, every, cache)[0])
    compared(title, here, there)


def real(every: int, rounds: int, folder: Path) -> None:
    """What two models wrote for 80 problems, each several times."""
    warm("real", "programs written by models", every, rounds, folder)


def mixed(every: int, rounds: int, folder: Path) -> None:
    """Right and wrong programs of all classes."""
    warm("mixed", "right and wrong programs of all classes", every, rounds, folder)


def trivial(count: int, rounds: int, folder: Path) -> None:
    """A program that does nothing: what a judge itself costs."""
    record: dict[str, Any] = {
        "task_id": "HumanEval/0", "prompt": "", "canonical_solution": "def f(x):\n    return x\n",
        "entry_point": "f", "base_input": [[1]], "plus_input": [[1]],
    }  # fmt: skip
    kind: Kind = "humaneval"

    def cpu(samples: int) -> float:
        pairs = [("HumanEval/0", "def f(x): return x")] * samples
        return evalplus.evaluate(kind, [record], pairs, SLOTS, folder / "theirs").cpu_seconds

    few, many = 20, 420
    each = statistics.median((cpu(many) - cpu(few)) / (2 * (many - few)) for _ in range(rounds))
    rates = [ours("together", 2000, folder / "ours")[1] for _ in range(rounds)]
    rate = statistics.median(one["programs"] / one["seconds"] for one in rates)
    cost, found = ours("trivial", count, folder / "ours")
    print(f"\na trivial program, {int(found['programs'])} times in a row in one slot:")
    print(
        f"  {1000 * found['cpu_seconds'] / found['programs']:.2f} ms CPU each"
        f" (EvalPlus {1000 * each:.2f}); {found['programs'] / found['seconds']:.0f} a second,"
        f" {rate:.0f} in two slots"
    )
    print(
        f"  {1000 * found['first_part']:.2f} ms each in the first tenth,"
        f" {1000 * found['last_part']:.2f} in the last; memory grew by"
        f" {found['grown_bytes'] / 2**20:.1f} MiB; {cost.bytes / 2**30:.2f} GiB at most",
        flush=True,
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.judge")
    parser.add_argument("--quick", action="store_true", help="every twentieth problem")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--before", type=Path, help="a checkout of an older commit")
    parser.add_argument("--only", choices=["trivial", "real", "mixed", "canonical"])
    options = parser.parse_args()
    load = os.getloadavg()[0]
    print(f"{os.cpu_count()} cores, load {load:.1f} before, {options.rounds} rounds", flush=True)
    with tempfile.TemporaryDirectory(prefix="foureyes-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        if options.before:
            count = 100 if options.quick else 1000
            before_and_here(options.before.resolve(), count, options.rounds, folder)
            return
        parts = {
            "trivial": (trivial, 1000 if options.quick else 10_000),
            "real": (real, 4 if options.quick else 1),
            "mixed": (mixed, 40 if options.quick else 10),
            "canonical": (canonical, 20 if options.quick else 1),
        }
        for part, (measure, number) in parts.items():
            if options.only in (None, part):
                measure(number, options.rounds, folder / part)


if __name__ == "__main__":
    main()
