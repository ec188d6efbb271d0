"""If this fails, a key of the user's ends where others read it: in a row, a page, a file, a process list."""

import base64
import json
import re
import signal
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from tests.model_servers import Server, ended, error
from tests.programs import foureyes, processes, scripted_sweep, started, wait_for

MARK = "marked-secret"
#: What a person's environment holds beside ours; the first is the model's key.
SECRETS = {
    "OPENAI_API_KEY": f"{MARK}-of-the-model",
    "HF_TOKEN": f"{MARK}-of-the-hub",
    "AWS_SECRET_ACCESS_KEY": f"{MARK}-of-a-cloud",
}
TELLS_ITS_ENVIRONMENT = "import os\ndef f(x):\n    raise ValueError(str(dict(os.environ)))"


class Telling(Server):
    """Repeats the key in an answer and in an error; one answer is a program that tells what it sees."""

    def answer(self, asked: dict[str, Any]) -> tuple[int, str]:
        prompt, key = json.dumps(asked["messages"]), SECRETS["OPENAI_API_KEY"]
        if "plus one (0)" in prompt:
            return 401, json.dumps(error(f"Incorrect API key provided: {key}"))
        if "plus one (1)" in prompt:
            return 200, json.dumps(ended("stop", f"```python\n{TELLS_ITS_ENVIRONMENT}\n```"))
        return 200, json.dumps(
            ended("stop", f"```python\ndef f(x):\n    return x + 1\n```\nYour key: {key}")
        )


@contextmanager
def command_lines(home: Path) -> Iterator[dict[int, str]]:
    """Those of all processes of a home meanwhile."""
    seen: dict[int, str] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(0.1):
            for pid, words in processes(home).items():
                seen[pid] = seen.get(pid, "") + words

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()


def texts(folder: Path) -> Iterator[tuple[str, bytes]]:
    """All files below a folder."""
    for path in folder.rglob("*"):
        if path.is_file() and not path.is_symlink():
            with suppress(OSError):
                yield str(path), path.read_bytes()


def page(url: str, password: str) -> bytes:
    asked = urllib.request.Request(url)
    token = base64.b64encode(f"foureyes:{password}".encode()).decode()
    asked.add_header("Authorization", f"Basic {token}")
    with urllib.request.urlopen(asked, timeout=20) as told:
        return bytes(told.read())


def test_no_key_is_told_to_anybody_but_its_server(tmp_path: Path) -> None:
    home, out = tmp_path / "home", tmp_path / "out"
    out.mkdir()
    words = scripted_sweep(tmp_path / "sweep", 3, 0.0, ["raw-coder", "review-then-fix"])
    told: dict[str, bytes] = {}

    def run(name: str, *words: str, code: int = 0) -> None:
        made = foureyes(*words, home=home, **SECRETS, FOUREYES_TRIES="1")
        assert made.returncode == code, made.stdout + made.stderr
        told[name] = (made.stdout + made.stderr).encode()

    with closing(Telling()) as server:
        file = tmp_path / "sweep" / "sweep.toml"
        model = f'{{ engine = "openai", model = "m", base_url = "{server.url}" }}'
        file.write_text(re.sub(r"(?m)^(c|r) = .*$", rf"\1 = {model}", file.read_text()))
        with (
            command_lines(home) as seen,
            started("up", home=home, **SECRETS, FOUREYES_TRIES="1") as up,
        ):
            wait_for(lambda: "The stack is up" in (home / "output").read_text() or up.poll())
            run("sweep", *words, code=1)  # some attempts end in error
            for kind in ("attempt", "step", "completion", "execution", "sweep", "language_model"):
                run(f"rows of {kind}", "sql", f"select * from {kind}", "--format", "json")
            run("report", "report", "scripted", "--output", str(out / "report.html"), code=1)
            run("export", "export", "scripted", "--format", "archive", "--output", str(out / "a"))
            run("record", "record", "scripted", str(out / "calls.jsonl"))
            run("show", "show", "1")
            stack = json.loads((home / "stack.json").read_text())
            for shown in ("/workers", "/tasks", "/api/tasks", "/api/workers?refresh=1"):
                url, password = stack["flower_url"] + shown, stack["flower_password"]
                told[f"Flower's {shown}"] = page(url, password)
            up.send_signal(signal.SIGINT)
            assert up.wait(timeout=60) == 0
        sent = {each["authorization"] for each in server.headers}

    assert sent == {f"Bearer {SECRETS['OPENAI_API_KEY']}"}  # the key was used
    assert b"Incorrect API key provided: ***" in told["rows of attempt"]
    assert b"Your key: ***" in told["rows of completion"]
    assert b"ValueError" in told["rows of execution"]
    assert any("sandbox" in each for each in seen.values()), "no sandbox was seen to start"
    assert len(list(texts(home / "logs"))) > 2
    told |= dict(texts(home)) | dict(texts(out))
    told |= {f"command line of {pid}": words.encode() for pid, words in seen.items()}
    assert [name for name, text in told.items() if MARK.encode() in text] == []
