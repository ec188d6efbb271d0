"""If one of these fails, verdicts that came with somebody's samples count as if they were given here."""

import json
from pathlib import Path
from typing import Any

import pytest

from foureyes.evaluation import seal
from foureyes.evaluation.journal import Journal
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    return _at(tmp_path / "home", monkeypatch)


def _at(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("FOUREYES_HOME", str(folder))
    settings.cache_clear()
    seal._key.cache_clear()
    return folder


def verdict(key: str = "k", **more: Any) -> dict[str, Any]:
    return {
        "task_id": "t/1", "index": 0, "outcome": "solved", "seconds": 0.125, "reason": "\udce9\u2028é",
        "failed_base": (1, 2), "key": key,
    } | more  # fmt: skip


def given(path: Path, *verdicts: dict[str, Any]) -> None:
    with Journal(path) as journal:
        for each in verdicts:
            journal.add(each)
        journal.finish((each["key"], each["task_id"], each["index"]) for each in verdicts)


def test_what_was_judged_here_is_not_judged_again(tmp_path: Path, home: Path) -> None:
    out = tmp_path / "s.verdicts.jsonl"
    given(out, verdict("a"), verdict("b"))
    with Journal(out) as journal:
        assert journal.get("a") and journal.get("b") and journal.foreign == 0
        journal.finish([("a", "elsewhere", 7)])  # another place is no other verdict
    with Journal(out) as journal:
        assert journal.get("a") and journal.foreign == 0
    assert (home / "verdicts.key").stat().st_mode & 0o777 == 0o600


def test_a_verdict_of_another_installation_is_none(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "s.verdicts.jsonl"
    given(out, verdict())
    _at(tmp_path / "another", monkeypatch)
    with Journal(out) as journal:
        assert journal.get("k") is None and journal.foreign == 1


@pytest.mark.parametrize("part", ["", ".part"])
@pytest.mark.parametrize(
    "change", [{"outcome": "unsolved"}, {"key": "other"}, {"seal": ""}, {"seal": None}, {"x": 1}]
)
def test_a_verdict_that_somebody_changed_is_none(
    tmp_path: Path, change: dict[str, Any], part: str
) -> None:
    out = tmp_path / "s.verdicts.jsonl"
    given(out, verdict())
    line = json.loads(out.read_bytes()) | change
    out.unlink()
    Path(f"{out}{part}").write_text(json.dumps(line) + "\n")
    with Journal(out) as journal:
        assert journal.get("k") is journal.get("other") is None and journal.foreign == 1
        journal.add(verdict())
        assert journal.get("k")


def test_a_key_that_others_may_have_written_is_not_used(tmp_path: Path, home: Path) -> None:
    given(tmp_path / "out", verdict())
    seal._key.cache_clear()
    (home / "verdicts.key").chmod(0o640)
    with pytest.raises(FoureyesError, match="others than you may have written it"):
        Journal(tmp_path / "out")


def test_where_no_key_can_be_kept_programs_are_judged_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    _at(tmp_path / "file" / "home", monkeypatch)
    given(tmp_path / "out", verdict())
