"""Finding the program in a model's answer. Text is read, never run; time is linear in its length."""

import ast
import re
import textwrap
import warnings
from collections.abc import Iterator

#: A block ends at a fence that is indented as the one that opened it, or with the answer: one in a
#: docstring is indented further.
_FENCE = re.compile(
    r"^(?P<indent>[ \t]*)```[^\n`]*\n(?P<code>.*?)(?:^(?P=indent)```|\Z)", re.DOTALL | re.MULTILINE
)
#: Where a reasoning section ends. Tags in quotes are written about, as in a program that looks for
#: them.
_END = r"""</think>(?!["'])(?:(?<!(?<!`)`</think>)|(?!`(?!`)))"""
_THOUGHT = re.compile(_END)
_TAG = re.compile(rf"""(?<!["'`])(?P<begin><think>)|{_END}""")
#: A section further down, closed or cut off.
_ANOTHER = re.compile(r"^[ \t]*<think>.*?(?:</think>|\Z)", re.DOTALL | re.MULTILINE)
#: What a program without a fence begins with.
_BEGIN = re.compile(
    r"^(?:import \w|from [\w.]+ import\b|(?:async )?def \w+\(|class \w+[:(]|@\w)", re.MULTILINE
)
#: Times that a broken end is cut off before the whole is given up; each costs one parse.
_CUTS = 3
_EXAMPLE_CALLS = frozenset({"print", "input", "main"})
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)


def without_thinking(text: str) -> str:
    """The answer without its reasoning sections, closed or cut off.

    Some chat templates open the section themselves, so that its beginning is not in the answer: what
    follows the last end is what counts then.
    """
    answer = _after_first(text) if text.lstrip().startswith("<think>") else None
    if answer is None:
        answer = _THOUGHT.split(text)[-1]
    return _ANOTHER.sub("", answer)


def _after_first(text: str) -> str | None:
    """What follows the section that a text begins with; None where its end cannot be told."""
    depth = 0
    for tag in _TAG.finditer(text):
        depth += 1 if tag["begin"] else -1
        if depth == 0:
            return text[tag.end() :]
    return None


def extract_code(text: str, entry_point: str) -> str:
    """The program that an answer offers for `entry_point`; empty if there is none.

    The last block that defines the entry point wins (models correct themselves downwards), else the
    last that is Python, else the last. Nothing is added. What is taken out: the reasoning section,
    prose, an unfinished end, and examples of use at the top level (asserts, prints, calls of the
    entry point), for a wrong example is no wrong program. What the model thought is never taken.
    """
    answer = without_thinking(text)
    fenced = [textwrap.dedent(block["code"]).strip("\n") for block in _FENCE.finditer(answer)]
    candidates = fenced or [_from_first_statement(answer)]
    fallback = ""
    for candidate in reversed(candidates):
        code, tree = _parsed(candidate)
        if tree is None:
            continue
        if entry_point in {name for node in tree.body for name in _bound(node)}:
            return _without_examples(code, tree, entry_point)
        if code == candidate and tree.body:
            fallback = fallback or code + "\n"
    return fallback or (fenced[-1] + "\n" if fenced else "")


def _from_first_statement(answer: str) -> str:
    """An answer without a fence from where it may be code; all of it if that is nowhere."""
    begin = _BEGIN.search(answer)
    return answer[begin.start() if begin else 0 :].strip("\n")


def _parsed(code: str) -> tuple[str, ast.Module | None]:
    """The code up to where it stops being Python, and its tree; no tree if it never was."""
    for _ in range(_CUTS + 1):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # the model's escapes are not our reader's business
                return code, ast.parse(code)
        except SyntaxError as error:
            code = _cut(code, error.lineno or 0)
        except (ValueError, RecursionError, MemoryError):
            break
        if not code:
            break
    return code, None


def _cut(code: str, line: int) -> str:
    """The code without the statement of the top level that reaches `line`, and all behind it."""
    lines = code.split("\n")[:line]
    while lines:
        last = lines.pop()
        if last and not last[0].isspace() and last[0] not in ")]}#":
            break
    while lines and lines[-1].startswith("@"):
        lines.pop()
    return "\n".join(lines).rstrip()


def _without_examples(code: str, tree: ast.Module, entry_point: str) -> str:
    """The code without the statements of the top level that only show or check its use."""
    examples = {entry_point}  #: names that only examples have to do with, once they use them
    lines: list[str | None] = [*code.split("\n")]
    for node in tree.body:
        if not _is_example(node, entry_point, examples):
            continue
        examples.update(_bound(node))
        if all(other is node or not _share_a_line(node, other) for other in tree.body):
            lines[node.lineno - 1 : node.end_lineno] = [None] * (
                (node.end_lineno or node.lineno) - node.lineno + 1
            )
    return "\n".join(line for line in lines if line is not None).strip("\n") + "\n"


def _is_example(node: ast.stmt, entry_point: str, examples: set[str]) -> bool:
    match node:
        case ast.Assert():
            return True
        case ast.Import() | ast.ImportFrom() | ast.FunctionDef() | ast.ClassDef():
            return False
        case ast.AsyncFunctionDef():
            return False
        case ast.Expr(value=ast.Constant()):
            return False  # a docstring
        case ast.Expr(value=ast.Call(func=ast.Name(id=name))) if name in _EXAMPLE_CALLS:
            return True
        case ast.Expr(value=value) if not isinstance(value, ast.Call):
            return True  # a word of prose
    return entry_point not in _bound(node) and not examples.isdisjoint(_used(node))


def _share_a_line(one: ast.stmt, other: ast.stmt) -> bool:
    return one.lineno <= (other.end_lineno or 0) and other.lineno <= (one.end_lineno or 0)


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that a statement of the top level binds there."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    for inner in _outside_functions(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
            yield inner.id
        elif isinstance(inner, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield inner.name


def _used(node: ast.AST) -> Iterator[str]:
    """The names that a statement reads when it is run, not when a function in it is."""
    for inner in _outside_functions(node):
        if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Load):
            yield inner.id


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """A statement's nodes without the insides of functions and classes."""
    waiting = [node]
    while waiting:
        inner = waiting.pop()
        yield inner
        if not isinstance(inner, _FUNCTIONS):
            waiting.extend(ast.iter_child_nodes(inner))
