"""What `make install`, `make demo` and `make test` promise on a fresh machine."""

import os
import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text()


def stub(folder: Path, name: str, script: str) -> None:
    """A program of that name which comes first on a PATH of `folder`."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)


def run(*command: str, path: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = dict(os.environ)
    if path is not None:
        environment["PATH"] = f"{path}:{environment['PATH']}"
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


def test_everything_that_is_asked_for_is_pinned_with_hashes() -> None:
    """Else a fresh clone does not install, or installs something that nobody tried."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    wanted = [*project["dependencies"], *extras["embedded"], *extras["test"]]
    for requirement in wanted:
        name = re.split(r"[^\w-]", requirement)[0]
        assert re.search(rf"(?m)^{re.escape(name)}==\S+.* \\$", LOCK), requirement
    pins = re.findall(r"(?m)^[a-z0-9]\S*==", LOCK)
    assert len(re.findall(r"(?m)^    --hash=sha256:[0-9a-f]{64}", LOCK)) >= len(pins)


@pytest.mark.parametrize("file", ["requirements.lock", "pyproject.toml", "Makefile", "scripts"])
def test_no_address_of_a_package_index_is_committed(file: str) -> None:
    """Else the installation fails wherever that index cannot be reached."""
    found = ROOT / file
    files = [found] if found.is_file() else list(found.iterdir())
    for each in files:
        told = each.read_text()
        assert not re.search(r"--(extra-)?index-url|find-links|pythonhosted|simple/", told), each
        assert "uv.lock" not in told


def test_help_has_a_line_for_each_target_of_the_readme() -> None:
    """Else a person has to read the Makefile."""
    told = run("make").stdout
    for target in ("install", "demo", "test", "lint", "up", "docs", "lock", "clean"):
        assert re.search(rf"(?m)^  make {target} +\S", told), target


def test_the_demo_does_not_need_rabbitmq() -> None:
    """Else the first thing a person tries installs an Erlang system."""
    told = run("make", "--dry-run", "demo").stdout
    assert "bubblewrap" in told
    assert "rabbitmq" not in told


def test_an_ordinary_user_is_told_which_package_is_missing(tmp_path: Path) -> None:
    """Else the sandbox fails later and far away."""
    stub(tmp_path / "bin", "id", "echo 1000")
    made = run("scripts/packages.sh", "need", "foureyes-nosuch", path=tmp_path / "bin")
    assert made.returncode == 1
    assert made.stderr.splitlines() == [
        "packages: missing: foureyes-nosuch. As root: apt-get install foureyes-nosuch"
    ]


def test_a_package_that_is_there_is_left_alone(tmp_path: Path) -> None:
    """Else each `make test` asks for root, or touches a server that a person runs."""
    stub(tmp_path / "bin", "apt-get", "echo called >&2; exit 1")
    stub(tmp_path / "bin", "bwrap", "exit 0")
    made = run("scripts/packages.sh", "need", "bubblewrap", path=tmp_path / "bin")
    assert (made.returncode, made.stdout, made.stderr) == (0, "", "")


def test_a_machine_without_a_fitting_python_is_told_so(tmp_path: Path) -> None:
    """Else a person reads a stack of errors from pip about wheels."""
    clone = tmp_path / "clone"
    shutil.copytree(ROOT / "scripts", clone / "scripts")
    for name in ("python3", "python3.11", "python3.12", "python3.13", "uv"):
        stub(tmp_path / "bin", name, "exit 1")
    stub(tmp_path / "bin", "id", "echo 1000")
    environment = os.environ | {"PATH": f"{tmp_path / 'bin'}:/usr/bin:/bin"}
    made = subprocess.run(
        [clone / "scripts" / "environment.sh"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert made.returncode == 1
    assert made.stderr.splitlines()[-1] == (
        "environment: no Python 3.11 to 3.13 with venv here: as root, "
        "apt-get install python3 python3-venv"
    )


@pytest.mark.parametrize(
    ("recipe", "code", "last"),
    [
        ("@echo '==== 3 passed in 1.20s ===='", 0, "==== 3 passed in 1.20s ===="),
        (
            "@echo '== 1 failed, 2 passed in 61.20s (0:01:01) =='; echo more; exit 1",
            2,  # make's own code for a recipe that failed
            "== 1 failed, 2 passed in 61.20s (0:01:01) ==",
        ),
        ("@exit 1", 2, "make test ended before pytest did (exit code 2)"),
    ],
    ids=["passed", "failed", "did not start"],
)
def test_ci_tells_the_truth(tmp_path: Path, recipe: str, code: int, last: str) -> None:
    """Else a broken change looks green."""
    (tmp_path / ".ci").mkdir()
    shutil.copy(ROOT / ".ci" / "run", tmp_path / ".ci" / "run")
    (tmp_path / "Makefile").write_text(f"test:\n\t{recipe}\n")
    made = run(str(tmp_path / ".ci" / "run"))
    assert made.returncode == code
    assert made.stdout.splitlines()[-1] == last


@pytest.mark.parametrize("mine", ["logs/notes.txt", "reports/notes.html", "reports/mine/a-1.html"])
def test_the_data_are_removed_and_nothing_that_somebody_keeps_beside_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mine: str
) -> None:
    """FOUREYES_HOME may be a folder of somebody's, which has reports of its own."""
    home = tmp_path / "home"
    monkeypatch.setenv("FOUREYES_HOME", str(home))
    for name in (
        "logs/execution.log", "logs/execution.log.1", "reports/a-12.html", "stack.json",
        "start@foureyes.alive",
    ):  # fmt: skip
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).touch()
    (home / mine).parent.mkdir(exist_ok=True)
    (home / mine).touch()
    assert run("scripts/clean_data.sh").returncode == 0
    assert [each for each in home.rglob("*") if each.is_file()] == [home / mine]
    (home / mine).unlink()
    if (home / mine).parent.name == "mine":
        (home / mine).parent.rmdir()
    assert run("scripts/clean_data.sh").returncode == 0
    assert not home.exists()
