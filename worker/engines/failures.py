"""What a model server says when it does not answer: its words, whatever their shape, and their kind.

Servers agree on no code for a context that is too small, and on few for a refusal. What is not
recognised here is an error everywhere alike, with the server's words, and never an answer.
"""

import html
import json
import re
from collections.abc import Iterator
from enum import Enum
from typing import Any

from foureyes.worker.engines import ends

#: Characters of what a server says: it may be a whole page in HTML.
SHOWN = 300
#: Where an error's words are, in the order of how much they tell.
_WORDS = ("message", "detail", "error", "errors", "error_description", "msg", "reason", "title")
#: Where an error's kind is.
_KINDS = ("code", "type", "status", "reason", "finish_reason", "blockReason", "block_reason")
#: How deep servers put either.
_DEEPEST = 6

#: Kinds of refusals beside the words for a refused answer.
_REFUSALS = {
    "content_moderation",
    "content_policy",
    "content_policy_violation",
    "data_inspection_failed",
    "datainspectionfailed",
    "moderation_blocked",
    "responsibleaipolicyviolation",
}
#: How providers refuse that name no kind: Azure, OpenAI, Anthropic, DeepSeek.
_REFUSES = re.compile(
    r"content management policy|usage polic(?:y|ies)|content filtering policy|our safety system"
    r"|content exists risk",
    re.IGNORECASE,
)


class Context(Enum):
    """Whether a prompt was too long for the model's context, or together with its answer."""

    FITS = "no word of it"
    PROMPT = "the prompt alone does not fit"
    BOTH = "the prompt fits, but not with max_tokens"
    COUNTED = "it was counted only until it was too much"
    UNCLEAR = "either of them"


_ABOUT = re.compile(
    r"context[ _-]?(?:length|size|window|limit)|exceeds? the (?:available )?context"
    r"|max(?:imum)?[ _](?:model|prompt|input)[ _]len|(?:prompt|input) (?:is )?too long"
    r"|input (?:length|token count)|`inputs` (?:tokens|must have)|too many tokens",
    re.IGNORECASE,
)
#: How a prompt's tokens are told: vLLM (three ways), OpenAI and those after it, SGLang, TGI, Anthropic,
#: Gemini, Mistral, LM Studio, llama.cpp.
_PROMPT = re.compile(
    r"\((?:about )?(\d+) (?:in|of|from) (?:the |your )?(?:messages|prompt|text|input)"
    r"|resulted in (\d+) tokens|passed (\d+) input tokens|has (\d+) input tokens"
    r"|contains (?:at least )?(\d+)(?: input)?(?: tokens)?"
    r"|(\d+) tokens from the input|(?:input|prompt) \((?:length )?(\d+)|input length \((\d+)"
    r"|given: (\d+)|too long: (\d+)|context limit: (\d+) \+|token count \((\d+)"
    r"|keep the first (\d+)|\"n_prompt_tokens\":\s*(\d+)|received (\d+)",
    re.IGNORECASE,
)
#: How the room for them is told.
_LIMIT = re.compile(
    r"maximum (?:context|prompt|model) length(?: is| of|:)? ?\(?(\d+)"
    r"|context (?:length|window|size|limit)(?: is| of| =)?(?: only)? \(?(\d+)"
    r"|must be <= (\d+)|less than (\d+) tokens|> (\d+)|tokens allowed \(?(\d+)"
    r"|with (\d+) maximum context|\"n_ctx\":\s*(\d+)|cannot exceed (\d+)",
    re.IGNORECASE,
)
#: A number that only says how much was counted before it was too much.
_AT_LEAST = re.compile(r"contains at least \d+", re.IGNORECASE)
#: Without numbers: llama.cpp, Ollama, LM Studio, Anthropic, Gemini.
_PROMPT_ALONE = re.compile(
    r"exceed_context_size|input (?:length|token count) exceeds|greater than the context length"
    r"|(?:prompt|input) (?:is )?too long|exceeds the available context",
    re.IGNORECASE,
)
#: LM Studio, of an answer that came to the context's end.
_ANSWER_TOO = re.compile(r"reached (?:the )?context|mid-generation", re.IGNORECASE)


def words(body: str) -> str:
    """What a body says, in one line of at most `SHOWN` characters: JSON of any shape, HTML, or text."""
    try:
        found = _said(json.loads(body), 0)
    except (ValueError, RecursionError):
        found = ""
    said = found or (_text(body) if body.lstrip().startswith("<") else body)
    return " ".join(said.split())[:SHOWN]


def _said(part: Any, depth: int) -> str:
    """The words in a part of a JSON body; empty if there are none where servers put them."""
    if isinstance(part, str) or depth > _DEEPEST:
        return part if isinstance(part, str) else ""
    if isinstance(part, list):
        return "; ".join(filter(None, (_said(each, depth + 1) for each in part)))
    if not isinstance(part, dict):
        return ""
    for key in _WORDS:
        if found := _said(part.get(key), depth + 1):
            return found + "".join(f" ({more})" for more in _more(part, depth) if more not in found)
    return _said(part.get("raw"), depth + 1)  # OpenRouter's, of the provider behind it


def _more(part: dict[str, Any], depth: int) -> Iterator[str]:
    """What else a part of a body says: which setting is meant, and the kind of the failure."""
    place = part.get("loc")
    if isinstance(place, list):
        yield ".".join(str(step) for step in place)
    yield from (said for key in ("param", "code") if isinstance(said := part.get(key), str))
    if more := _said(part.get("metadata"), depth + 1):
        yield more


def _text(page: str) -> str:
    """What a page in HTML says."""
    page = re.sub(r"(?is)<(script|style)\b.*?</\1\s*>|<!--.*?-->", " ", page[:20_000])
    return html.unescape(re.sub(r"<[^>]*>", " ", page))


def is_refusal(body: str) -> bool:
    """Whether the model, or a filter before it, declined to answer."""
    try:
        kinds = set(_kinds(json.loads(body), 0))
    except (ValueError, RecursionError):
        kinds = set()
    if any(kind in _REFUSALS or ends.known(kind) == ends.REFUSED for kind in kinds):
        return True
    return _REFUSES.search(words(body)) is not None


def _kinds(part: Any, depth: int) -> Iterator[str]:
    if depth > _DEEPEST:
        return
    if isinstance(part, list):
        for each in part:
            yield from _kinds(each, depth + 1)
    if isinstance(part, dict):
        for key, value in part.items():
            if key in _KINDS and isinstance(value, str):
                yield value.lower()
            yield from _kinds(value, depth + 1)


def context(body: str) -> Context:
    """What a refusal says of the model's context, by its numbers if it has some."""
    said = re.sub(r"(?<=\d),(?=\d{3})", "", body)
    if not _ABOUT.search(said):
        return Context.FITS
    prompt, limit = _number(_PROMPT, said), _number(_LIMIT, said)
    if prompt is not None and limit is not None:
        if prompt >= limit:
            return Context.PROMPT
        return Context.COUNTED if _AT_LEAST.search(said) else Context.BOTH
    if _ANSWER_TOO.search(said):
        return Context.BOTH
    return Context.PROMPT if _PROMPT_ALONE.search(said) else Context.UNCLEAR


def _number(pattern: re.Pattern[str], said: str) -> int | None:
    found = pattern.search(said)
    return next(int(digits) for digits in found.groups() if digits) if found else None


def too_small(who: str, said: str) -> str:
    """What to say of settings whose answers do not fit the context."""
    return (
        f"{who}: prompt and `sampling.max_tokens` together exceed the model's context: lower "
        f"max_tokens, or give the server a larger context. It says: {said}"
    )
