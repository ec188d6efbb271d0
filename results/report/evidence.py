"""What comparisons without evidence could have shown, and which pairs are missing, in plain words.

Each comparison comes with the name that it has in a sentence.
"""

from collections.abc import Iterable, Iterator, Sequence

from results.figures.comparisons import Comparison
from results.figures.statistics import SIGNIFICANT
from results.formatting import size

Named = Sequence[tuple[str, Comparison]]


def detectable(unclear: Named) -> str:
    """Which differences would have been missed, and where none could have been found."""
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


def listed(names: Iterable[str]) -> str:
    """One or another, e.g. `a, b or c`."""
    *most, last = names
    return f"{', '.join(most)} or {last}" if most else last
