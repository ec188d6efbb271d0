"""A recorded sweep can be run again by anybody, with no model, and gives the same bit for bit."""

import gzip
import json
from pathlib import Path
from typing import Any

from tests.programs import foureyes, scripted_sweep

ATTEMPTS = """
    SELECT problem_id, pattern, sample, outcome, base, plus, completions, prompt_tokens,
        completion_tokens, token_budget, changes_asked FROM v_attempts ORDER BY pattern, problem_id"""
STEPS = """
    SELECT problem_id, pattern, position, branch, s.kind, role, s.prompt, s.prompt_hash, verdict,
        s.code, completion.key, completion.text, s.finish_reason
    FROM v_steps AS s JOIN v_attempts USING (attempt_id)
    LEFT JOIN completion ON completion.id = completion_id
    ORDER BY pattern, problem_id, position, branch"""


def rows(statement: str, home: Path) -> Any:
    made = foureyes("sql", statement, "--format", "json", home=home)
    assert made.returncode == 0, made.stderr
    return json.loads(made.stdout)


def test_a_recorded_sweep_runs_again_without_its_models(tmp_path: Path) -> None:
    patterns = ["review-then-fix", "debate", "sample-and-select", "plan-after-trial"]
    words = scripted_sweep(tmp_path, 2, 0.0, patterns)
    sweep = tmp_path / "sweep.toml"
    control = '{ name = "sample-and-select", tokens_of = "debate" }'
    sweep.write_text(
        sweep.read_text().replace("'plan-after-trial']", f"'plan-after-trial', {control}]")
    )
    assert control in sweep.read_text()
    first, second = tmp_path / "first", tmp_path / "second"
    made = foureyes(*words, home=first)
    assert made.returncode == 0, made.stdout + made.stderr
    recording = tmp_path / "calls.jsonl.gz"
    for _ in range(2):  # the second takes the place of the first
        assert foureyes("record", "scripted", str(recording), home=first).returncode == 0
    assert gzip.decompress(recording.read_bytes()).startswith(b'{"key": ')

    again = foureyes(*words, "--replay", str(recording), home=second)
    assert again.returncode == 0, again.stdout + again.stderr
    assert rows(ATTEMPTS, second) == rows(ATTEMPTS, first) != []
    assert rows(STEPS, second) == rows(STEPS, first) != []
    engines = "SELECT DISTINCT engine FROM v_steps WHERE completion_id IS NOT NULL"
    assert rows(engines, first) == [{"engine": "scripted"}]
    assert rows(engines, second) == [{"engine": "replay of scripted"}]


ODD = '''
[[rules]]
contains = ["What running the draft"]
answer = "```python\\ndef f(x):\\n    return x + 1\\n```\u2028"

[[rules]]
answer = """
```python
import random
class Odd: pass
def f(x):
    return Odd() if random.random() < 2 else random.random()
```
\u0085"""
'''


def test_what_a_program_printed_is_recorded_too(tmp_path: Path) -> None:
    """It is part of prompts, and other memory or another moment prints something else."""
    words = scripted_sweep(tmp_path, 1, 0.0, ["retry"])
    (tmp_path / "script.toml").write_text(ODD)
    record = json.loads((tmp_path / "mine.jsonl").read_text())
    record["prompt"] = 'def f(x):\n    """Return x plus one.\n\n    >>> f(1)\n    2\n    """\n'
    (tmp_path / "mine.jsonl").write_text(json.dumps(record))
    recording = tmp_path / "calls.jsonl"
    first, second = tmp_path / "first", tmp_path / "second"
    assert foureyes(*words, home=first).returncode == 0
    assert foureyes("record", "scripted", str(recording), home=first).returncode == 0
    assert foureyes(*words, "--replay", str(recording), home=second).returncode == 0
    prompts = "SELECT request->'messages'->1->>'content' AS said FROM completion ORDER BY id"
    assert "object at 0x" in rows(prompts, first)[1]["said"]
    assert rows(prompts, second) == rows(prompts, first)
    assert rows(ATTEMPTS, second) == rows(ATTEMPTS, first)
    assert rows("SELECT outcome FROM v_attempts", second) == [{"outcome": "solved"}]


def test_what_was_not_recorded_is_an_error_and_not_a_wrong_answer(tmp_path: Path) -> None:
    words = scripted_sweep(tmp_path, 1, 0.0, ["raw-coder"])
    (tmp_path / "calls.jsonl").write_text('{"key": "of another call", "text": ""}\n')
    made = foureyes(*words, "--replay", str(tmp_path / "calls.jsonl"), home=tmp_path / "home")
    assert "ended in error" in " ".join(made.stdout.split())
    (row,) = rows("SELECT outcome, error FROM v_attempts", tmp_path / "home")
    assert row["outcome"] == "error"
    assert "no recorded completion" in row["error"]
