"""docs/patterns.md, done as it says: else the first thing a user tries of their own fails."""

import json
import re
from pathlib import Path

from tests.programs import ROOT, foureyes


def test_the_tutorial_works_as_it_is_written(tmp_path: Path) -> None:
    text = (ROOT / "docs" / "patterns.md").read_text()
    (module,) = re.findall(r"^```python\n(from .*?)^```$", text, re.DOTALL | re.MULTILINE)
    tables = re.findall(r"^(`{3,})toml\n(.*?)^\1\n", text, re.DOTALL | re.MULTILINE)
    *_, sweep, small, large, _ = (table for _, table in tables)
    (tmp_path / "first_of_two.py").write_text(module)
    (tmp_path / "small.toml").write_text(small)
    (tmp_path / "large.toml").write_text(large)
    (tmp_path / "own.toml").write_text(sweep)
    file = str(tmp_path / "own.toml")
    home = tmp_path / "home"
    shown = foureyes("patterns", "show", "first-of-two", "--sweep", file, home=home)
    planned = foureyes("sweep", file, "--limit", "2", "--plan", home=home)
    assert planned.returncode == 0 and "small: at most 2 calls; about" in planned.stdout
    none = foureyes("sql", "SELECT count(*) FROM sweep", "--format", "json", home=home)
    assert json.loads(none.stdout) == [{"count": 0}]
    made = foureyes("sweep", file, "--limit", "2", home=home)
    assert made.returncode == 0, made.stdout + made.stderr
    printed = [line.rstrip() for line in (shown.stdout + made.stdout).splitlines()]
    told = re.findall(
        r"^    (?!\$|\.\.\.)(.*\S)", text.split("A pattern of one's own")[1], re.MULTILINE
    )
    told = [
        line
        for line in told
        if line.startswith(("├", "└", "│", "first", "own: ", "pattern ", "raw-c"))
    ]
    assert len(told) == 11
    assert [line for line in told if line not in printed] == []
    query = "SELECT pattern, n, solved, errors FROM v_scores ORDER BY run_id"
    rows = json.loads(foureyes("sql", query, "--format", "json", home=home).stdout)
    assert [tuple(row.values()) for row in rows] == [
        ("raw-coder", 2, 0, 0), ("first-of-two", 2, 1, 0), ("first-of-two(patient=True)", 2, 1, 0),
    ]  # fmt: skip
