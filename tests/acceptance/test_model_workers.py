"""Models that are edited, or that cannot be had, while a stack runs: what people do all day."""

import json
import signal
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tests.programs import SCRIPT, foureyes, scripted_sweep, started, wait_for


def rows(home: Path, statement: str) -> list[dict[str, Any]]:
    made = foureyes("sql", statement, "--format", "json", home=home)
    assert made.returncode == 0, made.stderr
    return list(json.loads(made.stdout))


def test_a_model_that_is_edited_gets_a_new_worker_before_a_call_fails(tmp_path: Path) -> None:
    """Else the first calls after each edit end in error, at the worker that holds the old one."""
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, 6, 0.0, ["raw-coder", "review-then-fix"])
    with started("up", home=home, FOUREYES_TRIES="1") as up:
        wait_for(lambda: "The stack is up" in (home / "output").read_text() or up.poll())
        for number in range(3):
            (tmp_path / "script.toml").write_text(f"{SCRIPT}# edited {number} times\n")
            made = foureyes(*words, home=home)
            assert made.returncode == 0, made.stderr
        found = rows(home, "SELECT outcome, count(*) AS n FROM v_attempts GROUP BY outcome")
        assert found == [{"outcome": "solved", "n": 3 * 2 * 6}]
        failed = "SELECT id FROM completion WHERE failures > 0 OR error IS NOT NULL"
        assert rows(home, failed) == []
        up.send_signal(signal.SIGINT)
        assert up.wait(timeout=60) == 0


def test_a_sweep_whose_model_cannot_be_had_does_the_rest_and_says_what_to_do(
    tmp_path: Path,
) -> None:
    """Else it waits for ever, or stops what needs no such model."""
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, 2, 0.0, ["raw-reviewer", "raw-coder"])
    file = (tmp_path / "sweep.toml").read_text()
    here = file.index("r = {"), file.index("\n", file.index("r = {"))
    reviewer = 'r = { engine = "vllm", model = "nobody/has-it" }'
    (tmp_path / "sweep.toml").write_text(file[: here[0]] + reviewer + file[here[1] :])
    made = foureyes(*words, home=home)
    assert made.returncode == 2, made.stdout + made.stderr
    said = " ".join(made.stderr.split("foureyes: ")[-1].split())
    assert said.startswith(
        "nothing works at r, for which 2 calls wait: its worker does not stay up"
    )
    assert "vllm is not installed" in said and "`foureyes cancel id=1`" in said
    assert "Traceback" not in said
    found = rows(home, "SELECT pattern, outcome FROM v_attempts ORDER BY 1, 2")
    assert found == [
        *2 * [{"pattern": "raw-coder", "outcome": "solved"}],
        *2 * [{"pattern": "raw-reviewer", "outcome": None}],
    ]


class _Miscounting(BaseHTTPRequestHandler):
    """Answers rightly, and counts what nobody can have."""

    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.server.calls += 1  # type: ignore[attr-defined]
        self.rfile.read(int(self.headers["content-length"]))
        said = "```python\ndef f(x):\n    return x + 1\n```"
        made = {
            "id": "1", "object": "chat.completion", "created": 0, "model": "m",
            "choices": [{
                "index": 0, "finish_reason": "stop",
                "message": {"role": "assistant", "content": said},
            }],
            "usage": {"prompt_tokens": 2**40, "completion_tokens": 9, "total_tokens": 2**40 + 9},
        }  # fmt: skip
        body = json.dumps(made).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def miscounting() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Miscounting)
    server.calls = 0  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def test_an_answer_that_cannot_be_stored_costs_one_call_and_tells_why(
    tmp_path: Path, miscounting: ThreadingHTTPServer
) -> None:
    home = tmp_path / "home"
    words = scripted_sweep(tmp_path, 3, 0.0, ["raw-coder"])
    file = (tmp_path / "sweep.toml").read_text()
    url = f"http://127.0.0.1:{miscounting.server_port}/v1"
    here = file.index("c = {"), file.index("\n", file.index("c = {"))
    coder = f'c = {{ engine = "openai", model = "m", base_url = "{url}" }}'
    (tmp_path / "sweep.toml").write_text(file[: here[0]] + coder + file[here[1] :])
    foureyes(*words, home=home)
    found = rows(home, "SELECT outcome, error FROM v_attempts")
    assert [row["outcome"] for row in found] == ["error"] * 3
    assert all("says that prompt_tokens is 1099511627776" in row["error"] for row in found)
    calls = rows(home, "SELECT state, tries, failures FROM completion")
    assert calls == [{"state": "error", "tries": 1, "failures": 0}] * 3
    # a probe of the server may come before
    assert 3 <= miscounting.calls <= 4  # type: ignore[attr-defined]
