"""Every step that an author can ask for, answered by who means harm: all of it is kept, shown and moved as text."""

import csv
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from typer.testing import CliRunner

from foureyes.judging.judge import Judge
from foureyes.models.settings import settings
from foureyes.producer import cli
from foureyes.producer.archive import export_sweep, import_sweep
from foureyes.results.export import recording, tables
from foureyes.results.sweeps import find_sweep
from foureyes.results.web.app import create
from tests.conftest import copied
from tests.hostile_rows import HOSTILE
from tests.integration.test_own_patterns import NOTES, WORK, rows, run
from tests.integration.test_own_steps import shown

#: A pattern that asks for all there is, of whatever comes.
MODULE = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER, REVIEWER, Ask, Choose, Code, Compare, Draft, Inputs, Json, Note, Number, OneOf, Program, RunTests,
    Sampling, Tests, Trace, WrittenInputs, WrittenTests, mutated,
)

ANY = Json({"type": "object"})


@pattern("everything")
def everything(spec):
    """All steps, and all readings of an answer."""
    tests = yield Tests(spec, by=REVIEWER)
    written = yield Inputs(spec, by=REVIEWER, sampling=Sampling(max_tokens=500))
    draft = yield Draft(spec, by=CODER)
    other = yield Ask("anew", by=CODER, read=Code(spec), spec=spec, draft=draft)
    plain = Program(spec, "def f(x):\\n    return x\\0\\ud800\\n", "")
    run, own = yield RunTests(draft, tests), RunTests(draft, WrittenTests(tests.tests[-6:]))
    found = yield Compare((draft, other, plain), mutated(spec) + written + WrittenInputs(("f('\\0\\ud800')",)))
    way = (yield Trace(draft, spec.visible_tests[0])) if spec.visible_tests else None
    choice = yield Choose(draft, other, by=REVIEWER, differences=found.differences(draft, other))
    yield Note("choice", choice.letter)
    asked = dict(by=CODER, spec=spec, run=run, found=found, way=way, odd="\\0\\ud800")
    told = yield Ask("tell", **asked)
    many = yield (
        Ask("tell", read=OneOf("a.b", "<script>"), **asked),
        Ask("tell", read=Number(0, 10), **asked),
        Ask("tell", read=ANY, **asked),
    )
    yield Note("told", told.text)
    yield Note("a.b'\\"; <b>=1+1", [each.value for each in many])
    return choice.program.code
'''
TELL = "TELL {{ spec.prompt }} {{ odd }} {{ run.report }} {% if way %}{{ way.report }}{% endif %} {% for o in found.outputs %}{{ o }}{% endfor %}"
#: Programs by what of them is hostile: what they return, hold, raise, print, are called.
PROGRAMS = {
    "markup": f"def f(x):\n    held = {HOSTILE!r}\n    print(held)\n    return [held, type(held, (), {{}})()]\n",
    "raises": f"def f(x):\n    a = {{'=1+1': x}}\n    raise type({HOSTILE!r}[:80], (Exception,), {{}})({HOSTILE!r})\n",
    "odd": "def f(x):\n    a = '\\0\\ud800\\x1b[31m'\n    print(a)\n    return a\n",
    "huge": "def f(x):\n    a = 'x' * 5_000_000\n    print(a)\n    return [a, 10 ** 5000, float('nan')]\n",
    "deep": "def f(x):\n    a = []\n    for _ in range(5000):\n        a = [a]\n    return a\n",
    "shown": "class A:\n    def __repr__(self):\n        return '\\0\\ud800' + 'y' * 10 ** 6\ndef f(x):\n    a = A()\n    raise KeyError(a)\n",
    "frames": "import sys\ndef f(x):\n    at = sys._getframe()\n    while at:\n        for held in list(at.f_locals.values()):\n"
    "            if type(held) is list:\n                held.append((10 ** 4400, '<i>'))\n        at = at.f_back\n    return x\n",
}
TESTS = f"""
assert f({HOSTILE!r}) == {HOSTILE!r}
assert f('\\ud800\\0') == "=cmd|' /C calc'!A0"
assert f(1) == {"[" * 90}{"]" * 90}
assert f(1) == {"9" * 4400}
assert f(2) == {"x" * 5000!r}
assert f(" </pre>
assert "a.b'c" == f(3).a.b
"""
INPUTS = f"f({HOSTILE!r})\nf('\\ud800\\0')\nf({'[' * 90}{']' * 90})\nf({'-' * 3000}1)\nf({{1: {{'a.b': \"'\"}}}})\nf(f)\n"
ANSWERS = {
    "markup": f"{HOSTILE}\n<script>\n7\n" + json.dumps({HOSTILE: HOSTILE, "=1+1": "\ud800\0"}),
    "raises": "9" * 400 + '\n{"a": ' + "9" * 400 + "}",
    "odd": '\0\ud800\nnot a.b\n1e999\n{"a": NaN}',
    "huge": "y" * 1_000_000 + "\na.b 3",
    "deep": '{"a": ' * 700 + "1" + "}" * 700,
    "shown": "",
    "frames": '{"a": [1e999, -0.0, "\\u0000"]}',
}


def _rule(answer: str, *contains: str) -> str:
    return f"[[rules]]\ncontains = {json.dumps(list(contains))}\nanswer = {json.dumps(answer.replace(chr(0xD800), '?').replace(chr(0), '?'))}\n"


def _written(folder: Path) -> Path:
    (folder / "own.py").write_text(MODULE)
    (folder / "tell.md").write_text(TELL)
    (folder / "anew.md").write_text("ANEW {{ spec.prompt }}\n{{ draft.code }}\n")
    rules, records = [], []
    for kind, code in PROGRAMS.items():
        fenced = f"```python\n{code}```"
        rules += [
            _rule(ANSWERS[kind], "TELL", f"({kind})"),
            _rule(fenced.replace("return", "return 1,"), "ANEW", f"({kind})"),
            _rule(f"```python{TESTS}```", "at most ten tests", f"({kind})"),
            _rule(f"```python\n{INPUTS}```", "at most ten inputs", f"({kind})"),
            _rule('{"reason": "", "choice": "A"}', "Program B:", f"({kind})"),
            _rule(fenced, f"({kind})"),
        ]
        record = {
            "task_id": f"=h/{kind}.\"'<b>", "entry_point": "f", "atol": 0, "canonical_solution": "    return x\n",
            "prompt": f'def f(x):\n    """Return x ({kind}).\n\n    >>> f(1)\n    1\n    """\n',
            "base_input": [[1]], "plus_input": [[2]],
        }  # fmt: skip
        records.append(json.dumps(record) + "\n")
    (folder / "script.toml").write_text("".join(rules))
    (folder / "h.jsonl").write_text("".join(records))
    model = 'engine = "scripted"\nscript = "script.toml"'
    (folder / "own.toml").write_text(
        f'name = "own"\nbenchmarks = [{{ name = "h", data = "h.jsonl" }}]\npatterns = ["everything"]\n'
        f'modules = ["own"]\n[models.c]\n{model}\n[models.r]\n{model}\n[[teams]]\ncoder = "c"\nreviewer = "r"\n'
    )
    return folder / "own.toml"


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        judge = Judge(slot=16)
        yield judge
        judge.close()
    settings.cache_clear()


@pytest.fixture(scope="module")
def played(postgres: str, judge: Judge, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The sweep file of a database in which it has been played to its end; nothing is to be changed there."""
    with pytest.MonkeyPatch.context() as patch, copied(postgres, "migrated", patch):
        file = _written(tmp_path_factory.mktemp("own"))
        run(file, judge, limit=None)
        yield file


@pytest.mark.usefixtures("played")
def test_no_attempt_ends_in_error() -> None:
    found = rows("SELECT outcome, error FROM v_attempts")
    assert [row for row in found if row[0] not in ("unsolved", "solved")] == []
    assert len(found) == len(PROGRAMS)
    kinds = {kind for (kind,) in rows("SELECT DISTINCT kind FROM step")}
    assert kinds == {
        "tests", "inputs", "draft", "ask", "run", "compare", "trace", "review", "judge",
    }  # fmt: skip


@pytest.mark.usefixtures("played")
def test_on_every_page_it_is_text() -> None:
    with TestClient(create("http://127.0.0.1:5555"), base_url="http://127.0.0.1") as pages:
        for (attempt_id,) in rows("SELECT id FROM attempt ORDER BY id"):
            page = pages.get(f"/attempts/{attempt_id}")
            assert page.status_code == 200
            assert len(page.text) < 3_000_000
            for harm in (
                "<script>document",
                "<img src=x",
                "<svg onload",
                "\x1b",
                "\u202e",
                "<i>",
                "9337",
            ):
                assert harm not in page.text, (attempt_id, harm)


@pytest.mark.usefixtures("played")
def test_in_a_terminal_it_is_text(tmp_path: Path) -> None:
    for (attempt_id,) in rows("SELECT id FROM attempt ORDER BY id"):
        said = shown(attempt_id)
        assert "\x1b" not in said and "\x07" not in said and "\u202e" not in said
    for query in ("table v_notes", "select * from v_steps", "select given, detail from execution"):
        for format in ("table", "csv", "json"):
            made = CliRunner().invoke(cli.app, ["sql", query, "--format", format])
            assert made.exit_code == 0, made.output
            assert "\x1b" not in made.output and "\u202e" not in made.output
    tables.write(find_sweep("own"), tmp_path, tables.as_csv)
    for file in tmp_path.iterdir():
        with file.open(newline="") as opened:
            csv.field_size_limit(10**9)
            cells = [cell for row in csv.reader(opened) for cell in row]
        assert cells and not [each for each in cells if each.startswith(("=", "@", "+"))]


def _held() -> list[str]:
    return sorted(map(repr, rows(WORK) + rows(NOTES)))


def test_it_travels_and_is_the_same_there(
    played: Path, postgres: str, judge: Judge, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    checked = CliRunner().invoke(cli.app, ["patterns", "check", str(played)])
    assert checked.exit_code == 0, checked.output
    before = _held()
    recording.write(find_sweep("own"), tmp_path / "calls.jsonl")
    with (tmp_path / "archive").open("wb") as file:
        export_sweep.write(find_sweep("own"), file)
    with copied(postgres, "migrated", monkeypatch):
        import_sweep.read(tmp_path / "archive")
        assert _held() == before
    with copied(postgres, "migrated", monkeypatch):
        run(played, judge, recording=tmp_path / "calls.jsonl", limit=None)
        assert _held() == before
