"""Write the starter set's files: `python -m foureyes.problems.build`.

Two are in EvalPlus's format, one JSON object per line, and share ids, entry points and hidden tests. The
third has programs for them whose verdict is known: each problem's right one, and the wrong ones.
"""

import json
import random
from pathlib import Path

from foureyes.problems.easy import EASY
from foureyes.problems.hard import HARD
from foureyes.problems.medium import MEDIUM
from foureyes.problems.shape import Source

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


def known_programs() -> list[dict]:
    """Programs as a model would write them, without the docstring; `fault` is empty for a right one."""
    made = []
    for number, source in enumerate(sources(), 1):
        for fault, body in {"": source.body(), **source.wrong_bodies()}.items():
            made.append(
                {
                    "task_id": f"starter/{number:02}",
                    "fault": fault,
                    "program": f"{source.signature}\n{body}",
                }
            )
    return made


def text(records: list[dict]) -> str:
    """The content of one file."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def files() -> dict[str, str]:
    """The contents of all files, by name."""
    return {
        "starter-rich.jsonl": text(records(rich=True)),
        "starter-lean.jsonl": text(records(rich=False)),
        "starter-known.jsonl": text(known_programs()),
    }


if __name__ == "__main__":
    for name, content in files().items():
        (_HERE / name).write_text(content, encoding="utf-8")
