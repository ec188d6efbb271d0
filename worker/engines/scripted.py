"""Canned answers with a stated latency, for tests and load. Never the default of anything."""

import time
from pathlib import Path

from foureyes.models import script
from foureyes.models.errors import InfrastructureError, RequestRefused
from foureyes.models.llm import SEEDS_APART, Scripted
from foureyes.models.script import Rule, Script
from foureyes.worker.engines.base import Answer, Request


class ScriptedEngine:
    """A script being played."""

    def __init__(self, played: Script, latency: float, first_seed: int = 0) -> None:
        self._script = played
        self._latency = latency
        self._first_seed = first_seed

    def complete(self, request: Request) -> Answer:
        """The first fitting rule's answer, after a latency that depends on the key alone.

        The latency is spread evenly over 0.5 to 1.5 times its mean.
        """
        jitter = 0.5 + int(request.key[:8], 16) / 0xFFFFFFFF
        seconds = self._latency * jitter
        time.sleep(seconds)
        text = "\n".join(message.content for message in request.messages)
        for rule in self._script.rules:
            if self._fits(rule, request.seed) and all(part in text for part in rule.contains):
                if rule.fails is not None:
                    raise InfrastructureError(rule.fails)
                return Answer(
                    text=rule.answer,
                    finish_reason="stop",
                    prompt_tokens=len(text) // 4,
                    cached_tokens=0,
                    completion_tokens=len(rule.answer) // 4,
                    seconds=seconds,
                    engine="scripted",
                )
        raise RequestRefused("scripted: no rule of the script fits the request")

    def _fits(self, rule: Rule, seed: int | None) -> bool:
        turn = 0 if seed is None else (seed - self._first_seed) // SEEDS_APART
        return rule.turn in (None, turn) and (rule.seed is None or rule.seed == seed)

    def close(self) -> None:
        """Nothing to let go of."""


def load(model: Scripted) -> ScriptedEngine:
    """Read its script."""
    return ScriptedEngine(script.read(Path(model.script)), model.latency, model.sampling.seed)
