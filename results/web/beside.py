"""Two attempts at one problem side by side: programs line by line, reviews, and what visible tests showed."""

import difflib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest

from markupsafe import Markup
from sqlmodel import Session

from foureyes.models.enums import Kind
from foureyes.models.shown import TestResult
from foureyes.results import attempts, reviews
from foureyes.results.attempts import CallShown, Check, Transcript
from foureyes.results.web.colours import coloured
from foureyes.results.web.texts import Excerpt, excerpt


@dataclass(frozen=True)
class Remark:
    """An issue of a review, with the number of the review's step."""

    step: str
    text: str


@dataclass(frozen=True)
class Program:
    """A program of an attempt, by the step that wrote it, or that judged what no step wrote as it is.

    `made_by` is what a person calls it without what became of it, e.g. `draft 1`.
    """

    step_id: int
    made_by: str
    name: str
    code: str


@dataclass(frozen=True)
class Side:
    """An attempt and its programs, of which one is `shown`; None if it has none.

    `by_line` are the remarks on that, by line from 1, and `general` those that name no line. `tried`
    has, by the visible test, how it ended, of the last program that was tried, or of the one shown.
    """

    transcript: Transcript
    programs: list[Program]
    shown: Program | None
    by_line: Mapping[int, list[Remark]]
    general: list[Remark]
    tried: Mapping[str, TestResult]

    @property
    def reviews(self) -> list[CallShown]:
        """All that were made."""
        return [
            step
            for step in self.transcript.steps
            if isinstance(step, CallShown) and step.kind == Kind.REVIEW
        ]

    @property
    def judged(self) -> Check | None:
        """What the hidden tests said."""
        return _judged(self.transcript)


@dataclass(frozen=True)
class Half:
    """A line of a program: its number from 1, what stands there, and what was said of it."""

    number: int
    text: Markup
    remarks: list[Remark]


@dataclass(frozen=True)
class Pair:
    """Lines that stand beside each other, the same or not; None where a side has none."""

    is_same: bool
    left: Half | None
    right: Half | None


@dataclass(frozen=True)
class Tried:
    """A visible test, and how it ended on either side; None where it was not run."""

    source: str
    left: TestResult | None
    right: TestResult | None


@dataclass(frozen=True)
class TwoAttempts:
    """Both, the lines of the shown programs as pairs, and the visible tests that either ran.

    `is_cut`: a program is longer than a page shows.
    """

    left: Side
    right: Side
    lines: list[Pair]
    tests: list[Tried]
    is_cut: bool

    @property
    def sides(self) -> tuple[tuple[str, Side], ...]:
        """Both by their names."""
        return ("left", self.left), ("right", self.right)

    @property
    def is_same_problem(self) -> bool:
        """Whether they are at one problem, by its id: its words may differ."""
        ids = {side.transcript.attempt["problem_id"] for _, side in self.sides}
        return len(ids) == 1


def read(
    db: Session, left: tuple[int, int | None], right: tuple[int, int | None]
) -> TwoAttempts | None:
    """The attempts of these ids; None if either does not exist.

    With each goes the step whose program is to be shown; None, or one of another attempt: the judged
    one, or the last.
    """
    found = [attempts.read(db, attempt) for attempt, _ in (left, right)]
    one, other = found
    if one is None or other is None:
        return None
    first, second = _side(one, left[1]), _side(other, right[1])
    begun = [
        Excerpt([], None) if side.shown is None else excerpt(side.shown.code)
        for side in (first, second)
    ]
    return TwoAttempts(
        left=first,
        right=second,
        lines=list(_pairs(first, begun[0].lines, second, begun[1].lines)),
        tests=[
            Tried(source, first.tried.get(source), second.tried.get(source))
            for source in dict.fromkeys([*first.tried, *second.tried])
        ],
        is_cut=any(each.characters for each in begun),
    )


def _side(transcript: Transcript, step_id: int | None) -> Side:
    programs = _programs(transcript)
    judged = _judged(transcript)
    last = next(
        (each for each in reversed(programs) if judged is None or each.code == judged.code), None
    )
    shown = next((each for each in programs if each.step_id == step_id), last)
    by_line, general = _remarks(transcript, shown)
    return Side(transcript, programs, shown, by_line, general, _tried(transcript, shown))


def _judged(transcript: Transcript) -> Check | None:
    checks = [step for step in transcript.steps if isinstance(step, Check)]
    return next((step for step in checks if step.kind == Kind.JUDGE), None)


def _programs(transcript: Transcript) -> list[Program]:
    judged = _judged(transcript)
    found = []
    for step in transcript.steps:
        if isinstance(step, CallShown) and step.program is not None:
            made_by, code = step.program.name, step.program.code
            is_judged = judged is not None and code == judged.code
            name = f"{made_by}, judged" if is_judged else made_by
            found.append(Program(step.step_id, made_by, name, code))
    if judged is not None and all(each.code != judged.code for each in found):
        found.append(Program(judged.step_id, "", "the judged program", judged.code))
    return found


def _remarks(
    transcript: Transcript, shown: Program | None
) -> tuple[dict[int, list[Remark]], list[Remark]]:
    by_line: dict[int, list[Remark]] = defaultdict(list)
    general: list[Remark] = []
    if shown is None:
        return by_line, general
    lines = excerpt(shown.code).lines
    for step in transcript.steps:
        if not isinstance(step, CallShown) or step.kind != Kind.REVIEW or not step.issues:
            continue
        if step.about is None or step.about.name != shown.made_by:
            continue
        found = reviews.beside(step.issues, lines)
        for line, said in found.by_line.items():
            by_line[line] += [Remark(step.number, each) for each in said]
        general += [Remark(step.number, each) for each in found.general]
    return by_line, general


def _tried(transcript: Transcript, shown: Program | None) -> dict[str, TestResult]:
    trials = [step for step in transcript.steps if isinstance(step, Check) and step.trial]
    of_shown = [step for step in trials if shown is not None and step.code == shown.code]
    last = next(reversed(of_shown or trials), None)
    if last is None or last.trial is None:
        return {}
    return {result.source: result for result in last.trial.results}


def _pairs(left: Side, before: list[str], right: Side, after: list[str]) -> Iterator[Pair]:
    """The lines as a diff has them; changed ones stand beside each other as far as both sides have some."""
    ours, theirs = _halves(left, before), _halves(right, after)
    for what, i, j, k, m in difflib.SequenceMatcher(None, before, after).get_opcodes():
        for one, other in zip_longest(ours[i:j], theirs[k:m]):
            yield Pair(what == "equal", one, other)


def _halves(side: Side, lines: list[str]) -> list[Half]:
    found = coloured(lines) if lines else []
    return [
        Half(number, text, side.by_line.get(number, [])) for number, text in enumerate(found, 1)
    ]
