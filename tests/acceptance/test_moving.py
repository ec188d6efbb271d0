"""A sweep leaves by `foureyes export`, as people type it: for a judge, or for another machine."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.programs import foureyes, scripted_sweep


def rows(statement: str, home: Path) -> Any:
    made = foureyes("sql", statement, "--format", "json", home=home)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def export(home: Path, format: str, output: Path) -> str:
    made = foureyes(
        "export", "scripted", "--format", format, "--output", str(output), home=home, COLUMNS="200"
    )
    assert made.returncode == 0, made.stderr
    return made.stdout


def test_a_sweep_moves_to_another_machine_and_grows_there(tmp_path: Path) -> None:
    words = scripted_sweep(tmp_path, 3, 0.0, ["raw-coder", "review-then-fix"])
    first, second = tmp_path / "first", tmp_path / "second"
    made = foureyes(*words, "--limit", "2", home=first)
    assert made.returncode == 0, made.stdout + made.stderr
    calls = "SELECT key, text, finished_at FROM completion ORDER BY key"
    before = rows(calls, first)

    export(first, "archive", tmp_path / "moved")
    brought = foureyes("import", str(tmp_path / "moved"), home=second, COLUMNS="200")
    assert brought.returncode == 0, brought.stderr
    assert "brought 4 ended attempts, 6 completions and" in brought.stdout
    assert rows(calls, second) == before

    tried = foureyes("retry", "scripted", home=second, COLUMNS="300")
    assert tried.returncode == 2 and "`foureyes sweep FILE --accept-imported`" in tried.stderr
    words.append("--accept-imported")
    again = foureyes(*words, "--limit", "2", home=second, COLUMNS="300")
    assert "is done already: nothing to do" in again.stdout
    assert "Not made here: 4 attempts rest on 6 answers and" in again.stdout
    assert foureyes("retry", "scripted", home=second).returncode == 0
    grown = foureyes(*words, home=second)
    assert grown.returncode == 0, grown.stdout + grown.stderr
    after = rows(calls, second)
    assert len(after) == len(before) // 2 * 3
    assert [row for row in after if row in before] == before  # none of them was made again

    words.remove("--accept-imported")
    anew = foureyes(*words, "--limit", "2", home=second, COLUMNS="300")
    assert anew.returncode == 0, anew.stdout + anew.stderr
    assert "4 attempts of sweep 1 rest on what was made elsewhere, and are made anew" in anew.stdout
    assert "Not made here" not in anew.stdout


WRONG = """
[[rules]]
contains = ["plus one (1)"]
answer = '''
```python
def f(x):
    return x
```
'''
"""


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sweep's files, and in `home` its results: one of three is unsolved."""
    folder = tmp_path_factory.mktemp("swept")
    words = scripted_sweep(folder, 3, 0.0, ["raw-coder"])
    script = (folder / "script.toml").read_text()
    (folder / "script.toml").write_text(WRONG + script)
    made = foureyes(*words, home=folder / "home")
    assert made.returncode == 0, made.stdout + made.stderr
    return folder


def test_evaluate_judges_exported_samples_as_the_sweep_did(swept: Path, tmp_path: Path) -> None:
    """Else what is exported is not what was judged."""
    said = export(swept / "home", "evalplus", tmp_path / "samples")
    assert "3 samples in 1 files, one a run; attempts left out: none" in said
    (samples,) = (tmp_path / "samples").iterdir()
    judged = foureyes(
        "evaluate", str(samples), "--data", str(swept / "mine.jsonl"),
        "--output", str(tmp_path / "verdicts.jsonl"), home=swept / "home",
    )  # fmt: skip
    assert judged.returncode == 0, judged.stderr
    verdicts = [json.loads(line) for line in (tmp_path / "verdicts.jsonl").read_text().splitlines()]
    found = [(v["task_id"], v["outcome"], v["base"], v["plus"]) for v in verdicts]
    expected = rows(
        "SELECT problem_id, outcome, base, plus FROM v_attempts ORDER BY 1", swept / "home"
    )
    assert found == [tuple(row.values()) for row in expected]
    assert [outcome for _, outcome, *_ in found] == ["solved", "unsolved", "solved"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["export", "nothing", "--format", "csv"], "there is no sweep"),
        (["export", "nothing", "--format", "xls"], "'xls' is not one of"),
        (["import", "nowhere.gz"], "nowhere.gz: there is no such file"),
        (["import", "README.md"], "README.md: damaged, or no archive"),
    ],
)
def test_mistakes_are_told_in_a_line(swept: Path, words: list[str], says: str) -> None:
    made = foureyes(*words, home=swept / "home")
    assert made.returncode == 2
    assert says in " ".join(made.stderr.split())
    assert "Traceback" not in made.stderr


def test_nothing_is_written_over_and_nothing_half_written_is_left(
    swept: Path, tmp_path: Path
) -> None:
    (tmp_path / "mine.csv").write_text("precious")
    for output, says in [
        (tmp_path / "mine.csv", "is there already; choose another --output"),
        (tmp_path / "nowhere" / "out", f"there is no folder {tmp_path / 'nowhere'}"),
        (tmp_path / "mine.csv" / "out", "cannot be written (Not a directory)"),
    ]:
        made = foureyes(
            "export", "scripted", "--format", "csv", "--output", str(output), home=swept / "home"
        )
        assert made.returncode == 2
        assert says in " ".join(made.stderr.split())
    assert [path.name for path in tmp_path.iterdir()] == ["mine.csv"]
    assert (tmp_path / "mine.csv").read_text() == "precious"
