"""If these fail, answers are read from disk for every program, or a program is judged by those of another problem."""

from dataclasses import replace
from pathlib import Path

import pytest

from foureyes.judging.formats.evalplus import expected, prepared
from foureyes.judging.formats.evalplus.expected import Expected, ReferenceAnswer
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.sandbox import environment
from foureyes.models.settings import settings

PROBLEM = FunctionTests("Test/0", "f", "def f(x): return x\n", [[1]], [[2], [3]], 0.0, "a" * 64)
ANSWER = ReferenceAnswer(b"V1", 0.01)
ANSWERS = Expected((ANSWER,), (ANSWER, ANSWER))


class Disk:
    """Answers kept under FOUREYES_HOME, and how often they were read."""

    def __init__(self) -> None:
        self.reads = 0

    def read(self, problem: FunctionTests) -> prepared.Prepared:
        return prepared.tests_of(problem, lambda: self._load(problem))

    def _load(self, problem: FunctionTests) -> Expected:
        self.reads += 1
        found = expected.STORE.load(problem.version, lambda: ANSWERS)
        assert isinstance(found, Expected)
        return found


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Disk:
    monkeypatch.setattr(environment, "fingerprint", lambda *_: "some Python")
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path))
    settings.cache_clear()
    prepared._remembered.clear()
    return Disk()


def test_answers_are_read_once_whoever_judges(disk: Disk) -> None:
    first = disk.read(PROBLEM)
    assert disk.read(replace(PROBLEM)) is first
    assert disk.reads == 1
    assert first.base.inputs == [[1]] and first.plus.inputs == [[2], [3]]


def test_answers_that_were_found_out_anew_are_read_anew(disk: Disk) -> None:
    """`foureyes benchmark check` corrects the times of a busy hour while workers go on."""
    disk.read(PROBLEM)
    expected.STORE.forget(PROBLEM.version)
    disk.read(PROBLEM)
    disk.read(PROBLEM)
    assert disk.reads == 2


def test_another_problem_is_never_taken_for_one_that_is_remembered(disk: Disk) -> None:
    other = replace(PROBLEM, entry_point="g", plus_inputs=[])
    disk.read(PROBLEM)
    assert disk.read(replace(other, version="b" * 64)).plus.inputs == []
    assert disk.read(other).plus.inputs == []
    assert disk.reads == 3


def test_what_is_remembered_takes_no_more_than_its_share(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = disk.read(PROBLEM).size
    monkeypatch.setattr(prepared, "_remembered", prepared.remembering(3 * size))
    for number in range(9):
        disk.read(replace(PROBLEM, version=f"{number:064x}"))
    assert len(prepared._remembered) == 3
    larger = replace(PROBLEM, version="c" * 64, base_inputs=[["x" * size]])
    assert disk.read(larger).base.inputs == [["x" * size]]
    assert len(prepared._remembered) == 3
