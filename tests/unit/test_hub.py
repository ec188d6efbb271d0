"""LiveCodeBench's files from a hub on this machine, by the hub's own library."""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.contests import record

DATASET = "/datasets/livecodebench/code_generation_lite/resolve"
COMMIT = "0fe84c3912ea0c4d4a78037083943e8f0c4dd505"
LOAD = """
import sys
from foureyes.judging.sources import load
from foureyes.models.errors import FoureyesError
try:
    print([each.problem_id for each in load(sys.argv[1], *map(int, sys.argv[2:]))])
except FoureyesError as error:
    sys.exit(f"foureyes: {error}")
"""


class _Hub(BaseHTTPRequestHandler):
    """Answers for one dataset's files as the hub does: with a commit and a hash."""

    files: dict[str, bytes]
    asked: list[str]

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self.wfile.write(self._answer())

    def _answer(self) -> bytes:
        name = self.path.rpartition("/")[2]
        content = self.files.get(name, b"") if self.path.startswith(DATASET) else b""
        if self.path.startswith(DATASET):
            self.asked.append(f"{self.command} {name}")
        self.send_response(200 if content or self.path == "/" else 404)
        self.send_header("X-Repo-Commit", COMMIT)
        if not content:
            self.send_header("X-Error-Code", "EntryNotFound")
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return content

    def log_message(self, format: str, *args: object) -> None:
        """Silence."""


@pytest.fixture
def hub() -> Iterator[tuple[type[_Hub], str]]:
    """A hub that has the first two files, and its address."""
    files = {
        name: json.dumps(record(question_id=f"abc_{number}")).encode() + b"\n"
        for number, name in enumerate(["test.jsonl", "test2.jsonl"], start=1)
    }
    handler = type("Hub", (_Hub,), {"files": files, "asked": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def load(home: Path, endpoint: str, *arguments: str, code: str = LOAD) -> tuple[str, str]:
    """What a machine with nothing but the hub says of a benchmark: its output, its errors."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("HF_", "FOUREYES_"))
    }
    told = {
        "HOME": str(home),
        "HF_ENDPOINT": endpoint,
        "NO_PROXY": "*",
        "XDG_CACHE_HOME": str(home),
    }
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        env=environment | told,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout, done.stderr


def test_files_are_fetched_once_and_only_as_far_as_they_are_asked_for(
    hub: tuple[type[_Hub], str], tmp_path: Path
) -> None:
    """They have up to a gigabyte each, and who has run LiveCodeBench has them in the hub's cache."""
    handler, endpoint = hub
    assert load(tmp_path, endpoint, "livecodebench-v2", "1") == ("['abc_1']\n", "")
    assert handler.asked == ["HEAD test.jsonl", "GET test.jsonl"]
    assert load(tmp_path, endpoint, "livecodebench-v2") == ("['abc_1', 'abc_2']\n", "")
    assert handler.asked[2:] == ["HEAD test2.jsonl", "GET test2.jsonl"]
    nowhere = "http://127.0.0.1:9"
    assert load(tmp_path, nowhere, "livecodebench-v2") == ("['abc_1', 'abc_2']\n", "")


@pytest.mark.parametrize("gone", [False, True])
def test_what_cannot_be_had_gets_one_line_that_says_what_to_do(
    gone: bool, hub: tuple[type[_Hub], str], tmp_path: Path
) -> None:
    """A file that the hub lacks, or no hub: else a traceback of somebody else's library."""
    endpoint = "http://127.0.0.1:9" if gone else hub[1]
    _, said = load(tmp_path, endpoint, "livecodebench-v3")
    file = "livecodebench-1.jsonl" if gone else "livecodebench-3.jsonl"
    assert said.count("\n") == 1, said
    assert said.startswith(f"foureyes: {file} is not on this machine and cannot be downloaded (")
    assert f"save it as {file} or {file}.gz in a folder and set FOUREYES_DATA" in said


def test_without_the_library_it_is_named(tmp_path: Path) -> None:
    """The base install does not bring it."""
    without = "import sys; sys.modules['huggingface_hub'] = None\n" + LOAD
    _, said = load(tmp_path, "http://127.0.0.1:9", "livecodebench-v1", code=without)
    assert "the package huggingface-hub is not installed" in said
