"""Asking a server one question, and finding out which settings it refuses.

Servers that refuse one name one setting at a time, each in its own words. So the whole is asked first,
as a sweep would; if that is refused, the barest question, and then each setting alone beside it.
"""

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any

from foureyes.models.errors import InfrastructureError, RequestRefused
from foureyes.models.llm import OpenAI, Send
from foureyes.worker.engines import openai
from foureyes.worker.engines.base import Answer, Message, Request

#: Seconds that a probe may take. A server that needs longer may be loading its model.
_PATIENCE = 30.0
_QUESTION = (
    Message("system", "You answer briefly."),
    Message("user", 'What is 2 + 3? Answer in JSON: {"reasons": ["5"], "verdict": "approve"}'),
)
_LENGTH = "max_tokens"
_FORMAT = "structured_output"


@dataclass(frozen=True)
class Setting:
    """One that is refused: the server's words, and what to write in the sweep file instead."""

    name: str
    said: str
    instead: str


@dataclass
class Probed:
    """What came of it: an answer, settings that are refused, or words that are about none of them.

    `for_ever`: these words will not change by themselves (a key, a model's name), as those of a server
    that is away may.
    """

    answer: Answer | None = None
    refused: list[Setting] = field(default_factory=list)
    said: str = ""
    for_ever: bool = False

    @property
    def advice(self) -> str:
        """What to write in the model's table, in one line."""
        sent = [each.instead for each in self.refused if each.name in Send.model_fields]
        others = [each.instead for each in self.refused if each.name not in Send.model_fields]
        return "; ".join([f"send = {{ {', '.join(sent)} }}", *others] if sent else others)


def probe(model: OpenAI, asked: dict[str, Any]) -> Probed:
    """Ask a model's server as a call does whose `request` (of a completion's row) is given.

    Raises: FoureyesError if it cannot even be asked: a key's variable is not set.
    """
    model = model.model_copy(
        update={"timeout": min(model.timeout, _PATIENCE), "requests_per_minute": None}
    )
    whole = replace(Request.from_json("", asked), messages=_QUESTION)
    names = list(_sent(model, whole))
    try:
        return Probed(answer=_ask(model, whole))
    except RequestRefused as error:
        said = str(error)
    except InfrastructureError as error:
        return Probed(said=str(error))
    try:
        return _look_closer(model, whole, names, said)
    except InfrastructureError as error:  # it went away meanwhile
        return Probed(said=str(error), for_ever=isinstance(error, RequestRefused))


def _look_closer(model: OpenAI, whole: Request, names: list[str], said: str) -> Probed:
    found = Probed(said=said, for_ever=True)
    bare = model
    words = _refuses(*_only(bare, whole, []))
    if words is not None:
        bare = _with(model, max_tokens=_other_length(model))
        if _refuses(*_only(bare, whole, [])) is not None:
            return found  # whatever is sent: it is about something else
        found.refused.append(Setting(_LENGTH, words, f'max_tokens = "{bare.send.max_tokens}"'))
    alone = {name: _refuses(*_only(bare, whole, [name])) for name in names}
    if not any(alone.values()) and not found.refused:  # only together
        without = {name: [each for each in names if each != name] for name in names}
        mended = [n for n, rest in without.items() if _refuses(*_only(bare, whole, rest)) is None]
        alone = dict.fromkeys(mended, said)
    for name, words in alone.items():
        if words is not None:
            found.refused.append(Setting(name, words, _instead(name, bare, whole)))
    return found


def _sent(model: OpenAI, request: Request) -> Iterator[str]:
    """The settings that are sent beside the barest question, and can be left out."""
    send = model.send
    yield from (name for name in ("temperature", "top_p", "system") if getattr(send, name))
    if send.seed and request.seed is not None:
        yield "seed"
    if request.sampling.stop:
        yield "sampling.stop"
    if request.schema is not None and send.structured_output != "none":
        yield _FORMAT
    if request.thinking is not None:
        yield "thinking"
    yield from (f"extra_body.{key}" for key in model.extra_body)


def _only(model: OpenAI, request: Request, names: list[str]) -> tuple[OpenAI, Request]:
    """The question with these settings and no others."""
    flags = {name: name in names for name in ("temperature", "top_p", "seed", "system")}
    chosen = model.send.structured_output if _FORMAT in names else "none"
    kept = {key: value for key, value in model.extra_body.items() if f"extra_body.{key}" in names}
    sampling = request.sampling
    if "sampling.stop" not in names:
        sampling = sampling.model_copy(update={"stop": ()})
    return (
        _with(model.model_copy(update={"extra_body": kept}), **flags, structured_output=chosen),
        replace(
            request,
            sampling=sampling,
            thinking=request.thinking if "thinking" in names else None,
        ),
    )


def _with(model: OpenAI, **send: Any) -> OpenAI:
    return model.model_copy(update={"send": model.send.model_copy(update=send)})


def _other_length(model: OpenAI) -> str:
    return "max_tokens" if model.send.max_tokens != "max_tokens" else "max_completion_tokens"


def _instead(name: str, bare: OpenAI, whole: Request) -> str:
    """What to write so that a setting is not sent, or as the server takes it."""
    if name == _FORMAT:
        loose = _with(bare, structured_output="json_object")
        takes = bare.send.structured_output == "json_schema" and (
            _refuses(*_only(loose, whole, [name])) is None
        )
        return f'{name} = "{"json_object" if takes else "none"}"'
    return f"{name} = false" if name in Send.model_fields else f"leave out `{name}`"


def _refuses(model: OpenAI, request: Request) -> str | None:
    """The server's words if it refuses to answer this; None if it answers."""
    try:
        _ask(model, request)
    except RequestRefused as error:
        return str(error)
    return None


def _ask(model: OpenAI, request: Request) -> Answer:
    with closing(openai.load(model, tries=1)) as engine:
        return engine.complete(request)
