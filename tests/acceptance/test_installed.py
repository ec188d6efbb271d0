"""foureyes as a wheel, in an environment of its own, used in a folder with packages named like its own."""

import json
import shutil
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path
from zipfile import ZipFile

import pytest

from foureyes.producer.stack.ports import free_port
from tests.programs import ROOT, environment, mind_ctrl_c, wait_for

FOLDERS = sorted(each.name for each in (ROOT / "foureyes").iterdir() if each.is_symlink())
_BUILD = "import sys; from setuptools import build_meta; print(build_meta.build_wheel(sys.argv[1]))"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    source, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheel")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("foureyes", *FOLDERS):
        kept = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, source / name, symlinks=True, ignore=kept)
    subprocess.run(
        [sys.executable, "-P", "-c", _BUILD, str(made)], cwd=source, check=True, capture_output=True
    )
    (file,) = made.glob("*.whl")
    return file


@pytest.fixture(scope="module")
def command(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed command. Of this environment its own has the dependencies, and not foureyes."""
    home = tmp_path_factory.mktemp("environment")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(home)], check=True)
    python = str(home / "bin" / "python")
    installer = (
        ["uv", "pip", "install", "--quiet", "--offline", "--python", python]
        if shutil.which("uv")
        else [sys.executable, "-m", "pip", "--quiet", "--python", python, "install", "--no-index"]
    )
    subprocess.run([*installer, "--no-deps", str(wheel)], check=True)
    (own,) = home.glob("lib/python*/site-packages")
    (own / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return home / "bin" / "foureyes"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Somebody's project."""
    made = tmp_path_factory.mktemp("project")
    for name in ("foureyes", *FOLDERS):
        (made / name).mkdir()
        (made / name / "__init__.py").write_text(f"raise SystemExit('the wrong {name}')\n")
    return made


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


def run(command: Path, folder: Path, home: Path, *words: str) -> str:
    made = subprocess.run(
        [str(command), *words],
        cwd=folder, env=environment(home), capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stdout + made.stderr
    return made.stdout


def test_everything_lies_under_one_name(wheel: Path) -> None:
    with ZipFile(wheel) as file:
        names = file.namelist()
    first = {name.partition("/")[0] for name in names}
    assert {each for each in first if not each.endswith(".dist-info")} == {"foureyes"}
    tracked = subprocess.run(
        ["git", "ls-files", *FOLDERS], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    missing = {name for name in tracked if f"foureyes/{name}" not in names}
    assert {Path(name).suffix for name in missing} <= {".in"}  # what locks are made from


def test_from_the_demo_to_pages(command: Path, folder: Path, home: Path) -> None:
    said = run(command, folder, home, "demo", "--recorded", "--limit", "1")
    assert "Three things to try next" in said
    query = "SELECT sweep, n, errors FROM v_scores"
    rows = json.loads(run(command, folder, home, "sql", query, "--format", "json"))
    assert rows and all(row == {"sweep": "demo-recorded", "n": 1, "errors": 0} for row in rows)
    assert "review-then-fix" in run(command, folder, home, "report", "demo-recorded")
    assert list((home / "reports").glob("*.html"))

    port = free_port()
    process = subprocess.Popen(
        [str(command), "web", "--port", str(port)],
        cwd=folder, env=environment(home), preexec_fn=mind_ctrl_c,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:

        def page(path: str) -> str:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                return str(answer.read().decode())

        def first() -> str:
            try:
                return page("/")
            except OSError:
                return ""

        assert "demo-recorded" in wait_for(first)
        assert "font" in page("/static/foureyes.css")
    finally:
        process.terminate()
        process.wait()


def test_judging_and_looking_up_need_no_clone(command: Path, folder: Path, home: Path) -> None:
    known = json.loads((ROOT / "problems" / "starter-rich.jsonl").read_text().splitlines()[0])
    right = known["prompt"] + known["canonical_solution"]
    samples = folder / "samples.jsonl"
    samples.write_text(json.dumps({"task_id": known["task_id"], "solution": right}) + "\n")
    said = run(command, folder, home, "evaluate", "samples.jsonl", "--benchmark", "starter-rich")
    assert "1.000" in said or "100" in said
    assert "Answer in JSON" in run(command, folder, home, "patterns", "show", "review-then-fix")
    said = run(command, folder, home, "sweep", "sweeps/starter.toml", "--plan")
    assert "review-then-fix" in said
    python = command.with_name("python")
    asked = [str(python), "-P", "-m", "foureyes", "--version"]
    made = subprocess.run(asked, cwd=folder, capture_output=True, text=True, check=True)
    assert made.stdout == run(command, folder, home, "--version")


def test_the_stack_and_a_worker_of_celery_are_found(
    command: Path, folder: Path, home: Path
) -> None:
    with (home / "up").open("w") as output:
        process = subprocess.Popen(
            [str(command), "up"],
            cwd=folder, env=environment(home), preexec_fn=mind_ctrl_c,
            stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        wait_for((home / "stack.json").exists)
    finally:
        process.terminate()
        process.wait()
    asked = [str(command.with_name("python")), "-P", "-m", "celery", "-A", "foureyes.worker.app"]
    made = subprocess.run(
        [*asked, "worker"],  # not where a `foureyes` lies: Celery looks in that folder first
        cwd=home, env=environment(home), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert made.stderr.startswith("worker: no broker: set FOUREYES_BROKER_URL"), made.stderr
