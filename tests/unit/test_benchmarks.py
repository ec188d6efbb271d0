"""Benchmarks: the right file is found and whole, mistakes in a file are named, nothing leaks."""

import dataclasses
import gc
import gzip
import hashlib
import json
import os
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from foureyes.judging import released, sources
from foureyes.judging.formats.records import parse_record
from foureyes.models import nearest
from foureyes.models.errors import FoureyesError, Mistakes
from foureyes.models.settings import settings

OFFICIAL = Path(os.environ.get("FOUREYES_DATA") or Path(__file__).parents[3] / "shared" / "data")
RELEASE_PATH = "/evalplus/humanevalplus_release/releases/download/v0.1.10/HumanEvalPlus.jsonl.gz"
FILE = "HumanEvalPlus-v0.1.10.jsonl"


def fields(number: int = 0, **changes: Any) -> dict[str, Any]:
    return {
        "task_id": f"Mine/{number}",
        "prompt": 'def double(x):\n    """Twice x.\n    >>> double(2)\n    4\n    """\n',
        "entry_point": "double",
        "canonical_solution": "    return 2 * x  # the secret solution\n",
        "base_input": [[71077]],
        "plus_input": [[1e5], [-0.0], [60606]],
        "atol": 1e-6,
    } | changes


def line(number: int = 0, **changes: Any) -> str:
    return json.dumps(fields(number, **changes))


#: Stands for the official file, so that finding and checking it is tested in any clone.
CONTENT = f"{line(0)}\n{line(1)}\n{line(2)}\n".encode()


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A machine without any benchmark, and without a network."""
    for name in (
        "FOUREYES_DATA",
        "HUMANEVAL_OVERRIDE_PATH",
        "MBPP_OVERRIDE_PATH",
        "BIGCODEBENCH_OVERRIDE_PATH",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("FOUREYES_CACHE", str(tmp_path / "ours"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setattr(released, "RELEASES", "http://127.0.0.1:9")
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


@pytest.fixture
def humaneval(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """CONTENT is what EvalPlus released as HumanEval+."""
    md5 = hashlib.md5(CONTENT, usedforsecurity=False).hexdigest()
    (official,) = sources._RELEASED["humaneval+"]
    changed = [dataclasses.replace(official, md5=md5)]
    monkeypatch.setitem(sources._RELEASED, "humaneval+", changed)
    return CONTENT


class _Release(BaseHTTPRequestHandler):
    answer = b""
    asked: list[str]

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(200 if self.path == RELEASE_PATH else 404)
        self.end_headers()
        self.wfile.write(self.answer)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def web(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[_Release]]:
    """EvalPlus's release page, on this machine."""
    handler = type("Release", (_Release,), {"asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(released, "RELEASES", f"http://127.0.0.1:{server.server_port}")
    yield handler
    server.shutdown()
    thread.join()
    server.server_close()


def write(path: Path, content: bytes | str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def refusal(name: str = "humaneval+") -> str:
    with pytest.raises(FoureyesError) as caught:
        sources.load(name)
    return str(caught.value)


def data_folder(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOUREYES_DATA", str(folder))
    settings.cache_clear()
    return folder


@pytest.mark.parametrize(
    ("name", "count", "plus"), [("humaneval+", 164, 122_683), ("mbpp+", 378, 39_841)]
)
def test_the_official_files_load_whole(
    name: str, count: int, plus: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else scores would be of another benchmark than the one they name."""
    (official,) = sources._RELEASED[name]
    if not any((OFFICIAL / f"{official.file}{end}").is_file() for end in ("", ".gz")):
        pytest.skip(f"needs {official.file}: set FOUREYES_DATA to the folder that has it")
    data_folder(OFFICIAL.resolve(), monkeypatch)
    problems = sources.load(name)
    hidden = [problem.hidden_tests() for problem in problems]
    assert len(problems) == count
    assert sum(len(tests.plus_inputs) for tests in hidden) == plus
    assert all(tests.base_inputs for tests in hidden)
    assert sources.load(name, limit=3) == problems[:3]


@pytest.mark.parametrize("packed", [False, True], ids=["jsonl", "gz"])
@pytest.mark.parametrize("place", ["FOUREYES_DATA", "EvalPlus's cache"])
def test_a_file_that_is_here_is_used_without_a_network(
    place: str, packed: bool, humaneval: bytes, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else an offline machine could not run the benchmarks it has."""
    folder = machine / "cache" / "evalplus"
    if place == "FOUREYES_DATA":
        folder = data_folder(machine / "data", monkeypatch)
    file = f"{FILE}.gz" if packed else FILE
    write(folder / file, gzip.compress(humaneval) if packed else humaneval)
    assert [problem.problem_id for problem in sources.load("humaneval+")] == [
        "Mine/0",
        "Mine/1",
        "Mine/2",
    ]


def test_a_file_that_is_not_the_released_one_is_refused(
    humaneval: bytes, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a damaged or edited file would give scores under the official name."""
    folder = data_folder(machine / "data", monkeypatch)
    write(folder / FILE, humaneval.replace(b"71077", b"71078", 1))
    message = refusal()
    assert str(folder / FILE) in message
    assert "HUMANEVAL_OVERRIDE_PATH" in message
    (folder / FILE).unlink()
    write(folder / f"{FILE}.gz", gzip.compress(humaneval)[:-20])
    assert "damaged" in refusal()


def test_an_overriding_file_is_used_as_it_is_and_its_versions_differ(
    humaneval: bytes, machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """EvalPlus's own variable; and results of changed problems must not pass for the official."""
    write(machine / "cache" / "evalplus" / FILE, humaneval)
    official = sources.load("humaneval+")
    changed = write(machine / "changed.jsonl", humaneval.replace(b"71077", b"71078", 1))
    monkeypatch.setenv("HUMANEVAL_OVERRIDE_PATH", str(changed))
    overridden = sources.load("humaneval+")
    assert overridden[0].benchmark == "humaneval+"
    assert overridden[0].hidden_tests().base_inputs == [[71078]]
    assert overridden[0].version != official[0].version
    assert overridden[1:] == official[1:]


def test_the_release_is_fetched_once_and_kept(
    humaneval: bytes, web: type[_Release], machine: Path
) -> None:
    """Else a first run would need the file to be brought by hand, or every run the network."""
    web.answer = gzip.compress(humaneval)
    first = sources.load("humaneval+")
    assert sources.load("humaneval+") == first
    assert web.asked == [RELEASE_PATH]
    assert [path.name for path in (machine / "ours" / "benchmarks").iterdir()] == [FILE]


@pytest.mark.parametrize(
    "answer", [b"<html>please log in</html>", gzip.compress(CONTENT[:-9]), b""]
)
def test_a_download_that_is_not_the_release_is_not_kept(
    answer: bytes, humaneval: bytes, web: type[_Release], machine: Path
) -> None:
    """Else a captive portal's page would be the benchmark from then on."""
    web.answer = answer
    assert "cannot be downloaded" in refusal()
    assert not (machine / "ours").exists()


@pytest.mark.parametrize("name", ["humaneval+", "mbpp+"])
def test_offline_one_line_says_which_file_from_where_to_where(name: str) -> None:
    """Else the user of an offline machine would see a traceback of a connection."""
    message = refusal(name)
    (official,) = sources._RELEASED[name]
    assert "\n" not in message
    for needed in (official.file, official.url, "FOUREYES_DATA", official.override):
        assert needed in message


def test_a_data_folder_that_does_not_exist_is_named(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a misspelt FOUREYES_DATA would go unnoticed and something else be used."""
    folder = data_folder(machine / "no-such-folder", monkeypatch)
    assert refusal() == f"FOUREYES_DATA: {folder} is not a folder"


@pytest.mark.parametrize(
    ("given", "meant"),
    [("humaneval", "humaneval+"), ("MBPP+", "mbpp+"), ("starter", "starter-")],
)
def test_an_unknown_name_gets_the_nearest_valid_one(given: str, meant: str) -> None:
    """Else the user would have to look the names up."""
    message = refusal(given)
    assert message.startswith(f"there is no benchmark {given!r}; did you mean")
    assert meant in message.split("mean")[1]


def test_where_no_name_is_near_all_are_told() -> None:
    """A far-fetched guess leads astray."""
    names = ", ".join(sources.names())
    assert refusal("gsm8k") == f"there is no benchmark 'gsm8k'; there are {names}"
    assert nearest.meant("verdict", ["c"]) == "; there is c"
    assert nearest.meant("budget", map(str, range(16))) == nearest.meant("c", []) == ""


@pytest.mark.parametrize("name", ["starter-rich", "starter-lean"])
def test_the_starter_sets_load(name: str) -> None:
    """Else the demo would have no problems."""
    problems = sources.load(name)
    assert len(problems) == 30
    assert all(
        bool(problem.spec().visible_tests) == (name == "starter-rich") for problem in problems
    )


def test_a_record_is_kept_to_the_last_digit(machine: Path) -> None:
    """Else 1e5 would become an integer and -0.0 lose its sign, and with them verdicts."""
    text = line().replace("100000.0", "1e5") + "  "
    (problem,) = sources.load_file(write(machine / "mine.jsonl", text))
    assert problem.record == text.strip()
    assert problem.version == hashlib.sha256(text.strip().encode()).hexdigest()
    assert parse_record("mine", problem.record) == problem
    assert [repr(given) for given in problem.hidden_tests().plus_inputs] == [
        "[100000.0]",
        "[-0.0]",
        "[60606]",
    ]


def test_files_from_windows_and_with_rare_characters_are_read(machine: Path) -> None:
    """Else a byte order mark, CRLF, blank lines or a raw U+2028 would break a good file."""
    rare = json.dumps(fields(1, base_input=[["a\u2028b"]]), ensure_ascii=False)
    content = b"\xef\xbb\xbf" + f"{line(0)}\r\n\r\n{rare}\r\n".encode()
    problems = sources.load_file(write(machine / "own.jsonl", content), "own")
    assert problems[0].record == line(0)
    assert problems[1].hidden_tests().base_inputs == [["a\u2028b"]]
    packed = write(machine / "own.jsonl.gz", gzip.compress(content))
    assert sources.load_file(packed) == problems


def test_absent_plus_inputs_are_none_at_all(machine: Path) -> None:
    """EvalPlus writes {} in Mbpp/793; plain HumanEval files have no such field."""
    without = fields(1)
    del without["plus_input"], without["atol"]
    text = f"{line(0, plus_input={})}\n{json.dumps(without)}\n"
    for problem in sources.load_file(write(machine / "own.jsonl", text)):
        assert problem.hidden_tests().plus_inputs == []


MISTAKES = {
    "not JSON": ("{'task_id': 1}", "not valid JSON"),
    "cut off": (line(9)[:-30], "not valid JSON"),
    "no object": ("[1, 2]", "not a JSON object"),
    "nesting": ("[" * 100_000, "JSON that cannot be read"),
    "field missing": (json.dumps({"task_id": "a"}), "the field 'prompt' is missing"),
    "field of another type": (line(9, prompt=["a"]), "the field 'prompt' must be a string"),
    "inputs no lists": (line(9, base_input=[1]), "'base_input' must be a list of argument lists"),
    "no hidden test": (line(9, base_input=[], plus_input=[]), "there is no hidden test"),
    "bad tolerance": (line(9, atol="1e-6"), "'atol' must be a number"),
    "strange id": (line(9, task_id="a\nb"), "the task_id must be"),
    "NUL": (line(9, prompt="def double(x):\0"), "NUL"),
    "no function name": (line(9, entry_point="f(x)"), "must be a function's name"),
    "entry point undefined": (line(9, entry_point="triple"), "does not define the entry_point"),
    "reference no Python": (line(9, canonical_solution="    return ((\n"), "is not Python"),
    "used twice": (line(0), "'Mine/0' was already used"),
}


@pytest.mark.parametrize(("broken", "mistake"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_file_is_named_with_its_line(
    broken: str, mistake: str, machine: Path
) -> None:
    """Else the user would have to search a file of hundreds of long lines."""
    path = write(machine / "mine.jsonl", f"{line(0)}\n\n{broken}\n{line(1)}\n")
    with pytest.raises(FoureyesError) as caught:
        sources.load_file(path)
    message = str(caught.value)
    assert message.startswith(f"{path} line 3: ")
    assert mistake in message
    assert "\n" not in message


#: Ways of defining `double`, as people write them.
REFERENCES = [
    "import sys\nif sys.version_info >= (3, 8):\n    def double(x):\n        return 2 * x\n",
    "try:\n    from fast import double\nexcept ImportError:\n    def double(x): return 2 * x\n",
    "from operator import neg as double\n",
    "import math as double\n",
    "from operator import *\n",
    "from typing import Callable\ndouble: Callable = lambda x: 2 * x\n",
    "import functools, operator\ndouble = functools.partial(operator.mul, 2)\n",
    "class Doubler:\n    def __call__(self, x): return 2 * x\ndouble = Doubler()\n",
    "import functools\n@functools.cache\ndef double(x): return 2 * x\n",
    "def twice(x): return 2 * x\ndouble = other = twice\n",
    "def twice(x): return 2 * x\n(double, other) = twice, twice\n",
    "for double in [abs, lambda x: 2 * x]: pass\n",
    "if (double := (lambda x: 2 * x)): pass\n",
    "kept = [(double := f) for f in [lambda x: 2 * x]]\n",
    "def make():\n    global double\n    def double(x): return 2 * x\nmake()\n",
    "globals()['double'] = lambda x: 2 * x\n",
    "exec('def double(x): return 2 * x')\n",
    "with __import__('contextlib').nullcontext(abs) as double: pass\n",
    "class double:\n    def __new__(cls, x): return 2 * x\n",
    "match abs:\n    case double: pass\n",
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_a_reference_may_be_defined_in_any_way(reference: str, machine: Path) -> None:
    """Else a good file is refused for one line of it."""
    text = line(0, prompt="", canonical_solution=reference)
    assert sources.load_file(write(machine / "mine.jsonl", text))


@pytest.mark.parametrize(
    "reference",
    [
        "def other(x):\n    double = x\n    return double\n",
        "class Other:\n    def double(self, x): return 2 * x\n",
        "print(double)\n",
        "numbers = [double for double in range(3)]\n",
        "import numpy.double\n",
    ],
)
def test_what_only_mentions_the_entry_point_is_refused(reference: str, machine: Path) -> None:
    text = line(0, prompt="", canonical_solution=reference)
    with pytest.raises(FoureyesError, match="does not define the entry_point 'double'"):
        sources.load_file(write(machine / "mine.jsonl", text))


def test_all_mistakes_of_a_file_are_listed_at_once(machine: Path) -> None:
    """Else mending a file of thirty mistakes takes thirty rounds."""
    broken = [line(n, entry_point="triple") for n in range(2)]
    text = "\n".join([line(9), broken[0], "{", line(9), broken[1]])
    path = write(machine / "mine.jsonl", text)
    with pytest.raises(Mistakes) as caught:
        sources.load_file(path)
    said = caught.value.lines
    assert [line.split(": ")[0] for line in said] == [f"{path} line {n}" for n in (2, 3, 4, 5)]
    assert "already used" in said[2]
    assert len(sources.load_file(path, limit=1)) == 1  # what is not asked for may be broken
    many = "\n".join(line(n, entry_point="triple") for n in range(50))
    with pytest.raises(Mistakes, match=r"; ... and 30 more") as caught:
        sources.load_file(write(machine / "mine.jsonl", many))
    assert len(caught.value.lines) == 21


@pytest.mark.parametrize(
    ("content", "mistake"),
    [
        (b"", "there is no problem in this file"),
        (b"\n \n", "there is no problem in this file"),
        (b'{"task_id": "\xff"}', "line 1: not UTF-8 text"),
        (None, "there is no such file"),
    ],
)
def test_a_file_without_problems_is_refused(
    content: bytes | None, mistake: str, machine: Path
) -> None:
    """Else a sweep over nothing would end at once, and seem to have worked."""
    path = machine / "mine.jsonl"
    if content is not None:
        write(path, content)
    with pytest.raises(FoureyesError, match=mistake) as caught:
        sources.load_file(path)
    assert str(path) in str(caught.value)


def test_a_folder_or_a_limit_of_nothing_is_refused(machine: Path) -> None:
    """Else the user would see a traceback, or a sweep of the wrong size."""
    with pytest.raises(FoureyesError, match="cannot be read"):
        sources.load_file(machine)
    with pytest.raises(FoureyesError, match="at least 1, not -1"):
        sources.load_file(write(machine / "mine.jsonl", line()), limit=-1)


def test_hidden_tests_cannot_be_reached_from_a_spec(machine: Path) -> None:
    """Else a prompt template could show a model the tests it is judged by."""
    path = write(machine / "mine.jsonl", line())
    (problem,) = sources.load_file(path)
    reached: list[str] = []
    waiting: list[Any] = [problem.spec()]
    while waiting:
        value = waiting.pop()
        if isinstance(value, str):
            reached.append(value)
        elif not isinstance(value, type):
            waiting.extend(gc.get_referents(value))
    assert "double(2)" in reached  # the walk does reach what the prompt shows
    for secret in ("71077", "60606", "secret solution"):
        assert secret in problem.record
        assert not any(secret in text for text in reached)


def test_a_line_is_read_once_a_process_and_only_the_same_line() -> None:
    """A worker is given it for each of a problem's programs: to read it takes as long as to judge one."""
    fields = {
        "task_id": "Test/0", "prompt": "def f(x):\n", "canonical_solution": "    return x\n",
        "entry_point": "f", "base_input": [[1]], "plus_input": [[1.0]],
    }  # fmt: skip
    first = parse_record("mine", json.dumps(fields))
    again = parse_record("mine", json.dumps(fields))
    assert again.hidden_tests() is first.hidden_tests() and again.spec() is first.spec()
    assert parse_record("yours", json.dumps(fields)).benchmark == "yours"
    other = parse_record("mine", json.dumps(fields | {"plus_input": [[1]]}))
    assert other.version != first.version
    assert repr(other.hidden_tests().plus_inputs) == "[[1]]"  # and not 1.0, though they are equal
