"""Settings are read once, and one that cannot be used is named."""

import os
from pathlib import Path

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from foureyes.producer.home import plain


@pytest.fixture(autouse=True)
def _anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("FOUREYES_"):
            monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    settings.cache_clear()


@pytest.mark.parametrize(
    "name", ["home", "cache", "data", "database_url", "slots", "sandbox_level"]
)
def test_an_empty_one_is_as_if_it_were_not_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Else an empty FOUREYES_HOME is the current folder."""
    usual = getattr(settings(), name)
    settings.cache_clear()
    monkeypatch.setenv(f"FOUREYES_{name.upper()}", "")
    assert getattr(settings(), name) == usual
    settings.cache_clear()
    monkeypatch.delenv(f"FOUREYES_{name.upper()}")
    (tmp_path / ".env").write_text(f"FOUREYES_{name.upper()}=\n")
    assert getattr(settings(), name) == usual


@pytest.mark.parametrize(
    ("value", "says"),
    [
        ("a\nb", r"FOUREYES_HOME: 'a\\nb' holds a character that cannot be seen"),
        ("a\udcff", "FOUREYES_HOME: .* holds a character that cannot be seen"),
        ("~nobody-of-this-name/x", "FOUREYES_HOME: ~nobody-of-this-name/x: Could not determine"),
    ],
)
def test_a_home_that_cannot_be_one_is_named(
    monkeypatch: pytest.MonkeyPatch, value: str, says: str
) -> None:
    monkeypatch.setenv("FOUREYES_HOME", value)
    with pytest.raises(FoureyesError, match=says):
        settings()


@pytest.mark.parametrize("name", ["lease", "grace", "reap_every", "tries"])
@pytest.mark.parametrize("value", ["inf", "nan", "-1", "9" * 40, "x"])
def test_a_number_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FOUREYES_{name.upper()}", value)
    with pytest.raises(FoureyesError, match=f"FOUREYES_{name.upper()}: "):
        settings()


def test_a_settings_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / ".env").write_bytes(b"FOUREYES_HOME=\xff\xfe\n")
    with pytest.raises(FoureyesError, match=r"\.env: not UTF-8 text"):
        settings()
    (tmp_path / ".env").write_bytes(b"FOUREYES_HOME=a\0b\n")
    with pytest.raises(FoureyesError, match="FOUREYES_HOME: "):
        settings()


def test_a_current_folder_that_was_removed_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gone").mkdir()
    monkeypatch.chdir(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with pytest.raises(FoureyesError, match="No such file or directory"):
        settings()


def test_homes_on_two_disks_never_share_a_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder's number is its disk's own: RabbitMQ empties its folder, which another may run in."""
    homes = [tmp_path / "one home", tmp_path / "another home"]
    found = {home: os.stat_result((0o40755, 7, disk, *[0] * 7)) for disk, home in enumerate(homes)}
    with monkeypatch.context() as disks:
        disks.setattr(Path, "stat", lambda path, **_: found[path])
        folders = {plain(home / "rabbitmq") for home in homes}
    assert len(folders) == 2
