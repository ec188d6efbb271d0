"""What a search asks for. All of it stands in the URL, so that every page can be sent to somebody."""

from enum import StrEnum
from typing import Annotated, Any
from urllib.parse import urlencode

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from starlette.datastructures import QueryParams

from foureyes.models.storable import storable

#: Ids are Postgres' integers.
MOST = 2**31 - 1

Id = Annotated[int, Field(ge=1, le=MOST)]
Words = Annotated[str, BeforeValidator(lambda value: storable(str(value))), Field(max_length=300)]


class HowEnded(StrEnum):
    """How an attempt ended, or that it did not."""

    SOLVED = "solved"
    UNSOLVED = "unsolved"
    REFUSED = "refused"
    ERROR = "error"
    UNFINISHED = "unfinished"
    CANCELLED = "cancelled"


class Show(StrEnum):
    """What makes an attempt worth looking at."""

    IMPROVED = "improved"  # solved, and not by the pattern that it is compared with
    REGRESSED = "regressed"
    FALSE_ALARM = "false-alarm"  # a reviewer asked for changes in a program that was right
    MISSED = "missed"  # a reviewer approved a program that was wrong


_SAID = {
    Show.IMPROVED: "improved",
    Show.REGRESSED: "regressed",
    Show.FALSE_ALARM: "reviewer false alarms",
    Show.MISSED: "reviewer misses",
}


class Mistaken(Exception):
    """A query that cannot be understood; says which word of it."""


class Filters(BaseModel):
    """A search among attempts. What is None or empty leaves nothing out."""

    model_config = ConfigDict(frozen=True)

    sweep: Id | None = None
    run: Id | None = None
    benchmark: Words = ""
    pattern: Words = ""
    pairing: Words = ""
    outcome: HowEnded | None = None
    #: How the reason of an unsolved attempt begins.
    reason: Words = ""
    #: Of a note that a person wrote about it.
    tag: Words = ""
    #: A problem's id, or a part of it if no problem has that very id.
    problem: Words = ""
    show: Show | None = None
    #: The pattern of the same sweep and team, for improved and regressed; empty: the raw coder whose
    #: prompts are written in the same way, which is what reports compare with.
    against: Words = ""
    #: The page begins after this attempt.
    after: Id | None = None

    def address(self) -> str:
        """The address of this search."""
        return self._address(self.model_dump())

    def but(self, **changes: Any) -> str:
        """The address of this search with these changes, from its first page."""
        return self._address(self.model_dump() | {"after": None} | changes)

    def from_attempt(self, attempt_id: int) -> str:
        """The address of its page that begins after this attempt."""
        return self._address(self.model_dump() | {"after": attempt_id})

    @property
    def said(self) -> str:
        """What is searched for, in words; empty if nothing is left out."""
        shown = "" if self.show is None else f"{_SAID[self.show]}"
        if self.show in (Show.IMPROVED, Show.REGRESSED):
            shown += f" against {self.against or 'raw-coder, same prompts'}"
        found = (
            shown,
            self.outcome or "",
            self.reason and f"reason {self.reason}",
            self.tag and f"#{self.tag}",
            self.problem and f"problem {self.problem}",
            f"run {self.run}" if self.run else "",
            self.pattern,
            self.pairing,
            self.benchmark,
            f"sweep {self.sweep}" if self.sweep else "",
        )
        return ", ".join(filter(None, found))

    @property
    def is_empty(self) -> bool:
        """Whether it leaves nothing out."""
        return self.but() == "/attempts"

    @staticmethod
    def _address(values: dict[str, Any]) -> str:
        defaults = Filters().model_dump()
        kept = {name: value for name, value in values.items() if value != defaults[name]}
        if "show" not in kept:
            kept.pop("against", None)
        return "/attempts" + (f"?{urlencode(kept)}" if kept else "")


def parse(given: QueryParams) -> Filters:
    """The search in a URL. Empty fields, as forms send them, are none.

    Raises: Mistaken naming the field that cannot be used.
    """
    try:
        return Filters.model_validate({name: value for name, value in given.items() if value})
    except ValidationError as error:
        first = error.errors()[0]
        raise Mistaken(f"{first['loc'][0]}: {first['msg']}, not {first['input']!r:.80}") from None


def is_canonical(given: QueryParams) -> bool:
    """Whether the URL has no field that says nothing."""
    return all(value for _, value in given.multi_items())
