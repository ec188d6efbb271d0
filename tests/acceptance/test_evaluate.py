"""`foureyes evaluate`, as people run it: every sample gets its verdict, whatever comes between."""

import gzip
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests import bigcodebench, contests
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
    assert "2.py: not a file" in made.stdout
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


def mine(task_id: str, reference: str, base_input: list[Any], **more: Any) -> dict[str, Any]:
    record = {
        "task_id": task_id, "prompt": "", "entry_point": "f", "canonical_solution": reference,
        "base_input": base_input, "plus_input": [], "atol": 0,
    }  # fmt: skip
    return record | more


def test_a_verdict_says_what_was_expected_and_what_came(tmp_path: Path) -> None:
    """Else a person has to run every failing program anew to see why."""
    data = write(tmp_path / "mine.jsonl", [mine("M/0", "def f(x): return x * 2", [[1], [4]])])
    programs = [
        "def f(x): return x + 1",
        "def f(x): raise ValueError('no \x1b[2J\u202e')",
        "def f(x): return 'y' * 5000",
        "def f(x):\n    while True: pass",
        "def f(x): return x * 2",
        "def f(:",
    ]
    lines = [{"task_id": "M/0", "solution": code} for code in programs]
    samples = write(tmp_path / "s.jsonl", lines)
    made = foureyes("evaluate", str(samples), "--data", str(data), home=tmp_path / "home")
    assert made.returncode == 0, made.stderr
    found = read(tmp_path / "s.verdicts.jsonl")
    told = [(one["failing_input"], one["expected"], one["got"]) for one in found]
    assert told[0] == ("[4]", "8", "5")
    assert told[1] == ("[1]", "2", "ValueError: no \\u001b[2J\\u202e")
    assert told[2][:2] == ("[1]", "2") and told[2][2].startswith("'yyy")
    assert len(told[2][2]) <= 2000
    assert told[3] == ("[1]", "2", None)
    assert told[4] == told[5] == (None, None, None)
    assert found[5]["reason"].startswith("syntax error")


def test_packed_samples_and_those_of_a_pipe_are_judged(tmp_path: Path) -> None:
    content = json.dumps(right(RECORDS[0])).encode()
    packed = tmp_path / "s.jsonl.gz"
    packed.write_bytes(gzip.compress(content))
    made = foureyes("evaluate", str(packed), "--data", str(PROBLEMS), home=tmp_path / "home")
    assert made.returncode == 0, made.stderr
    assert read(tmp_path / "s.verdicts.jsonl")[0]["outcome"] == "solved"
    piped = subprocess.run(
        command("evaluate", "-", "--data", str(PROBLEMS)), input=content, cwd=tmp_path,
        env=environment(tmp_path / "home", PYTHONPATH=str(ROOT)), capture_output=True, timeout=120,
    )  # fmt: skip
    assert piped.returncode == 0, piped.stderr
    assert read(tmp_path / "standard.verdicts.jsonl")[0]["outcome"] == "solved"


def test_samples_that_repeat_another_are_not_said_to_be_judged_already(tmp_path: Path) -> None:
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0]), right(RECORDS[0]), wrong(RECORDS[0])])
    words = ["evaluate", str(samples), "--data", str(PROBLEMS)]
    made = foureyes(*words, home=tmp_path / "home")
    assert "already" not in made.stdout
    assert "1 of 3 samples repeat another, and are judged once" in made.stdout
    again = foureyes(*words, home=tmp_path / "home")
    assert "3 of 3 samples are judged already" in again.stdout
    assert "repeat another" not in again.stdout


def test_ids_like_evalplus_own_bring_no_rules_of_its(tmp_path: Path) -> None:
    """Else a user's data of such an id ends the whole evaluation, or a wrong program passes."""
    add = "def f(a, b): return a + b"
    records = [mine("Mbpp/2", add, [[1, 2]]), mine("Mbpp/722", add, [[1, 2]])]
    records.append(mine("Mbpp/295", "def sum_div(n): return n", [[9]], entry_point="sum_div"))
    records.append(mine("HumanEval/32", "def f(x): return x[0] + 1", [[[1, 2]]]))
    data = write(tmp_path / "mine.jsonl", records)
    lines = [{"task_id": each["task_id"], "solution": add} for each in records[:2]]
    lines.append({"task_id": "Mbpp/295", "solution": "def sum_div(n): return 0"})
    lines.append({"task_id": "HumanEval/32", "solution": "def f(x): return -0.5"})
    samples = write(tmp_path / "s.jsonl", lines)
    made = foureyes("evaluate", str(samples), "--data", str(data), home=tmp_path / "home")
    assert made.returncode == 0, made.stderr
    found = read(tmp_path / "s.verdicts.jsonl")
    assert [one["outcome"] for one in found] == ["solved", "solved", "unsolved", "unsolved"]


def test_a_random_reference_is_noticed(tmp_path: Path) -> None:
    """Else right programs fail for no reason that anybody can see."""
    records = [
        mine("R/0", "import random\ndef f(x): return random.random()", [[1]]),
        mine("R/1", "def f(x): return list({'a' * x, 'b', 'c', 'd', 'e'})", [[1]]),
        mine("R/2", "def f(x): return x", [[1]]),
    ]
    data = write(tmp_path / "mine.jsonl", records)
    lines = [{"task_id": f"R/{n}", "solution": "def f(x): return 'no'"} for n in range(3)]
    samples = write(tmp_path / "s.jsonl", lines)
    words = ["evaluate", str(samples), "--data", str(data)]
    for _ in range(2):  # it is said again
        made = foureyes(*words, home=tmp_path / "home", COLUMNS="300")
        assert made.returncode == 0, made.stderr
        assert "where the reference is random" in made.stdout
        assert "otherwise): R/0, R/1\n" in made.stdout
    found = read(tmp_path / "s.verdicts.jsonl")
    assert [one.get("reference") for one in found] == ["random", "random", None]


def test_a_reference_that_needs_what_evalplus_takes_away_is_not_random(tmp_path: Path) -> None:
    data = write(
        tmp_path / "mine.jsonl", [mine("R/0", "def f(x): return open(0).read() == ''", [[1]])]
    )
    samples = write(tmp_path / "s.jsonl", [{"task_id": "R/0", "solution": "def f(x): return 'no'"}])
    made = foureyes(
        "evaluate", str(samples), "--data", str(data), "--profile", "evalplus-0.3.1",
        home=tmp_path / "home",
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (found,) = read(tmp_path / "s.verdicts.jsonl")
    assert found["reason"] == "wrong answer"
    assert "reference" not in found


#: A bubblewrap that fails at some of its starts.
UNSTEADY = """#!/bin/sh
echo >> {counted}
case "{fails}" in *" $(wc -l < {counted}) "*) echo "too busy" >&2; exit 1;; esac
exec {bwrap} "$@"
"""


@pytest.mark.parametrize(
    ("fails", "outcome", "starts"),
    [
        (" 2 3 ", "solved", 4),  # the first is the probe's
        (" 2 3 4 5 6 7 8 9 10 11 12 13 14 ", "error", 5),
    ],
)
def test_what_the_judge_failed_on_is_tried_again(
    tmp_path: Path, request: pytest.FixtureRequest, fails: str, outcome: str, starts: int
) -> None:
    """Else a person has to start the evaluation again, and again, until the machine is idle."""
    real = shutil.which("bwrap")
    assert real is not None
    # as root, a sandbox is another user's, and has a /tmp of its own
    folder = Path(tempfile.mkdtemp(prefix="foureyes-test-", dir="/var/tmp"))
    request.addfinalizer(lambda: shutil.rmtree(folder))
    folder.chmod(0o755)
    fake, counted = folder / "bwrap", folder / "counted"
    # no variable of ours would reach it
    fake.write_text(UNSTEADY.format(bwrap=real, counted=counted, fails=fails))
    fake.chmod(0o755)
    counted.touch()
    counted.chmod(0o666)
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0])])
    made = foureyes(
        "evaluate", str(samples), "--data", str(PROBLEMS), "--slots", "1", home=tmp_path / "home",
        PATH=f"{folder}:{os.environ['PATH']}",
    )  # fmt: skip
    assert made.returncode == (0 if outcome == "solved" else 1), made.stdout + made.stderr
    assert [one["outcome"] for one in read(tmp_path / "s.verdicts.jsonl")] == [outcome]
    assert len(counted.read_text().splitlines()) == starts


def test_a_full_disk_is_named_and_nothing_is_left_beside_what_is_kept(tmp_path: Path) -> None:
    """Found out once, what a reference answers is kept: half of it would be worse than nothing."""
    data = write(tmp_path / "mine.jsonl", [mine("D/0", "def f(x): return 'x' * x", [[100_000]])])
    lines = [{"task_id": "D/0", "solution": "def f(x): return 'x' * x"}]
    words = ["evaluate", str(write(tmp_path / "s.jsonl", lines)), "--data", str(data)]
    made = subprocess.run(
        ["sh", "-c", 'ulimit -f 32; exec "$@"', "sh", *command(*words)],
        env=environment(tmp_path / "home"), cwd=ROOT, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert made.returncode == 2
    said = "".join(made.stderr.split())
    assert "diskisfull" in said and f"{tmp_path}/home/expected/" in said
    assert not list((tmp_path / "home" / "expected").rglob(".new-*"))


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


@pytest.mark.parametrize("peer", ["livecodebench", "bigcodebench"])
def test_other_judges_judge_their_own_beside_us(peer: str, tmp_path: Path) -> None:
    """A right program, a wrong one, and one that the other refuses, or is fooled by."""
    if peer == "livecodebench":
        record = contests.record()
        right_one = "print(sum(map(int, input().split())))\n"
        exotic = "a, b = open(0).read().split()\nprint(int(a) + int(b))\n"
        codes = [right_one, "print('no')\n", exotic]
        lines = [{"question_id": record["question_id"], "code_list": codes}]
        expected = ["all", "2", "of", "3", "1", "0", "0"]
    else:
        record = bigcodebench.RECORDS["sorted"]
        right_one = record["complete_prompt"] + record["canonical_solution"]
        equals = "class A(list):\n    __eq__ = lambda *_: True\n    __len__ = lambda _: 0\n"
        forged = f"{equals}def task_func(items):\n    iter(items)\n    return A()\n"
        codes = [right_one, "def task_func(x): pass\n", forged]
        lines = [{"task_id": record["task_id"], "solution": code} for code in codes]
        expected = ["all", "2", "of", "3", "0", "1", "0"]
    data, samples = write(tmp_path / "mine.jsonl", [record]), write(tmp_path / "s.jsonl", lines)
    made = foureyes(
        "evaluate", str(samples), "--data", str(data), "--against", peer,
        home=tmp_path / "home", COLUMNS="160",
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    rows = [line.replace("│", " ").split() for line in made.stdout.splitlines()]
    assert expected in rows, made.stdout


def test_a_judge_of_another_format_says_so_before_anything_is_judged(tmp_path: Path) -> None:
    samples = write(tmp_path / "s.jsonl", [right(RECORDS[0])])
    made = foureyes(
        "evaluate", str(samples), "--data", str(PROBLEMS), "--against", "livecodebench",
        home=tmp_path / "home",
    )  # fmt: skip
    assert made.returncode == 2
    assert "judges no problem like" in " ".join(made.stderr.split())
    assert not (tmp_path / "s.verdicts.jsonl").exists()
