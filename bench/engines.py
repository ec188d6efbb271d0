"""How fast the embedded models are, alone and at the same time: `python -m bench.engines`.

Compares ways to let waiting threads spin (GOMP_SPINCOUNT): two models share the cores, and what is
best for one that is alone can starve the other. Then answers with and without words looked up in the
prompt, when a program is to be written anew and when one is to be changed; last, several calls that
are computed together. Prints medians of answer tokens per second.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from foureyes.models.llm import LlamaCpp, ModelSampling
from foureyes.worker.engines import llamacpp
from foureyes.worker.engines.base import Message, Request

MODELS = ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
SPINS = {"library's default": None, "5000": "5000", "500": "500", "0": "0"}
ROUNDS = 3
TOGETHER = [1, 4, 8]

EXPLAIN = "Number {}: explain in detail how a hash table resizes."
WRITE = "Write a Python function number_{} that merges two sorted lists, with a docstring."
CHANGE = """Call this function merge_{} and change nothing else. Answer with the whole function.

def merge(one, other):
    \"\"\"Merge two sorted lists into one that is sorted, too.\"\"\"
    merged = []
    first = second = 0
    while first < len(one) and second < len(other):
        if one[first] <= other[second]:
            merged.append(one[first])
            first += 1
        else:
            merged.append(other[second])
            second += 1
    merged.extend(one[first:])
    merged.extend(other[second:])
    return merged
"""


def answer(model: str, asked: dict[str, Any]) -> None:
    """The part of a child: load a model, wait for a line, print its answer tokens per second."""
    llamacpp.SPIN, llamacpp.PROMPT_LOOKUP = asked["spin"], asked["lookup"]
    together = asked["together"]
    engine = llamacpp.load(LlamaCpp(engine="llamacpp", name=model, model=model, threads=together))

    def tokens(number: int) -> int:
        message = Message("user", asked["text"].format(number))
        sampling = ModelSampling(max_tokens=asked["tokens"])
        return engine.complete(Request("0" * 64, (message,), sampling)).completion_tokens or 0

    print("ready", flush=True)
    sys.stdin.readline()
    rates = []
    with ThreadPoolExecutor(together) as pool:
        for first in range(0, asked["rounds"] * together, together):
            started = time.monotonic()
            answered = sum(pool.map(tokens, range(first, first + together)))
            rates.append(answered / (time.monotonic() - started))
    print(statistics.median(rates), flush=True)
    engine.close()
    os._exit(0)


def measure(
    models: list[str],
    text: str,
    tokens: int,
    spin: str | None = llamacpp.SPIN,
    *,
    lookup: bool,
    together: int = 1,
) -> dict[str, float]:
    """Answer tokens per second of each model, all of them working at the same time."""
    asked = {
        "text": text,
        "tokens": tokens,
        "spin": spin,
        "lookup": lookup,
        "together": together,
        "rounds": ROUNDS,
    }
    children = []
    for model in models:
        child = subprocess.Popen(
            [sys.executable, "-m", "bench.engines", model, json.dumps(asked)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={name: value for name, value in os.environ.items() if name != "GOMP_SPINCOUNT"},
        )
        children.append(child)
    for child in children:
        assert child.stdout is not None
        child.stdout.readline()
    for child in children:
        assert child.stdin is not None
        child.stdin.write("go\n")
        child.stdin.flush()
    found: dict[str, float] = {}
    for model, child in zip(models, children, strict=True):
        out, _ = child.communicate()
        found[model] = float(out.splitlines()[-1])
    return found


def main() -> None:
    """Measure and print."""
    print(f"answer tokens per second, median of {ROUNDS} rounds, {os.cpu_count()} cores")
    for label, spin in SPINS.items():
        alone = {
            model: measure([model], EXPLAIN, 60, spin, lookup=False)[model] for model in MODELS
        }
        beside = measure(MODELS, EXPLAIN, 60, spin, lookup=False)
        for model in MODELS:
            print(
                f"spin {label:18} {model:20} alone {alone[model]:5.1f}  "
                f"beside the other {beside[model]:5.1f}  ratio {beside[model] / alone[model]:.2f}"
            )
    for label, text in (("a new program", WRITE), ("a changed program", CHANGE)):
        for model in MODELS:
            plain, looked_up = (
                measure([model], text, 250, lookup=lookup)[model] for lookup in (False, True)
            )
            print(
                f"{label:18} {model:20} plain {plain:5.1f}  words looked up {looked_up:5.1f}  "
                f"ratio {looked_up / plain:.2f}"
            )
    for model in MODELS:
        one, *more = (
            measure([model], WRITE, 100, lookup=True, together=together)[model]
            for together in TOGETHER
        )
        print(f"{model:20} one call {one:5.1f}", end="")
        for together, rate in zip(TOGETHER[1:], more, strict=True):
            print(f"  {together} together {rate:5.1f}  ratio {rate / one:.2f}", end="")
        print()


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        answer(sys.argv[1], json.loads(sys.argv[2]))
