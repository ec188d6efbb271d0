"""Roles by name: what a sweep file says of its teams, and that files of before mean what they did."""

from pathlib import Path

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.producer.sweeps import sweep as sweep_files
from foureyes.producer.sweeps.sweep_file import parse
from tests.sweeps import make_grid

#: A pattern that asks whom its option names.
PATTERN = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import Draft, Fix, Review

@pattern("tested")
def tested(spec, by: str = "tester"):
    """The tester has the last word."""
    draft = yield Draft(spec)
    review = yield Review(draft, by=by)
    return (yield Fix(draft, review, by=by)).code
'''
FILE = """
name = "three"
benchmarks = ["starter-rich"]
patterns = ["raw-coder", "tested"]
modules = ["tested"]
teams = [{ coder = "a", reviewer = "b", tester = "c" }]
[models]
a = { engine = "scripted", script = "s.toml" }
b = { engine = "scripted", script = "s.toml" }
c = { engine = "scripted", script = "s.toml" }
"""
TABLES = """
[[teams]]
coder = "a"
reviewer = "b"
tester = "c"
[models]
"""
TEAM = '{ coder = "a", reviewer = "b", tester = "c" }'

#: A team whose models' names are longer together than a name may be.
LONG = f'{{ coder = "{"a" * 60}", reviewer = "{"b" * 60}", tester = "{"c" * 60}" }}'


def written(folder: Path, text: str = FILE) -> Path:
    (folder / "tested.py").write_text(PATTERN)
    (folder / "s.toml").write_text('[[rules]]\nanswer = "x"\n')
    (folder / "sweep.toml").write_text(text)
    return folder / "sweep.toml"


def test_a_sweep_of_before_is_the_same_sweep() -> None:
    """Else what was paid for is paid for again: these keys were made before there were teams."""
    grid = make_grid(
        "raw-coder", "review-then-fix", "self-review", problems=2, samples=2, temperature=0.5
    )
    assert grid.key == "0fc9d8f4c4db5e82a4820c89dbd3dcace7111701973e15fee026a1056b6083db"
    assert [cell.key for cell in grid.cells()] == [
        "dcafcb4aa863841adaa3f0daa60199ddd289dacc7e77ac360756edb64ae53c89",
        "f4c4fc7d743a2bc752efd9b9a5f6c435a13cd5242d7b323ce5db425f552a5488",
        "795d327c889a0fe2906934e503b91bbe09c5d2e4f39ee0a3704961c3316af03e",
    ]


@pytest.mark.parametrize(
    "teams",
    [
        '[[pairings]]\ncoder = "a"\nreviewer = "b"',
        '[[teams]]\nreviewer = "b"\ncoder = "a"',
        'teams = [{ coder = "a", reviewer = "b" }]',
        '[[teams]]\ncoder = "a"\nreviewer = "b"\nname = ""',
    ],
)
def test_pairings_are_teams_of_a_coder_and_a_reviewer(tmp_path: Path, teams: str) -> None:
    models = FILE.partition("[models]")[2]
    text = 'name = "two"\nbenchmarks = ["starter-rich"]\npatterns = ["review-then-fix"]\n'
    grid = sweep_files.load(written(tmp_path, f"{text}{teams}\n[models]{models}"), limit=1)
    assert [(each.name, each.roles) for each in grid.file.teams] == [
        ("a+b", {"coder": "a", "reviewer": "b"})
    ]
    (cell,) = grid.cells()
    assert cell.key == sweep_files.run_key(
        "starter-rich", "review-then-fix", cell.pattern.options, {"coder": "a", "reviewer": "b"}
    )
    assert grid.content().teams[0].roles == {"coder": "a", "reviewer": "b"}
    assert grid.idle_roles() == []


def test_any_role_can_be_played(tmp_path: Path) -> None:
    grid = sweep_files.load(written(tmp_path), limit=1)
    (team,) = grid.file.teams
    assert team.name == "coder=a, reviewer=b, tester=c"
    assert grid.roles == {"raw-coder": ["coder"], "tested": ["coder", "tester"]}
    assert grid.idle_roles() == ["reviewer"]
    in_tables = FILE.replace(f"teams = [{TEAM}]\n[models]", TABLES)
    again = sweep_files.load(written(tmp_path, in_tables), limit=1)
    assert (again.key, again.cells()) == (grid.key, grid.cells())


def test_who_plays_a_third_role_tells_runs_apart(tmp_path: Path) -> None:
    """And no role can be taken for another: else two teams would share one run's row."""
    teams = (
        '{ coder = "a", reviewer = "b", tester = "c" }', '{ coder = "a", reviewer = "b", tester = "b" }',
        '{ coder = "a", reviewer = "c", tester = "b" }', '{ coder = "a", tester = "b" }',
        '{ coder = "a", reviewer = "b", tester = "a" }',
    )  # fmt: skip
    grid = sweep_files.load(written(tmp_path, FILE.replace(TEAM, ", ".join(teams))), limit=1)
    keys = {cell.key for cell in grid.cells()}
    assert len(keys) == len(grid.cells()) == 2 * len(teams)
    apart = {
        sweep_files.load(written(tmp_path, FILE.replace(TEAM, team)), limit=1).key for team in teams
    }
    assert len(apart) == len(teams)


@pytest.mark.parametrize(
    ("change", "to", "says"),
    [
        (", tester", ", testr", "teams: 'coder=a, reviewer=b, testr=c' has no 'tester', whom pattern 'tested' asks ("),
        ('[\"raw-coder\", \"tested\"]', '[{ name = "tested", by = "judge" }]', "has no 'judge', whom pattern 'tested(by=judge)' asks"),
        ('[\"raw-coder\", \"tested\"]', '[{ name = "tested", by = "name" }]', "pattern 'tested(by=name)' asks a role: 'name' is what a team is called, and no role (tested.py line 9)"),
        ('[\"raw-coder\", \"tested\"]', '[{ name = "tested", by = "The Tester" }]', "asks a role: 'The Tester' is no role: lower-case"),
        (", tester", ", Tester", "teams.0: 'Tester' is no role: lower-case letters"),
        ('tester = "c"', 'tester = "d"', "teams: the tester 'd' is not among the models; there are a, b, c"),
        ('tester = "c"', "tester = 3", "teams.0.tester: Input should be a valid string"),
        (TEAM, LONG, "teams.0: its models' names are too long to call it by them"),
        (TEAM, "{ name = \"us\" }", "teams.0: nobody is in it"),
        (f"[{TEAM}]", "[]", "teams: none is given"),
        (TEAM, f"{TEAM}, {TEAM}", "'coder=a, reviewer=b, tester=c' is there twice"),
        (TEAM, f'{TEAM}, {{ tester = "c", coder = "a", reviewer = "b", name = "x" }}', "'coder=a, reviewer=b, tester=c' is there twice"),
        ("[models]", '[[pairings]]\ncoder = "a"\nreviewer = "b"\n[models]', "pairings: what `teams` were called before; leave one of the two out"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_team_is_named_before_anything_is_enqueued(
    tmp_path: Path, change: str, to: str, says: str
) -> None:
    path = written(tmp_path, FILE.replace(change, to))
    with pytest.raises(FoureyesError) as raised:
        sweep_files.load(path, limit=1)
    assert str(raised.value).startswith(f"{path}: ")
    assert says in str(raised.value)


def test_the_embedded_models_take_every_role(tmp_path: Path) -> None:
    file = parse(written(tmp_path))
    found = sweep_files._on_embedded_models(file)
    assert [each.roles for each in found.teams] == [
        {"coder": "qwen-500m", "reviewer": "qwen-1500m", "tester": "qwen-1500m"}
    ]
