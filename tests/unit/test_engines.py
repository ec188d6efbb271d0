"""Engines: an answer given to the wrong request, or an error taken for an answer, falsifies a sweep."""

import email.utils
import gc
import json
import threading
import time
import warnings
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import stamina

from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.models.llm import LlamaCpp, ModelSampling, OpenAI, Replay, Scripted
from foureyes.models.problem import Spec
from foureyes.worker.attempt.requests import Caller
from foureyes.worker.engines import Engine, Message, Request, load
from foureyes.worker.engines.connections import Declined, wait_as_told
from foureyes.worker.engines.openai import OpenAIEngine, Pace
from foureyes.worker.patterns import templates
from foureyes.worker.patterns.reading.extract import extract_code
from foureyes.worker.patterns.steps import Choose, CompletionStep, Program, Review
from foureyes.worker.patterns.style import Style
from tests import tiny_model


def request(text: str, key: str = "ab" * 32, **more: Any) -> Request:
    sampling = ModelSampling(max_tokens=7, stop=("END",))
    return Request(key, (Message("user", text),), sampling, **more)


class _Server(BaseHTTPRequestHandler):
    """Answers as the test says: a list of (status, headers), then success."""

    faults: list[tuple[int, dict[str, str]]] = []  # noqa: RUF012
    #: What success says instead of an answer.
    instead: str | None = None
    seen: list[dict[str, Any]] = []  # noqa: RUF012
    keys_seen: list[str] = []  # noqa: RUF012

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        type(self).seen.append(body)
        type(self).keys_seen.append(self.headers["authorization"])
        status, headers = type(self).faults.pop(0) if type(self).faults else (200, {})
        if status == 200:
            said = {"role": "assistant", "content": body["messages"][-1]["content"].upper()}
            content: dict[str, Any] = {
                "id": "1", "object": "chat.completion", "created": 1, "model": body["model"],
                "choices": [{"index": 0, "message": said, "finish_reason": "stop"}],
                "usage": {"prompt_tokens": 3, "completion_tokens": 2, "total_tokens": 5},
            }  # fmt: skip
        else:
            content = {"error": {"message": "no", "type": "x"}}
        data = (type(self).instead or json.dumps(content)).encode()
        self.send_response(status)
        for name, value in {"content-type": "application/json", **headers}.items():
            self.send_header(name, value)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


@pytest.fixture
def engine(monkeypatch: pytest.MonkeyPatch) -> Iterator[Engine]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    _Server.faults, _Server.seen, _Server.keys_seen, _Server.instead = [], [], [], None
    monkeypatch.setenv("MY_API_KEY", "sk-secret")
    stamina.set_testing(True, attempts=4)
    made = load(
        OpenAI(
            engine="openai", name="m", model="some-model",
            base_url=f"http://127.0.0.1:{server.server_port}/v1", api_key_env="MY_API_KEY", timeout=10,
        )
    )  # fmt: skip
    yield made
    made.close()
    stamina.set_testing(False)
    server.shutdown()
    server.server_close()


def model_at(engine: Engine, **more: Any) -> OpenAI:
    """The model of the server that an engine asks, with other settings."""
    assert isinstance(engine, OpenAIEngine)
    return OpenAI.model_validate(engine._model.model_dump() | more)


@pytest.mark.parametrize(
    ("step", "style", "keys"),
    [
        (Review, Style(), ["reasons", "verdict"]),
        (Review, Style(verdict="verdict-first"), ["verdict", "reasons"]),
        (Review, Style(verdict="trace"), ["trace", "reasons", "verdict"]),
        (Review, Style(verdict="checklist"), ["checks", "reasons", "verdict"]),
        (Choose, Style(), ["reason", "choice"]),
    ],
)
def test_an_engine_hears_of_a_schema_s_keys_in_the_order_in_which_they_are_to_be_written(
    step: type[CompletionStep], style: Style, keys: list[str]
) -> None:
    """In a row they are sorted: the choice came before its reason, and a verdict would, too."""
    program = Program(Spec("t/1", "", "f", ()), "x = 1", "")
    made = step(program) if step is Review else step(program, program)  # type: ignore[call-arg]
    call = Caller(templates.shipped("default"), style).call(
        made, Scripted(engine="scripted", script="s"), 0
    )
    # as JSONB has it
    row = json.loads(json.dumps(call.request, sort_keys=True))
    schema = Request.from_json(call.key, row).schema
    assert schema is not None
    assert list(schema["properties"]) == keys
    if "checks" in keys:
        checks = schema["properties"]["checks"]
        assert list(checks["properties"]) == checks["required"]


def test_openai_sends_what_was_asked_and_reads_the_answer(engine: Engine) -> None:
    answer = engine.complete(request("hello", seed=5, schema={"type": "object"}))
    assert (answer.text, answer.prompt_tokens, answer.completion_tokens) == ("HELLO", 3, 2)
    (body,) = _Server.seen
    assert body["max_tokens"] == 7
    assert body["seed"] == 5
    assert body["stop"] == ["END"]
    assert body["response_format"]["json_schema"]["schema"] == {"type": "object"}
    assert _Server.keys_seen == ["Bearer sk-secret"]


@pytest.mark.parametrize(
    ("more", "engine_is"),
    [
        ({"system_fingerprint": "b7-abc"}, "openai some-model b7-abc"),
        ({"model": "some-model-2026-01-01", "system_fingerprint": "fp_1"}, "openai some-model-2026-01-01 fp_1"),
        ({"model": "x" * 10_000}, "openai " + "x" * 293),
        ({"model": ["odd"], "system_fingerprint": 7}, "openai"),
        ({"model": None}, "openai"),
    ],
)  # fmt: skip
def test_openai_keeps_what_a_server_says_of_itself(
    engine: Engine, more: dict[str, Any], engine_is: str
) -> None:
    """A provider changes its models under one name: only this shows that it has."""
    choice = {"index": 0, "message": {"content": "hi"}, "finish_reason": "stop"}
    _Server.instead = json.dumps({"model": "some-model", "choices": [choice]} | more)
    assert engine.complete(request("hello")).engine == engine_is


def test_openai_tries_again_what_passes(engine: Engine) -> None:
    _Server.faults = [(429, {"retry-after": "0"}), (503, {})]
    assert engine.complete(request("hi")).text == "HI"
    assert len(_Server.seen) == 3


def test_openai_waits_as_long_as_it_is_told() -> None:
    def told(retry_after: str) -> bool | float:
        return wait_as_told(Declined(429, "busy", retry_after))

    assert told("2.5") == 2.5
    assert told("-1") == 0
    assert told("100000") == 60
    soon = datetime.now(UTC) + timedelta(seconds=20)
    assert 15 < told(email.utils.format_datetime(soon, usegmt=True)) <= 20
    for nonsense in (
        "some day",
        "",
        "nan",
        "-nan",
        "inf",
        "1e999",
        "Fri, 99 Foo 0000 00:00:00 GMT",
    ):
        assert told(nonsense) is True, nonsense
    assert wait_as_told(ValueError()) is False


@pytest.mark.parametrize("status", [408, 409, 425, 429, 500, 502, 503, 504, 520, 529])
def test_openai_tries_again_at_each_status_that_may_pass(engine: Engine, status: int) -> None:
    _Server.faults = [(status, {"retry-after": "nan"})]
    assert engine.complete(request("hi")).text == "HI"
    assert len(_Server.seen) == 2


def test_openai_keeps_the_pace_that_it_is_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", lambda: 100.0)
    pace = Pace(per_minute=30)
    assert [pace.turn() for _ in range(4)] == [0, 2, 4, 6]
    assert Pace(None).turn() == 0


def test_a_server_gets_no_more_requests_a_minute_than_the_model_says(engine: Engine) -> None:
    """A provider closes the account of who does not keep to it. Waiting is not the call's own time."""
    made = load(model_at(engine, requests_per_minute=300, timeout=0.5))
    threads = [threading.Thread(target=made.complete, args=(request("hi"),)) for _ in range(6)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(_Server.seen) == 6 and time.monotonic() - began >= 5 * 60 / 300
    made.close()


@pytest.mark.parametrize(
    "said",
    [
        '{"error": {"message": "no", "code": "context_length_exceeded"}}',
        '{"error": {"message": "too large", "type": "exceed_context_size_error"}}',
        '{"error": {"message": "This model\'s maximum context length is 512 tokens."}}',
    ],
)
def test_a_prompt_that_is_too_long_is_an_answer_of_its_own(engine: Engine, said: str) -> None:
    """It is the model's limit, and no error of the infrastructure."""
    _Server.faults, _Server.instead = [(400, {})], said
    answer = engine.complete(request("hi"))
    assert (answer.text, answer.finish_reason) == ("", "prompt_too_long")


def test_openai_does_not_try_again_what_never_passes(engine: Engine) -> None:
    _Server.faults = [(400, {})]
    with pytest.raises(RequestRefused, match=r"127\.0\.0\.1"):
        engine.complete(request("hi"))
    assert len(_Server.seen) == 1


def test_openai_gives_up_with_an_error_and_never_an_answer(engine: Engine) -> None:
    _Server.faults = [(500, {})] * 10
    with pytest.raises(InfrastructureError) as caught:
        engine.complete(request("hi"))
    assert not isinstance(caught.value, RequestRefused)
    assert "sk-secret" not in str(caught.value)


@pytest.mark.parametrize(
    "said",
    [
        "<html>It works!</html>",
        '{"choices": [{"index": 0, "mess',  # half of it
        "{}",
        "[]",
        "null",
        '{"choices": []}',
        '{"choices": [{"index": 0}]}',
        '{"choices": [{"message": {"role": "assistant", "content": null}, "finish_reason": null}]}',
        '{"choices": [{"message": {"role": "assistant", "content": "x"}, "finish_reason": null}]}',
        '{"choices": [{"message": {"role": "assistant"}, "finish_reason": "stop"}]}',
    ],
)
def test_openai_takes_no_rubbish_for_an_answer(engine: Engine, said: str) -> None:
    """An empty program would be a wrong answer, and the model never gave it."""
    _Server.instead = said
    with pytest.raises(InfrastructureError, match=r"127\.0\.0\.1"):
        engine.complete(request("hi"))


CODE = "```python\ndef f(): return {}\n```"


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_openai_keeps_what_a_model_thought(engine: Engine, name: str) -> None:
    """For people to read; it is no code, though it may look like some."""
    message = {"content": CODE.format(2), name: CODE.format(1)}
    _Server.instead = json.dumps({"choices": [{"message": message, "finish_reason": "stop"}]})
    text = engine.complete(request("hi")).text
    assert text.startswith("<think>\n```python\ndef f(): return 1\n```\n</think>")
    assert extract_code(text, "f") == "def f(): return 2\n"


def test_openai_counts_a_model_that_only_thought(engine: Engine) -> None:
    """All its tokens went into thinking: no text, but an answer of its own making."""
    _Server.instead = json.dumps(
        {
            "choices": [{"index": 0, "message": {"content": None}, "finish_reason": "length"}],
            "usage": {"prompt_tokens": 3, "completion_tokens": 7, "total_tokens": 10},
        }
    )
    assert engine.complete(request("hi")).text == ""


def test_many_threads_each_get_their_own_answer(engine: Engine) -> None:
    answers: dict[str, str] = {}

    def ask(word: str) -> None:
        answers[word] = engine.complete(request(word)).text

    threads = [threading.Thread(target=ask, args=(f"word{n}",)) for n in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == {f"word{n}": f"WORD{n}" for n in range(20)}


def test_llamacpp_tells_the_chat_template_about_thinking(tmp_path: Path) -> None:
    """A model that was told not to think, and does, spends its tokens on thoughts."""
    pytest.importorskip("xllamacpp")
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path, seed=1, thinks=True)
    engine = load(LlamaCpp(engine="llamacpp", model=str(path), context=512))
    either, without = (
        engine.complete(request("Hello", thinking=thinking)).prompt_tokens
        for thinking in (None, False)
    )
    too_long = engine.complete(request("word " * 512))
    engine.close()
    assert either is not None and without is not None
    assert without - either == len("No thoughts.")
    assert (too_long.text, too_long.finish_reason) == ("", "prompt_too_long")


@pytest.mark.parametrize("kind", ["no chat template", "cannot load it"])
def test_a_model_that_llamacpp_cannot_serve_is_named(tmp_path: Path, kind: str) -> None:
    """Else a base model would be talked to as if it were Qwen, and its babble judged."""
    pytest.importorskip("xllamacpp")
    path = tmp_path / "tiny.gguf"
    if kind == "cannot load it":
        path.write_bytes(b"GGUF and nothing else")
    else:
        tiny_model.write(path, seed=1, chat_template=False)
    with pytest.raises(FoureyesError, match=rf"tiny\.gguf: .*{kind}"):
        load(LlamaCpp(engine="llamacpp", model=str(path)))


def test_llamacpp_computes_as_many_calls_together_as_the_model_has_threads(tmp_path: Path) -> None:
    """Each has the whole context for itself, and a short one does not wait for a long one's end."""
    pytest.importorskip("xllamacpp")
    path = tmp_path / "tiny.gguf"
    tiny_model.write(path, seed=1)
    engine = load(LlamaCpp(engine="llamacpp", model=str(path), context=4096, threads=2))
    sampling = {"long": ModelSampling(max_tokens=3000), "short": ModelSampling(max_tokens=1)}
    ended = []

    def ask(kind: str) -> None:
        answer = engine.complete(Request("ab" * 32, (Message("user", kind),), sampling[kind]))
        assert answer.completion_tokens == sampling[kind].max_tokens
        assert answer.engine.endswith(", 2 together)")
        ended.append(kind)

    calls = [threading.Thread(target=ask, args=(kind,)) for kind in ("long", "short")]
    for call in calls:
        call.start()
        time.sleep(0.2)  # the long one must have begun
    for call in calls:
        call.join()
    engine.close()
    assert ended == ["short", "long"]


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (404, '{"detail": "Not Found"}'),  # a base_url without /v1
        (405, "<html>\n<p>Not Allowed</p>\n" + "<br>\n" * 1000 + "</html>"),
        (404, '{"error": {"message": "The model `x` does not exist."}}'),
        (400, '{"error": {"message": "Unsupported parameter: max_tokens"}}'),
        (401, '{"error": {"message": "Incorrect API key"}}'),
    ],
)
def test_a_server_of_another_dialect_is_asked_once_and_quoted(
    engine: Engine, status: int, said: str
) -> None:
    _Server.faults, _Server.instead = [(status, {})], said
    with pytest.raises(RequestRefused) as caught:
        engine.complete(request("hi"))
    told = str(caught.value)
    assert "127.0.0.1" in told and f"HTTP {status}" in told
    assert any(
        word in told for word in ("Not Found", "Not Allowed", "`x`", "max_tokens", "API key")
    )
    assert len(_Server.seen) == 1 and len(told.splitlines()) == 1 and len(told) < 400


def test_a_missing_key_is_named() -> None:
    model = OpenAI(
        engine="openai", name="m", model="x", base_url="http://x", api_key_env="NO_SUCH_API_KEY"
    )
    with pytest.raises(FoureyesError, match="NO_SUCH_API_KEY is not set"):
        load(model)


def test_replay_answers_what_was_recorded_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_text('{"key": "k1", "text": "recorded", "completion_tokens": 3}\n')
    model = Replay(engine="replay", identity_of={"model": "x"}, recording=str(tmp_path / "r.jsonl"))
    assert model.identity() == {"model": "x"}  # so its keys are those of the recorded model
    engine = load(model)
    answer = engine.complete(request("?", key="k1"))
    assert (answer.text, answer.engine) == ("recorded", "replay of an engine that is not named")
    with pytest.raises(RequestRefused, match="no recorded completion"):
        engine.complete(request("?", key="k2"))
    (tmp_path / "r.jsonl").write_text('{"key": "k1", "text": "a"}\n{"key": 3}\n')
    with pytest.raises(FoureyesError, match="line 2"):
        load(model)


def test_an_engine_that_is_closed_says_so(engine: Engine) -> None:
    """A call that nobody answers any more would hold the process back for ever."""
    other = load(model_at(engine))
    other.close()
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # of a call that was never begun
        with pytest.raises(InfrastructureError, match="nothing more is asked of it"):
            other.complete(request("hello"))
        gc.collect()


def test_scripted_takes_the_first_rule_that_fits(tmp_path: Path) -> None:
    (tmp_path / "s.toml").write_text(
        '[[rules]]\ncontains = ["a", "b"]\nanswer = "both"\n'
        '[[rules]]\ncontains = ["a"]\nfails = "down"\n'
    )
    engine = load(Scripted(engine="scripted", script=str(tmp_path / "s.toml")))
    assert engine.complete(request("b and a")).text == "both"
    with pytest.raises(InfrastructureError, match="down"):
        engine.complete(request("a"))
    with pytest.raises(RequestRefused, match="no rule"):
        engine.complete(request("c"))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rules]]\n[[rules]]\nanswr = 'x'", "rule 2: unknown key 'answr'; did you mean 'answer'?"),
        ("[[rules]]\nturn = 'x'", "rule 1: turn: Input should be a valid integer"),
        ("[[rules]]\ncontains = ['a', 3]", "rule 1: contains.1: Input should be a valid string (it is 3)"),
        ("rules = [3]", "rule 1: Input should be a valid dictionary"),
        ("[[rule]]", "it has no [[rules]]"),
        ("rules = []\nname = 'x'", "unknown key 'name'; there is rules"),
        ("", "it has no [[rules]]"),
        ("answer", "Expected '=' after a key in a key/value pair (at end of document)"),
    ],
)  # fmt: skip
def test_a_broken_script_says_which_rule_and_which_key(
    tmp_path: Path, text: str, says: str
) -> None:
    path = tmp_path / "s.toml"
    path.write_text(text)
    with pytest.raises(FoureyesError) as raised:
        load(Scripted(engine="scripted", script=str(path)))
    assert str(raised.value).startswith(f"{path}: not a script: {says}")
    assert "\n" not in str(raised.value)
