"""How the calls of a sweep ended that gave no whole answer, and what to do about them. Pure."""

from collections.abc import Iterator, Sequence

from foureyes.results.figures.scoreboard import Ending
from foureyes.results.formatting import count

#: Finish reasons that a worker writes beside "stop" (worker/engines).
LENGTH, REFUSED, TOO_LONG = "length", "refused", "prompt_too_long"


def sentences(endings: Sequence[Ending]) -> Iterator[str]:
    """About each model of which some answers were cut off, only thoughts, refused, or never begun."""
    for model in dict.fromkeys(each.model for each in endings):
        here = {each.finish_reason: each for each in endings if each.model == model}
        total = sum(each.calls for each in here.values())
        if cut := here.get(LENGTH):
            yield _cut(model, cut, total)
        thoughts = sum(
            each.only_thoughts for end, each in here.items() if end not in (LENGTH, REFUSED)
        )
        if thoughts:
            yield (
                f"{_part(thoughts, total)} of {model} came to their end with thoughts and nothing "
                "else: turn `thinking` off, or have its server leave the answer out of the thoughts. "
                "They count as answers in which nothing was said."
            )
        if refused := here.get(REFUSED):
            yield (
                f"{_part(refused.calls, total)} of {model} are refusals, of it or of its provider; "
                "`foureyes show` has its words."
            )
        if too_long := here.get(TOO_LONG):
            yield (
                f"{_part(too_long.calls, total)} of {model} never began, as the prompt alone did not "
                "fit its context: give it a larger one. They count as answers in which nothing was said."
            )


def _cut(model: str, cut: Ending, total: int) -> str:
    said = f"{_part(cut.calls, total)} of {model} were cut off (finish reason length)"
    if not cut.only_thoughts:
        return f"{said}: raise `sampling.max_tokens`, or give the model a larger context."
    return (
        f"{said}, {cut.only_thoughts:,} of them within their thoughts, before any answer: raise "
        "`sampling.max_tokens`, or turn `thinking` off."
    )


def _part(calls: int, total: int) -> str:
    return f"{calls:,} of {count(total, 'answer')}"
