"""If one of these fails, programs meet half a library, or verdicts are kept under the wrong versions."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.judging import libraries
from foureyes.judging.identity import JUDGE_VERSION, identity
from foureyes.judging.sandbox import environment
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from foureyes.producer import cli

NAME = "bigcodebench"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty cache, as on a new machine."""
    monkeypatch.setenv("FOUREYES_CACHE", str(tmp_path))
    settings.cache_clear()
    yield tmp_path
    settings.cache_clear()


def installs(monkeypatch: pytest.MonkeyPatch, *scripts: str) -> None:
    """Have these scripts stand in for uv and pip: what they are asked for is in `sys.argv`."""
    commands = [[sys.executable, "-c", script] for script in scripts]
    monkeypatch.setattr(libraries, "_installers", lambda beside: commands)


GOOD = "import os, sys; os.makedirs(sys.argv[sys.argv.index('--target') + 1] + '/pandas')"
BAD = "import sys; sys.exit('no such package')"
HALF = f"{GOOD}; sys.exit('the connection broke')"


def test_what_is_installed_is_where_it_is_looked_for(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, GOOD)
    place = libraries.prepare(NAME, lambda done: None)
    assert libraries.folder(NAME) == place and (place / "pandas").is_dir()
    installs(monkeypatch, BAD)
    assert libraries.prepare(NAME, lambda done: None) == place  # nothing is installed twice


def test_another_installer_is_tried_and_nothing_is_left_of_the_first(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installs(monkeypatch, HALF, GOOD)
    assert libraries.prepare(NAME, lambda done: None).is_dir()


@pytest.mark.parametrize("script", [BAD, HALF])
def test_what_cannot_be_installed_is_not_there(
    cache: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    installs(monkeypatch, script)
    with pytest.raises(
        FoureyesError, match=r"cannot be installed: (no such package|the connection)"
    ):
        libraries.prepare(NAME, lambda done: None)
    assert list((cache / "libraries").iterdir()) == []
    with pytest.raises(libraries.NotPrepared, match=f"foureyes benchmark prepare {NAME}"):
        libraries.folder(NAME)


def test_an_interrupted_one_is_not_there(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next one begins anew."""

    def interrupted(made: Path) -> None:
        raise KeyboardInterrupt

    installs(monkeypatch, GOOD)
    with monkeypatch.context() as patch:
        patch.setattr(libraries, "_list_fonts", interrupted)
        with pytest.raises(KeyboardInterrupt):
            libraries.prepare(NAME, lambda done: None)
    assert list((cache / "libraries").iterdir()) == []
    assert libraries.prepare(NAME, lambda done: None).is_dir()


def test_a_name_that_needs_none_is_a_mistake_in_one_line(
    cache: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["foureyes", "benchmark", "prepare", "humaneval+"])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == 2
    said = capsys.readouterr().err.strip()
    assert "needs no libraries" in said and said.count("\n") == 0


def test_the_identity_of_other_verdicts_is_what_it_was() -> None:
    """Else all of them would be judged anew."""
    assert identity() == f"{JUDGE_VERSION}, {environment.fingerprint()}"
    assert "pandas" not in identity() and NAME not in identity()


def test_the_identity_of_verdicts_with_libraries_names_their_versions() -> None:
    said = identity(NAME)
    assert said != identity()
    for name in ("numpy 1.", "pandas ", "scipy ", "scikit-learn ", "matplotlib ", "seaborn "):
        assert name in said
