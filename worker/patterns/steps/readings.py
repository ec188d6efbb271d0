"""What is read from the answer to a prompt of one's own. What cannot be read is None, and never a guess."""

import json
import math
import re
from dataclasses import dataclass
from typing import Any

from foureyes.models.problem import Spec
from foureyes.models.storable import is_too_deep, storable_json
from foureyes.worker.patterns.reading import json_schema
from foureyes.worker.patterns.reading.thoughts import without_thinking
from foureyes.worker.patterns.steps.base import Program, Result, Schema, program
from foureyes.worker.patterns.style import Style

#: Characters at an answer's end in which JSON is looked for: each bracket may cost a look at them all.
_READ = 20_000
_NUMBER = re.compile(r"(?<![\w.,])[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?(?![\w.,]*\d)(?!\w)")
#: `7/10` and `7 out of 10` say 7.
_OF_SO_MANY = re.compile(r"(?<!\s)\s*(?:/|\bout\s+of\b)\s*\d+(?:\.\d+)?", re.IGNORECASE)
_NEGATES = re.compile(r"\b(?:not|never|cannot|neither)\b|n['’]t\b", re.IGNORECASE)
_BEGINS_JSON = re.compile(r"[\[{\"\d\-tfn]")
_READ_SO, _UNREAD = "can be read", "cannot be read"
#: Characters of a value in what a way to turn out is called.
_SHOWN = 60
#: Whole numbers between two bounds, up to which all are tried.
_MOST_BETWEEN = 20


@dataclass(frozen=True)
class Reply:
    """An answer: `text` without what was only thought, and the `value` read in it; None if none could be."""

    text: str
    value: Any


class Reading:
    """How an answer is read: TEXT, Json, Number, OneOf or Code."""

    #: What the engine binds the answer to, where it can.
    schema: Schema = None

    @property
    def outcomes(self) -> tuple[str, ...]:
        """As Step.outcomes."""
        return (_READ_SO, _UNREAD)

    @property
    def rarer(self) -> tuple[str, ...]:
        """As Step.rarer."""
        return ()

    def read(self, text: str) -> Result:
        """The result in an answer."""
        answer = without_thinking(text).strip()
        return Reply(answer, self.value(answer))

    def read_in(self, style: Style, text: str) -> Result:
        """As CompletionStep.read_in."""
        return self.read(text)

    def value(self, answer: str) -> Any:
        """The value in what was said; None if there is none to be read for certain."""
        raise NotImplementedError

    def example(self, outcome: int, text: str) -> Any:
        """A value that has turned out so; `text` stands in it where any would do."""
        raise NotImplementedError

    def rehearsed(self, outcome: int, text: str) -> Result:
        """As Step.rehearsed."""
        ways = self.outcomes + self.rarer
        return Reply(text, None if ways[outcome] == _UNREAD else self.example(outcome, text))

    def stand_in(self, text: str) -> Result:
        """As Step.stand_in."""
        last = sum(outcome != _UNREAD for outcome in self.outcomes) - 1
        return Reply(text, self.example(last, text))

    def columns(self, result: Any) -> dict[str, Any]:
        """As Step.columns."""
        return {"verdict": "none"} if result.value is None else {}


@dataclass(frozen=True)
class Text(Reading):
    """The answer as it is. Gives a Reply whose value is its text."""

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Any text is one."""
        return ("",)

    @property
    def rarer(self) -> tuple[str, ...]:
        """An empty one, too."""
        return ("says nothing",)

    def rehearsed(self, outcome: int, text: str) -> Reply:
        said = "" if outcome else text
        return Reply(said, said)

    def value(self, answer: str) -> str:
        return answer

    def example(self, outcome: int, text: str) -> str:
        return text


TEXT = Text()


def _says(value: Any) -> str:
    """How a way to turn out is called, by what is read."""
    said = json.dumps(value)
    return f"says {said if len(said) <= _SHOWN else f'{said[:_SHOWN]}...'}"


@dataclass(frozen=True)
class Json(Reading):
    """The last JSON in the answer that fits a schema. Gives a Reply.

    Engines that can are bound to the schema, unless the style asks for reviews in plain words; the
    prompt has to ask for JSON in any case.
    """

    schema: Schema

    def __post_init__(self) -> None:
        json_schema.check(self.schema)

    def read(self, text: str) -> Reply:
        """A Reply whose value Postgres can hold: it may be shown in a prompt, or noted down."""
        answer = without_thinking(text).strip()
        return Reply(answer, storable_json(self.value(answer)))

    def value(self, answer: str) -> Any:
        assert self.schema is not None
        decoder = json.JSONDecoder()
        text, found, at = answer[-_READ:], None, 0
        while (begins := _BEGINS_JSON.search(text, at)) is not None:
            at = begins.start() + 1
            try:
                value, end = decoder.raw_decode(text, begins.start())
            except ValueError:
                continue
            except RecursionError:
                return None
            if is_too_deep(value):  # each of its brackets would come to the same
                return None
            if json_schema.fits(self.schema, value):
                found, at = value, end
            elif begins[0] not in "[{":
                at = end
        return found

    @property
    def outcomes(self) -> tuple[str, ...]:
        """The least that fits the schema and the most, where they differ: a pattern may do something else."""
        least, most, *_ = self._examples("...")
        if least == most:
            return (_READ_SO, _UNREAD)
        return (_says(least), _says(most), _UNREAD)

    @property
    def rarer(self) -> tuple[str, ...]:
        """The least, but for one part of it."""
        return tuple(map(_says, self._examples("...")[2:]))

    def example(self, outcome: int, text: str) -> Any:
        drawn = len(self.outcomes)
        return self._examples(text)[outcome if outcome < drawn else outcome - drawn + 2]

    def _examples(self, text: str) -> list[Any]:
        """The least, the most, and the others."""
        assert self.schema is not None
        return json_schema.examples(self.schema, text)

    def columns(self, result: Any) -> dict[str, Any]:
        return {"verdict": "none"} if result.value is None else {}


@dataclass(frozen=True)
class Number(Reading):
    """The one number in the last line that has any, if it is from `least` to `most`. Gives a Reply.

    `7/10` and `7 out of 10` say 7. What is written without a point is an int.
    """

    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        for bound in (self.least, self.most):
            if bound is not None and (
                isinstance(bound, bool) or not isinstance(bound, int | float)
            ):
                raise ValueError(f"Number: a bound is a number, not {bound!r:.60}")
        if self.least is not None and self.most is not None and not self.least <= self.most:
            raise ValueError(f"Number: nothing is from {self.least} to {self.most}")

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Both ends, where there are two: a pattern may compare it with something between them."""
        if self.least is None or self.most is None or self.least == self.most:
            return (_READ_SO, _UNREAD)
        return (f"says {self.most}", f"says {self.least}", _UNREAD)

    @property
    def rarer(self) -> tuple[str, ...]:
        """What lies between them: whole numbers, of not too many."""
        return tuple(f"says {number}" for number in self._between)

    @property
    def _between(self) -> list[float]:
        if self.least is None or self.most is None or self.least == self.most:
            return []
        whole = range(math.floor(self.least) + 1, math.ceil(self.most))
        return list(whole) if len(whole) <= _MOST_BETWEEN else [(self.least + self.most) / 2]

    def value(self, answer: str) -> float | None:
        for line in reversed(answer.splitlines()):
            said = _NUMBER.findall(_OF_SO_MANY.sub("", line))
            if said:
                return self._within(said[0]) if len(said) == 1 else None
        return None

    def _within(self, written: str) -> float | None:
        number = float(written) if re.search(r"[.eE]", written) else _whole(written)
        if number is None or math.isinf(number) or (self.least is not None and number < self.least):
            return None
        return None if self.most is not None and number > self.most else number

    def example(self, outcome: int, text: str) -> float:
        if outcome >= len(self.outcomes):
            return self._between[outcome - len(self.outcomes)]
        known = [bound for bound in (self.most, self.least) if bound is not None] or [0]
        return known[min(outcome, len(known) - 1)]

    def columns(self, result: Any) -> dict[str, Any]:
        return {"verdict": "none" if result.value is None else str(result.value)}


def _whole(written: str) -> int | None:
    return int(written) if len(written) < 100 else None


@dataclass(frozen=True, init=False)
class OneOf(Reading):
    """Which of these words the answer says: in the last line that has any, alone and not denied.

    Gives a Reply whose value is the word as it is given here.
    """

    words: tuple[str, ...]

    def __init__(self, *words: str) -> None:
        for word in words:
            if not isinstance(word, str) or not word or word != word.strip() or "\n" in word:
                raise ValueError(
                    f"OneOf: a word is a text of one line, without space around it, not {word!r:.60}"
                )
        if len({word.casefold() for word in words}) < max(2, len(words)):
            raise ValueError(f"OneOf: takes two words or more, all different, not {words!r:.80}")
        object.__setattr__(self, "words", words)

    @property
    def outcomes(self) -> tuple[str, ...]:
        """A way for each word."""
        return (*(f"says {word}" for word in self.words), _UNREAD)

    def value(self, answer: str) -> str | None:
        longest = sorted(self.words, key=len, reverse=True)
        any_of = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest))})(?!\w)", re.IGNORECASE)
        for line in reversed(answer.splitlines()):
            said = {found.casefold() for found in any_of.findall(line)}
            if said:
                known = [word for word in self.words if word.casefold() in said]
                denied = _NEGATES.search(any_of.sub("", line))
                return known[0] if len(known) == 1 and not denied else None
        return None

    def example(self, outcome: int, text: str) -> str:
        return self.words[outcome]

    def columns(self, result: Any) -> dict[str, Any]:
        return {"verdict": result.value or "none"}


@dataclass(frozen=True)
class Code(Reading):
    """The program in the answer. Gives a Program, which may have no code, for this specification."""

    spec: Spec

    def __post_init__(self) -> None:
        if not isinstance(self.spec, Spec):
            raise ValueError(f"Code: takes a Spec, not {self.spec!r:.60}")

    @property
    def outcomes(self) -> tuple[str, ...]:
        """As a draft: it is judged like any."""
        return ("",)

    @property
    def rarer(self) -> tuple[str, ...]:
        """As a draft."""
        return ("has no program",)

    def read(self, text: str) -> Program:
        return program(self.spec, text)

    def read_in(self, style: Style, text: str) -> Program:
        return program(self.spec, text, style)

    def rehearsed(self, outcome: int, text: str) -> Program:
        code = "" if outcome else text
        return Program(self.spec, code, code)

    def stand_in(self, text: str) -> Program:
        return Program(self.spec, text, text)

    def columns(self, result: Any) -> dict[str, Any]:
        return {"code": result.code}
