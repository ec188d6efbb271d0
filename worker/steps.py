"""What a pattern may ask for, and what it gets back.

A step names a prompt and who answers it; its `read` turns the answer's text into a frozen result
that the next step is made from. `VisibleTests` runs the tests in the prompt instead.
"""

from collections.abc import Generator
from dataclasses import dataclass, fields, replace
from typing import Any, ClassVar, get_args, get_type_hints

from models.enums import Kind, Role
from models.problem import Spec, Trial
from worker.extract import extract_code
from worker.thoughts import without_thinking
from worker.verdict import (
    CHOICE_SCHEMA,
    REPAIR_SCHEMA,
    REVIEW_SCHEMA,
    Verdict,
    read_choice,
    read_verdict,
)

CODER = Role.CODER
REVIEWER = Role.REVIEWER

Schema = dict[str, Any] | None


@dataclass(frozen=True)
class Program:
    """What a draft or a fix produced: the code to judge, and the whole answer it came in."""

    spec: Spec
    code: str
    text: str


def _program(spec: Spec, text: str) -> Program:
    return Program(spec, extract_code(text, spec.entry_point, spec.prompt), text)


@dataclass(frozen=True)
class Planned:
    """A plan, as the model wrote it."""

    text: str


@dataclass(frozen=True)
class Draft:
    """Write a program for the specification, freely or along a plan. Gives a Program.

    `another` numbers further drafts of the same thing, drawn at `temperature`; 0 is the first, at
    the model's own.
    """

    kind: ClassVar[Kind] = Kind.DRAFT
    schema: ClassVar[Schema] = None

    spec: Spec
    plan: Planned | None = None
    by: Role = CODER
    another: int = 0
    temperature: float | int | None = None

    def __post_init__(self) -> None:
        if isinstance(self.temperature, float | int) and not 0 <= self.temperature <= 2:
            raise ValueError(f"a temperature is from 0 to 2, not {self.temperature}")

    @property
    def prompt(self) -> str:
        """The template's name."""
        return "draft" if self.plan is None else "draft-along-plan"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec, "plan": self.plan}

    def read(self, text: str) -> Program:
        """The program in an answer."""
        return _program(self.spec, text)


@dataclass(frozen=True)
class Enrich:
    """Say what the specification leaves unsaid. Gives a Spec with notes."""

    kind: ClassVar[Kind] = Kind.PLAN
    schema: ClassVar[Schema] = None
    prompt: ClassVar[str] = "enrich"

    spec: Spec
    by: Role = REVIEWER

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec}

    def read(self, text: str) -> Spec:
        """The specification with the answer as notes."""
        return replace(self.spec, notes=without_thinking(text).strip())


@dataclass(frozen=True)
class Plan:
    """Plan the program before it is written, or after a draft failed a trial. Gives a Planned."""

    kind: ClassVar[Kind] = Kind.PLAN
    schema: ClassVar[Schema] = None

    spec: Spec
    draft: Program | None = None
    trial: Trial | None = None
    by: Role = REVIEWER

    @property
    def prompt(self) -> str:
        """The template's name."""
        return "plan" if self.trial is None else "plan-after-trial"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec, "draft": self.draft, "trial": self.trial}

    def read(self, text: str) -> Planned:
        """The plan is the answer, without what was only thought."""
        return Planned(without_thinking(text))


@dataclass(frozen=True)
class Review:
    """Look for bugs against the specification, with or without what the visible tests showed.

    Gives a Verdict.
    """

    kind: ClassVar[Kind] = Kind.REVIEW
    schema: ClassVar[Schema] = REVIEW_SCHEMA

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

    def repair(self, verdict: Verdict) -> "RepairVerdict | None":
        """The question to ask before a verdict that cannot be read counts as none; None if there is
        nothing to ask about: no answer, or a thought that was cut off."""
        if verdict.approves is not None or not verdict.text.strip():
            return None
        return RepairVerdict(verdict, by=self.by)


@dataclass(frozen=True)
class RepairVerdict:
    """Ask for the verdict of a review that has none. Asked by the replay, not by patterns.

    Gives the review's Verdict, read at last or still None.
    """

    kind: ClassVar[Kind] = Kind.REVIEW
    schema: ClassVar[Schema] = REPAIR_SCHEMA
    prompt: ClassVar[str] = "repair-verdict"

    review: Verdict
    by: Role = REVIEWER

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"review": self.review}

    def read(self, text: str) -> Verdict:
        """The verdict in the answer, and the issues of whichever has some."""
        found = read_verdict(text)
        return replace(found, issues=found.issues or self.review.issues, text=self.review.text)


@dataclass(frozen=True)
class Fix:
    """Mend what a review named or a trial showed, and nothing else. Gives a Program."""

    kind: ClassVar[Kind] = Kind.FIX
    schema: ClassVar[Schema] = None

    draft: Program
    found: Verdict | Trial
    by: Role = CODER

    @property
    def prompt(self) -> str:
        """The template's name."""
        return "fix" if isinstance(self.found, Verdict) else "fix-failed-tests"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        name = "review" if isinstance(self.found, Verdict) else "trial"
        return {"spec": self.draft.spec, "draft": self.draft, name: self.found}

    def read(self, text: str) -> Program:
        """The mended program in an answer."""
        return _program(self.draft.spec, text)


@dataclass(frozen=True)
class Choice:
    """Which of two programs was chosen: `letter` is A, B, or None when it could not be read."""

    program: Program
    letter: str | None


@dataclass(frozen=True)
class Choose:
    """Choose one of two programs. Gives a Choice; the first program if none can be read."""

    kind: ClassVar[Kind] = Kind.REVIEW
    schema: ClassVar[Schema] = CHOICE_SCHEMA
    prompt: ClassVar[str] = "choose"

    left: Program
    right: Program
    by: Role = REVIEWER

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.left.spec, "left": self.left, "right": self.right}

    def read(self, text: str) -> Choice:
        """The choice in an answer."""
        letter = read_choice(text)
        return Choice(self.right if letter == "B" else self.left, letter)


@dataclass(frozen=True)
class VisibleTests:
    """Run the tests that the prompt shows. Gives a Trial."""

    kind: ClassVar[Kind] = Kind.TRIAL
    by: ClassVar[None] = None

    draft: Program


CompletionStep = Draft | Enrich | Plan | Review | RepairVerdict | Fix | Choose
Step = CompletionStep | VisibleTests
Result = Program | Spec | Planned | Verdict | Choice | Trial

#: A pattern's body: it yields a step (or a tuple of steps that run at the same time), receives the
#: result (or a tuple of them), and returns the final code.
Steps = Generator[Any, Any, str]

_TYPES: dict[Any, dict[str, Any]] = {
    step: {field.name: get_type_hints(step)[field.name] for field in fields(step)}
    for step in get_args(Step)
}


def misfit(step: Step) -> str | None:
    """What a step was made with that it cannot be asked with; None if all is of the right type."""
    for name, wanted in _TYPES.get(type(step), {}).items():
        value = getattr(step, name)
        if not isinstance(value, wanted):
            kinds = " or ".join(kind.__name__ for kind in get_args(wanted) or [wanted])
            made = type(step).__name__
            return f"{made}({name}=...) takes a {kinds}, not {value!r:.60}"
    return None
