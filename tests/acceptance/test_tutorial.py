"""docs/patterns.md, done as it says: else the first thing a user tries of their own fails."""

import json
import re
from pathlib import Path

from tests.programs import ROOT, foureyes


def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "patterns.md").read_text()
    (module,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    _, sweep, small, large = re.findall(r"```toml\n(.*?)```", text, re.DOTALL)
    record = json.loads((ROOT / "problems" / "starter-rich.jsonl").read_text().splitlines()[0])
    solution = record["prompt"] + record["canonical_solution"]
    large = large.replace("ENTRY_POINT", record["entry_point"]).replace("SOLUTION", solution)
    (tmp_path / "first_of_two.py").write_text(module)
    (tmp_path / "small.toml").write_text(small)
    (tmp_path / "large.toml").write_text(large)
    for name in ("small", "large"):
        sweep = sweep.replace(f'"{name}.toml"', f'"{tmp_path}/{name}.toml"')
    (tmp_path / "first.toml").write_text(sweep)
    home = tmp_path / "home"
    made = foureyes("sweep", str(tmp_path / "first.toml"), "--wait", "--limit", "2", home=home)
    assert made.returncode == 0, made.stdout + made.stderr
    query = "SELECT pattern, n, solved, errors FROM v_scores ORDER BY run_id"
    rows = json.loads(foureyes("sql", query, "--format", "json", home=home).stdout)
    assert [tuple(row.values()) for row in rows] == [
        ("raw-coder", 2, 0, 0), ("first-of-two", 2, 1, 0), ("first-of-two(patient=True)", 2, 1, 0),
    ]  # fmt: skip
