"""What a sweep is to show, said before it is run: the table `[plan]` of a sweep file, and what is kept of it."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from foureyes.models.digest import digest

#: Two patterns may have options, in which a sign has no spaces about it.
_CLAIM = re.compile(r"(?P<pattern>\S.*?)\s+(?P<relation>>=|>|=)\s+(?P<other>\S.*)")


class Relation(StrEnum):
    """How the pass@1 of a pattern is claimed to stand to that of another."""

    BETTER = ">"
    NOT_WORSE = ">="
    EQUAL = "="


@dataclass(frozen=True)
class Claim:
    """That one pattern stands so to another, for every team of the sweep."""

    pattern: str
    relation: Relation
    other: str

    def __str__(self) -> str:
        return f"{self.pattern} {self.relation} {self.other}"

    @property
    def needs_margin(self) -> bool:
        """Whether it is about a difference that would be too small to matter."""
        return self.relation is not Relation.BETTER


def read_claim(text: str) -> Claim:
    """Raises: ValueError saying how a claim is written."""
    found = _CLAIM.fullmatch(text.strip())
    if found is None:
        raise ValueError(
            f'{text!r} is no claim: write "A > B", "A >= B" or "A = B" of two patterns'
        )
    claim = Claim(found["pattern"], Relation(found["relation"]), found["other"])
    if claim.pattern == claim.other:
        raise ValueError(f"{text!r} compares a pattern with itself")
    return claim


class AnalysisPlan(BaseModel):
    """What a sweep is to show, said before it is run: these comparisons count, and all others are exploratory.

    It is kept with its hash when the sweep is enqueued. A changed one is another plan, kept beside it.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Claims about two patterns of the file, as tables call them, with spaces about the sign: `"A > B"` is
    #: better, `"A >= B"` not worse, `"A = B"` equal, these two within `equivalence`. Each is tested for every
    #: team.
    primary: Annotated[list[str], Field(min_length=1, max_length=1000)]
    #: The chance of any false alarm in a family.
    alpha: Annotated[float, Field(gt=0, le=0.2)] = 0.05
    #: Whether each benchmark is a test, or the problems of all are one, as far as both patterns have them.
    benchmarks: Literal["each", "together"] = "each"
    #: What is corrected for together: all primary comparisons of the sweep, or those of each benchmark.
    family: Literal["sweep", "benchmark"] = "sweep"
    #: The difference, in points of pass@1, below which two patterns are as good as equal.
    equivalence: Annotated[float, Field(gt=0, lt=100)] | None = None
    #: When it is looked at: once, when every attempt has ended; or `sequential`: at any time, by tests that may
    #: be, and what is decided is started no more while `foureyes sweep` waits.
    stop: Literal["fixed", "sequential"] = "fixed"

    @field_validator("primary")
    @classmethod
    def _claims(cls, primary: list[str]) -> list[str]:
        """Written in one way, so that spaces make no other plan."""
        claims = [str(read_claim(each)) for each in primary]
        if twice := next((each for each in claims if claims.count(each) > 1), None):
            raise ValueError(f"{twice!r} is there twice")
        return claims

    @model_validator(mode="after")
    def _has_families(self) -> "AnalysisPlan":
        if self.benchmarks == "together" and self.family == "benchmark":
            raise ValueError('family = "benchmark" asks for benchmarks that are tested each')
        return self

    @model_validator(mode="after")
    def _has_margin(self) -> "AnalysisPlan":
        lacking = next((each for each in self.claims if each.needs_margin), None)
        if lacking is not None and self.equivalence is None:
            raise ValueError(
                f"{str(lacking)!r} needs a margin: write equivalence = 3, in points, or what would matter"
            )
        return self

    @property
    def stops(self) -> bool:
        """Whether no more is started of what is decided."""
        return self.stop == "sequential"

    @property
    def claims(self) -> list[Claim]:
        """What it claims, in its order."""
        return [read_claim(each) for each in self.primary]


def plan_hash(sweep_key: str, content: dict[str, Any]) -> str:
    """What tells a plan from any other, and from the same plan of another sweep: with its models,
    problems and prompts, which are in the sweep's key."""
    return digest([sweep_key, content])
