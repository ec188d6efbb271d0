"""Reading a reviewer's verdict. What cannot be read is a state of its own, never an approval."""

import json
import re
from dataclasses import dataclass
from threading import Lock
from typing import Any

from cachetools import LRUCache, cached

from foureyes.models.digest import digest
from foureyes.models.storable import storable
from foureyes.worker.patterns.reading.thoughts import without_thinking

_APPROVES = {
    "approve": True,
    "approved": True,
    "revise": False,
    "revised": False,
    "reject": False,
    "rejected": False,
}
#: Words beside a verdict or a choice that change nothing.
_FILLERS = frozenset({"my", "the", "final", "overall", "is", "program"})
#: Characters at an answer's end in which its JSON is looked for: each brace may cost a look at all
#: of them, and an answer may be a megabyte of braces.
_READ = 20_000
#: Characters of reviews that a process remembers.
_REMEMBERED = 4 << 20
#: A value of such JSON, up to what ends it.
_VALUE = re.compile(r"""\s*["'“]([^"'”\n]*)["'”][ \t]*(?:,?\s*\}|,\s*["'“]|,?[ \t]*(?:\n|\Z))""")
_COMMA_TOO_MANY = re.compile(r",(?=\s*[\]}])")


@dataclass(frozen=True)
class Verdict:
    """What a review concluded: `approves` is None when the answer had no readable verdict.

    `issues` are the reasons that it gave, as a fix is told of them; those of an approval may be praise.
    `text` is the answer without what was only thought, for later prompts to quote.
    """

    approves: bool | None
    issues: tuple[str, ...]
    text: str

    @property
    def asks_for_changes(self) -> bool:
        """True only for a verdict that was read and is against the draft."""
        return self.approves is False


# A review is read again each time its attempt goes on.
@cached(LRUCache(_REMEMBERED, lambda verdict: len(verdict.text)), digest, Lock())
def read_verdict(text: str) -> Verdict:
    """The verdict in a review's answer: JSON, else the last line with a verdict, if it has no other
    words. A verdict with reservations, or one of several that are offered, is none."""
    answer = without_thinking(text)
    said, found = _said("verdict", answer)
    # `issues` is what they were called, and what prompts of a user's own may call them
    listed = _reasons(found.get("reasons", found.get("issues"))) if found else ()
    return Verdict(approves=_APPROVES.get(said), issues=listed, text=answer)


def read_choice(text: str) -> str | None:
    """The choice in an answer, A or B: JSON, else the last line with a choice."""
    said, _ = _said("choice", without_thinking(text))
    return said.upper() if said in ("a", "b") else None


def _said(key: str, answer: str) -> tuple[str, dict[str, Any] | None]:
    """The one word that an answer says for a key, and the JSON object that it says it in, if it is one.

    What comes after such an object counts before it, if it says something for the key too.
    """
    after, found = _json_object(answer, key)
    rest = answer[after:]
    slip = _slip(key, rest)
    if slip is not None:
        return slip, None
    stated = _stated(key, rest)
    if found is None or stated:
        return stated, None
    return _only_word(found[key]), found


def _slip(key: str, text: str) -> str | None:
    """What the last JSON in a text that is not quite JSON says for a key: it lacks a quote, a comma or
    its end. Empty if it says nothing for certain; None if the key is nowhere."""
    end = text[-_READ:]
    keys = [*re.finditer(rf"""["'“]{key}["'”]\s*:""", end, re.IGNORECASE)]
    if not keys:
        return None
    value = _VALUE.match(end, keys[-1].end())
    return _only_word(value[1]) if value else ""


def _reasons(found: Any) -> tuple[str, ...]:
    """The reasons of a review. JSON can hold characters that Postgres cannot."""
    listed = found if isinstance(found, list) else [found] if isinstance(found, str) else []
    return tuple(storable(str(reason)) for reason in listed)


def _stated(key: str, answer: str) -> str:
    """The one word that the last line with this key says beside it, or the answer ends with, below
    the key as a heading; empty if it says more."""
    lines = [words for line in answer.splitlines() if (words := _words(line))]
    if lines[-2:-1] == [[key]]:
        lines[-2:] = [[key, *lines[-1]]]
    last = next((words for words in reversed(lines) if key in words), [])
    return last[1] if len(last) == 2 and last[0] == key else ""


def _only_word(value: Any) -> str:
    words = _words(value) if isinstance(value, str) else []
    return words[0] if len(words) == 1 else ""


def _words(line: str) -> list[str]:
    """The words of a line that matter; what it asks, it does not say."""
    words = re.findall(r"[^\W_]+|\?", line.lower())
    return [word for word in words if word not in _FILLERS]


def _json_object(text: str, key: str) -> tuple[int, dict[str, Any] | None]:
    """Where the last JSON object in a text, fenced or not, that has this key ends, and the object; not
    one inside another. 0 and None if there is none."""
    begin = max(0, len(text) - _READ)
    end = text[begin:]
    exact, mended = _last_object(end, key), _last_object(_COMMA_TOO_MANY.sub(" ", end), key)
    start, after, found = mended if mended[0] > exact[0] else exact
    return (begin + after if start >= 0 else 0), found


def _last_object(text: str, key: str) -> tuple[int, int, dict[str, Any] | None]:
    """Where the object begins and ends, and the object; -1, 0 and None if there is none."""
    decoder = json.JSONDecoder(strict=False)  # models leave line ends in strings
    found: tuple[int, int, dict[str, Any] | None] = -1, 0, None
    start = text.find("{")
    while start >= 0:
        after = start + 1
        try:
            value, after = decoder.raw_decode(text, start)
        except (ValueError, RecursionError):
            pass
        else:
            named = {name.strip().lower(): item for name, item in value.items()}
            found = (start, after, named) if key in named else found
        start = text.find("{", after)
    return found
