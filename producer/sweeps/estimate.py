"""What a sweep will ask for, before it does: every pattern is rehearsed with stand-in answers.

Calls are counted by their keys, as the database will count them, so what patterns share counts
once. Reviews are taken to ask for changes: an upper bound. Or all goes well: a lower one.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import func
from sqlmodel import col, select

from foureyes.models import team
from foureyes.models.among import among
from foureyes.models.enums import Kind, State
from foureyes.models.llm import AnyModel, LlamaCpp
from foureyes.models.problem import Spec
from foureyes.models.session import session
from foureyes.models.sweep_content import ExpectedCalls
from foureyes.models.tables import Completion, LanguageModel
from foureyes.producer.sweeps.sweep import Cell, PlannedSweep
from foureyes.worker.attempt.replay import PatternReplay
from foureyes.worker.attempt.requests import Caller, WantedCall
from foureyes.worker.patterns import Configured
from foureyes.worker.patterns.steps import CompletionStep, Result, Step

#: Tokens of an answer where nothing better is known, by kind of step. From sweeps of the starter
#: set with the embedded models, of reviews from a trial of their prompts; the last three as those that
#: are most like them.
ANSWER_TOKENS = {
    Kind.DRAFT: 170, Kind.PLAN: 120, Kind.REVIEW: 90, Kind.FIX: 170,
    Kind.ASK: 120, Kind.TESTS: 170, Kind.INPUTS: 120,
}  # fmt: skip
#: Tokens a second that the embedded models read and write on two AVX2 cores, both models at work.
TOKENS_PER_SECOND = {
    "qwen2.5-coder-0.5b": (60.0, 15.0),
    "qwen2.5-coder-1.5b": (25.0, 8.0),
}
#: Attempts to rehearse; of a sweep of more, only some problems.
_REHEARSED = 1000
#: Characters of English and Python in a token.
CHARACTERS_PER_TOKEN = 3.6


class _Asker(NamedTuple):
    """Whose call it is, if nobody has asked it before: the run's, by its place in the grid."""

    position: int
    model: str
    kind: Kind


@dataclass
class Load:
    """What one model is asked for: calls, tokens in and out, and the seconds that it is busy.

    `example` is the request of one that is still to be made, with a schema if any has one.
    """

    calls: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0
    already_done: int = 0
    seconds: float | None = 0.0
    example: dict[str, Any] | None = None

    def scale(self, factor: float) -> None:
        """Let some problems stand for all."""
        self.calls = round(self.calls * factor)
        self.prompt_tokens = round(self.prompt_tokens * factor)
        self.answer_tokens = round(self.answer_tokens * factor)
        self.already_done = round(self.already_done * factor)
        if self.seconds is not None:
            self.seconds *= factor


@dataclass
class SweepEstimate:
    """So much work, what is shared counted once.

    `every`: every so manieth problem was rehearsed; 1 is all of them. `expected`: the same by runs, of
    one attempt each.
    """

    attempts: int
    every: int = 1
    unshared_calls: int = 0
    models: dict[str, Load] = field(default_factory=lambda: defaultdict(Load))
    expected: list[list[ExpectedCalls]] = field(default_factory=list)

    @property
    def calls(self) -> int:
        """Distinct model calls."""
        return sum(load.calls for load in self.models.values())

    @property
    def seconds(self) -> float | None:
        """How long the model is busy that is busy for longest; None where no speed is known yet.

        Models work at the same time, and were measured so: what both take on shared cores is in the
        speed of each.
        """
        times = [load.seconds for load in self.models.values() if load.calls > load.already_done]
        return (
            None if None in times else max((each for each in times if each is not None), default=0)
        )

    def price(self, per_hour: Mapping[str, float]) -> float | None:
        """What these seconds cost in USD, by the models' prices; None where no speed is known yet."""
        paid = [
            None if load.seconds is None else load.seconds * per_hour[name] / 3600
            for name, load in self.models.items()
            if per_hour[name]
        ]
        return None if None in paid else sum(each for each in paid if each is not None)


def estimate(sweep: PlannedSweep, *, anew: bool = False, all_well: bool = False) -> SweepEstimate:
    """Rehearse every attempt of a sweep. Needs the database, for what is done and what it took.

    It is the most that can come, or with `all_well` about the least: every review approves, and every
    visible test passes. `anew`: as if nothing were done yet.
    """
    asked: dict[str, tuple[_Asker, WantedCall]] = {}
    steps: dict[_Asker, list[str]] = defaultdict(list)
    total = SweepEstimate(attempts=sweep.attempts, every=-(-sweep.attempts // _REHEARSED))
    rehearsed = 0
    for position, cell in enumerate(sweep.cells()):
        names = cell.team.roles
        models = {role: sweep.file.models[name] for role, name in names.items()}
        caller = Caller(
            sweep.templates(cell.pattern.style.prompts), cell.pattern.style, sweep.fresh
        )
        source = _source(sweep, cell)
        for problem in sweep.problems[cell.benchmark][:: total.every]:
            rehearsed += sweep.file.samples
            for sample in range(sweep.file.samples):
                told = (problem.spec(), caller, models, sample, all_well)
                budget = None
                if source is not None:
                    budget = sum(ANSWER_TOKENS[step.kind] for step, _ in _rehearse(source, *told))
                for step, made in _rehearse(cell.pattern, *told, budget=budget):
                    total.unshared_calls += 1
                    asker = _Asker(position, names[step.by], step.kind)
                    steps[asker].append(made.key)
                    asked.setdefault(made.key, (asker, made))
    done = set() if anew else _done(list(asked), sweep)
    taken = _seconds_per_call()
    new: dict[_Asker, list[tuple[int, float | None]]] = defaultdict(list)
    for asker, made in asked.values():
        name, kind = asker.model, asker.kind
        load = total.models[name]
        load.calls += 1
        if made.key in done:
            load.already_done += 1
            continue
        if load.example is None or load.example["schema"] is None:
            load.example = made.request
        text = "".join(message["content"] for message in made.request["messages"])
        prompt_tokens = round(len(text) / CHARACTERS_PER_TOKEN)
        load.prompt_tokens += prompt_tokens
        load.answer_tokens += ANSWER_TOKENS[kind]
        model = sweep.file.models[name]
        if (seconds := taken.get((name, kind))) is not None:
            seconds /= model.in_flight  # calls that a model works on together share its time
        else:
            seconds = _expected(model, kind, prompt_tokens)
        load.seconds = None if seconds is None or load.seconds is None else load.seconds + seconds
        new[asker].append((prompt_tokens, seconds))
    total.expected = _by_runs(sweep, total.every, steps, done, new)
    factor = sweep.attempts / rehearsed
    total.unshared_calls = round(total.unshared_calls * factor)
    for load in total.models.values():
        load.scale(factor)
    return total


def _by_runs(
    sweep: PlannedSweep,
    every: int,
    steps: Mapping[_Asker, Sequence[str]],
    done: Set[str],
    new: Mapping[_Asker, list[tuple[int, float | None]]],
) -> list[list[ExpectedCalls]]:
    """What each run's attempts ask: of all that was rehearsed of it the keys of the `steps`, which of them are
    `done`, and what the `new` calls among them read, and the seconds that they take."""
    expected: list[list[ExpectedCalls]] = []
    for cell in sweep.cells():
        attempts = len(sweep.problems[cell.benchmark][::every]) * sweep.file.samples
        position = len(expected)
        expected.append([])
        for asker in (each for each in steps if each.position == position):
            calls = new.get(asker, [])
            taken = [seconds for _, seconds in calls if seconds is not None]
            expected[position].append(
                ExpectedCalls(
                    model=asker.model,
                    kind=asker.kind,
                    steps=len(steps[asker]) / attempts,
                    steps_not_done=sum(key not in done for key in steps[asker]) / attempts,
                    calls=len(calls) / attempts,
                    prompt_tokens=round(sum(n for n, _ in calls) / max(1, len(calls))),
                    tokens=ANSWER_TOKENS[asker.kind],
                    seconds=sum(taken) / len(taken) if taken else None,
                )
            )
    return expected


def _source(sweep: PlannedSweep, cell: Cell) -> Configured | None:
    """The pattern whose tokens a cell's attempts get; None if they have no budget."""
    label = sweep.budgets.get(cell.pattern.label)
    return next((each for each in sweep.patterns if each.label == label), None)


def _rehearse(
    pattern: Configured,
    spec: Spec,
    caller: Caller,
    models: dict[str, AnyModel],
    sample: int,
    all_well: bool,
    budget: int | None = None,
) -> Iterator[tuple[CompletionStep, WantedCall]]:
    """The calls that an attempt makes if every review asks for changes and every test fails, or none.

    With a budget, if it is spent in answers of the usual length.
    """

    def stand_in(step: Step, text: str) -> Result:
        goes_well = all_well and len(step.outcomes) > 1
        return step.rehearsed(0, text) if goes_well else step.stand_in(text)

    replay = PatternReplay(pattern, spec, is_rehearsal=True, budget=budget)
    while replay.wanted is not None:
        results: list[Result] = []
        tokens = 0
        for step in replay.wanted:
            if not isinstance(step, CompletionStep):
                results.append(stand_in(step, ""))
                continue
            if step.by not in models:
                raise replay.error(team.lacks(step.by, models))
            made = caller.call(step, models[step.by], sample)
            yield step, made
            tokens += ANSWER_TOKENS[step.kind]
            # of about the usual length, and another one where the call is another
            length = round(ANSWER_TOKENS[step.kind] * CHARACTERS_PER_TOKEN)
            results.append(stand_in(step, made.key.ljust(length, ".")))
        replay.answer(tuple(results), tokens)


def _done(keys: list[str], sweep: PlannedSweep) -> set[str]:
    """The calls that a sweep need not make: it takes what was made here, and elsewhere if it may."""
    may_be = col(Completion.origin).is_(None) | col(Completion.origin).in_(sweep.recordings)
    with session() as db:
        query = select(Completion.key).where(
            among(col(Completion.key), keys),
            Completion.state == State.DONE,
            may_be | sweep.accepts_imported,
        )
        return set(db.exec(query))


def _seconds_per_call() -> dict[tuple[str, Kind], float]:
    """What calls took on average, by model and kind, in this database."""
    with session() as db:
        rows = db.exec(
            select(LanguageModel.name, Completion.kind, func.avg(Completion.seconds))
            .join(LanguageModel)
            .where(Completion.state == State.DONE, col(Completion.seconds).is_not(None))
            .group_by(LanguageModel.name, Completion.kind)
        )
        return {(name, Kind(kind)): float(seconds) for name, kind, seconds in rows}


def _expected(model: AnyModel, kind: Kind, prompt_tokens: int) -> float | None:
    if not isinstance(model, LlamaCpp) or model.model not in TOKENS_PER_SECOND:
        return None
    prompt_rate, answer_rate = TOKENS_PER_SECOND[model.model]
    return prompt_tokens / prompt_rate + ANSWER_TOKENS[kind] / answer_rate
