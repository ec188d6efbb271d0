"""What an attempt may still spend, for patterns that draw samples until a budget is spent."""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from foureyes.models.problem import Spec
from foureyes.models.shown import DRAFTS_NOTE
from foureyes.worker.patterns.steps.base import CODER, CompletionStep, Program, Result
from foureyes.worker.patterns.steps.note import Note
from foureyes.worker.patterns.steps.standard import drafts

#: Drafts of an attempt, whatever its budget would still pay for.
MOST_DRAFTS = 50


@dataclass(frozen=True)
class TokensLeft:
    """How many answer tokens are left of the attempt's budget, once those of all its calls are taken off.

    It is yielded as a step is, gives a number at once and costs no call. The number is negative after a
    call that took more than was left, and infinite in an attempt that has no budget. An attempt has one
    where the sweep file says `tokens_of` for a pattern that names the option that it stands for:
    `@pattern("mine", counts="drafts")`.
    """


def while_tokens_last(
    spec: Spec,
    temperature: float,
    by: Sequence[str] = (CODER,),
    aside: CompletionStep | None = None,
) -> Generator[Any, Any, tuple[tuple[Program, ...], Result]]:
    """Drafts until the next would exceed the budget: that one is drawn and left out.

    A part of a pattern, for `yield from`. The roles of `by` write in turn, each its first draft as ever and
    the others at the temperature. The first of all always counts, and there are `MOST_DRAFTS` at most.
    `aside` is what is needed to choose among several, such as inputs: it costs tokens, too, so it comes
    before the second. Gives the drafts, and what came of `aside`: None if no token was left for it, and then
    there is one draft.
    """
    turns = zip(
        *(drafts(spec, MOST_DRAFTS // len(by), temperature, each) for each in by), strict=True
    )
    first, *others = chain.from_iterable(turns)
    written: list[Program] = [(yield first)]
    found = None
    if aside is not None and (yield TokensLeft()) > 0:
        found = yield aside
    for draft in others:
        if (yield TokensLeft()) <= 0:
            break
        program = yield draft
        if (yield TokensLeft()) < 0:
            break
        written.append(program)
    yield Note(DRAFTS_NOTE, len(written))
    return tuple(written), found
