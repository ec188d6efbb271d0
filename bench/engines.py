"""How fast the embedded models are, alone and at the same time: `python -m bench.engines`.

Compares ways to let waiting threads spin (GOMP_SPINCOUNT): two models share the cores, and what is
best for one that is alone can starve the other. Prints medians of answer tokens per second.
"""

import json
import os
import statistics
import subprocess
import sys
from typing import Any

MODELS = ["qwen2.5-coder-0.5b", "qwen2.5-coder-1.5b"]
SPINS = {"library's default": None, "5000": "5000", "500": "500", "0": "0"}
CALLS = 3

CHILD = """
import json, os, sys
from models.llm import LlamaCpp, Sampling
from worker.engines import Message, Request, llamacpp
llamacpp.SPIN = None if sys.argv[2] == "None" else sys.argv[2]
engine = llamacpp.load(LlamaCpp(engine="llamacpp", model=sys.argv[1]))
print("ready", flush=True)
sys.stdin.readline()
rates = []
for number in range(int(sys.argv[3])):
    text = f"Number {number}: explain in detail how a hash table resizes."
    request = Request("0" * 64, (Message("user", text),), Sampling(max_tokens=60))
    answer = engine.complete(request)
    rates.append(answer.completion_tokens / answer.seconds)
print(json.dumps(rates), flush=True)
engine.close()
os._exit(0)
"""


def measure(models: list[str], spin: str | None) -> dict[str, float]:
    """Answer tokens per second of each model, all of them working at the same time."""
    children = []
    for model in models:
        child = subprocess.Popen(
            [sys.executable, "-c", CHILD, model, str(spin), str(CALLS)],
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
        rates: list[Any] = json.loads(out.splitlines()[-1])
        found[model] = statistics.median(rates)
    return found


def main() -> None:
    """Measure and print."""
    print(f"answer tokens per second, median of {CALLS} calls, {os.cpu_count()} cores")
    for label, spin in SPINS.items():
        alone = {model: measure([model], spin)[model] for model in MODELS}
        together = measure(MODELS, spin)
        for model in MODELS:
            print(
                f"spin {label:18} {model:20} alone {alone[model]:5.1f}  "
                f"beside the other {together[model]:5.1f}  ratio {together[model] / alone[model]:.2f}"
            )


if __name__ == "__main__":
    main()
