"""If one of these fails, a password stands where others read it: a line, a log, a report of a bug."""

import logging
from collections.abc import Iterator

import pytest

from foureyes.models import broker, llm, logs, redaction, session
from foureyes.models.enums import LogFormat
from foureyes.models.errors import FoureyesError
from foureyes.models.redaction import redacted
from foureyes.models.settings import settings
from foureyes.models.urls import shown

MARK = "hunter2-marked"


@pytest.fixture(autouse=True)
def _anew() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for remembered in (settings, session.engine, broker.app):
        remembered.cache_clear()


def given(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    for remembered in (settings, session.engine, broker.app):
        remembered.cache_clear()


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://u:{MARK}@127.0.0.1:1/db",
        f"postgresql://u@127.0.0.1:1/db?password={MARK}",
        f"postgresql://127.0.0.1:1/db?user=u&password={MARK}&sslpassword={MARK}",
        f"postgresql://u@127.0.0.1:1/db?passfile=/{MARK}",
    ],
)
def test_a_database_that_is_away_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    given(monkeypatch, "FOUREYES_DATABASE_URL", url)
    with pytest.raises(
        FoureyesError, match=r"cannot reach the database at .*127\.0\.0\.1:1/db: "
    ) as said:
        session.check_connection()
    assert MARK not in str(said.value)


@pytest.mark.parametrize(
    "url",
    [
        f"amqp://u:{MARK}@127.0.0.1:1//",
        f"amqp://u:{MARK}@127.0.0.1:1//?heartbeat=2",
        f"amqp://u:{MARK}@127.0.0.1:1//;amqp://u:{MARK}@127.0.0.1:2//",
        f"amqp://u@127.0.0.1:1//?password={MARK}",
        f"redis://127.0.0.1:1/0?password={MARK}",
        f"redis://:{MARK}@127.0.0.1:1/0?password={MARK}",
    ],
)
def test_a_broker_that_is_away_is_named_without_its_password(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    given(monkeypatch, "FOUREYES_BROKER_URL", url)
    with pytest.raises(FoureyesError) as said:
        broker.check_connection()
    assert MARK not in str(said.value) and "\n" not in str(said.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        (f"https://u:{MARK}@host:8000/v1?key={MARK}#x", "https://host:8000/v1"),
        (f"http://{MARK}@[::1]:1/v1", "http://[::1]:1/v1"),
        (f"amqp://u:{MARK}@a:1//;amqp://u:{MARK}@b//", "amqp://a:1//;amqp://b//"),
        (f"amqp://u:1/{MARK}@h//", "an address that cannot be read"),
        (f"amqp://u:x/{MARK}@h//", "an address that cannot be read"),
    ],
)
def test_an_address_is_shown_without_what_opens_it(url: str, says: str) -> None:
    assert shown(url) == says


@pytest.mark.parametrize("format", list(LogFormat))
@pytest.mark.parametrize("password", [MARK, f'{MARK}"quoted', f"{MARK}\\é"])
def test_no_line_of_a_log_holds_a_secret_whoever_wrote_it(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    format: LogFormat,
    password: str,
) -> None:
    """Libraries quote the URL that they could not use, and tracebacks quote the libraries."""
    monkeypatch.setenv("SOME_API_KEY", password)
    logs.configure(format)
    try:
        raise ValueError(f"cannot use amqp://u:{MARK}@h// with {password}")
    except ValueError:
        logging.getLogger("kombu").exception("postgresql://h/db?password=%s", MARK)
    said = capsys.readouterr().err
    assert "cannot use" in said and MARK not in said


def test_secrets_are_sought_anew_only_when_the_environment_is_another(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Sought for every line of a log they took a model's worker a fifth of its time."""
    monkeypatch.setenv("SOME_API_KEY", "first-secret")
    assert redacted("first-secret second-secret") == "*** second-secret"
    sought: list[int] = []
    seek = redaction._secrets

    def noted(keys: frozenset[str]) -> Iterator[str]:
        sought.append(1)
        return seek(keys)

    monkeypatch.setattr(redaction, "_secrets", noted)
    assert redacted("first-secret second-secret") == "*** second-secret" and not sought
    monkeypatch.setenv("OTHER_API_KEY", "second-secret")
    assert redacted("first-secret second-secret") == "*** ***" and sought == [1]
    monkeypatch.setattr(llm, "KEY_VARIABLES", {*llm.KEY_VARIABLES, "PLAINLY_NAMED"})
    monkeypatch.setenv("PLAINLY_NAMED", "third-one")
    assert redacted("third-one") == "***"


def test_what_is_no_secret_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    line = "task draft[6f1c] coder@host succeeded: https://x/y@z"
    assert redacted(line) == line
