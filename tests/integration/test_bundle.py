"""If one of these fails, whoever reports a bug sends their keys along, or a report without the reason."""

import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from foureyes.models import llm
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from foureyes.producer.commands import bundle, keeping
from foureyes.producer.commands.doctor import Finding

MARK = "marked"
#: Where secrets are known from: the environment, by name or as FOUREYES_KEYS says, `.env`, URLs.
ENVIRONMENT = {
    "OPENAI_API_KEY": f"{MARK}-api-key-1",
    "HF_TOKEN": f"{MARK}-token-2",
    "PGPASSWORD": f"{MARK}-pg-3",
    "PLAINLY_NAMED": f"{MARK}-plain-4",
    "FOUREYES_KEYS": "PLAINLY_NAMED@host",
    "FOUREYES_DATABASE_URL": f"postgresql://u:{MARK}-db%2F5@h/d",
    "FOUREYES_READER_URL": f"postgresql://r@h/d?password={MARK}-reader-6",
    "FOUREYES_BROKER_URL": f"amqp://u:{MARK}-broker-7@h//",
}
FILE = {"SOME_SECRET": f"{MARK}-of-a-file-8"}
STACK = {
    "broker_url": f"redis://:{MARK}-valkey-9@127.0.0.1:1/0",
    "flower_url": "http://127.0.0.1:5555",
    "flower_password": f"{MARK}-flower-10",
}
#: Those of others, whose values nobody here can know.
FOREIGN = [
    f"Authorization: Bearer {MARK}-bearer-11",
    f'{{"authorization": "Basic {MARK}+basic/12="}}',
    f"Incorrect API key provided: {MARK}-their-key-13",
    f"password={MARK}-14 token: '{MARK}-15'",
    f"sk-proj-{MARK}-0123456789 and hf_{MARK}0123456789abc",
    f"https://user:{MARK}-16@example.org/v1 unreachable",
    f"MY_SECRET={MARK}-17 Cookie: {MARK}-18",
]
PLAIN = "Task draft[f5da] succeeded in 0.1 s: 128 tokens, completion=2"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    home = tmp_path / "home"
    (home / "logs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOUREYES_HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(llm, "KEY_VARIABLES", set())
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in FILE.items()))
    (home / "stack.json").write_text(json.dumps(STACK))
    settings.cache_clear()
    yield home
    settings.cache_clear()


def packed(path: Path) -> dict[str, str]:
    with zipfile.ZipFile(path) as file:
        return {name: file.read(name).decode() for name in file.namelist()}


def pack(path: Path, *found: Finding) -> dict[str, str]:
    with path.open("wb") as file:
        bundle.write(file, found)
    return packed(path)


def test_no_secret_is_packed_wherever_it_stands(home: Path, tmp_path: Path) -> None:
    known = [*ENVIRONMENT.values(), *FILE.values(), *STACK.values(), f"{MARK}-db/5"]
    lines = [
        *known,
        *(f"quoted {value!r} {json.dumps(value)}" for value in known),
        *FOREIGN,
        PLAIN,
    ]
    text = "\n".join(lines)
    for place in (
        "logs/Start.log",
        "logs/flower.log.1",
        "logs/valkey.log",
        "../foureyes-bug-x.txt",
    ):
        (home / place).write_text(text)
    found = pack(tmp_path / "b.zip", *(Finding("broker", False, line) for line in lines))
    assert {name.removeprefix("foureyes-doctor/") for name in found} == {
        "findings.txt", "versions.txt", "logs/Start.log", "logs/flower.log.1", "logs/valkey.log",
        "bugs/foureyes-bug-x.txt",
    }  # fmt: skip
    left = {
        name: [line for line in told.splitlines() if MARK in line] for name, told in found.items()
    }
    assert {name: lines for name, lines in left.items() if lines} == {}
    for name, told in found.items():
        assert name.endswith("versions.txt") or PLAIN in told, name
    assert "sqlalchemy==" in found["foureyes-doctor/versions.txt"].lower()


def test_of_a_long_log_whole_lines_of_its_end_are_packed(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half a secret would not be found, and all of it would be too long to send."""
    monkeypatch.setattr(bundle, "_MOST", 60)
    secret = ENVIRONMENT["HF_TOKEN"]
    (home / "logs" / "a.log").write_text(f"early\n{'x' * 40}{secret}\n{'y' * 50}\n")
    told = pack(tmp_path / "b.zip")["foureyes-doctor/logs/a.log"]
    assert told == f"{'y' * 50}\n"


def test_no_file_elsewhere_comes_in_by_a_link(home: Path, tmp_path: Path) -> None:
    (tmp_path / "letter").write_text("private")
    (home / "logs" / "a.log").symlink_to(tmp_path / "letter")
    assert "foureyes-doctor/logs/a.log" not in pack(tmp_path / "b.zip")


def test_a_bundle_takes_the_place_of_none_but_a_bundle(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping.checks, "findings", lambda: [Finding("python", True, "3")])
    path = tmp_path / "b.zip"
    keeping.doctor(path)
    keeping.doctor(path)
    assert packed(path)["foureyes-doctor/findings.txt"] == "ok      python: 3\n"
    path.write_text("a letter")
    with pytest.raises(FoureyesError, match="is there already, and no bundle"):
        keeping.doctor(path)
    assert path.read_text() == "a letter"
