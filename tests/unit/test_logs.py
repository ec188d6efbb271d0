"""If one of these fails, a log line cannot be followed to Flower and SQL, or says what it must not."""

import json
import logging
from collections.abc import Iterator

import pytest

from foureyes.models import logs
from foureyes.models.enums import LogFormat


@pytest.fixture(autouse=True)
def _restore() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logs.about()


def lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def test_a_line_for_programs_tells_the_ids(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(LogFormat.JSON)
    logs.about(task="draft", task_id="6f1c", completion=7)
    logging.getLogger("foureyes.worker.claims").warning("%s was taken over", "it")
    (line,) = lines(capsys)
    said = json.loads(line)
    assert said.pop("timestamp").endswith("Z")
    assert said == {
        "message": "it was taken over",
        "level": "warning",
        "logger": "foureyes.worker.claims",
        "task": "draft",
        "task_id": "6f1c",
        "completion": 7,
    }
    logs.about(task="start", task_id="77aa", attempts=(1, 2))
    logging.getLogger("worker").info("next")
    (line,) = lines(capsys)
    assert "completion" not in json.loads(line)


def test_a_line_for_people_is_one_line_whatever_it_says(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(LogFormat.TEXT)
    logs.about(execution=3)
    logging.getLogger("worker").critical("no broker: set FOUREYES_BROKER_URL")
    (line,) = lines(capsys)
    assert "[critical ] no broker: set FOUREYES_BROKER_URL" in line and "execution=3" in line
    assert "\x1b" not in line


def test_what_a_block_is_about_is_added_for_as_long_as_it_lasts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(LogFormat.TEXT)
    logs.about(task="start")
    with logs.within(attempts=[7], node="two words"):
        logging.getLogger("worker").info("in it")
    logging.getLogger("worker").info("after")
    inside, after = lines(capsys)
    assert inside.endswith("in it [worker] attempts=[7] node='two words' task=start")
    assert after.endswith("after [worker] task=start")


@pytest.mark.parametrize("format", LogFormat)
def test_what_a_server_said_moves_nothing_on_the_terminal(
    format: LogFormat, capsys: pytest.CaptureFixture[str]
) -> None:
    said = "\x1b]0;x\x07\x9b2J\u202eabc\r\u200b"
    logs.configure(format)
    logs.about(task=said)
    try:
        raise ValueError(said)
    except ValueError:
        logging.getLogger("worker").exception("the server said %s", said)
    told = capsys.readouterr().err
    assert not set(told) & set("\x1b\x07\x9b\u202e\r\u200b")
    assert told.count("\\u202eabc") == 3 and "ValueError" in told


@pytest.mark.parametrize("format", LogFormat)
def test_a_traceback_shows_no_values(format: LogFormat, capsys: pytest.CaptureFixture[str]) -> None:
    """Values are programs of models, prompts, and URLs with passwords."""
    logs.configure(format)
    password = "secret-" + "1234"
    try:
        raise ValueError(f"{len(password)} characters")
    except ValueError:
        logging.getLogger("worker").exception("failed")
    said = "\n".join(lines(capsys))
    assert "ValueError: 11 characters" in said and "test_logs.py" in said
    assert "secret-1234" not in said
