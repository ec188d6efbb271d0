"""Answers from a recording, and nothing else: the same sweep again without its models."""

from pathlib import Path

from foureyes.models import recording
from foureyes.models.errors import RequestRefused
from foureyes.models.llm import Replay
from foureyes.worker.engines.base import Answer, Request


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
    """Read a recording's answers."""
    if model.recording is None:
        return ReplayEngine({})
    answers = {
        row["key"]: Answer(
            text=row["text"],
            finish_reason=row.get("finish_reason") or "stop",
            prompt_tokens=row.get("prompt_tokens"),
            cached_tokens=row.get("cached_tokens"),
            completion_tokens=row.get("completion_tokens"),
            seconds=0.0,
            engine=f"replay of {row.get('engine') or 'an engine that is not named'}",
        )
        for row in recording.read(Path(model.recording))
        if "text" in row
    }
    return ReplayEngine(answers)
