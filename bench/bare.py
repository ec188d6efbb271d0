"""The ceiling of bench/gpu.py: the same requests, all at once, by vLLM's front end in this process.

`python -m bench.bare MODEL REQUESTS`: a model's settings in JSON, and a file of `[key, request]` a line.
It prints when the first began, and of each when it ended, by the clock on the wall, and its tokens.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

from foureyes.models import llm
from foureyes.models.llm import VLLM
from foureyes.worker.engines import front_end
from foureyes.worker.engines.base import Request


async def _ask(model: VLLM, requests: list[Request]) -> tuple[float, list[tuple[float, int]]]:
    loaded = await front_end.load(model)
    began = time.time()

    async def one(request: Request) -> tuple[float, int]:
        made = await loaded.generate(request)
        return time.time(), len(made.outputs[0].token_ids)

    try:
        return began, await asyncio.gather(*map(one, requests))
    finally:
        await loaded.close()


def main() -> None:
    """Ask everything."""
    model = llm.read(json.loads(sys.argv[1]))
    assert isinstance(model, VLLM)
    lines = Path(sys.argv[2]).read_text().splitlines()
    requests = [Request.from_json(key, request) for key, request in map(json.loads, lines)]
    print("\n" + json.dumps(asyncio.run(_ask(model, requests))), flush=True)


if __name__ == "__main__":
    main()
