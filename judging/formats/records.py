"""A benchmark problem, from one line of a file in any of the formats known here.

The line itself is kept, as text: it is what the database stores and what the judge reads the
inputs from, so 1e5 stays a float and -0.0 keeps its sign.
"""

import importlib
import json
import pkgutil
import threading
from functools import cache
from typing import Any

from cachetools import LRUCache, cached

from foureyes.judging import formats
from foureyes.judging.formats.problem import Problem
from foureyes.models.errors import FoureyesError

#: Characters of the lines that a process remembers, with what it read in them: six times as many bytes.
#: HumanEval+ and MBPP+ have ten million.
_REMEMBERED = 16 << 20


@cached(LRUCache(_REMEMBERED, getsizeof=lambda problem: len(problem.record)), lock=threading.Lock())
def parse_record(benchmark: str, record: str) -> Problem:
    """The problem in one line of a benchmark file, its fields checked.

    Remembered: a worker is given a problem's line for each program that it judges.

    Raises: FoureyesError saying what is wrong with the line (not where it is).
    """
    fields = _fields(record)
    return _format_of(fields).read(benchmark, record, fields)


def _fields(record: str) -> dict[str, Any]:
    try:
        fields = json.loads(record)
    except json.JSONDecodeError as error:
        raise FoureyesError(f"not valid JSON: {error.msg} at column {error.colno}") from None
    except (ValueError, RecursionError) as error:  # an endless number, or endless nesting
        raise FoureyesError(f"JSON that cannot be read: {error}") from None
    if not isinstance(fields, dict):
        raise FoureyesError("not a JSON object")
    return fields


def _format_of(fields: dict[str, Any]) -> type[Problem]:
    """The format with most of its fields in a record: what is missing then is that format's to say."""
    return max(_formats(), key=lambda each: len(each.FIELDS & fields.keys()) / len(each.FIELDS))


@cache
def _formats() -> tuple[type[Problem], ...]:
    """Whatever lies in the folder, EvalPlus's first: of a record like none, its words are said."""
    names = [each.name for each in pkgutil.iter_modules(formats.__path__) if each.ispkg]
    names.sort(key=lambda name: (name != "evalplus", name))
    return tuple(
        importlib.import_module(f"foureyes.judging.formats.{name}.record").PROBLEM for name in names
    )
