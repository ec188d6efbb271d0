"""What is said where a replay asks for something else than is on record: the two, side by side."""

import json
from collections.abc import Iterable
from itertools import takewhile, zip_longest
from operator import eq
from typing import Any

from sqlalchemy import Row

from foureyes.models.enums import Kind
from foureyes.models.lifecycle import Asked
from foureyes.models.tables import Completion
from foureyes.worker.patterns.steps import CompletionStep, Step

#: Characters of a line, or of a setting, that are shown, and how many of them before the difference.
_SHOWN, _BEFORE = 100, 20


def side_by_side(
    recorded: Row[Any] | None, before: dict[str, Any] | None, wanted: Step | None, asked: Asked
) -> str:
    """What was asked for before and what is asked for now, with the first thing in which they differ.

    `recorded` is the step's row (None: there was no such step); `before` the request of its completion,
    or the code and the `given` of its execution; `wanted` None is the judging of the returned code.
    """
    was, now = _row_said(recorded), _step_said(wanted)
    if was == now and before is not None:
        which, one, other = _first_difference(before, _content(asked))
        was, now = f"{was}, {which} {one}", f"{now}, {which} {other}"
    return f"recorded: {was} | wanted: {now}"


def names_side_by_side(recorded: Iterable[Row[Any] | None], wanted: Iterable[Step | None]) -> str:
    """The same of several steps, by their names alone."""
    was, now = ", ".join(map(_row_said, recorded)), ", ".join(map(_step_said, wanted))
    return f"recorded: {was} | wanted: {now}"


def _row_said(recorded: Row[Any] | None) -> str:
    if recorded is None:
        return "nothing"
    return f"{recorded.prompt} by {recorded.role}" if recorded.prompt else str(recorded.kind)


def _step_said(wanted: Step | None) -> str:
    if isinstance(wanted, CompletionStep):
        return f"{wanted.prompt} by {wanted.by}"
    return str(Kind.JUDGE if wanted is None else wanted.kind)


def _content(asked: Asked) -> dict[str, Any]:
    if asked.table is Completion:
        return dict(asked.values["request"])
    return {"code": asked.values["code"], "given": asked.values["given"]}


def _first_difference(before: dict[str, Any], now: dict[str, Any]) -> tuple[str, str, str]:
    """Which part differs, and how it was and is."""
    for name in sorted(before.keys() | now.keys()):
        one, other = before.get(name), now.get(name)
        if one == other:
            continue
        if name == "messages":
            one, other = map(_texts, (one, other))
        if isinstance(one, str) and isinstance(other, str):
            return name, *_first_lines(one, other)
        return name, *_values(one, other)
    return "the problem's version or its judge", "as it was then", "as it is now"


def _values(one: Any, other: Any) -> tuple[str, str]:
    """Two settings as JSON: whole, or from a little before the place where they begin to differ."""
    was, now = (json.dumps(value, sort_keys=True) for value in (one, other))
    if max(len(was), len(now)) <= _SHOWN:
        return was, now
    return _around(was, now), _around(now, was)


def _texts(messages: Any) -> str:
    return "\n".join(str(each["content"]) for each in messages or ())


def _first_lines(one: str, other: str) -> tuple[str, str]:
    pairs = zip_longest(one.splitlines(), other.splitlines())
    # where they differ in how a line ends, or in who said it, no line does
    was, now = next((pair for pair in pairs if pair[0] != pair[1]), (one, other))
    return _line(was, now), _line(now, was)


def _line(line: str | None, other: str | None) -> str:
    return "(no more)" if line is None else repr(_around(line, other or ""))


def _around(said: str, other: str) -> str:
    """A text from a little before the place where it begins to differ from another one."""
    same = sum(1 for _ in takewhile(bool, map(eq, said, other)))
    at = max(0, same - _BEFORE)
    return f"{'...' if at else ''}{said[at : at + _SHOWN]}"
