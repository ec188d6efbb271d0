"""Every mistake a person can make gets one clear line and exit code 2, and nothing is enqueued."""

import socket
from pathlib import Path

import pytest

from foureyes.models.settings import settings
from foureyes.producer import cli
from tests.programs import ROOT, foureyes, processes, scripted_sweep

GOOD = """
name = "mine"
benchmarks = ["starter-rich"]
patterns = ["raw-coder"]
samples = 1
[models.c]
engine = "scripted"
script = "c.toml"
sampling = { temperature = 0.0 }
[[pairings]]
coder = "c"
reviewer = "c"
"""


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("samples = 1", "sample = 1", "line 5: unknown key 'sample'; did you mean 'samples'?"),
        ("temperature = 0.0", "temprature = 0.0", "line 9: unknown key 'models.c.sampling.temprature'; did you mean 'temperature'?"),
        ("temperature = 0.0", "temperature = 9.0", "models.c.sampling.temperature: Input should be less than or equal to 2"),
        ("raw-coder", "raw-codr", "unknown pattern 'raw-codr'; did you mean 'raw-coder'?"),
        ("starter-rich", "starter-rick", "there is no benchmark 'starter-rick'; did you mean 'starter-rich'?"),
        ('engine = "scripted"', 'engine = "scriptd"', "unknown engine 'scriptd'; did you mean 'scripted'?"),
        ('coder = "c"', 'coder = "d"', "pairings: the coder 'd' is not among the models"),
        ('[[pairings]]\ncoder', "[[teams]]\ncodr", "sweep.toml: teams: 'codr=c, reviewer=c' has no 'coder', whom pattern 'raw-coder' asks (raw_coder.py line "),
        ('coder = "c"', 'codr = "c"', "unknown key 'pairings.0.codr'; did you mean 'coder'?"),
        ('["starter-rich"]', '["starter-rich", "starter-rich"]', "benchmarks: 'starter-rich' is there twice"),
        ('["raw-coder"]', '["raw-coder", "raw-coder"]', "patterns: 'raw-coder' is there twice"),
        ('["raw-coder"]', '[{ name = "retry", retries = 2 }, { name = "retry", retries = 2 }]', "patterns: 'retry' is there twice"),
        ("[[pairings]]", '[[pairings]]\ncoder = "c"\nreviewer = "c"\n[[pairings]]', "pairings: 'c+c' is there twice"),
        ('name = "mine"', 'name = "mine', "not valid TOML"),
        ('name = "mine"', "", "name: Field required"),
        ("[models.c]", "[caps]\nmax_dollars = 5\n[models.c]", "line 7: unknown key 'caps.max_dollars'; did you mean 'max_"),
        ("[models.c]", "[caps]\nbudget = 5\n[models.c]", "line 7: unknown key 'caps.budget'; there are max_"),
        ("[models.c]", "[caps]\nmax_usd = 0\n[models.c]", "line 7: caps.max_usd: Input should be greater than 0"),
        # what TOML reads otherwise than it looks
        ('reviewer = "c"', 'reviewer = "c"\nsamples = 3', "line 13: 'samples' is of the whole sweep and stands in a table of 'pairings'"),
        ('[[pairings]]\ncoder = "c"', '[[teams]]\ncoder = "c"\nsamples = 3', "line 12: 'samples' is of the whole sweep and stands in a table of 'teams'"),
        ("sampling = { temperature = 0.0 }", "temperature = 0.0", "line 9: unknown key 'models.c.temperature': write sampling = { temperature = ... }"),
        ("[models.c]", "[models.c1.5b]", 'a dot in [models.c1.5b] divides names: write [models."c1.5b"]'),
        # of several tables the one that is meant
        ("[[pairings]]", "[[teams]]\n[[pairings]]", "sweep.toml: line 10: teams.0: nobody is in it; write a role and a model"),
        ("[[pairings]]", '[[teams]]\ncoder = "c"\n[[teams]]\ncoder = "c"\nname = "\\n"\n[[pairings]]', "line 14: teams.1.name: '\\n' holds a character"),
        ("[models.c]", '[models.b]\nengine = "scripted"\nscript = "c.toml"\n[models.c]\nthreads = 0', "line 10: models.c.threads: Input should be greater"),
        ("[[pairings]]", '[models.d]\nengine = "scripted"\nscript = "c.toml"\nsampling = { temperature = 9.0 }\n[[pairings]]', "line 13: models.d.sampling.temperature: Input"),
        ('["raw-coder"]', '["raw-coder",\n  3]', "line 4: patterns.1: Input should be a"),
        # what TOML can write and nothing else can hold
        ("samples = 1", "samples = inf", "line 5: samples: inf is no number that can be used"),
        ("temperature = 0.0", "temperature = nan", "models.c.sampling.temperature: nan is no number"),
        ("temperature = 0.0", "top_p = 1e999", "models.c.sampling.top_p: inf is no number"),
        ("temperature = 0.0", f"seed = {10**400}", "models.c.sampling.seed: the number is too large"),
        ("samples = 1", f"samples = {'9' * 5000}", "not valid TOML: Exceeds the limit"),
        ("samples = 1", f"samples = {'[' * 5000}", "not valid TOML"),
        ('name = "mine"', 'name = "mi\\u0000ne"', "line 2: name: holds a NUL character"),
        ('"c.toml"', '"c\\u0000.toml"', "models.c.script: holds a NUL character"),
        ("samples = 1", 'prompts = "a\\u0000b"', "prompts: holds a NUL character"),
        ("samples = 1", 'modules = ["a\\u0000b"]', "modules.0: holds a NUL character"),
        ("[models.c]", '[models."c\\u0000"]', "models: the key 'c\\x00' holds a NUL character"),
        ('["starter-rich"]', '[{ name = "", data = "d" }]', "line 3: benchmarks.0.name: String should have at least 1"),
        ('["starter-rich"]', '[{ name = "a\\nb", data = "d" }]', "benchmarks.0.name: 'a\\nb' holds a character that cannot be seen"),
        ('reviewer = "c"', f'reviewer = "c"\nname = "{"x" * 151}"', "pairings.0.name: String should have at most 150"),
    ],
)  # fmt: skip
def test_a_mistake_in_a_sweep_file_is_named(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    old: str,
    new: str,
    says: str,
) -> None:
    assert old in GOOD
    (tmp_path / "sweep.toml").write_text(GOOD.replace(old, new, 1))
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sys.argv", ["foureyes", "sweep", str(tmp_path / "sweep.toml")])
    settings.cache_clear()
    with pytest.raises(SystemExit) as ended:
        cli.main()  # in this process: nothing has been started when the file is read
    settings.cache_clear()
    line = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 2
    assert "sweep.toml" in line or "benchmark" in line
    assert says in line
    assert not (tmp_path / "home").exists()  # nothing was started


def test_a_sweep_file_that_cannot_be_used_ends_the_real_command_too(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD.replace("samples", "sample"))
    made = foureyes("sweep", str(tmp_path / "sweep.toml"), home=tmp_path / "home")
    assert made.returncode == 2
    assert "did you mean 'samples'?" in " ".join(made.stderr.split())
    assert "Traceback" not in made.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    made = foureyes("sweep", "nowhere.toml", home=tmp_path)
    assert made.returncode == 2
    assert "nowhere.toml: there is no such file" in made.stderr


def test_a_broken_problem_file_is_named_with_its_line(tmp_path: Path) -> None:
    words = scripted_sweep(tmp_path, 2, 0.0, ["raw-coder"])
    with (tmp_path / "mine.jsonl").open("a") as file:
        file.write("{not json\n")
    made = foureyes(*words, home=tmp_path / "home")
    assert made.returncode == 2
    assert "mine.jsonl line 3" in " ".join(made.stderr.split())


def test_an_offline_benchmark_says_how_to_bring_the_file(tmp_path: Path) -> None:
    (tmp_path / "sweep.toml").write_text(GOOD.replace("starter-rich", "humaneval+"))
    made = foureyes(
        "sweep", str(tmp_path / "sweep.toml"), home=tmp_path / "home",
        FOUREYES_CACHE=str(tmp_path / "cache"), XDG_CACHE_HOME=str(tmp_path / "xdg"),
        https_proxy="http://127.0.0.1:9", HTTPS_PROXY="http://127.0.0.1:9",
    )  # fmt: skip
    assert made.returncode == 2
    line = " ".join(made.stderr.split())
    assert "HumanEvalPlus" in line
    assert "FOUREYES_DATA" in line or "HUMANEVAL_OVERRIDE_PATH" in line


def test_missing_and_wrong_weights_are_told_before_anything_starts(tmp_path: Path) -> None:
    words = ["sweep", str(ROOT / "sweeps" / "starter.toml")]
    cache = tmp_path / "cache"
    made = foureyes(*words, home=tmp_path / "home", FOUREYES_CACHE=str(cache))
    assert made.returncode == 2
    assert "foureyes models pull qwen2.5-coder-0.5b" in " ".join(made.stderr.split())
    (cache / "models").mkdir(parents=True)
    (cache / "models" / "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf").write_bytes(b"something else")
    made = foureyes(*words, home=tmp_path / "home", FOUREYES_CACHE=str(cache))
    assert made.returncode == 2
    assert "not the official file" in " ".join(made.stderr.split())
    assert not (tmp_path / "home").exists()


def test_an_unreachable_database_and_broker_are_told(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    words = scripted_sweep(tmp_path, 1, 0.0, ["raw-coder"])
    made = foureyes(
        *words,
        home=tmp_path / "home",
        FOUREYES_DATABASE_URL=f"postgresql://u:secret@127.0.0.1:{port}/x",
    )
    assert made.returncode == 2
    assert "cannot reach the database" in made.stderr
    assert "secret" not in made.stderr
    made = foureyes(
        *words, home=tmp_path / "home", FOUREYES_BROKER_URL=f"amqp://u:secret@127.0.0.1:{port}//"
    )
    assert made.returncode == 2
    assert "cannot reach the broker" in made.stderr
    assert "secret" not in made.stderr
    rows = foureyes("sql", "select count(*) from sweep", "--format", "csv", home=tmp_path / "home")
    assert rows.stdout.split()[-1] == "0"  # nothing was enqueued
    assert processes(tmp_path / "home") == {}


def test_without_bubblewrap_nothing_is_enqueued(tmp_path: Path) -> None:
    words = scripted_sweep(tmp_path, 1, 0.0, ["raw-coder"])
    made = foureyes(*words, home=tmp_path / "home", PATH=str(tmp_path / "empty"))
    assert made.returncode == 2
    assert "apt install bubblewrap" in " ".join(made.stderr.split())


def test_a_read_only_query_stays_one(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = foureyes("sql", "create table x (y int)", home=home)
    assert made.returncode == 2
    assert "read-only transaction" in " ".join(made.stderr.split())
    made = foureyes("sql", "select * from nowhere", home=home)
    assert made.returncode == 2
    assert 'relation "nowhere" does not exist' in " ".join(made.stderr.split())


@pytest.mark.parametrize("words", [["report"], ["watch"], ["cancel", "x"], ["show", "7"]])
def test_what_is_not_there_is_told(tmp_path: Path, words: list[str]) -> None:
    made = foureyes(*words, home=tmp_path / "home")
    assert made.returncode == 2
    assert "there is no" in made.stderr


def test_help_fits_a_screen(tmp_path: Path) -> None:
    made = foureyes("--help", home=tmp_path, COLUMNS="80")
    assert made.returncode == 0
    assert len(made.stdout.splitlines()) <= 40
