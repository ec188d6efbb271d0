"""What a pattern may ask for, and what it gets back.

A step names a prompt and who answers it; its `read` turns the answer's text into a frozen result
that the next step is made from. `VisibleTests` runs the tests in the prompt instead.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any, ClassVar

from models.enums import Kind, Role
from models.problem import Spec, Trial
from worker.extract import extract_code
from worker.verdict import REVIEW_SCHEMA, Verdict, read_verdict

CODER = Role.CODER
REVIEWER = Role.REVIEWER


@dataclass(frozen=True)
class Program:
    """What a draft or a fix produced: the code to judge, and the whole answer it came in."""

    spec: Spec
    code: str
    text: str


@dataclass(frozen=True)
class Planned:
    """A plan, as the model wrote it."""

    text: str


@dataclass(frozen=True)
class Draft:
    """Write a program for the specification, freely or along a plan. Gives a Program."""

    kind: ClassVar[Kind] = Kind.DRAFT
    schema: ClassVar[dict[str, Any] | None] = None

    spec: Spec
    plan: Planned | None = None
    by: Role = CODER

    @property
    def prompt(self) -> str:
        """The template's name."""
        return "draft" if self.plan is None else "draft-along-plan"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec, "plan": self.plan}

    def read(self, text: str) -> Program:
        """The program in an answer."""
        return Program(self.spec, extract_code(text, self.spec.entry_point), text)


@dataclass(frozen=True)
class Plan:
    """Plan the program before it is written. Gives a Planned."""

    kind: ClassVar[Kind] = Kind.PLAN
    schema: ClassVar[dict[str, Any] | None] = None
    prompt: ClassVar[str] = "plan"

    spec: Spec
    by: Role = REVIEWER

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec}

    def read(self, text: str) -> Planned:
        """The plan is the answer."""
        return Planned(text)


@dataclass(frozen=True)
class Review:
    """Look for bugs against the specification, with or without what the visible tests showed.

    Gives a Verdict.
    """

    kind: ClassVar[Kind] = Kind.REVIEW
    schema: ClassVar[dict[str, Any] | None] = REVIEW_SCHEMA

    draft: Program
    trial: Trial | None = None
    by: Role = REVIEWER

    @property
    def prompt(self) -> str:
        """The template's name."""
        return "review" if self.trial is None else "review-grounded"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.draft.spec, "draft": self.draft, "trial": self.trial}

    def read(self, text: str) -> Verdict:
        """The verdict in an answer."""
        return read_verdict(text)


@dataclass(frozen=True)
class Fix:
    """Mend what the review named, and nothing else. Gives a Program."""

    kind: ClassVar[Kind] = Kind.FIX
    schema: ClassVar[dict[str, Any] | None] = None
    prompt: ClassVar[str] = "fix"

    draft: Program
    review: Verdict
    by: Role = CODER

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.draft.spec, "draft": self.draft, "review": self.review}

    def read(self, text: str) -> Program:
        """The mended program in an answer."""
        return Program(self.draft.spec, extract_code(text, self.draft.spec.entry_point), text)


@dataclass(frozen=True)
class VisibleTests:
    """Run the tests that the prompt shows. Gives a Trial."""

    kind: ClassVar[Kind] = Kind.TRIAL
    by: ClassVar[None] = None

    draft: Program


CompletionStep = Draft | Plan | Review | Fix
Step = CompletionStep | VisibleTests
Result = Program | Planned | Verdict | Trial

#: A pattern's body: it yields a step (or a tuple of steps that run at the same time), receives the
#: result (or a tuple of them), and returns the final code.
Steps = Generator[Any, Any, str]
