"""Write the contest set: `python -m foureyes.problems.contest_build`.

LiveCodeBench's format, one JSON object a line; some private tests are compressed, as in its releases.
`platform` names whose manner a problem follows: its own loader takes no names but these.
"""

import base64
import datetime
import json
import pickle
import random
import zlib
from pathlib import Path

from foureyes.problems.contest_functional import FUNCTIONAL
from foureyes.problems.contest_shape import Task
from foureyes.problems.contest_stdin import STDIN

_FILE = Path(__file__).with_name("contest.jsonl")
_FIRST = datetime.date(2025, 1, 11)
_APART = datetime.timedelta(days=25)


def tasks() -> list[Task]:
    """All problems in their order: the two kinds in turn, so that the first few are a fair sample."""
    return [task for pair in zip(STDIN, FUNCTIONAL, strict=True) for task in pair]


def records() -> list[dict[str, str]]:
    """The lines of the file."""
    return [_record(number, task) for number, task in enumerate(tasks(), 1)]


def _record(number: int, task: Task) -> dict[str, str]:
    private = json.dumps(task.tests(task.private(random.Random(task.title))))
    return {
        "question_title": task.title,
        "question_content": task.content.strip() + "\n",
        "platform": "leetcode" if task.starter else "atcoder",
        "question_id": f"contest_{number:02}",
        "contest_id": f"foureyes_{(number + 1) // 2:02}",
        "contest_date": datetime.datetime.combine(
            _FIRST + (number + 1) // 2 * _APART, datetime.time()
        ).isoformat(),
        "starter_code": task.starter,
        "difficulty": task.difficulty,
        "public_test_cases": json.dumps(task.tests(task.public)),
        "private_test_cases": packed(private) if task.packed else private,
        "metadata": json.dumps({"func_name": task.method} if task.starter else {}),
    }


def packed(tests: str) -> str:
    """Tests as releases hold long ones: base64 of zlib of a pickle of their JSON."""
    return base64.b64encode(zlib.compress(pickle.dumps(tests, 4), 9)).decode()


def text() -> str:
    """The content of the file."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records())


if __name__ == "__main__":
    _FILE.write_text(text(), encoding="utf-8")
