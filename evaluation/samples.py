"""Samples: a file with one JSON object a line, or a list of them, or a folder of programs."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from foureyes.evaluation.ids import Ids
from foureyes.judging.formats.problem import Problem
from foureyes.models import packed
from foureyes.models.errors import FoureyesError

_MARK = b"\xef\xbb\xbf"
#: Stands for the standard input.
STANDARD_INPUT = Path("-")


@dataclass(frozen=True)
class Sample:
    """One program for one problem; `index` is its number among that problem's samples, from 0."""

    problem: Problem
    index: int
    code: str


@dataclass(frozen=True)
class Mistake:
    """A sample that cannot be judged, and why: one line for a person, with the place."""

    line: str


def read(path: Path, problems: Mapping[str, Problem]) -> Iterator[Sample | Mistake]:
    """The samples in their order.

    In a file, which may be gzipped, `solution` is a whole program and `completion` what follows the
    prompt; `code_list` holds all programs for a `question_id`, as LiveCodeBench writes them, a line
    each or all in one list. In a folder, `HumanEval_0/1.py` is a whole program for HumanEval/0.

    Raises: FoureyesError if there is no such file or folder, or it cannot be read.
    """
    ids = Ids(problems)
    counts: Counter[str] = Counter()
    for one in _folder(path, ids) if path.is_dir() else _file(path, ids):
        if isinstance(one, Mistake):
            yield one
            continue
        problem, code = one
        yield Sample(problem, counts[problem.problem_id], code)
        counts[problem.problem_id] += 1


def _file(path: Path, ids: Ids) -> Iterator[tuple[Problem, str] | Mistake]:
    name = "standard input" if path == STANDARD_INPUT else str(path)
    with _opened(path, name) as file:
        for place, fields in _entries(file, name):
            try:
                if isinstance(fields, FoureyesError):
                    raise fields
                if "code_list" in fields:
                    problem = _problem(fields.get("question_id"), "question_id", ids)
                    yield from ((problem, code) for code in _codes(fields["code_list"]))
                else:
                    problem = _problem(fields.get("task_id"), "task_id", ids)
                    yield problem, _code(fields, problem)
            except FoureyesError as error:
                yield Mistake(f"{place}: {error}")


def _entries(
    file: Iterable[bytes], name: str
) -> Iterator[tuple[str, dict[str, Any] | FoureyesError]]:
    """What a file holds, each with its place: a line each, or the items of one list."""
    for number, line in enumerate(file, start=1):
        if not line.strip():
            continue
        place = f"{name} line {number}"
        try:
            if number == 1 and line.removeprefix(_MARK).lstrip().startswith(b"["):
                rest = b"".join([line, *file])
                for at, item in enumerate(_list(rest), start=1):
                    yield f"{name} item {at}", _object(item)
                return
            yield place, _object(_json(line))
        except FoureyesError as error:
            yield place, error


@contextmanager
def _opened(path: Path, name: str) -> Iterator[Iterable[bytes]]:
    """A file's bytes, uncompressed if it is gzip, whatever it is called."""
    try:
        with ExitStack() as stack:
            given = 0 if path == STANDARD_INPUT else path
            raw = stack.enter_context(open(given, "rb", closefd=given != 0))
            yield stack.enter_context(packed.unpacked(raw))
    except FileNotFoundError:
        raise FoureyesError(f"{name}: there is no such file or folder of samples") from None
    except packed.DAMAGES as error:
        raise packed.damaged(name, error) from None
    except OSError as error:
        raise FoureyesError(f"{name}: cannot be read ({error.strerror or error})") from None


def _json(content: bytes) -> Any:
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FoureyesError("not UTF-8 text") from None
    except (ValueError, RecursionError) as error:
        raise FoureyesError(f"not JSON: {error}") from None


def _list(content: bytes) -> list[Any]:
    found = _json(content)
    assert isinstance(found, list)  # it begins like one
    return found


def _object(value: Any) -> dict[str, Any] | FoureyesError:
    return value if isinstance(value, dict) else FoureyesError("not a JSON object")


def _problem(given: Any, field: str, ids: Ids) -> Problem:
    if given is None:
        raise FoureyesError(f"the field {field!r} is missing")
    found = ids.problems.get(given) if isinstance(given, str) else None
    if found is None:
        raise FoureyesError(ids.unknown(str(given)))
    return found


def _codes(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(code, str) for code in value):
        raise FoureyesError("the field 'code_list' must be a list of programs")
    return value


def _code(fields: dict[str, Any], problem: Problem) -> str:
    """`solution` counts if both are there, as in EvalPlus."""
    if isinstance(code := fields.get("solution"), str):
        return code
    if isinstance(completion := fields.get("completion"), str):
        return problem.whole(completion)
    raise FoureyesError("no code: neither 'solution' nor 'completion' is a text")


def _folder(path: Path, ids: Ids) -> Iterator[tuple[Problem, str] | Mistake]:
    programs = sorted(path.glob("*/*.py"), key=_in_order)
    if not programs:
        raise FoureyesError(f"{path}: no samples here; expected files such as HumanEval_0/0.py")
    for program in programs:
        try:
            problem = ids.of_folder(program.parent.name)
            if program.exists() and not program.is_file():  # a FIFO would be waited for
                raise FoureyesError("not a file")
            yield problem, program.read_text(encoding="utf-8")
        except FoureyesError as error:
            yield Mistake(f"{program}: {error}")
        except UnicodeDecodeError:
            yield Mistake(f"{program}: not UTF-8 text")
        except OSError as error:
            yield Mistake(f"{program}: cannot be read ({error.strerror})")


def _in_order(path: Path) -> list[Any]:
    """2.py before 10.py: numbers by value, everything else as text."""
    parts = re.split(r"(\d+)", f"{path.parent.name}/{path.name}")
    return [(int(part), "") if part.isdecimal() else (0, part) for part in parts]
