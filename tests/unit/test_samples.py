"""If these fail, samples are lost or stand for the wrong problem, or a verdict is taken for another's."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from foureyes.evaluation import judging
from foureyes.evaluation.ids import Ids
from foureyes.evaluation.samples import Mistake, Sample, read
from foureyes.judging.formats.problem import Problem
from foureyes.judging.profiles import DEFAULT
from foureyes.judging.sandbox import environment
from foureyes.models.errors import FoureyesError
from tests.problems import problem
from tests.programs import ROOT


def problems(*ids: str) -> dict[str, Problem]:
    return {each: problem(each) for each in ids}


BOTH = problems(
    *(f"HumanEval/{n}" for n in range(3)), "HumanEval/12", "Mbpp/2", "Mbpp/3", "Mbpp/12"
)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("HumanEval_0", "HumanEval/0"),
        ("humaneval/0", "HumanEval/0"),
        ("human-eval/00", "HumanEval/0"),
        ("HumanEval+/1", "HumanEval/1"),
        ("HumanEvalPlus/1", "HumanEval/1"),
        (" HumanEval/1\n", "HumanEval/1"),
        ("MBPP/2", "Mbpp/2"),
        ("mbpp_3", "Mbpp/3"),
        ("mbpp3", "Mbpp/3"),
        ("MbppPlus 12", "Mbpp/12"),
        ("3", "Mbpp/3"),  # only one has this number
        ("2", None),
        ("HumanEval/3", None),  # never another number
        ("HumanEval/1/2", None),
        ("HumanEval", None),
        ("", None),
        ("\u00b2", None),
        ("x" * 1_000_000, None),
    ],
)
def test_an_id_written_otherwise_is_recognised(written: str, meant: str | None) -> None:
    """Else a person with 10,000 samples is told 10,000 times that there is no such problem."""
    said = Ids(BOTH).unknown(written)
    assert said.startswith("the benchmark has no problem ")
    assert said.partition("; ")[2] == (f"did you mean {meant!r}?" if meant else "")
    assert len(said) < 200


def test_two_problems_with_one_folder_are_not_mixed() -> None:
    """Else the programs of A/0 are judged as those of A_0."""
    ids = Ids(problems("A/0", "A_0", "A/1"))
    with pytest.raises(FoureyesError, match="'A/0' and 'A_0' have the same folder"):
        ids.of_folder("A_0")
    assert ids.of_folder("A_1").problem_id == "A/1"
    with pytest.raises(FoureyesError, match="did you mean 'A_1'"):
        ids.of_folder("a-1")


def line(task_id: object, code: str = "x") -> str:
    return json.dumps({"task_id": task_id, "solution": code}) + "\n"


@pytest.mark.parametrize("name", ["s.jsonl", "s.jsonl.gz"])
def test_a_packed_file_is_read_whatever_it_is_called(tmp_path: Path, name: str) -> None:
    packed = tmp_path / name
    packed.write_bytes(gzip.compress((line("Mbpp/2") + line("MBPP/2") + line(3)).encode()))
    found = list(read(packed, BOTH))
    assert isinstance(found[0], Sample)
    assert [one.line.rpartition("; ")[2] for one in found if isinstance(one, Mistake)] == [
        "did you mean 'Mbpp/2'?",
        "did you mean 'Mbpp/3'?",
    ]
    packed.write_bytes(packed.read_bytes()[:-9])
    with pytest.raises(FoureyesError, match="the gzip file is damaged"):
        list(read(packed, BOTH))


READ = """
from pathlib import Path
from foureyes.evaluation.samples import read
from tests.problems import problem
for one in read(Path("-"), {"A/0": problem("A/0")}):
    print(getattr(one, "code", None) or one.line)
"""


@pytest.mark.parametrize("packed", [False, True])
def test_samples_come_from_the_standard_input(packed: bool) -> None:
    given = (line("A/0", "one") + line("B/0")).encode()
    made = subprocess.run(
        [sys.executable, "-c", READ], input=gzip.compress(given) if packed else given,
        capture_output=True, cwd=ROOT, timeout=60, check=True,
    )  # fmt: skip
    assert made.stdout.decode().splitlines() == [
        "one",
        "standard input line 2: the benchmark has no problem 'B/0'",
    ]


@pytest.mark.timeout(20)
def test_what_is_no_file_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    folder = tmp_path / "Mbpp_2"
    folder.mkdir()
    os.mkfifo(folder / "0.py")
    (folder / "1.py").write_text("pass")
    (folder / "2.py").symlink_to("/dev/zero")
    (folder / "3.py").symlink_to(folder / "nowhere")
    (folder / "\u00b2.py").write_text("pass")
    found = [one.line if isinstance(one, Mistake) else one.code for one in read(tmp_path, BOTH)]
    assert sorted(found) == sorted(
        [
            "pass",
            "pass",
            f"{folder}/0.py: not a file",
            f"{folder}/2.py: not a file",
            f"{folder}/3.py: cannot be read (No such file or directory)",
        ]
    )


def test_a_verdict_is_of_the_python_that_gave_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that one Python refuses and the next one takes would stay refused for ever."""
    sample = Sample(BOTH["Mbpp/2"], 0, "x")
    keys = {judging.key(sample, DEFAULT, False)}
    for python in ("CPython 3.12.1, numpy 2.4.1", "CPython 3.11.7, numpy 2.0.0"):
        monkeypatch.setattr(environment, "fingerprint", lambda *_, python=python: python)
        keys.add(judging.key(sample, DEFAULT, False))
    assert len(keys) == 3


def test_the_fingerprint_says_what_programs_meet() -> None:
    found = environment.fingerprint()
    for part in (sys.version.split()[0], "CPython", "numpy 2", "linux", "glibc"):
        assert part in found


def test_all_programs_of_a_problem_may_stand_in_one_list(tmp_path: Path) -> None:
    """As LiveCodeBench writes what models answered; and as `foureyes export` does."""
    entries = [
        {"question_id": "A/0", "code_list": ["one", "two"]},
        {"question_id": "B/0", "code_list": ["three"]},
        {"question_id": "A/1", "code_list": "four"},
        ["A/1"],
        {"code_list": []},
    ]
    said = [
        "the benchmark has no problem 'B/0'",
        "the field 'code_list' must be a list of programs",
        "not a JSON object",
        "the field 'question_id' is missing",
    ]
    whole, lines = tmp_path / "whole.json", tmp_path / "lines.jsonl"
    whole.write_text(json.dumps(entries, indent=1))
    lines.write_text("".join(json.dumps(each) + "\n" for each in entries))
    for path, unit in ((whole, "item"), (lines, "line")):
        found = list(read(path, problems("A/0", "A/1")))
        samples = [one for one in found if isinstance(one, Sample)]
        assert [(one.index, one.code) for one in samples] == [(0, "one"), (1, "two")]
        assert [one.line for one in found if isinstance(one, Mistake)] == [
            f"{path} {unit} {number}: {what}" for number, what in enumerate(said, 2)
        ]
    whole.write_text(json.dumps(entries)[:-5])
    (mistake,) = read(whole, BOTH)
    assert isinstance(mistake, Mistake) and "line 1: not JSON" in mistake.line
