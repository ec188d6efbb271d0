"""How many problems flipped between two patterns in runs that are on record."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import text

from foureyes.models.session import session
from foureyes.results.figures import outcomes
from foureyes.results.figures.outcomes import JUDGED, SOLVED, Outcomes

#: The latest comparisons of two patterns that are looked at.
_LATEST = 20
#: Pairs below which a share of flips says too little to plan by.
_ENOUGH = 50

#: A pattern's name in tables says how its prompts are written, too: such two are alike but for their patterns.
_COMPARED = text("""
SELECT asked.pattern, asked.other, latest.run_id, latest.other_run_id
FROM unnest(CAST(:patterns AS text[]), CAST(:others AS text[])) AS asked (pattern, other)
CROSS JOIN LATERAL (
    SELECT run.id AS run_id, other_run.id AS other_run_id
    FROM run
    JOIN run AS other_run ON other_run.sweep_id = run.sweep_id
        AND other_run.benchmark = run.benchmark AND other_run.pairing = run.pairing
    WHERE run.pattern = asked.pattern AND other_run.pattern = asked.other
    ORDER BY run.id DESC LIMIT :latest
) AS latest
""")


@dataclass(frozen=True)
class Flips:
    """On what share of `pairs` two runs differed.

    `correlation` is how much the differences of one problem's samples are alike, around no difference:
    1 for copies, 0 if one sample's says nothing of another's; None where no problem has several that
    were judged.
    """

    pairs: int
    share: float
    correlation: float | None


def flips(asked: Sequence[tuple[str, str]]) -> dict[tuple[str, str], Flips]:
    """The flips of a pattern's latest runs in this database against another's, for each such two.

    They are called as tables call them. Runs of any benchmark and team count; two patterns of which hardly
    anything is known are left out.
    """
    values = {
        "patterns": [pattern for pattern, _ in asked],
        "others": [other for _, other in asked],
        "latest": _LATEST,
    }
    with session() as db:
        compared = list(db.execute(_COMPARED, values))
        ids = {run for row in compared for run in (row.run_id, row.other_run_id)}
        became = outcomes.read(db, sorted(ids))
    runs: dict[tuple[str, str], list[tuple[Outcomes, Outcomes]]] = defaultdict(list)
    for row in compared:
        runs[row.pattern, row.other].append((became[row.other_run_id], became[row.run_id]))
    found = {two: measured(each) for two, each in runs.items()}
    return {two: each for two, each in found.items() if each.pairs >= _ENOUGH}


def measured(runs: Iterable[tuple[Outcomes, Outcomes]]) -> Flips:
    """The flips of these pairs of runs together.

    The share has half a flip in one more pair beside it, so that it is never 0 or 1. The correlation is
    the mean product of two samples' differences, each 1, 0 or -1, by that of a sample's with itself.
    """
    pairs = flipped = 0
    together = alone = 0.0  # sums over problems with several samples
    for other, run in runs:
        for problem in other.keys() & run.keys():
            both = zip(other[problem], run[problem], strict=False)
            found = [
                (after == SOLVED) - (before == SOLVED)
                for before, after in both
                if before in JUDGED and after in JUDGED
            ]
            squares = sum(map(abs, found))
            pairs += len(found)
            flipped += squares
            if len(found) > 1:
                together += (sum(found) ** 2 - squares) / (len(found) * (len(found) - 1))
                alone += squares / len(found)
    correlation = min(1.0, max(0.0, together / alone)) if alone else None
    return Flips(pairs, (flipped + 0.5) / (pairs + 1), correlation)
