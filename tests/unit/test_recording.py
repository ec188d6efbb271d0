"""If one of these fails, somebody's recording ends a command, a page or an attempt in a traceback."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from foureyes.models import recording
from foureyes.models.errors import FoureyesError

TRIED = {"benchmark": "b", "problem_id": "p", "version": "v", "code": "c", "judge_version": "1"}
OUTPUT = {"how": "gave", "shown": "1"}


@pytest.mark.parametrize(
    "line",
    [
        {"key": "k", "text": "an answer"},
        TRIED | {"trial": {"results": [{"source": "f()", "passed": True, "shown": ""}]}},
        TRIED | {"suite": "compared", "given": ["f()"], "trial": {"outputs": [[OUTPUT]] * 2, "groups": [[1, 0]]}},
        TRIED | {"suite": "traced", "given": ["f()"], "trial": {"lines": [], "left_out": 0, "ended": "it"}},
    ],
)  # fmt: skip
def test_what_was_recorded_is_read(tmp_path: Path, line: dict[str, Any]) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_text(json.dumps(line) + "\n")
    assert list(recording.read(file)) == [line]
    file.write_bytes(gzip.compress(file.read_bytes()))
    assert list(recording.read(file)) == [line]


def test_an_empty_file_is_no_recording(tmp_path: Path) -> None:
    """Else a sweep is enqueued, and each of its attempts ends in an error of its own."""
    file = tmp_path / "calls.jsonl.gz"
    for empty in (b"", gzip.compress(b"")):
        file.write_bytes(empty)
        with pytest.raises(FoureyesError, match=r"calls\.jsonl\.gz: an empty file"):
            list(recording.read(file))


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    file = tmp_path / "calls.jsonl.gz"
    whole = gzip.compress(json.dumps({"key": "k", "text": "an answer"}).encode())
    for damaged in (whole[:-10], whole[:12] + b"\xff" * 8 + whole[20:]):
        file.write_bytes(damaged)
        with pytest.raises(FoureyesError, match=r"calls\.jsonl\.gz: the gzip file is damaged"):
            list(recording.read(file))


@pytest.mark.parametrize(
    "line",
    [
        "[" * 100_000,
        json.dumps(TRIED)[:-1] + ', "trial": ' + "[" * 100_000,
        TRIED | {"trial": {"results": [{"source": 1, "passed": True, "shown": ""}]}},
        TRIED | {"trial": {"results": [{"source": "", "passed": True, "shown": {"a": 1}}]}},
        TRIED | {"trial": {"results": [{"source": "\0", "passed": True, "shown": ""}]}},
        TRIED | {"suite": "written", "trial": {"results": [{"source": "", "outcome": "passed", "shown": []}]}},
        TRIED | {"suite": "compared", "trial": {"outputs": [[OUTPUT | {"shown": 5}]], "groups": [[0]]}},
        TRIED | {"suite": "compared", "trial": {"outputs": [[OUTPUT]], "groups": [[0]], "alike": [[0, 1]]}},
        TRIED | {"suite": "traced", "trial": {"lines": [{"number": "1"}], "left_out": 0, "ended": "it"}},
        {"key": "k", "text": "\ud800"},
    ],
)  # fmt: skip
def test_what_nobody_can_have_recorded_is_named_with_its_line(tmp_path: Path, line: Any) -> None:
    file = tmp_path / "calls.jsonl"
    file.write_text((line if isinstance(line, str) else json.dumps(line)) + "\n")
    with pytest.raises(FoureyesError, match=r"calls.jsonl line 1: not a line of a recording"):
        list(recording.read(file))
