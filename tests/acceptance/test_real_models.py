"""The main job with the real models, through real Celery workers, checked by SQL."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from foureyes.models import weights
from foureyes.models.errors import FoureyesError
from tests.programs import ROOT, command, environment, foureyes, processes

SWEEP = """
name = "acceptance"
benchmarks = ["starter-rich"]
patterns = ["raw-coder", "grounded-review"]
[models.qwen-500m]
engine = "llamacpp"
model = "qwen2.5-coder-0.5b"
sampling = { temperature = 0.0, max_tokens = 150 }
[models.qwen-1500m]
engine = "llamacpp"
model = "qwen2.5-coder-1.5b"
sampling = { temperature = 0.0, max_tokens = 150 }
[[pairings]]
coder = "qwen-500m"
reviewer = "qwen-1500m"
"""


@pytest.fixture(scope="module", autouse=True)
def _models_are_here() -> None:
    """Fetches 1.6 GB where they are not, as `make demo` does."""
    for name in weights.CATALOGUE:
        try:
            weights.pull(name)
        except FoureyesError as error:
            pytest.skip(f"the real models cannot be had: {error}")


@pytest.mark.timeout(900)
def test_two_real_models_over_a_queue_judged_in_a_sandbox(tmp_path: Path) -> None:
    home = tmp_path / "home"
    (tmp_path / "sweep.toml").write_text(SWEEP)
    words = ["sweep", str(tmp_path / "sweep.toml"), "--limit", "2", "--wait"]
    made = subprocess.run(
        command(*words),
        cwd=ROOT,
        env=environment(home),
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stdout + made.stderr
    assert "raw-coder" in made.stdout
    assert "asked for" in " ".join(made.stdout.split())  # the reviewer's record is told
    assert (home / "reports" / "acceptance-1.html").exists()
    assert processes(home) == {}

    def rows(statement: str) -> list[dict[str, object]]:
        said = foureyes("sql", statement, "--format", "json", home=home)
        assert said.returncode == 0, said.stderr
        found: list[dict[str, object]] = json.loads(said.stdout.splitlines()[-1])
        return found

    scores = rows("select pattern, n, errors, unfinished from v_scores order by pattern")
    assert scores == [
        {"pattern": pattern, "n": 2, "errors": 0, "unfinished": 0}
        for pattern in ("grounded-review", "raw-coder")
    ]
    drafts = rows("select kind, count(distinct completion_id) n from v_steps group by 1 order by 1")
    counts = {row["kind"]: row["n"] for row in drafts}
    assert counts["draft"] == 2  # both patterns share the draft
    assert counts["review"] == 2
    texts = rows("select text, prompt_tokens, completion_tokens from completion where kind='draft'")
    for row in texts:
        assert "def " in str(row["text"])
        assert int(str(row["prompt_tokens"])) > 50
        assert int(str(row["completion_tokens"])) > 5
    ((engine,),) = (row.values() for row in rows("select distinct engine from completion"))
    assert re.fullmatch(r"xllamacpp [\d.]+ \((\w+ )*OPENMP( \w+)*, prompt lookup\)", str(engine))
    judged = rows(
        "select distinct level, base is not null judged from execution where suite='hidden'"
    )
    assert judged == [{"level": "A", "judged": True}]
    shown = foureyes("show", "2", home=home)
    assert "reviewer qwen-1500m" in shown.stdout
    assert "judged by the hidden tests" in shown.stdout
