"""Columns that several statements write and read alike: which there are stands here, once.

A statement of them is put together from names that stand in this file, and from nothing else.
"""

from collections.abc import Iterable

#: Of a completion, what its answer fills, with SQL's types.
ANSWER = {
    "text": "text",
    "finish_reason": "text",
    "prompt_tokens": "integer",
    "cached_tokens": "integer",
    "completion_tokens": "integer",
    "seconds": "double precision",
    "engine": "text",
}
#: Of an execution, what its verdict fills.
JUDGED = ("base", "plus", "reason", "level", "trust", "detail", "seconds")
#: Of both, how it came about.
CAME_ABOUT = ("state", "error", "tries", "worker", "created_at", "finished_at")
#: Of a completion and of an execution, what was asked for, apart from of whom and about what.
CALL = ("key", "kind", "prompt", "prompt_hash", "request")
JUDGING = ("key", "suite", "code", "given", "judge_version")


def listed(names: Iterable[str], of: str = "") -> str:
    """`row.text, row.engine`: the columns of a table, or by themselves."""
    return ", ".join(f"{of}.{name}" if of else name for name in names)


def assigned(names: Iterable[str], of: str) -> str:
    """`text = row.text, engine = row.engine`."""
    return ", ".join(f"{name} = {of}.{name}" for name in names)
