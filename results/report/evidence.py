"""What comparisons without evidence could have shown, and which pairs are missing, in plain words.

Each comparison comes with the name that it has in a sentence.
"""

from collections.abc import Iterable, Iterator, Sequence
from statistics import fmean

from foureyes.results.figures.comparisons import Comparison
from foureyes.results.figures.precision import Precision
from foureyes.results.figures.questions import SEQUENTIAL
from foureyes.results.figures.statistics import SIGNIFICANT
from foureyes.results.formatting import margin, points, size

Named = Sequence[tuple[str, Comparison]]

#: Comparisons whose bounds are told, and those that are named where one would do.
_BOUNDED, _NAMED = 3, 10


def detectable(unclear: Named) -> str:
    """Which differences would have been missed, and where none could have been found.

    Nothing of comparisons that may go on.
    """
    unclear = [(name, found) for name, found in unclear if found.test != SEQUENTIAL]
    sizes = [found.detectable for _, found in unclear if found.detectable is not None]
    few = [(name, found) for name, found in unclear if found.detectable is None]
    told = []
    if sizes:
        low, high = size(min(sizes)), size(max(sizes))
        span = low if low == high else f"{low} to {high}"
        told.append(
            f"On as many differing problems, differences below {span} points would be missed more often "
            "than one time in five."
        )
    if few:
        names = listed(name for name, _ in few)
        begins = (
            f"With {names} so few problems differ" if sizes else "They differ on so few problems"
        )
        # a later step asks less
        later = any(found.could_be_evidence for _, found in few)
        step = " at the first step of the correction" if later else ""
        told.append(f"{begins} that no split of them would have been evidence{step}.")
    return " ".join(told)


def by_itself(unclear: Named) -> Iterator[str]:
    """Which of them would have been evidence had nothing else been compared."""
    alone = [name for name, found in unclear if found.p < SIGNIFICANT]
    if alone:
        yield (
            f"By itself {listed(alone)} would be evidence, as its interval says, which is not corrected; "
            f"it is one of {unclear[0][1].family} comparisons, and for that p is."
        )


def missing(compared: Named, noun: str) -> Iterator[str]:
    """Where pairs are missing, most first; `noun` is what the names are of, in the plural."""
    found = sorted(((each.missing, name) for name, each in compared if each.missing), reverse=True)
    if found:
        most = ", ".join(f"{name} {number:,}" for number, name in found[:3])
        more = f" and {len(found) - 3} more {noun}" if len(found) > 3 else ""
        yield f"Pairs that are missing, not judged on both sides: {most}{more}."


def margins(compared: Named, baseline: str | None = None) -> Iterator[str]:
    """Which differences are shown to be too small to matter, if any are.

    What is better is not said to be no worse, too.
    """
    asked = [(name, found) for name, found in compared if found.pairs and found.verdict != "better"]
    if not asked:
        return
    points_wide = margin(asked[0][1].margin)
    than, of = (f" than {baseline}", f" of {baseline}") if baseline else ("", "")
    alike = [name for name, found in asked if found.equivalent.verdict == "yes"]
    no_worse = [
        name for name, found in asked if found.not_worse.verdict == "yes" and name not in alike
    ]
    if alike:
        yield f"Shown to be within {points_wide} points{of}, up or down: {_some(alike)}."
    if no_worse:
        yield f"Shown to be no worse{than} by {points_wide} points: {_some(no_worse)}."


def _some(names: list[str]) -> str:
    more = f" and {len(names) - _NAMED:,} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def with_errors(compared: Named) -> Iterator[str]:
    """Between what the attempts in error leave the differences, most missing first."""
    found = sorted(
        ((each, name) for name, each in compared if each.with_errors),
        key=lambda pair: -pair[0].missing,
    )
    if not found:
        return
    told = []
    for each, name in found[:_BOUNDED]:
        assert each.with_errors is not None
        least, most = map(points, each.with_errors)
        told.append(f"{least} to {most} for {name}")
    more = f"; and so on for {len(found) - _BOUNDED} more" if len(found) > _BOUNDED else ""
    yield (
        "Were all errors against it, or all for it, the difference in points would be "
        f"{', '.join(told)}{more}."
    )


def bought(found: Sequence[Precision]) -> Iterator[str]:
    """What more samples or problems would buy, on average over the patterns."""
    if not found:
        return
    each = [one.bought for one in found]
    now, samples, most, problems = (
        size(fmean(getattr(one, name) for one in each), 1)
        for name in ("now", "twice_the_samples", "any_samples", "twice_the_problems")
    )
    if samples == now:
        yield (
            f"More samples would narrow no interval of a difference (±{now} points on average); twice "
            f"as many problems would make it ±{problems}."
        )
    else:
        yield (
            f"Intervals of differences are ±{now} points on average. Twice as many samples would make "
            f"that ±{samples}, any number of them ±{most}, twice as many problems ±{problems}."
        )


def listed(names: Iterable[str]) -> str:
    """One or another, e.g. `a, b or c`; the first ten of more."""
    *most, last = names
    if len(most) > _NAMED:
        return f"{', '.join(most[:_NAMED])} or {len(most) + 1 - _NAMED:,} others"
    return f"{', '.join(most)} or {last}" if most else last
