"""What the hidden tests found is for people: shown to whoever asks, and to no model."""

import json
from pathlib import Path

from tests.programs import foureyes, scripted_sweep

SECRET = 70_413
ALL = ["review-then-fix-retry", "grounded-review", "plan-after-trial", "debate"]


def test_a_failing_hidden_test_is_shown_to_people_and_to_no_model(tmp_path: Path) -> None:
    words = scripted_sweep(tmp_path, 1, 0.0, ALL)
    record = json.loads((tmp_path / "mine.jsonl").read_text())
    record |= {"canonical_solution": "    return x * 2\n", "plus_input": [[SECRET]]}
    (tmp_path / "mine.jsonl").write_text(json.dumps(record))
    home = tmp_path / "home"
    made = foureyes(*words, home=home)
    assert made.returncode == 0, made.stdout + made.stderr
    for attempt in range(1, len(ALL) + 1):
        shown = foureyes("show", str(attempt), home=home).stdout
        for line in (
            "base: pass, plus: fail",
            "reason: wrong answer",
            f"failing input: [{SECRET}]",
            f"expected: {2 * SECRET}",
            f"got: {SECRET + 1}",
        ):
            assert line in shown.splitlines()
    asked = foureyes("sql", "SELECT request FROM completion", "--format", "json", home=home)
    assert len(json.loads(asked.stdout)) >= len(ALL)
    for secret in (SECRET, 2 * SECRET, SECRET + 1):
        assert str(secret) not in asked.stdout
