"""If one of these fails, a stranger's sweep file has somebody's secrets sent to a host of its choice."""

from pathlib import Path

import pytest

from foureyes.models import keys
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import OpenAI
from foureyes.models.settings import settings
from foureyes.producer.commands import trust
from foureyes.producer.sweeps import sweep_file
from foureyes.worker.engines import load

FILE = """
name = "s"
benchmarks = ["starter-rich"]
patterns = ["raw-coder"]
[models.m]
engine = "openai"
model = "x"
base_url = "https://elsewhere.example/v1"
api_key_env = "{variable}"
[[pairings]]
coder = "m"
reviewer = "m"
"""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SOME_API_KEY", "sk-1234567890")
    settings.cache_clear()
    return tmp_path / "home"


def model(variable: str = "SOME_API_KEY", host: str = "elsewhere.example") -> OpenAI:
    return OpenAI(
        engine="openai", name="m", model="x", base_url=f"https://{host}/v1", api_key_env=variable
    )


@pytest.mark.parametrize(
    ("variable", "listed", "says"),
    [
        ("SOME_API_KEY", "", None),
        ("AWS_SECRET_ACCESS_KEY", "", "only variables that end in _API_KEY, or that FOUREYES_KEYS"),
        ("PATH", "", "only variables"),
        ("MINE", "OTHER, MINE", None),
        ("MINE", "MINE@api.example.com", None),
        ("FOUREYES_DATABASE_URL", "FOUREYES_DATABASE_URL", "is a setting of foureyes"),
        ("Foureyes_Api_Key", "", "is a setting of foureyes"),
        ("FOUREYES_MY_API_KEY", "", "is a setting of foureyes"),
    ],
)
def test_a_file_names_only_variables_that_hold_keys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, variable: str, listed: str, says: str | None
) -> None:
    monkeypatch.setenv("FOUREYES_KEYS", listed)
    settings.cache_clear()
    file = tmp_path / "sweep.toml"
    file.write_text(FILE.replace("{variable}", variable))
    if says is None:
        assert sweep_file.parse(file).models["m"]
        return
    with pytest.raises(FoureyesError, match=rf"models\.m\.api_key_env: .*{says}"):
        sweep_file.parse(file)
    # and not by a row that no file was read for
    monkeypatch.setenv(variable, "secret-of-mine")
    settings.cache_clear()
    if not variable.startswith("FOUREYES_D"):
        with pytest.raises(FoureyesError, match=says):
            load(model(variable))


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "127.9.9.9"])
def test_this_machine_needs_nobodys_word(host: str) -> None:
    load(model(host=f"{host}:8000")).close()


@pytest.mark.parametrize("host", ["127.0.0.1.evil.example", "localhost.evil.example", "10.0.0.1"])
def test_a_key_goes_nowhere_that_nobody_allowed(host: str) -> None:
    with pytest.raises(FoureyesError, match=f"in SOME_API_KEY may be sent to {host}") as caught:
        load(model(host=host))
    assert "sk-1234567890" not in str(caught.value)


def test_what_was_allowed_once_is_remembered_for_that_key_and_host_alone(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(FoureyesError, match=r"`--trust-host elsewhere\.example`"):
        trust.settle({"m": model()}, [])
    trust.settle({"m": model()}, ["Elsewhere.example"])
    trust.settle({"m": model()}, [])
    load(model()).close()
    assert (home / "trusted-hosts.json").stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("OTHER_API_KEY", "sk-0987654321")
    for other in (model("OTHER_API_KEY"), model(host="elsewhere.example.com")):
        with pytest.raises(FoureyesError, match="was never sent to"):
            trust.settle({"m": other}, ["unrelated.example"])


def test_a_server_without_a_key_is_nobodys_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    open_server = model("OPENAI_API_KEY")
    trust.settle({"m": open_server}, [])
    load(open_server).close()


def test_workers_with_a_home_of_their_own_are_told_by_the_environment(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("FOUREYES_KEYS", "OTHER@elsewhere.example,SOME_API_KEY@api.example")
    settings.cache_clear()
    with pytest.raises(FoureyesError):
        load(model())
    load(model(host="api.example")).close()


def test_a_list_that_others_may_have_written_is_not_believed(home: Path) -> None:
    home.mkdir()
    trust.settle({"m": model()}, ["elsewhere.example"])
    (home / "trusted-hosts.json").chmod(0o644)
    with pytest.raises(FoureyesError, match="others than you may have written it"):
        load(model())
    (home / "trusted-hosts.json").write_text("[1]")
    (home / "trusted-hosts.json").chmod(0o600)
    with pytest.raises(FoureyesError, match="cannot be understood"):
        keys.may_have("SOME_API_KEY", "elsewhere.example")


@pytest.mark.parametrize(
    "line",
    ["FOUREYES_EVALPLUS=./python", "foureyes_evalplus=./python", "export FOUREYES_KEYS=PATH"],
)
def test_a_folders_env_file_names_no_program_and_nobody_to_send_to(
    tmp_path: Path, line: str
) -> None:
    """It is read wherever the command is run: in a clone, in somebody's archive."""
    (tmp_path / ".env").write_text(f"{line}\n")
    settings.cache_clear()
    with pytest.raises(FoureyesError, match=r"\.env: FOUREYES_\w+ is not read from a file"):
        settings()
