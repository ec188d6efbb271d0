"""Strangers' figures for programs."""

import json
from dataclasses import asdict
from typing import Any

from foureyes.results.figures.outcomes import ERROR, SOLVED, UNSOLVED
from foureyes.results.strangers.figures import Pair, Stats
from foureyes.results.strangers.sentences import sentences

_WORDS = {SOLVED: True, UNSOLVED: False, ERROR: None}


def to_json(found: Stats) -> str:
    """Everything that is shown; in the grid whether each sample is solved, null if it was not judged."""
    content = {
        "files": found.files,
        "baseline": found.baseline,
        "systems": [
            asdict(system) | {"usd_per_solved": system.usd_per_solved} for system in found.systems
        ],
        "comparisons": [_row(pair) for pair in found.pairs],
        "sentences": sentences(found),
        "grid": [
            {
                "problem": name,
                "solved": {
                    system.name: [_WORDS[letter] for letter in of[number]]
                    for system, of in zip(found.systems, found.outcomes, strict=True)
                    if number in of
                },
            }
            for number, name in found.problems.items()
        ],
    }
    return json.dumps(content, indent=2)


def _row(pair: Pair) -> dict[str, Any]:
    row = pair.comparison.row()
    del row["baseline_run_id"], row["run_id"]
    return {
        "first": pair.first,
        "second": pair.second,
        **row,
        "flips": [asdict(flip) for flip in pair.flips],
    }
