"""The Dockerfile, as far as can be told without building it."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import compose
from tests.programs import ROOT

TEXT = (ROOT / "Dockerfile").read_text().replace("\\\n", "")
STAGES = re.findall(r"^FROM (\S+) AS (\S+)$", TEXT, re.MULTILINE)


def test_hadolint_has_nothing_to_say() -> None:
    program = shutil.which("hadolint", path=str(Path(sys.executable).parent))
    if program is None:
        pytest.skip("hadolint has no package for this machine")
    made = subprocess.run([program, "Dockerfile"], cwd=ROOT, capture_output=True, text=True)
    assert made.returncode == 0, made.stdout


def test_base_images_are_pinned() -> None:
    names = {name for _, name in STAGES}
    outside = {image for image, _ in STAGES if image not in names}
    assert outside == {"python:3.11.14-slim-bookworm"}


def test_there_is_a_stage_for_every_service() -> None:
    targets = {
        each["build"]["target"] for each in compose.raw()["services"].values() if "build" in each
    }
    assert targets == {"base", "execution", "cpu", "gpu"}
    assert targets <= {name for _, name in STAGES}


@pytest.mark.parametrize("target", ["base", "execution", "cpu", "gpu"])
def test_no_image_runs_as_root(target: str) -> None:
    bases = {name: image for image, name in STAGES}
    bodies = dict(re.findall(r"^FROM \S+ AS (\S+)$(.*?)(?=^FROM |\Z)", TEXT, re.M | re.S))
    while not (users := re.findall(r"^USER (\S+)$", bodies[target], re.MULTILINE)):
        target = bases[target]
    assert users[-1] == "10001:10001"  # a number: Kubernetes cannot tell who a name is


def test_packages_are_installed_with_hashes_only() -> None:
    installs = re.findall(r"(?:uv )?pip install[^&\n]*", TEXT)
    assert len(installs) == 5
    installs.remove("uv pip install vllm==0.33.0")  # too large for our lock, and pins by itself
    for command in installs:
        assert "--require-hashes" in command or ("--no-deps" in command and "--editable" in command)


def test_what_is_copied_is_let_in_and_nothing_else_of_ours_is() -> None:
    allowed = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert all((ROOT / name).exists() for name in allowed)
    assert {"pyproject.toml", "requirements.lock", "deploy/installer.txt", "README.md"} <= allowed
    packages = {path.parent.name for path in ROOT.glob("*/*.py")} - {"bench", "scripts", "tests"}
    assert packages <= allowed
