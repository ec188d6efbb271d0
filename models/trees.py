"""Python's syntax trees, made by one thread at a time.

Python 3.11 counts the depth of all trees that a process is making: where two threads make one each, it may raise
a SystemError ("AST constructor recursion depth mismatch"), and an attempt ended in that.
"""

import ast
import threading
from typing import Any

#: Levels of a tree. Whoever goes through one calls itself some times for each, and Python has 1,000 calls.
_DEEPEST = 100

#: Python may close a pattern of a user's while it makes a tree, and that one may read another.
_lock = threading.RLock()


def parse(source: str | bytes) -> ast.Module:
    """As `ast.parse`."""
    with _lock:
        return ast.parse(source)


def expression(source: str) -> ast.Expression:
    """As `ast.parse` of one expression."""
    with _lock:
        return ast.parse(source, mode="eval")


def literal(source: str) -> Any:
    """As `ast.literal_eval` of a text."""
    return ast.literal_eval(expression(source.lstrip(" \t")))


def is_too_deep(tree: ast.AST) -> bool:
    """Whether a tree has so many levels that `ast.unparse` and the like may fail on it."""
    level: list[ast.AST] = [tree]
    for _ in range(_DEEPEST):
        level = [child for node in level for child in ast.iter_child_nodes(node)]
    return bool(level)
