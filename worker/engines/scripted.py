"""Canned answers with a stated latency, for tests and load. Never the default of anything."""

import time
import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from models.errors import FoureyesError, InfrastructureError, RequestRefused
from models.llm import Scripted
from worker.engines.base import Answer, Request


class Rule(BaseModel):
    """Gives `answer` to a request whose messages contain all of `contains`, or `fails` instead."""

    model_config = ConfigDict(extra="forbid")

    contains: list[str] = []
    answer: str = ""
    fails: str | None = None


class Script(BaseModel):
    """The rules; the first that fits a request answers it."""

    model_config = ConfigDict(extra="forbid")

    rules: list[Rule]


class ScriptedEngine:
    """A script being played."""

    def __init__(self, script: Script, latency: float) -> None:
        self._script = script
        self._latency = latency

    def complete(self, request: Request) -> Answer:
        """The first fitting rule's answer, after a latency that depends on the key alone.

        The latency is spread evenly over 0.5 to 1.5 times its mean.
        """
        jitter = 0.5 + int(request.key[:8], 16) / 0xFFFFFFFF
        seconds = self._latency * jitter
        time.sleep(seconds)
        text = "\n".join(message.content for message in request.messages)
        for rule in self._script.rules:
            if all(part in text for part in rule.contains):
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

    def close(self) -> None:
        """Nothing to let go of."""


def load(model: Scripted) -> ScriptedEngine:
    """Read a script: TOML with [[rules]]."""
    path = Path(model.script)
    try:
        script = Script.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise FoureyesError(f"{path}: the script cannot be read ({error.strerror})") from None
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise FoureyesError(f"{path}: not a script: {str(error).splitlines()[0]}") from None
    return ScriptedEngine(script, model.latency)
