"""What every engine takes and gives, and choosing one by a model's definition."""

import importlib
import time
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from foureyes.models.errors import FoureyesError, InfrastructureError
from foureyes.models.llm import AnyModel, ModelSampling
from foureyes.worker.engines.ends import PROMPT_TOO_LONG, REFUSED


@dataclass(frozen=True)
class Message:
    """One turn of a chat."""

    role: str
    content: str


@dataclass(frozen=True)
class Request:
    """One model call. `seed` is None when the answer does not depend on one (greedy decoding).

    `schema` is a JSON schema that the answer is constrained to, where the engine can; `thinking`
    switches the reasoning section of the chat template on or off, where it has one.
    """

    key: str
    messages: tuple[Message, ...]
    sampling: ModelSampling
    seed: int | None = None
    schema: dict[str, Any] | None = None
    thinking: bool | None = None

    @classmethod
    def from_json(cls, key: str, request: dict[str, Any]) -> "Request":
        """The request as a completion's row holds it."""
        return cls(
            key=key,
            messages=tuple(Message(**message) for message in request["messages"]),
            sampling=ModelSampling(**request["sampling"]),
            seed=request["seed"],
            schema=_in_order(request["schema"]),
            thinking=request.get("thinking"),
        )

    def to_json(self) -> dict[str, Any]:
        """What `from_json` reads."""
        return {
            "messages": self.chat(),
            "sampling": self.sampling.model_dump(mode="json"),
            "seed": self.seed,
            "schema": self.schema,
            "thinking": self.thinking,
        }

    def chat(self) -> list[dict[str, str]]:
        """The messages in the shape that chat servers take."""
        return [{"role": each.role, "content": each.content} for each in self.messages]


@dataclass(frozen=True)
class Answer:
    """What a model said, with what it thought first as a `<think>` section, which is kept for people
    to read and never taken for code or a verdict (worker/patterns/reading/thoughts.py). `finish_reason` is one of
    worker/engines/ends.py: after a refusal `text` is what was said instead of an answer.
    `cached_tokens` of the prompt were not read again; `seconds` is wall time; `engine` is the library
    and its version, or what a server says of itself."""

    text: str
    finish_reason: str
    prompt_tokens: int | None
    cached_tokens: int | None
    completion_tokens: int | None
    seconds: float
    engine: str


def _in_order(schema: Any) -> Any:
    """A schema whose objects have their keys in the order of `required`, in which engines write them.

    In a row's JSONB they are sorted by length and letter: what a model should decide at last would
    often be asked of it first.
    """
    if isinstance(schema, list):
        return [_in_order(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    ordered = {key: _in_order(value) for key, value in schema.items()}
    properties, required = ordered.get("properties"), ordered.get("required")
    if isinstance(properties, dict) and isinstance(required, list):
        first = {key: properties[key] for key in required if key in properties}
        ordered["properties"] = first | properties
    return ordered


def with_thoughts(thoughts: Any, said: str) -> str:
    """An answer whose reasoning section a server has told apart, put together as the model wrote it."""
    if not isinstance(thoughts, str) or not thoughts.strip():
        return said
    inside = thoughts.replace("</think>", "").strip()
    return f"<think>\n{inside}\n</think>\n\n{said}"


def unanswered(started: float, engine: str) -> Answer:
    """What comes of a prompt that is too long; `started` is by the monotonic clock."""
    return Answer("", PROMPT_TOO_LONG, None, None, 0, time.monotonic() - started, engine)


def refused(words: str, started: float, engine: str) -> Answer:
    """What comes of a refusal: no answer, but what was said instead, which nobody takes for one."""
    return Answer(words, REFUSED, None, None, 0, time.monotonic() - started, engine)


class EngineDied(InfrastructureError):
    """The engine in this process is gone, and with it whatever was asked of it: none of it is at fault."""


class Engine(Protocol):
    """One loaded model."""

    def complete(self, request: Request) -> Answer:
        """Answer a request; may be called from many threads at once.

        Raises: InfrastructureError if there is no answer; RequestRefused if there never will be;
        EngineDied if this process can answer nothing any more.
        """
        ...

    def close(self) -> None:
        """Let go of the model."""
        ...


@runtime_checkable
class Concurrent(Engine, Protocol):
    """An engine that has calls at work without a thread for each of them."""

    def begin(self, request: Request) -> "Future[Answer]":
        """Answer a request some time later, with the same errors; returns at once."""
        ...


def load(model: AnyModel) -> Engine:
    """Load a model. Its engine's library is imported only here.

    Raises: FoureyesError if the library is missing or the model cannot be loaded.
    """
    try:
        module = importlib.import_module(f"foureyes.worker.engines.{model.engine}")
        engine: Engine = module.load(model)
    except ModuleNotFoundError as error:
        extra = {"llamacpp": "embedded", "vllm": "vllm"}.get(model.engine)
        hint = f"; install foureyes[{extra}]" if extra else ""
        raise FoureyesError(f"engine {model.engine}: {error.name} is not installed{hint}") from None
    return engine
