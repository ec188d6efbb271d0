"""inspect_ai's way of asking a server everything: run by .venv-peers, for bench/saturation.py."""

import json
import sys
from pathlib import Path

from inspect_ai import Task, eval
from inspect_ai.dataset import Sample
from inspect_ai.model import ChatMessageSystem, ChatMessageUser
from inspect_ai.solver import generate

_ROLES = {"system": ChatMessageSystem, "user": ChatMessageUser}


def main() -> None:
    """Ask the requests in a file, so many at a time; the server is named by the environment."""
    file, folder, most, max_tokens = sys.argv[1:]
    samples = [
        Sample([_ROLES[message["role"]](content=message["content"]) for message in request])
        for request in map(json.loads, Path(file).read_text().splitlines())
    ]
    (log,) = eval(
        Task(samples, solver=generate()),
        model="openai-api/measured/measured",
        max_connections=int(most),
        max_samples=int(most),
        max_tokens=int(max_tokens),
        temperature=0.8,
        log_dir=folder,
        display="none",
    )
    if log.status != "success":
        sys.exit(f"inspect_ai: {log.error}")


if __name__ == "__main__":
    main()
