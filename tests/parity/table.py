"""What a comparison of both judges found, as markdown."""

from collections import Counter
from collections.abc import Mapping, Sequence

from tests.parity.judges import Difference


def table(
    benchmark: str,
    counts: Counter[str],
    differences: Sequence[Difference],
    reasons: Mapping[str, str],
) -> str:
    """Programs by class, how many of them both judges agree on, and each that they differ on."""
    base: Counter[str] = Counter()
    plus: Counter[str] = Counter()
    for one in differences:
        base[one.program.kind] += one.ours.base != one.theirs.base
        plus[one.program.kind] += one.ours.plus != one.theirs.plus
    lines = [
        f"| {benchmark}: class | programs | base agrees | plus agrees |",
        "|---|---:|---:|---:|",
    ]
    for kind, count in sorted(counts.items()):
        lines.append(f"| {kind} | {count} | {count - base[kind]} | {count - plus[kind]} |")
    total = counts.total()
    lines.append(f"| **all** | {total} | {total - base.total()} | {total - plus.total()} |")
    for one in differences:
        lines.append(f"- {one}: {reasons.get(one.program.task_id, '**unexplained**')}")
    return "\n".join(lines)
