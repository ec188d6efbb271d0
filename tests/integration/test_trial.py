"""A prompt that is chosen by a trial is only as good as the trial: its programs, and what it counts."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging import known
from foureyes.judging.judge import Judge
from foureyes.judging.sources import load
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from foureyes.producer.commands import prompt_trial
from foureyes.results.figures.reviewing import Matrix
from tests.programs import ROOT, environment, mind_ctrl_c

SWEEP = """
name = "trial"
benchmarks = ["starter-rich"]
patterns = ["review-then-fix"]
[models.m]
engine = "scripted"
script = "m.toml"
threads = 3
MORE
[[pairings]]
coder = "m"
reviewer = "m"
"""
#: Sees a fault of the first problem, takes the right program of the second for wrong, sees none in the
#: third, and gives no verdict on the fourth.
SCRIPT = """
[[rules]]
contains = ["Somebody reviewed a program", "who knows"]
answer = '{"reasons": [], "verdict": "none"}'
[[rules]]
contains = ["def cart_total", "    return max(0, sum(prices) - discount)"]
answer = '{"reasons": ["never below 0"], "verdict": "approve"}'
[[rules]]
contains = ["def cart_total"]
answer = '{"reasons": ["below 0"], "verdict": "revise"}'
[[rules]]
contains = ["def merge_shifts"]
answer = '{"reasons": ["?"], "verdict": "revise"}'
[[rules]]
contains = ["def count_above", "First walk through"]
answer = '{"trace": ["?"], "reasons": ["?"], "verdict": "revise"}'
[[rules]]
contains = ["def count_above"]
answer = '{"reasons": ["!"], "verdict": "approve"}'
[[rules]]
contains = ["def build_order"]
answer = "who knows"
"""


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    (tmp_path / "m.toml").write_text(SCRIPT)
    path = tmp_path / "sweep.toml"
    path.write_text(SWEEP.replace("MORE", ""))
    return path


@pytest.fixture(scope="module")
def judge(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Judge]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        judge = Judge(slot=12)
        yield judge
        judge.close()
    settings.cache_clear()


def test_every_known_program_is_what_it_is_said_to_be(judge: Judge) -> None:
    """By the sandbox and the hidden tests, as in a sweep: else a good reviewer would look bad."""
    problems = {each.problem_id: each for each in load("starter-rich")}
    programs = known.everything()
    assert sum(each.is_right for each in programs) == len(problems) == 30
    for each in programs:
        judged = judge.hidden(problems[each.spec.problem_id].hidden_tests(), each.code)
        assert judged.solved is each.is_right, (each.spec.problem_id, each.fault)


def test_right_and_wrong_programs_are_balanced() -> None:
    chosen = known.balanced(30)
    assert len(chosen) == 60
    assert [each.is_right for each in chosen] == [True, False] * 30
    assert known.balanced(7) == chosen[:14]
    # faults of all kinds, and not each problem's first
    assert len({each.fault for each in chosen}) > 25
    for number in (0, 31):
        with pytest.raises(FoureyesError, match=f"has 1 to 30 problems, and not {number}"):
            known.balanced(number)


def tried(sweep: Path, **asked: object) -> None:
    usual = {"wordings": None, "prompts": None, "formats": None, "problems": 4, "as_json": False}
    prompt_trial.try_review("m", sweep, trusted=(), **usual | asked)  # type: ignore[arg-type]


def test_reviews_are_counted_by_what_the_program_was(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tried(sweep, wordings=["trace", "reasons-first"], as_json=True)
    trace, reasons = json.loads(capsys.readouterr().out)
    assert trace["wording"] == {"prompts": "default", "review_format": "json", "verdict": "trace"}
    for told, caught, alarms in ((trace, 3, 2), (reasons, 2, 1)):
        assert (told["wrong"], told["right"], told["no_verdict"]) == (4, 4, 2)
        assert (told["caught"], told["missed"]) == (caught, 3 - caught)
        assert (told["false_alarms"], told["approved_right"]) == (alarms, 3 - alarms)
        assert told["youden"]["j"] == pytest.approx(1 / 4)
        assert len(told["reviews"]) == 8
        # whoever gave no verdict was asked for it once, as in a sweep
        assert [len(each["answers"]) for each in told["reviews"]] == [1] * 6 + [2] * 2
    first, second = reasons["reviews"][:2]
    assert (first["fault"], first["approves"], first["reasons"]) == ("", True, ["never below 0"])
    assert (second["fault"], second["approves"]) == ("may be negative", False)


def test_the_table_has_a_row_for_each_wording_and_tells_what_it_means(
    sweep: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tried(sweep, problems=1, prompts=["default", "terse"])
    said = " ".join(capsys.readouterr().out.split())
    for wording in ("reasons-first", "examples", "verdict-first", "trace", "checklist"):
        assert f"│ {wording}" in said
    assert said.count("+100 [") == 10
    assert "programs: prompts terse, in json" in said
    assert "Youden's J is the share of wrong ones" in said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"wordings": ["tracee"]}, "--wording: there is no 'tracee'; did you mean 'trace'?"),
        ({"formats": ["xml"]}, "--review-format: there is no 'xml'; there are json, text"),
        ({"prompts": ["../x"]}, "--prompts: '../x' is no name of a folder beside the sweep file"),
        ({"prompts": [""]}, "--prompts: '' is no name of a folder"),
        ({"prompts": ["Mine"]}, "it has lower-case letters, digits and '-', 40 at most"),
        ({"prompts": ["ters"]}, "there are no prompts 'ters'; did you mean 'terse'?"),
        ({"prompts": ["mine"]}, "prompts 'mine', review.md line 6: there is no variable 'drafft'"),
        ({"problems": 31}, "the starter set has 1 to 30 problems, and not 31"),
        ({"problems": 5}, "models.m: scripted: no rule of the script fits the request"),
    ],
)
def test_a_mistake_is_one_line(sweep: Path, asked: dict[str, object], said: str) -> None:
    mine = sweep.parent / "mine"
    mine.mkdir()
    for path in (ROOT / "worker" / "prompts" / "default").glob("*.md"):
        (mine / path.name).write_text(path.read_text().replace("{{draft.", "{{drafft."))
    with pytest.raises(FoureyesError) as raised:
        tried(sweep, **asked)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


def test_ctrl_c_ends_it_without_a_word_more(sweep: Path) -> None:
    sweep.write_text(SWEEP.replace("MORE", "latency = 1.0"))
    run = [
        "foureyes.producer.entry",
        "prompts",
        "try",
        "review",
        "--model",
        "m",
        "--problems",
        "4",
        "--sweep",
    ]
    with subprocess.Popen(
        [sys.executable, "-u", "-m", *run, str(sweep)], cwd=ROOT,
        env=environment(sweep.parent / "home", TTY_COMPATIBLE="1"), text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, preexec_fn=mind_ctrl_c,
    ) as running:  # fmt: skip
        assert running.stderr is not None
        running.stderr.read(1)  # the bar is there, and so are calls
        running.send_signal(signal.SIGINT)
        out, error = running.communicate(timeout=120)
    assert (running.returncode, out) == (130, "")
    assert "Traceback" not in error


def test_youden_s_j_and_its_interval() -> None:
    """Newcombe (1998), table II, example (a): 56 of 70 against 48 of 80, by his method 10."""
    published = Matrix(wrong=70, right=80, caught=56, missed=14, false_alarms=48, approved_right=32)
    assert published.youden == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5)
    perfect = Matrix(wrong=10, right=10, caught=10, missed=0, false_alarms=0, approved_right=10)
    assert perfect.youden[0] == perfect.youden[2] == 1
    always = Matrix(wrong=10, right=10, caught=10, missed=0, false_alarms=10, approved_right=0)
    assert always.youden[0] == 0
    assert always.youden[1] == -always.youden[2]
    silent = Matrix(wrong=10, right=10, caught=0, missed=0, false_alarms=0, approved_right=0)
    assert (silent.no_verdict, silent.youden[0]) == (20, 0)
    assert Matrix(3, 0, 3, 0, 0, 0).youden == (0.0, -1.0, 1.0)
