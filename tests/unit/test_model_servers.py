"""Model servers that fail, refuse or speak a dialect: taken for an answer, any of it is a wrong verdict."""

import contextlib
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.worker.engines import Answer, load
from foureyes.worker.engines.failures import SHOWN, Context, context, words
from foureyes.worker.patterns.reading.extract import extract_code, without_thinking
from tests import model_servers as servers
from tests.model_servers import CASES, Case, Server, ask, ended, engine_at, error, model_at, request

DOCS = Path(__file__).parents[2] / "docs" / "howto" / "models.md"


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.server}: {case.says}"[:70])
def test_what_servers_answer_becomes_what_the_manual_says(case: Case) -> None:
    becomes, made = case.outcome()
    assert becomes == case.becomes, made
    row = f"| {case.server} | {case.says} | {becomes} |"
    assert row in DOCS.read_text("utf-8"), "python -m tests.model_servers makes the table anew"


def test_the_manual_has_no_row_that_was_not_tried() -> None:
    """The answers are compared one by one above; here what is sent, and the length of either table."""
    page = DOCS.read_text("utf-8")
    assert servers.table_of_sent() in page
    assert page.count(" |\n| any |") + page.count("---|---|---|\n| any |") == sum(
        case.server == "any" for case in CASES
    )
    begin = page.index("| server | what it answers |")
    table = page[begin:].partition("\n\n")[0]
    assert len(table.splitlines()) == len(CASES) + 2


@pytest.mark.parametrize(
    "reason",
    ["abort", "error", "network_error", "load", "unknown", "OTHER", "MALFORMED_FUNCTION_CALL", "", 7,
     None, ["stop"], "tool_calls", "function_call", "insufficient_system_resource", "repetition"],
)  # fmt: skip
def test_no_other_word_ends_an_answer(reason: Any) -> None:
    """Also with a text, which may be half a program; and the server is asked again."""
    with closing(Server(200, ended(reason, "def f(): pass"))) as server:
        made = ask(server)
    assert isinstance(made, InfrastructureError) and not isinstance(made, RequestRefused)
    assert server.url in str(made) and "def f(): pass" in str(made)


@pytest.mark.parametrize(
    ("reason", "end"),
    [(word, "refused") for word in ("SAFETY", "RECITATION", "BLOCKLIST", "SPII", "sensitive",
                                    "guardrail_intervened", "content_filter: SAFETY")]
    + [(word, "stop") for word in ("STOP", "stop_sequence", "end_turn", "eos")]
    + [(word, "length") for word in ("max_tokens", "MAX_TOKENS", "model_context_window_exceeded")],
)  # fmt: skip
def test_the_same_end_in_other_words_is_the_same_end(reason: str, end: str) -> None:
    with closing(Server(200, ended(reason))) as server:
        made = ask(server)
    assert isinstance(made, Answer) and made.finish_reason == end


def test_a_refusal_keeps_what_was_said_instead_and_costs_no_second_try() -> None:
    case = error("Filtered.", code="content_filter", innererror={"code": "x"})
    for status in (400, 403, 500):
        with closing(Server(status, case)) as server:
            made = ask(server)
            assert isinstance(made, Answer)
            assert (made.finish_reason, made.text) == ("refused", "Filtered. (content_filter)")
            assert len(server.seen) == 1


def test_where_words_leave_it_open_the_server_is_asked_for_one_token() -> None:
    """Groq's words are the same for a prompt that is too long and for an answer that is."""

    class Open(Server):
        room = 100

        def answer(self, asked: dict[str, Any]) -> tuple[int, str]:
            if asked["max_tokens"] <= self.room:
                return 200, json.dumps(ended("length"))
            return 400, json.dumps(
                error("Please reduce the length.", code="context_length_exceeded")
            )

    with closing(Open()) as server:
        made = ask(server)
        assert isinstance(made, RequestRefused)
        assert "max_tokens" in str(made) and "Please reduce the length." in str(made)
        assert [asked["max_tokens"] for asked in server.seen] == [300, 1]
        server.room = 0
        made = ask(server)
        assert isinstance(made, Answer) and made.finish_reason == "prompt_too_long"


PROMPT, BOTH, COUNTED, UNCLEAR = Context.PROMPT, Context.BOTH, Context.COUNTED, Context.UNCLEAR
#: How servers have said it over the years.
CONTEXTS = [
    (PROMPT, "maximum context length is 4096 tokens. However, you requested 5000 tokens (4500 in the messages, 500 in the completion)."),
    (BOTH, "maximum context length is 4096 tokens. However, you requested 5000 tokens (200 in the messages, 4800 in the completion)."),
    (PROMPT, "maximum context length is 4096 tokens. However, your request has 4500 input tokens."),
    (PROMPT, "The decoder prompt (length 6000) is longer than the maximum model length of 4096."),
    (BOTH, "You passed 3500 input tokens and requested 768 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 3328 tokens."),
    (COUNTED, "maximum context length is 4096 tokens. However, you requested 768 output tokens and your prompt contains at least 3329 input tokens"),
    (PROMPT, "maximum context length is 4096 tokens. However, you requested 1 output tokens and your prompt contains at least 4096 input tokens"),
    (PROMPT, "`inputs` tokens + `max_new_tokens` must be <= 4096. Given: 5000 `inputs` tokens and 512 `max_new_tokens`"),
    (PROMPT, "the request exceeds the available context size. try increasing the context size"),
    (PROMPT, "The number of tokens to keep from the initial prompt is greater than the context length."),
    (PROMPT, "the input length exceeds the context length"),
    (PROMPT, "The input token count exceeds the maximum number of tokens allowed 1,048,576."),
    (PROMPT, "Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length"),
    (PROMPT, "The prompt is too long: 9000, model maximum context length: 8191"),
    (BOTH, "This endpoint's maximum context length is 32768 tokens. However, you requested about 40000 tokens (3000 of text input, 37000 in the output)."),
    (PROMPT, "This model's maximum prompt length is 131072 but the request contains 200000 tokens."),
    (UNCLEAR, "This model's maximum context length is 512 tokens."),
    (Context.FITS, "max_tokens is too large: 20000. This model supports at most 16384 completion tokens"),
    (Context.FITS, "max_tokens: 9000 > 8192, which is the maximum allowed number of output tokens"),
    (Context.FITS, "Rate limit reached: Limit 6000, Used 5000, Requested 2000"),
]  # fmt: skip


@pytest.mark.parametrize(("becomes", "said"), CONTEXTS)
def test_a_context_that_is_too_small_is_told_by_its_numbers(becomes: Context, said: str) -> None:
    assert context(json.dumps(error(said))) is becomes


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ('{"error": {"message": "m", "code": "c"}}', "m (c)"),
        ('{"error": "m"}', "m"),
        ('{"message": "m", "param": "seed"}', "m (seed)"),
        ('{"detail": "m"}', "m"),
        ('{"detail": [{"loc": ["body", "seed"], "msg": "m"}, {"msg": "n"}]}', "m (body.seed); n"),
        ('[{"error": {"message": "m"}}]', "m"),
        ('{"errors": [{"message": "m"}]}', "m"),
        ('{"error": {"message": "m", "metadata": {"raw": "r"}}}', "m (r)"),
        ('{"error": {"nothing": 1}}', '{"error": {"nothing": 1}}'),
        ('"m"', "m"),
        ("7", "7"),
        ('{"a": [1, {"b": null}]}', '{"a": [1, {"b": null}]}'),
        ("<html><head><style>b {}</style><title>502</title></head>\n<body>Bad &amp; gone</body>", "502 Bad & gone"),
        ("  plain\n words ", "plain words"),
        ("", ""),
        ("[" * 100_000, ("[" * 100_000)[:SHOWN]),
        ('{"message": ' * 5_000 + '"m"' + "}" * 5_000, ('{"message": ' * 50)[:SHOWN]),
    ],
)  # fmt: skip
def test_a_servers_words_are_found_whatever_their_shape(body: str, said: str) -> None:
    assert words(body) == said


def test_a_key_that_a_server_repeats_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """It would stand in rows, logs and reports."""
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-mine\n")
    for status, kind in ((401, "application/json"), (200, "text/plain"), (503, "text/plain")):
        with closing(Server(status, "Incorrect API key: sk-secret-of-mine", kind)) as server:
            made = ask(server)
            assert "Incorrect API key: ***" in str(made) and "secret" not in str(made)
            assert server.headers[0]["authorization"] == "Bearer sk-secret-of-mine"


def test_nor_where_a_model_answers_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret-of-mine")
    with closing(Server(200, ended("stop", "print('sk-secret-of-mine')"))) as server:
        made = ask(server)
    assert isinstance(made, Answer) and made.text == "print('***')"


def test_what_stands_for_no_key_is_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else each "x" of an answer would be stars, and no server's words would be understood."""
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    with closing(Server(200, ended("stop", "x = max(x)"))) as server:
        made = ask(server)
    assert isinstance(made, Answer) and made.text == "x = max(x)"


def test_a_key_that_is_none_is_told_and_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-„secret“")
    with pytest.raises(FoureyesError, match="OPENAI_API_KEY holds cannot be a key") as caught:
        load(model_at("http://127.0.0.1:1/v1"))
    assert "secret" not in str(caught.value)


def test_tokens_that_were_read_before_are_counted() -> None:
    """OpenAI's `cached_tokens`, of which the report says how much was not read again."""
    answer = ended("stop")
    answer["usage"]["prompt_tokens_details"] = {"cached_tokens": 8}
    with closing(Server(200, answer)) as server:
        made = ask(server)
    assert isinstance(made, Answer)
    assert (made.prompt_tokens, made.cached_tokens, made.completion_tokens) == (9, 8, 5)


@pytest.mark.parametrize("usage", [[], "odd", {"prompt_tokens": "9", "completion_tokens": True}])
def test_counts_of_another_kind_are_none(usage: Any) -> None:
    with closing(Server(200, ended("stop") | {"usage": usage})) as server:
        made = ask(server)
    assert isinstance(made, Answer)
    assert (made.text, made.prompt_tokens, made.completion_tokens) == ("x = 1", None, None)


@pytest.mark.parametrize("thinking", [True, False, None])
def test_thinking_is_sent_as_it_was_asked_for(thinking: bool | None) -> None:
    body = servers.sent({"extra_body": {"chat_template_kwargs": {"a": 1}}}, {"thinking": thinking})
    told = {} if thinking is None else {"enable_thinking": thinking}
    assert body["chat_template_kwargs"] == {"a": 1} | told


def test_a_text_at_which_an_answer_was_told_to_stop_is_no_refusal() -> None:
    """vLLM says the very text; `Safety` alone would be a refusal of Gemini's."""
    said = ended("stop", choice={"stop_reason": "Safety:"})
    with closing(Server(200, said)) as server:
        made = ask(server, stop=("Safety:",))
        assert isinstance(made, Answer) and made.finish_reason == "stop"
        made = ask(server)
        assert isinstance(made, Answer) and made.finish_reason == "refused"


def test_content_in_parts_is_put_together() -> None:
    parts = [
        {"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]},
        {"type": "text", "text": "def f(): "},
        {"type": "text", "text": "pass"},
    ]
    with closing(Server(200, ended("stop", parts))) as server:
        made = ask(server)
    assert isinstance(made, Answer)
    assert made.text == "<think>\nHm.\n</think>\n\ndef f(): pass"


def test_a_program_that_is_only_thought_is_an_answer_without_one() -> None:
    """It is kept for people to see, and what it is can be asked of the rows."""
    code = "```python\ndef f(): return 1\n```"
    with closing(Server(200, ended("stop", None, message={"reasoning_content": code}))) as server:
        made = ask(server)
    assert isinstance(made, Answer) and code in made.text
    assert without_thinking(made.text).strip() == "" == extract_code(made.text, "f")


# --- connections ---


@contextlib.contextmanager
def listening(talk: Callable[[socket.socket], None]) -> Iterator[int]:
    """The port of a server that talks so to each connection."""
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threading.Thread(target=_talk, args=(talk, connection), daemon=True).start()

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1]


def _talk(talk: Callable[[socket.socket], None], connection: socket.socket) -> None:
    with connection, contextlib.suppress(OSError):
        talk(connection)


_HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100000\r\n"


@pytest.mark.parametrize("begin", [b"", _HEAD, _HEAD + b"\r\n{"], ids=["nothing", "head", "body"])
def test_a_server_that_trickles_for_ever_is_ended_in_time(begin: bytes) -> None:
    """Each byte comes in time, and the answer never does: a thread would wait for ever."""

    def trickle(connection: socket.socket) -> None:
        connection.sendall(begin or b"HTTP/1.1 200 OK\r\nx-slow: ")
        while True:
            connection.sendall(b"x")
            time.sleep(0.05)

    with listening(trickle) as port, engine_at(f"http://127.0.0.1:{port}/v1", timeout=1) as engine:
        began = time.monotonic()
        with pytest.raises(InfrastructureError, match="no answer within 1 s"):
            engine.complete(request())
        assert time.monotonic() - began < 5


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


def test_why_a_connection_was_lost_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def said(url: str) -> str:
        with engine_at(url, timeout=20) as engine, pytest.raises(InfrastructureError) as caught:
            engine.complete(request())
        assert not isinstance(caught.value, RequestRefused)
        assert str(caught.value).startswith(f"{url}: ")
        return str(caught.value)

    assert "nothing listens there" in said(f"http://127.0.0.1:{closed_port()}/v1")
    assert "DNS" in said("http://no-such-host.invalid/v1")
    with listening(lambda connection: connection.sendall(b"HTTP/1.1 400 no\r\n\r\n")) as port:
        assert "TLS" in said(f"https://127.0.0.1:{port}/v1")
    with listening(lambda connection: connection.recv(1) and None) as port:
        assert "was lost" in said(f"http://127.0.0.1:{port}/v1")
    proxy = closed_port()
    monkeypatch.setenv("http_proxy", f"http://me:secret@127.0.0.1:{proxy}")
    monkeypatch.setenv("no_proxy", "")
    told = said("http://models.example/v1")
    assert f"by the proxy http://127.0.0.1:{proxy}" in told and "secret" not in told


def test_a_socks_proxy_in_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """`ssh -D` to the machine with the GPU; without a SOCKS client it was an ImportError."""
    asked = []

    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)

    def socks(connection: socket.socket) -> None:
        connection.recv(2 + 255)
        connection.sendall(b"\x05\x00")
        wanted = connection.recv(512)
        asked.append(wanted[5 : 5 + wanted[4]])
        connection.sendall(b"\x05\x00\x00\x01" + bytes(6))
        with socket.create_connection(("127.0.0.1", int(server.url.split(":")[2][:-3]))) as onward:
            threading.Thread(target=copy, args=(connection, onward), daemon=True).start()
            copy(onward, connection)

    with closing(Server(200, ended("stop"))) as server, listening(socks) as port:
        monkeypatch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{port}")
        monkeypatch.setenv("no_proxy", "")
        with engine_at("http://models.example/v1") as engine:
            assert engine.complete(request()).text == "x = 1"
    assert asked == [b"models.example"]
    monkeypatch.setenv("ALL_PROXY", "gopher://127.0.0.1:1")
    with pytest.raises(
        FoureyesError, match=r"^models\.m: the environment's proxy .* cannot be used"
    ):
        load(model_at("http://models.example/v1"))


def test_a_redirect_that_loses_the_question_says_where_it_leads() -> None:
    def redirect(connection: socket.socket) -> None:
        first = connection.recv(65536)
        if first.startswith(b"POST"):
            connection.sendall(
                b"HTTP/1.1 301 x\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n"
                b"connection: close\r\n\r\n"
            )
        else:
            connection.sendall(b"HTTP/1.1 405 x\r\ncontent-length: 2\r\n\r\nno")

    told = pytest.raises(RequestRefused, match=r"405.*no \(it redirects to .*/elsewhere\)")
    with listening(redirect) as port, engine_at(f"http://127.0.0.1:{port}/v1") as engine, told:
        engine.complete(request())
