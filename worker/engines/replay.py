"""Answers from a recording, and nothing else: the same sweep again without its models."""

import json
from pathlib import Path

from models.errors import FoureyesError, RequestRefused
from models.llm import Replay
from worker.engines.base import Answer, Request


class ReplayEngine:
    """A recording in memory, by completion key."""

    def __init__(self, answers: dict[str, Answer]) -> None:
        self._answers = answers

    def complete(self, request: Request) -> Answer:
        """The recorded answer."""
        answer = self._answers.get(request.key)
        if answer is None:
            raise RequestRefused(
                f"replay: no recorded completion has the key {request.key[:12]}…; the prompt, the "
                "sampling or the model's definition differs from the recording"
            )
        return answer

    def close(self) -> None:
        """Nothing to let go of."""


def load(model: Replay) -> ReplayEngine:
    """Read a recording: JSON lines with `key`, `text` and optionally what else an answer has."""
    if model.recording is None:
        return ReplayEngine({})
    answers = {}
    path = Path(model.recording)
    try:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            try:
                row = json.loads(line)
                answers[row["key"]] = Answer(
                    text=row["text"],
                    finish_reason=row.get("finish_reason") or "stop",
                    prompt_tokens=row.get("prompt_tokens"),
                    cached_tokens=row.get("cached_tokens"),
                    completion_tokens=row.get("completion_tokens"),
                    seconds=0.0,
                    engine=f"replay of {row.get('engine') or 'an engine that is not named'}",
                )
            except (ValueError, KeyError, TypeError):
                raise FoureyesError(
                    f"{path} line {number}: not an object with a key and a text"
                ) from None
    except OSError as error:
        raise FoureyesError(f"{path}: the recording cannot be read ({error.strerror})") from None
    return ReplayEngine(answers)
