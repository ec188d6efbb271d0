"""Which programs gave the same: by what they gave, read outside of their processes."""

from collections.abc import Sequence

from foureyes.judging.visible.claims import equal
from foureyes.judging.visible.running import Given
from foureyes.models.shown import GAVE, RAISED, Comparison


def compare(given: Sequence[Sequence[Given]]) -> Comparison:
    """The groups of programs that gave the same, of which each gave something for every input."""
    alike = tuple(zip(*map(_alike, zip(*given, strict=True)), strict=True)) or ((),) * len(given)
    found: dict[tuple[int, ...], list[int]] = {}
    for number, mine in enumerate(alike):
        found.setdefault(mine, []).append(number)
    groups = found.values()

    def rank(group: list[int]) -> tuple[bool, int, int]:
        gave = any(each.output.how == GAVE for each in given[group[0]])
        return not gave, -len(group), group[0]

    outputs = tuple(tuple(each.output for each in many) for many in given)
    return Comparison(outputs, tuple(map(tuple, sorted(groups, key=rank))), alike)


def _alike(given: Sequence[Given]) -> list[int]:
    """For each of the programs, the number of the first that gave the same for one input."""
    first: list[int] = []
    found = []
    for number, mine in enumerate(given):
        same = next((each for each in first if _same(given[each], mine)), number)
        if same == number:
            first.append(number)
        found.append(same)
    return found


def _same(one: Given, other: Given) -> bool:
    """Whether two programs gave the same for an input: near floats, or an exception of the same name."""
    if one.output.how != other.output.how:
        return False
    if one.output.how == RAISED:
        return _name(one.output.shown) == _name(other.output.shown)
    if one.output.how != GAVE:
        return True
    try:
        return bool(equal(one.value, other.value))
    except (TypeError, ValueError, ArithmeticError, RecursionError):
        return False


def _name(said: str) -> str:
    return said.removeprefix("raised: ").partition(":")[0]
