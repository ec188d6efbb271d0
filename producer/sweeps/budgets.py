"""Whose tokens a pattern with a budget gets: `tokens_of` of a sweep file, as one of its patterns."""

from collections.abc import Collection, Sequence
from typing import Any

from foureyes.models.errors import FoureyesError
from foureyes.models.nearest import meant
from foureyes.worker.patterns import TOKENS_OF, Configured
from foureyes.worker.patterns.style import Style

#: Options by which patterns are written and read alike (results/figures/baselines.py has the same).
_ALIKE = {"prompts": "default", "thinking": None, "extraction": "whole"}


def sources(made: Sequence[Configured]) -> dict[str, str]:
    """By the label of each pattern that has a budget, the label of the one whose tokens it gets.

    Raises: FoureyesError if none is called so, several are, or it has a budget itself.
    """
    return {each.label: _source(each, made).label for each in made if each.tokens_of}


def _source(mine: Configured, made: Sequence[Configured]) -> Configured:
    """The pattern that is called as `mine` says: as tables write it, with or without the options that
    every pattern has, or by its name alone.

    Of several those count that are written and read as `mine` is, and of these the one that is called
    most exactly so.
    """
    wanted = mine.tokens_of
    where = f"pattern {mine.label!r}: {TOKENS_OF}"
    called = [each for each in made if wanted in (*_labels(each), each.pattern.name)]
    if not called:
        names = [each.label for each in made if not each.tokens_of]
        raise FoureyesError(
            f"{where}: no pattern of the sweep is called {wanted!r}{meant(wanted, names)}"
        )
    free = [each for each in called if not each.tokens_of]
    if not free:
        raise FoureyesError(
            f"{where}: {wanted!r} has a budget itself; name a pattern that spends what it likes"
        )
    alike = [each for each in free if _style(each) == _style(mine)] or free
    by_exactness = ([one for one in alike if _labels(one)[n] == wanted] for n in range(3))
    found = next(filter(None, by_exactness), alike)
    if len(found) > 1:
        labels = " or ".join(repr(each.label) for each in found)
        raise FoureyesError(f"{where}: several are called {wanted!r}; write {labels}")
    return found[0]


def _labels(each: Configured) -> tuple[str, str, str]:
    """As tables write it; without how all of a sweep's patterns may be written and read; without any option
    that every pattern has."""
    return each.label, _without(each, _ALIKE), _without(each, Style.model_fields)


def _without(each: Configured, names: Collection[str]) -> str:
    own = {name: value for name, value in each.options.items() if name not in names}
    return each.pattern.configure(own).label


def _style(each: Configured) -> list[Any]:
    return [each.options.get(name, usual) for name, usual in _ALIKE.items()]
