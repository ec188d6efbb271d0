"""How the calls of a sweep ended that gave no whole answer, and what to do about them. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from foureyes.results.figures.scoreboard import Ending
from foureyes.results.formatting import count, verb

#: Finish reasons that a worker writes beside "stop" (worker/engines).
LENGTH, REFUSED, TOO_LONG = "length", "refused", "prompt_too_long"


def sentences(endings: Sequence[Ending]) -> Iterator[str]:
    """About each model of which some answers were cut off, only thoughts, refused, or never begun."""
    for model in dict.fromkeys(each.model for each in endings):
        here = [each for each in endings if each.model == model]
        total = _calls(here)
        ended = {
            end: [each for each in here if each.finish_reason == end]
            for end in (LENGTH, REFUSED, TOO_LONG)
        }
        if ended[LENGTH]:
            yield _cut(model, ended[LENGTH], here)
        thoughts = sum(
            each.only_thoughts for each in here if each.finish_reason not in (LENGTH, REFUSED)
        )
        if thoughts:
            yield (
                f"{_part(thoughts, total)} of {model} came to their end with thoughts and nothing "
                "else: turn `thinking` off, or have its server leave the answer out of the thoughts. "
                "They count as answers in which nothing was said."
            )
        if refused := _calls(ended[REFUSED]):
            yield (
                f"{_part(refused, total)} of {model} {verb(refused, 'is a refusal', 'are refusals')}, of it or of its provider; "
                "`foureyes show` has its words."
            )
        if too_long := _calls(ended[TOO_LONG]):
            yield (
                f"{_part(too_long, total)} of {model} never began, as the prompt alone did not "
                "fit its context: give it a larger one. They count as answers in which nothing was said."
            )


def _cut(model: str, cut: Sequence[Ending], here: Sequence[Ending]) -> str:
    said = f"{_part(_calls(cut), _calls(here))} of {model} {verb(_calls(cut), 'was', 'were')} cut off (finish reason length"
    totals = Counter[str]()
    for each in here:
        totals[each.kind] += each.calls
    if len(totals) > 1:  # half a plan goes to the coder as it is, and half a draft to the judge
        kinds = (f"{each.kind} {each.calls:,} of {totals[each.kind]:,}" for each in cut)
        said = f"{said}; {', '.join(kinds)}"
    only_thoughts = sum(each.only_thoughts for each in cut)
    if not only_thoughts:
        return f"{said}): raise `sampling.max_tokens`, or give the model a larger context."
    return (
        f"{said}), {only_thoughts:,} of them within their thoughts, before any answer: raise "
        "`sampling.max_tokens`, or turn `thinking` off."
    )


def _calls(endings: Iterable[Ending]) -> int:
    return sum(each.calls for each in endings)


def _part(calls: int, total: int) -> str:
    return f"{calls:,} of {count(total, 'answer')}"
