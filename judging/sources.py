"""Where benchmarks come from: the official files, the sets shipped here, and files of one's own.

The official files are found in this order: the variable that overrides them, the folder FOUREYES_DATA,
the cache of their publisher's own program, our own cache, that of the Hugging Face hub, the release on
the web. Where the hash of the release is known, they are checked against it. An overriding file is used
as it is; the versions of its problems, which are hashes of their records, show that it differs.
"""

import logging
from collections.abc import Iterable, Iterator
from pathlib import Path

from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.records import parse_record
from foureyes.judging.released import Released
from foureyes.models import packed
from foureyes.models.errors import FoureyesError, Mistakes
from foureyes.models.nearest import meant

log = logging.getLogger(__name__)

_SHIPPED = Path(__file__).resolve().parent.parent / "problems"
#: Lines of a file that are named, if they cannot be used.
_MISTAKES_SHOWN = 20
_SETS = ("starter-rich", "starter-lean", "contest")


def _of_evalplus(name: str, version: str, md5: str, override: str) -> Released:
    release = f"evalplus/{name.lower()}_release/releases/download/{version}"
    return Released(
        f"{name}-{version}.jsonl", f"{release}/{name}.jsonl.gz", md5, override, cache="evalplus"
    )


#: Each file of LiveCodeBench's dataset, which adds the problems of some months.
_CONTESTS = [
    Released(
        f"livecodebench-{number}.jsonl",
        file,
        aliases=(file,),
        dataset="livecodebench/code_generation_lite",
    )
    for number, file in enumerate(["test.jsonl", *(f"test{n}.jsonl" for n in range(2, 7))], 1)
]
_RELEASED = {
    "humaneval+": [
        _of_evalplus(
            "HumanEvalPlus",
            "v0.1.10",
            "fe585eb4df8c88d844eeb463ea4d0302",
            "HUMANEVAL_OVERRIDE_PATH",
        )
    ],
    "mbpp+": [
        _of_evalplus("MbppPlus", "v0.2.0", "ee43ecabebf20deef4bb776a405ac5b1", "MBPP_OVERRIDE_PATH")
    ],
    **{
        name: [
            Released(
                "BigCodeBench-v0.1.4.jsonl",
                "bigcode-project/bigcodebench-annotation/releases/download/v0.1.4/BigCodeBench.jsonl.gz",
                override="BIGCODEBENCH_OVERRIDE_PATH",
                cache="bigcodebench",
                aliases=("BigCodeBench.jsonl",),
            )
        ]
        for name in ("bigcodebench", "bigcodebench-instruct")
    },
    **{f"livecodebench-v{number}": _CONTESTS[:number] for number in range(1, len(_CONTESTS) + 1)},
}
#: How many problems the sets and the official files have, some of them, so that nobody has to fetch one
#: to know.
SIZES = {
    "starter-rich": 30, "starter-lean": 30, "contest": 20, "humaneval+": 164, "mbpp+": 378,
    "bigcodebench": 1140, "livecodebench-v6": 1055,
}  # fmt: skip


def names() -> list[str]:
    """The benchmarks that `load` knows."""
    return [*_SETS, *_RELEASED]


def load(name: str, limit: int | None = None) -> list[Problem]:
    """The problems of a benchmark in the order of its file, or its first `limit`.

    Raises: FoureyesError if there is no such benchmark, or its file cannot be had or is not whole.
    """
    if name in _SETS:
        return load_file(_SHIPPED / f"{name}.jsonl", name, limit)
    if name not in _RELEASED:
        raise FoureyesError(f"there is no benchmark {name!r}{meant(name, names())}")
    paths = (each.overridden() or each.get() for each in _RELEASED[name])
    return _problems(name, paths, limit)


def load_file(path: Path, name: str | None = None, limit: int | None = None) -> list[Problem]:
    """The problems of a file (.jsonl or .jsonl.gz) in any format, as the benchmark `name`.

    Without a name, the file's. Raises: FoureyesError with the file and the line of each mistake:
    scores of the rest would be those of another benchmark.
    """
    own_name = path.name.removesuffix(".gz").removesuffix(".jsonl")
    return _problems(name or own_name, [path], limit)


def _problems(name: str, paths: Iterable[Path], limit: int | None) -> list[Problem]:
    if limit is not None and limit < 1:
        raise FoureyesError(f"{name}: the limit must be at least 1, not {limit}")
    found: dict[str, Problem] = {}
    mistakes = []
    left_out: dict[str, list[str]] = {}
    for path, number, line in _lines(paths):
        try:
            problem = _problem(name, line)
            if problem.problem_id in found:
                raise FoureyesError(f"the id {problem.problem_id!r} was already used above")
            if missing := problem.missing():
                for each in sorted(missing):
                    left_out.setdefault(each, []).append(problem.problem_id)
                continue
        except FoureyesError as error:
            mistakes.append(f"{path} line {number}: {error}")
            continue
        found[problem.problem_id] = problem
        if len(found) == limit:
            break
    if mistakes:
        raise _listed(mistakes)
    if left_out:
        log.warning("%s", _left_out(path, left_out))
    if not found:
        raise FoureyesError(f"{path}: no problem of this file can be judged here")
    return list(found.values())


def _problem(name: str, line: bytes) -> Problem:
    """The problem of a line, checked. Raises: FoureyesError saying what is wrong with it."""
    try:
        record = line.decode("utf-8").strip(" \t\r\n")
    except UnicodeDecodeError as error:
        raise FoureyesError(f"not UTF-8 text ({error.reason} at byte {error.start + 1})") from None
    problem = parse_record(name, record)
    problem.check()
    return problem


def _left_out(path: Path, problems: dict[str, list[str]]) -> str:
    """How many problems need libraries that are not here, by library."""
    count = len({problem for each in problems.values() for problem in each})
    by_number = sorted(problems, key=lambda name: (-len(problems[name]), name))
    named = ", ".join(f"{name} ({len(problems[name])})" for name in by_number)
    are = "problem is" if count == 1 else "problems are"
    return f"{path}: {count} {are} left out, for libraries that are not here: {named}"


def _listed(mistakes: list[str]) -> Mistakes:
    """All that is wrong with a file, so that it can be mended in one go."""
    lines = mistakes[:_MISTAKES_SHOWN]
    if more := len(mistakes) - len(lines):
        lines.append(f"... and {more} more lines that cannot be used")
    return Mistakes(*lines)


def _lines(paths: Iterable[Path]) -> Iterator[tuple[Path, int, bytes]]:
    """Each line that is not blank, with its place; read as it is asked for: a file may have gigabytes.

    Only \\n ends a line: JSON may hold U+2028 as it is.
    """
    for path in paths:
        is_empty = True
        try:
            with packed.opened(path) as file:
                for number, line in enumerate(file, start=1):
                    if number == 1:
                        line = line.removeprefix(b"\xef\xbb\xbf")
                    if line.strip(b" \t\r\n"):
                        is_empty = False
                        yield path, number, line
        except FileNotFoundError:
            raise FoureyesError(f"{path}: there is no such file") from None
        except packed.DAMAGES as error:
            raise packed.damaged(path, error) from None
        except OSError as error:
            raise FoureyesError(f"{path}: cannot be read ({error.strerror or error})") from None
        if is_empty:
            raise FoureyesError(f"{path}: there is no problem in this file")
