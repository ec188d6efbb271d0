"""The steps of the patterns that ship: a draft, a plan, a review, a fix, a choice, the visible tests."""

from dataclasses import KW_ONLY, dataclass, replace
from typing import Any, ClassVar

from foureyes.models.digest import digest
from foureyes.models.enums import Kind, Suite
from foureyes.models.problem import Spec
from foureyes.models.shown import TestResult, Trial
from foureyes.worker.patterns.reading.schemas import CHOICE_SCHEMA, REPAIR_SCHEMA, REVIEW_SCHEMAS
from foureyes.worker.patterns.reading.thoughts import without_thinking
from foureyes.worker.patterns.reading.verdict import Verdict, read_choice, read_verdict
from foureyes.worker.patterns.steps.base import (
    AS_THE_MODEL,
    CODER,
    REVIEWER,
    CompletionStep,
    ExecutionStep,
    Program,
    Sampling,
    Schema,
    program,
)
from foureyes.worker.patterns.steps.comparing import Difference
from foureyes.worker.patterns.style import Style


@dataclass(frozen=True)
class Planned:
    """A plan, as the model wrote it."""

    text: str


@dataclass(frozen=True)
class Choice:
    """Which of two programs was chosen: `letter` is A for the one that was shown first, B, or None when
    it could not be read."""

    program: Program
    letter: str | None


@dataclass(frozen=True)
class Draft(CompletionStep):
    """Write a program for the specification, freely or along a plan. Gives a Program."""

    kind: ClassVar[Kind] = Kind.DRAFT
    rarer: ClassVar[tuple[str, ...]] = ("has no program",)

    spec: Spec
    plan: Planned | None = None
    _: KW_ONLY
    by: str = CODER
    sampling: Sampling = AS_THE_MODEL

    @property
    def prompt(self) -> str:
        """The template's name."""
        return "draft" if self.plan is None else "draft-along-plan"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec, "plan": self.plan}

    def read(self, text: str) -> Program:
        """The program in an answer."""
        return program(self.spec, text)

    def read_in(self, style: Style, text: str) -> Program:
        return program(self.spec, text, style)

    def rehearsed(self, outcome: int, name: str) -> Program:
        code = "" if outcome else name
        return Program(self.spec, code, code)

    def stand_in(self, text: str) -> Program:
        return Program(self.spec, text, text)

    def columns(self, result: Program) -> dict[str, Any]:
        return {"code": result.code}


def drafts(spec: Spec, count: int, temperature: float, by: str = CODER) -> tuple[Draft, ...]:
    """Several drafts of one specification: the first as ever, the others drawn at a temperature.

    Raises: ValueError if `count` is no whole number from 1.
    """
    if isinstance(count, bool) or not isinstance(count, int) or count < 1:
        raise ValueError(f"drafts: count is a whole number from 1, not {count!r:.60}")
    others = (Draft(spec, by=by, sampling=Sampling(temperature, seed=n)) for n in range(1, count))
    return (Draft(spec, by=by), *others)


@dataclass(frozen=True)
class Enrich(CompletionStep):
    """Say what the specification leaves unsaid. Gives a Spec with notes."""

    kind: ClassVar[Kind] = Kind.PLAN
    prompt: ClassVar[str] = "enrich"
    rarer: ClassVar[tuple[str, ...]] = ("says nothing",)

    spec: Spec
    _: KW_ONLY
    by: str = REVIEWER
    sampling: Sampling = AS_THE_MODEL

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"spec": self.spec}

    def read(self, text: str) -> Spec:
        """The specification with the answer as notes."""
        return replace(self.spec, notes=without_thinking(text).strip())

    def rehearsed(self, outcome: int, name: str) -> Spec:
        return replace(self.spec, notes="" if outcome else "notes")


@dataclass(frozen=True)
class Plan(CompletionStep):
    """Plan the program before it is written, or after a draft failed a trial. Gives a Planned."""

    kind: ClassVar[Kind] = Kind.PLAN
    rarer: ClassVar[tuple[str, ...]] = ("says nothing",)

    spec: Spec
    draft: Program | None = None
    trial: Trial | None = None
    _: KW_ONLY
    by: str = REVIEWER
    sampling: Sampling = AS_THE_MODEL

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

    def rehearsed(self, outcome: int, name: str) -> Planned:
        return Planned("" if outcome else "a plan")


@dataclass(frozen=True)
class Review(CompletionStep):
    """Look for bugs against the specification, with or without what the visible tests showed.

    Gives a Verdict.
    """

    kind: ClassVar[Kind] = Kind.REVIEW
    schema: ClassVar[Schema] = REVIEW_SCHEMAS["reasons-first"]
    outcomes: ClassVar[tuple[str, ...]] = ("approves", "asks for changes")
    rarer: ClassVar[tuple[str, ...]] = ("asks for changes and names none", "has no verdict")

    draft: Program
    trial: Trial | None = None
    _: KW_ONLY
    by: str = REVIEWER
    sampling: Sampling = AS_THE_MODEL

    @property
    def prompt(self) -> str:
        """The template's name."""
        return "review" if self.trial is None else "review-grounded"

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        spec = self.draft.spec
        report = "" if self.trial is None else self.trial.report
        shown = [spec.prompt, spec.notes, self.draft.code, report]
        return {
            "spec": spec,
            "draft": self.draft,
            "trial": self.trial,
            "first": ("approve", "revise")[_toss(shown)],
        }

    def answer_schema(self, style: Style) -> Schema:
        return REVIEW_SCHEMAS[style.verdict] if style.review_format == "json" else None

    def read(self, text: str) -> Verdict:
        """The verdict in an answer."""
        return read_verdict(text)

    def rehearsed(self, outcome: int, name: str) -> Verdict:
        return (
            Verdict(True, ("an issue",), "a review"),
            Verdict(False, ("an issue",), "a review"),
            Verdict(False, (), "a review"),
            Verdict(None, (), ""),  # or the question about it would come first
        )[outcome]

    def stand_in(self, text: str) -> Verdict:
        return Verdict(approves=False, issues=(text,), text=text)

    @property
    def about(self) -> str:
        """The problem of the program that is reviewed."""
        return self.draft.spec.problem_id

    def columns(self, result: Verdict) -> dict[str, Any]:
        return _told(result)

    def repair(self, result: Verdict) -> "RepairVerdict | None":
        """The question about a review that has no verdict; None if there is nothing to ask about: no
        answer, or a thought that was cut off."""
        if result.approves is not None or not result.text.strip():
            return None
        return RepairVerdict(result, by=self.by, about=self.about)

    def repairs(self) -> list[CompletionStep]:
        return [RepairVerdict(Verdict(None, (), "a review"), by=self.by, about=self.about)]


@dataclass(frozen=True)
class RepairVerdict(CompletionStep):
    """Ask for the verdict of a review that has none. Asked by the replay, not by patterns.

    Gives the review's Verdict, read at last or still None.
    """

    kind: ClassVar[Kind] = Kind.REVIEW
    schema: ClassVar[Schema] = REPAIR_SCHEMA
    prompt: ClassVar[str] = "repair-verdict"

    review: Verdict
    by: str = REVIEWER
    about: str | None = None

    def variables(self) -> dict[str, Any]:
        """What the template is filled with."""
        return {"review": self.review}

    def read(self, text: str) -> Verdict:
        """The verdict in the answer, and the issues of whichever has some."""
        found = read_verdict(text)
        return replace(found, issues=found.issues or self.review.issues, text=self.review.text)

    def columns(self, result: Verdict) -> dict[str, Any]:
        return _told(result)


@dataclass(frozen=True)
class Fix(CompletionStep):
    """Mend what a review named or a trial showed, and nothing else. Gives a Program."""

    kind: ClassVar[Kind] = Kind.FIX
    rarer: ClassVar[tuple[str, ...]] = ("has no program",)

    draft: Program
    found: Verdict | Trial
    _: KW_ONLY
    by: str = CODER
    sampling: Sampling = AS_THE_MODEL

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
        return program(self.draft.spec, text)

    def read_in(self, style: Style, text: str) -> Program:
        return program(self.draft.spec, text, style)

    def rehearsed(self, outcome: int, name: str) -> Program:
        code = "" if outcome else name
        return Program(self.draft.spec, code, code)

    def stand_in(self, text: str) -> Program:
        return Program(self.draft.spec, text, text)

    def columns(self, result: Program) -> dict[str, Any]:
        return {"code": result.code}


@dataclass(frozen=True)
class Choose(CompletionStep):
    """Choose one of two programs. Gives a Choice; the left program if none can be read.

    `differences` are shown with them: inputs, and what each gave (`Compared.differences`). `first` is which
    of them is shown first, as A. Unset, their texts decide: the same two programs are
    always shown in the same order, and neither side is the first one by its place in the pattern.
    """

    kind: ClassVar[Kind] = Kind.REVIEW
    schema: ClassVar[Schema] = CHOICE_SCHEMA
    outcomes: ClassVar[tuple[str, ...]] = ("chooses the left", "chooses the right")
    rarer: ClassVar[tuple[str, ...]] = ("chooses none",)
    prompt: ClassVar[str] = "choose"

    left: Program
    right: Program
    differences: tuple[Difference, ...] = ()
    _: KW_ONLY
    by: str = REVIEWER
    first: str = ""
    sampling: Sampling = AS_THE_MODEL

    def __post_init__(self) -> None:
        if self.first not in ("", "left", "right"):
            raise ValueError(f"first is 'left', 'right', or unset, not {self.first!r}")

    @property
    def shown(self) -> tuple[Program, Program]:
        """The two programs in the order in which the prompt has them, as A and B."""
        texts = [self.left.code, self.right.code]
        # by both texts, whichever is the left one: the same two are the same question
        swapped = self.first == "right" or (
            not self.first
            and (texts != sorted(texts)) != _toss([self.left.spec.prompt, *sorted(texts)])
        )
        return (self.right, self.left) if swapped else (self.left, self.right)

    def variables(self) -> dict[str, Any]:
        """What the template is filled with: `left` is the program that is shown first."""
        first, second = self.shown
        differences = self.differences
        if first is not self.left:
            differences = tuple(
                replace(each, left=each.right, right=each.left) for each in differences
            )
        return {
            "spec": self.left.spec,
            "left": first,
            "right": second,
            "differences": differences,
        }

    def read(self, text: str) -> Choice:
        """The choice in an answer."""
        letter = read_choice(text)
        return Choice(self.left if letter is None else self.shown["AB".index(letter)], letter)

    def rehearsed(self, outcome: int, name: str) -> Choice:
        program = (self.left, self.right, self.left)[outcome]
        is_read = outcome < len(self.outcomes)
        return Choice(program, "AB"[self.shown.index(program)] if is_read else None)

    def stand_in(self, text: str) -> Choice:
        return self.rehearsed(1, text)

    def columns(self, result: Choice) -> dict[str, Any]:
        return {"verdict": result.letter or "none"}


def _toss(texts: list[str]) -> bool:
    """A coin that always falls in the same way for the same texts, and for half of all texts on each side.

    What a model is shown first it takes more often: where there is no reason for an order, none is
    always the same, and yet a call's key stays its own.
    """
    return int(digest(texts)[:8], 16) % 2 == 1


@dataclass(frozen=True)
class VisibleTests(ExecutionStep):
    """Run the tests that the prompt shows. Gives a Trial."""

    kind: ClassVar[Kind] = Kind.TRIAL
    suite: ClassVar[Suite] = Suite.VISIBLE

    draft: Program

    @property
    def outcomes(self) -> tuple[str, ...]:
        """Where there are no tests none fails."""
        return ("passes", "fails") if self.draft.spec.visible_tests else ("",)

    @property
    def said(self) -> str:
        return f"visible tests on {self.draft.code}"

    @property
    def code(self) -> str:
        """The program that is tested."""
        return self.draft.code

    def read(self, detail: dict[str, Any]) -> Trial:
        """What the tests showed."""
        return Trial.from_json(detail)

    def rehearsed(self, outcome: int, name: str) -> Trial:
        shown = self.draft.spec.visible_tests
        return Trial(tuple(TestResult(test.source, outcome == 0, "") for test in shown))

    def stand_in(self, text: str) -> Trial:
        tests = self.draft.spec.visible_tests
        return Trial(tuple(TestResult(test.source, False, "got: 0") for test in tests))

    def misfit(self, spec: Spec) -> str | None:
        """The sandbox has the problem's tests and no others, so it would run what a draft for a
        specification of the pattern's own was not written for."""
        mine = self.draft.spec
        if (mine.entry_point, mine.visible_tests) == (spec.entry_point, spec.visible_tests):
            return None
        return (
            "VisibleTests runs the problem's own tests; this draft is for a specification with another "
            "entry_point or other visible_tests, so leave these two as they are"
        )


def _told(verdict: Verdict) -> dict[str, Any]:
    """What the row of a review tells of its verdict."""
    said = {True: "approve", False: "revise", None: "none"}[verdict.approves]
    return {"verdict": said, "issues": list(verdict.issues)}
