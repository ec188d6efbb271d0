"""Finding the program in a model's answer."""

import ast
import re

_FENCE = re.compile(r"^[ \t]*```[^\n`]*\n(.*?)(?:^[ \t]*```|\Z)", re.DOTALL | re.MULTILINE)
_THINKING = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)


def without_thinking(text: str) -> str:
    """The answer without its reasoning section, closed or cut off."""
    head, closed, tail = text.rpartition("</think>")
    if closed and "<think>" not in head:  # some chat templates open the section themselves
        return tail
    return _THINKING.sub("", text)


def extract_code(text: str, entry_point: str) -> str:
    """The program that an answer offers for `entry_point`; empty if there is none.

    The last fenced block that defines the entry point wins (models correct themselves downwards);
    else the last block that parses; an answer without a fence counts as code if it parses. Code in
    the reasoning section is never taken.
    """
    answer = without_thinking(text)
    blocks = [block.group(1).strip("\n") for block in _FENCE.finditer(answer)]
    candidates: list[str] = blocks or [answer.strip("\n")]
    for accepts in (lambda code: _defines(code, entry_point), _parses):
        for code in reversed(candidates):
            if accepts(code):
                return code + "\n"
    return candidates[-1] + "\n" if blocks else ""


def _parse(code: str) -> ast.Module | None:
    try:
        return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parses(code: str) -> bool:
    tree = _parse(code)
    return tree is not None and bool(tree.body)


def _defines(code: str, name: str) -> bool:
    """Whether the code binds `name` at its top level."""
    tree = _parse(code)
    if tree is None:
        return False
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            if node.name == name:
                return True
        elif isinstance(node, ast.Assign) and any(
            isinstance(target, ast.Name) and target.id == name for target in node.targets
        ):
            return True
    return False
