"""`foureyes evaluate`, as people run it: every sample gets its verdict, whatever comes between."""

import json
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.programs import ROOT, command, environment, foureyes, started

PROBLEMS = ROOT / "problems" / "starter-lean.jsonl"
RECORDS = [json.loads(line) for line in PROBLEMS.read_text().splitlines()]


def right(record: dict[str, Any]) -> dict[str, str]:
    solution = record["prompt"] + record["canonical_solution"]
    return {"task_id": record["task_id"], "solution": solution}


def wrong(record: dict[str, Any], how: str = "return 'no'") -> dict[str, str]:
    code = f"def {record['entry_point']}(*arguments):\n    {how}\n"
    return {"task_id": record["task_id"], "solution": code}


def write(path: Path, lines: list[Any]) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    return path


def read(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_verdicts_come_in_the_order_of_the_samples(tmp_path: Path) -> None:
    """Else a person joins verdicts to the wrong programs."""
    first, second = RECORDS[:2]
    completion = {"task_id": second["task_id"], "completion": second["canonical_solution"]}
    slow = wrong(first, "while True: pass")
    samples = write(tmp_path / "s.jsonl", [slow, right(first), completion, wrong(second), slow])
    made = foureyes("evaluate", str(samples), "--data", str(PROBLEMS), home=tmp_path / "home")
    assert made.returncode == 0, made.stderr
    found = read(tmp_path / "s.verdicts.jsonl")
    assert [(v["task_id"], v["index"], v["outcome"], v["reason"]) for v in found] == [
        (first["task_id"], 0, "unsolved", "timeout"),
        (first["task_id"], 1, "solved", ""),
        (second["task_id"], 0, "solved", ""),
        (second["task_id"], 1, "unsolved", "wrong answer"),
        (first["task_id"], 2, "unsolved", "timeout"),
    ]
    assert found[3]["base"] == "fail" and found[3]["failing_input"]
    assert all(v["level"] == "A" and v["profile"] == "default" for v in found)
    assert "2 solved, 3 unsolved, 0 errors" in made.stdout
    assert "41.7%" in made.stdout  # the mean of 1/3 and 1/2: problems count alike


def test_a_folder_of_programs_is_judged(tmp_path: Path) -> None:
    for number, sample in enumerate([right(RECORDS[0]), wrong(RECORDS[0])]):
        program = tmp_path / "programs" / RECORDS[0]["task_id"].replace("/", "_") / f"{number}.py"
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text(sample["solution"])
    (tmp_path / "programs" / "Nowhere_0" / "0.py").mkdir(parents=True)
    (program.parent / "2.py").mkdir()
    made = foureyes(
        "evaluate", str(tmp_path / "programs"), "--benchmark", "starter-lean",
        "--output", str(tmp_path / "out.jsonl"), home=tmp_path / "home",
    )  # fmt: skip
    assert made.returncode == 2, made.stderr
    assert "Nowhere_0/0.py: the benchmark has no problem 'Nowhere_0'" in made.stdout
    assert "2.py: cannot be read (Is a directory)" in made.stdout
    assert [v["outcome"] for v in read(tmp_path / "out.jsonl")] == ["solved", "unsolved"]


def test_bad_lines_are_named_and_the_rest_goes_on(tmp_path: Path) -> None:
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0])])
    with samples.open("a") as file:
        file.write('not json\n{"task_id": "Starter/0"}\n[]\n\n')
        file.write('{"task_id": "Nowhere/1", "solution": ""}\n{"solution": ""}\n')
        file.write(json.dumps({"task_id": RECORDS[1]["task_id"]}) + "\n")
        file.write(json.dumps(right(RECORDS[1])) + "\n")
    made = foureyes("evaluate", str(samples), "--data", str(PROBLEMS), home=tmp_path / "home")
    assert made.returncode == 2
    for line, says in [
        (2, "not JSON"),
        (4, "not a JSON object"),
        (6, "the benchmark has no problem 'Nowhere/1'"),
        (7, "the field 'task_id' is missing"),
        (8, "no code"),
    ]:
        assert f"{samples} line {line}: {says}" in made.stdout
    assert [v["outcome"] for v in read(tmp_path / "s.verdicts.jsonl")] == ["solved", "solved"]


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["nowhere.jsonl", "--data", str(PROBLEMS)], "nowhere.jsonl: there is no such file"),
        (["SAMPLES"], "say which problems: --benchmark"),
        (["SAMPLES", "--benchmark", "humaneva+"], "did you mean 'humaneval+'?"),
        (["SAMPLES", "--data", "nowhere.jsonl"], "nowhere.jsonl"),
        (["SAMPLES", "--data", str(PROBLEMS), "--output", "SAMPLES", "--force"], "is read from"),
        (["SAMPLES", "--data", str(PROBLEMS), "--output", "SWEEP"], "is there already"),
        (
            ["SAMPLES", "--data", str(PROBLEMS), "--output", "/nowhere/x"],
            "there is no folder /nowhere",
        ),
        (["SAMPLES", "--data", str(PROBLEMS), "--output", "OTHER"], ".part line 1: not written by"),
        (["SAMPLES", "--data", "SAMPLES"], "line 1: the field 'prompt' is missing"),
    ],
)
def test_a_mistake_in_the_command_is_named(tmp_path: Path, words: list[str], says: str) -> None:
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0])])
    before = samples.read_bytes()
    (tmp_path / "other.part").write_text("notes of somebody's\n")
    (tmp_path / "sweep.toml").write_text('name = "mine"\n')
    names = {"SAMPLES": "s.jsonl", "OTHER": "other", "SWEEP": "sweep.toml"}
    places = {word: str(tmp_path / name) for word, name in names.items()}
    words = [places.get(word, word) for word in words]
    made = foureyes("evaluate", *words, home=tmp_path / "home")
    assert made.returncode == 2
    assert says in " ".join(made.stderr.split())
    assert "Traceback" not in made.stderr
    assert samples.read_bytes() == before
    assert (tmp_path / "sweep.toml").read_text() == 'name = "mine"\n'


def test_without_bubblewrap_nothing_is_judged(tmp_path: Path) -> None:
    """Else a program might run unconfined, or count as wrong because the machine lacks something."""
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0])])
    made = foureyes(
        "evaluate", str(samples), "--data", str(PROBLEMS), home=tmp_path / "home", PATH="/nowhere"
    )
    assert made.returncode == 2
    assert "install bubblewrap" in " ".join(made.stderr.split())
    assert not (tmp_path / "s.verdicts.jsonl").exists()


def await_lines(path: Path, count: int) -> None:
    deadline = time.monotonic() + 60
    while not (path.exists() and path.read_bytes().count(b"\n") >= count):
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGINT])
def test_what_was_judged_is_not_judged_again(tmp_path: Path, end: signal.Signals) -> None:
    """Else an interruption costs the night."""
    lines = [right(record) for record in RECORDS[:4]]
    lines += [wrong(record, "while True: pass") for record in RECORDS[4:10]]
    samples = write(tmp_path / "s.jsonl", lines)
    part = tmp_path / "s.verdicts.jsonl.part"
    words = ["evaluate", str(samples), "--data", str(PROBLEMS)]
    with started(*words, "--slots", "1", home=tmp_path / "home") as process:
        await_lines(part, 5)
        process.send_signal(end)
        assert process.wait(30) == (130 if end is signal.SIGINT else -signal.SIGKILL)
    if end is signal.SIGINT:
        assert "the same command goes on" in (tmp_path / "home" / "output").read_text()
    kept = read(part)
    with part.open("a") as file:
        file.write('{"task_id": "cut in the mid')
    made = foureyes(*words, home=tmp_path / "home")
    assert made.returncode == 0, made.stdout + made.stderr
    assert f"{len(kept)} of 10 samples are judged already" in made.stdout
    found = read(tmp_path / "s.verdicts.jsonl")
    assert Counter(v["outcome"] for v in found) == {"solved": 4, "unsolved": 6}
    assert found[: len(kept)] == kept  # one slot judges in order
    assert not part.exists()
    write(samples, [*lines[1:], wrong(RECORDS[0])])
    again = foureyes(*words, home=tmp_path / "home")
    assert "9 of 10 samples are judged already" in again.stdout


def test_two_that_write_the_same_verdicts_do_not_mix(tmp_path: Path) -> None:
    # each takes a second at least: the second command begins long before the last of them
    lines = [wrong(RECORDS[0], f"while {number + 1}: pass") for number in range(100)]
    words = ["evaluate", str(write(tmp_path / "s.jsonl", lines)), "--data", str(PROBLEMS)]
    with started(*words, home=tmp_path / "home"):
        await_lines(tmp_path / "s.verdicts.jsonl.part", 1)
        made = foureyes(*words, home=tmp_path / "home")
    assert made.returncode == 2
    assert "another `foureyes evaluate` is writing it" in " ".join(made.stderr.split())


def test_all_tests_are_listed_when_asked_for(tmp_path: Path) -> None:
    """Among them one that ends the process, and one that never ends."""
    problem = {
        "task_id": "Mine/0", "prompt": "def f(x):\n", "entry_point": "f",
        "canonical_solution": "    return x\n",
        "base_input": [[0], [1], [2], [3], [4]], "plus_input": [[5], [6]], "atol": 0,
    }  # fmt: skip
    code = (
        "import os\ndef f(x):\n    if x == 1: return 'no'\n    if x == 2: os._exit(0)\n"
        "    while x == 4: pass\n    if x == 6: 1 / 0\n    return x\n"
    )
    data = write(tmp_path / "mine.jsonl", [problem])
    samples = write(tmp_path / "s.jsonl", [{"task_id": "Mine/0", "solution": code}])
    made = foureyes(
        "evaluate", str(samples), "--data", str(data), "--all-tests", home=tmp_path / "home"
    )
    assert made.returncode == 0, made.stderr
    (verdict,) = read(tmp_path / "s.verdicts.jsonl")
    assert (verdict["failed_base"], verdict["failed_plus"]) == ([1, 2, 4], [1])
    assert (verdict["base"], verdict["plus"], verdict["reason"]) == ("fail", "fail", "wrong answer")


def test_the_profile_of_evalplus_runs_plus_tests_always(tmp_path: Path) -> None:
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0])])
    made = foureyes(
        "evaluate", str(samples), "--data", str(PROBLEMS), "--profile", "evalplus-0.3.1",
        home=tmp_path / "home",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    assert read(tmp_path / "s.verdicts.jsonl")[0]["profile"] == "evalplus-0.3.1"


def test_an_error_of_the_judge_is_no_verdict(tmp_path: Path) -> None:
    """Else a broken benchmark file makes every model look bad; and it is tried again later."""
    broken = {
        "task_id": "Mine/0", "prompt": "def f(x):\n", "entry_point": "f",
        "canonical_solution": "    return 1 / 0\n", "base_input": [[0]], "plus_input": [], "atol": 0,
    }  # fmt: skip
    data = write(tmp_path / "mine.jsonl", [broken, RECORDS[0]])
    lines = [{"task_id": "Mine/0", "solution": "def f(x): return x"}, right(RECORDS[0])]
    words = ["evaluate", str(write(tmp_path / "s.jsonl", lines)), "--data", str(data)]
    for judged in ("", "1 of 2 samples are judged already"):
        made = foureyes(*words, home=tmp_path / "home")
        assert made.returncode == 1
        assert judged in made.stdout
        error, solved = read(tmp_path / "s.verdicts.jsonl")
        assert (error["outcome"], error["base"], error["plus"]) == ("error", None, None)
        assert "Mine/0: its reference program fails" in error["reason"]
        assert solved["outcome"] == "solved"
        assert "100.0%" in made.stdout  # of the one that could be judged


def test_a_full_disk_is_one_line_and_costs_nothing(tmp_path: Path) -> None:
    """A limit on file sizes stands for it: the kernel refuses to write in the same way."""
    lines = [right(record) for record in RECORDS]
    samples = write(tmp_path / "s.jsonl", lines)
    words = ["evaluate", str(samples), "--data", str(PROBLEMS)]
    home = tmp_path / "home"
    assert foureyes(*words, "--output", str(tmp_path / "warm.jsonl"), home=home).returncode == 0
    made = subprocess.run(
        ["sh", "-c", 'ulimit -f 4; exec "$@"', "sh", *command(*words)],
        env=environment(home), cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert made.returncode == 2
    assert "the disk is full" in " ".join(made.stderr.split())
    assert "Traceback" not in made.stderr
    kept = (tmp_path / "s.verdicts.jsonl.part").read_bytes().count(b"\n")
    assert 0 < kept < len(lines)
    again = foureyes(*words, home=home)
    assert f"{kept} of {len(lines)} samples are judged already" in again.stdout
    assert [v["outcome"] for v in read(tmp_path / "s.verdicts.jsonl")] == ["solved"] * len(lines)


def test_evalplus_judges_beside_us_and_what_it_is_fooled_by_is_named(tmp_path: Path) -> None:
    """So that anybody can check our claims on data of their own."""
    forged = wrong(RECORDS[1], "return type('A', (), {'__eq__': lambda *_: True})()")
    lines = [right(RECORDS[0]), wrong(RECORDS[0]), right(RECORDS[1]), forged]
    samples = write(tmp_path / "s.jsonl", lines)
    made = foureyes(
        "evaluate", str(samples), "--data", str(PROBLEMS), "--against", "evalplus",
        home=tmp_path / "home", COLUMNS="160",
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    assert f"{RECORDS[1]['task_id']} #1 base: here fail, EvalPlus pass; wrong answer" in made.stdout
    rows = [line.replace("│", " ").split() for line in made.stdout.splitlines()]
    assert ["base", "3", "of", "4", "0", "1", "0"] in rows
    assert {"foureyes", "EvalPlus"} <= {row[0] for row in rows if row}


def test_evalplus_that_is_not_there_is_named_before_anything_is_judged(tmp_path: Path) -> None:
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0])])
    made = foureyes(
        "evaluate", str(samples), "--data", str(PROBLEMS), "--against", "evalplus",
        home=tmp_path / "home", FOUREYES_EVALPLUS="/nowhere/python",
    )  # fmt: skip
    assert made.returncode == 2
    assert "make evalplus" in " ".join(made.stderr.split())
    assert not (tmp_path / "s.verdicts.jsonl").exists()
