"""If this fails, a sweep of several kinds of benchmarks loses right programs, or takes wrong ones."""

import json
from pathlib import Path

import pytest

from foureyes.judging import sources
from foureyes.judging.formats.problem import Problem
from foureyes.models.settings import settings
from foureyes.problems.contest_build import tasks
from tests.parity.programs import DATA
from tests.programs import foureyes

FILE = "BigCodeBench.jsonl.gz"
KINDS = ("starter-rich", "starter-lean", "contest", "bigcodebench")
#: So many of each.
COUNT = 6


def right(problem: Problem, at: int) -> str:
    """A program that is right."""
    return problem.reference or tasks()[at].program()


def wrong(problem: Problem) -> str:
    """One that can be loaded, and answers something else."""
    if not problem.entry_point:
        return "print('wrong')\n"
    if problem.spec().prose:
        return "class Solution:\n    def __getattr__(self, _): return lambda *_: 'wrong'\n"
    return f"def {problem.entry_point}(*_, **__):\n    return 'wrong'\n"


@pytest.mark.skipif(
    not (DATA / FILE).exists(),
    reason=f"needs {FILE}: put it into a folder and set FOUREYES_DATA to it",
)
@pytest.mark.timeout(900)
def test_every_second_program_of_each_kind_is_right_and_is_found_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUREYES_DATA", str(DATA))
    settings.cache_clear()
    rules, choices = [], []
    for kind in KINDS:
        # the very first of BigCodeBench takes its own reference 40 seconds
        problems = sources.load(kind, limit=COUNT + 1)[1:]
        lines = "".join(f"{problem.record}\n" for problem in problems)
        (tmp_path / f"{kind}.jsonl").write_text(lines)
        choices.append(f'{{ name = "{kind}", data = "{kind}.jsonl" }}')
        for at, problem in enumerate(problems):
            code = wrong(problem) if at % 2 else right(problem, at + 1)
            answer = f"```python\n{code}\n```"
            rules.append(
                f"[[rules]]\ncontains = [{json.dumps(problem.prompt.strip())}]\n"
                f"answer = {json.dumps(answer)}\n"
            )
    (tmp_path / "script.toml").write_text("".join(rules))
    model = f'{{ engine = "scripted", script = "{tmp_path}/script.toml" }}'
    file = tmp_path / "kinds.toml"
    file.write_text(
        f'name = "kinds"\nbenchmarks = [{", ".join(choices)}]\npatterns = ["raw-coder"]\n'
        f'[models]\nc = {model}\n[[pairings]]\ncoder = "c"\nreviewer = "c"\n'
    )
    home = tmp_path / "home"
    made = foureyes("sweep", str(file), "--wait", home=home, timeout=800)
    assert made.returncode == 0, made.stdout + made.stderr
    query = "SELECT benchmark, problem_id, outcome, reason FROM v_attempts ORDER BY attempt_id"
    said = foureyes("sql", query, "--format", "json", home=home)
    found = json.loads(said.stdout)
    for kind in KINDS:
        here = [row for row in found if row["benchmark"] == kind]
        assert [row["outcome"] for row in here] == ["solved", "unsolved"] * (COUNT // 2), here
    query = (
        "SELECT DISTINCT benchmark FROM execution JOIN problem "
        "ON problem.id = execution.problem_id WHERE judge_version LIKE '%pandas%'"
    )
    said = foureyes("sql", query, "--format", "json", home=home)
    assert json.loads(said.stdout) == [{"benchmark": "bigcodebench"}]
