"""Trying a reviewer: reviews of programs whose verdict is known, asked of one model here and now.

No queue, no database: what is asked, and how answers are read, is a sweep's own.
"""

import itertools
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import closing
from dataclasses import dataclass

from foureyes.judging import known
from foureyes.judging.known import KnownProgram
from foureyes.models.llm import AnyModel
from foureyes.worker.attempt.requests import Caller
from foureyes.worker.engines.base import Answer, Engine, Request, load
from foureyes.worker.engines.ends import LENGTH, REFUSED
from foureyes.worker.patterns.reading.verdict import Verdict
from foureyes.worker.patterns.steps import CompletionStep, Program, Review
from foureyes.worker.patterns.style import Style
from foureyes.worker.patterns.templates import Templates


@dataclass(frozen=True)
class Reviewed:
    """What a review in one style said of a program. `answers` are two if it had to be asked for its
    verdict."""

    style: Style
    program: KnownProgram
    verdict: Verdict
    answers: tuple[Answer, ...]

    @property
    def was_cut_off(self) -> bool:
        """Whether the review itself has no end."""
        return self.answers[0].finish_reason == LENGTH


def review(
    model: AnyModel,
    programs: Sequence[KnownProgram],
    styles: Sequence[Style],
    templates_of: Callable[[str], Templates],
) -> Generator[Reviewed]:
    """Every program reviewed in every style, each as soon as it is, as many at a time as the model has
    calls in flight. Whoever closes this cancels the others; the process ends after those in hand.

    A program's reviews follow each other: their prompts begin alike, and engines remember beginnings.

    Raises: FoureyesError if the model cannot be loaded, or gives no answer.
    """
    with closing(load(model)) as engine:
        pool = ThreadPoolExecutor(model.in_flight)
        asked = [
            pool.submit(_reviewed, engine, model, Caller(templates_of(style.prompts), style), each)
            for each, style in itertools.product(programs, styles)
        ]
        try:
            for done in as_completed(asked):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def check(styles: Sequence[Style], templates_of: Callable[[str], Templates]) -> None:
    """Fill in what is asked in each style. Raises: FoureyesError naming the template that cannot be."""
    example, _ = known.balanced(1)
    step = Review(Program(example.spec, example.code, example.code))
    for style in styles:
        templates_of(style.prompts).check(step.prompt, style=style, **step.variables())


def _reviewed(engine: Engine, model: AnyModel, caller: Caller, program: KnownProgram) -> Reviewed:
    """As an attempt's replay does: a review without a verdict is asked for it once."""
    step: CompletionStep | None = Review(Program(program.spec, program.code, program.code))
    answers: list[Answer] = []
    while step is not None:
        call = caller.call(step, model, sample=0)
        answer = engine.complete(Request.from_json(call.key, call.request))
        answers.append(answer)
        said = "" if answer.finish_reason == REFUSED else answer.text
        verdict = step.read_in(caller.style, said)
        step = step.repair(verdict)
    assert isinstance(verdict, Verdict)
    return Reviewed(caller.style, program, verdict, tuple(answers))
