"""Write the starter set's two files: `python -m problems.build`.

EvalPlus's format, one JSON object per line; both files share ids, entry points and hidden tests.
"""

import json
import random
from pathlib import Path

from problems.easy import EASY
from problems.hard import HARD
from problems.medium import MEDIUM
from problems.shape import Source

_HERE = Path(__file__).parent


def sources() -> list[Source]:
    """All problems in their order: mixed, so that the first few are a fair sample."""
    easy, medium, hard = list(EASY), list(MEDIUM), list(HARD)
    mixed = []
    for letter in "emehemem" + "emh" * 4 + "em" * 3 + "mh" + "em":
        mixed.append({"e": easy, "m": medium, "h": hard}[letter].pop(0))
    return mixed + easy + medium + hard


def records(rich: bool) -> list[dict]:
    """The lines of one file."""
    made = []
    for number, source in enumerate(sources(), 1):
        made.append(
            {
                "task_id": f"starter/{number:02}",
                "prompt": source.rich_prompt() if rich else source.lean_prompt(),
                "entry_point": source.name,
                "canonical_solution": source.body(),
                "base_input": source.base,
                "plus_input": source.plus(random.Random(source.name)),
                "atol": 0,
                "contract": "",
                "difficulty": source.difficulty,
                "topic": source.topic,
            }
        )
    return made


def text(rich: bool) -> str:
    """The content of one file."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records(rich))


if __name__ == "__main__":
    for name, rich in (("starter-rich", True), ("starter-lean", False)):
        (_HERE / f"{name}.jsonl").write_text(text(rich), encoding="utf-8")
