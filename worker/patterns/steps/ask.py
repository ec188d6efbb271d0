"""A prompt of the author's own."""

import re
from dataclasses import dataclass, is_dataclass
from typing import Any, ClassVar

from foureyes.models.enums import Kind
from foureyes.worker.patterns.steps.base import (
    AS_THE_MODEL,
    CompletionStep,
    Result,
    Sampling,
    Schema,
)
from foureyes.worker.patterns.steps.readings import TEXT, Reading
from foureyes.worker.patterns.style import Style

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,59}")
_PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True, init=False)
class Ask(CompletionStep):
    """Ask what a Markdown file beside the pattern's module says, filled with these values.

    `template` is the file's name without `.md`; `read` says what is read from the answer, and with it
    what this gives: a Reply, or a Program. The template sees the values and the style, and may include
    the prompts that ship: `{% include "_specification.md" %}` shows the value `spec`.
    """

    kind: ClassVar[Kind] = Kind.ASK

    template: str
    by: str
    reading: Reading
    sampling: Sampling
    values: tuple[tuple[str, Any], ...]

    def __init__(
        self,
        template: str,
        *,
        by: str,
        read: Reading = TEXT,
        sampling: Sampling = AS_THE_MODEL,
        **values: Any,
    ) -> None:
        if not isinstance(template, str) or not _NAME.fullmatch(template):
            raise ValueError(
                "Ask: a template is the name of a Markdown file beside the module, without .md, in "
                f"lower-case letters, digits, - and _, not {template!r:.60}"
            )
        if not isinstance(read, Reading):
            raise ValueError(
                f"Ask({template!r}): read= is TEXT, Json(...), Number(...), OneOf(...) or Code(...), "
                f"not {read!r:.60}"
            )
        for name, value in values.items():
            if name == "style" or not _can_fill(value):
                raise ValueError(
                    f"Ask({template!r}): {name}= cannot fill a prompt; what can is the result of a "
                    f"step, text, a number, or lists of these, and style is there already: {value!r:.60}"
                )
        told = {"template": template, "by": by, "reading": read, "sampling": sampling}
        for name, value in (told | {"values": tuple(values.items())}).items():
            object.__setattr__(self, name, value)

    @property
    def prompt(self) -> str:
        """The template's name."""
        return self.template

    @property
    def schema(self) -> Schema:
        return self.reading.schema

    @property
    def outcomes(self) -> tuple[str, ...]:
        return self.reading.outcomes

    @property
    def rarer(self) -> tuple[str, ...]:
        return self.reading.rarer

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return dict(self.values)

    def read(self, text: str) -> Result:
        """What is read from the answer."""
        return self.reading.read(text)

    def read_in(self, style: Style, text: str) -> Result:
        return self.reading.read_in(style, text)

    def rehearsed(self, outcome: int, name: str) -> Result:
        return self.reading.rehearsed(outcome, name)

    def stand_in(self, text: str) -> Result:
        return self.reading.stand_in(text)

    def columns(self, result: Any) -> dict[str, Any]:
        return self.reading.columns(result)


def _can_fill(value: Any) -> bool:
    """Whether a value looks the same in each replay, wherever that is."""
    if isinstance(value, list | tuple):
        return all(map(_can_fill, value))
    if isinstance(value, dict):
        return all(_can_fill(each) for pair in value.items() for each in pair)
    return isinstance(value, _PLAIN) or (is_dataclass(value) and not isinstance(value, type))
