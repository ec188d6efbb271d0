"""What is written of a model's server: told before anything is enqueued, and no reason to ask anew."""

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from foureyes.models import llm
from foureyes.models.digest import digest
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import OpenAI
from foureyes.models.problem import Spec
from foureyes.producer import cli
from foureyes.producer.commands import trying
from foureyes.producer.sweeps import sweep_file
from foureyes.producer.sweeps.estimate import Load, SweepEstimate
from foureyes.worker.attempt.requests import Caller, WantedCall
from foureyes.worker.engines import Request, load
from foureyes.worker.engines.probe import probe
from foureyes.worker.patterns import templates
from foureyes.worker.patterns.reading.verdict import Verdict
from foureyes.worker.patterns.steps import Choose, Draft, Program, RepairVerdict, Review
from foureyes.worker.patterns.style import Style
from tests.model_servers import Server, ended, error, model_at

SPEC = Spec(problem_id="t/1", prompt="def f():\n", entry_point="f", visible_tests=())
SWEEP = """
name = "served"
benchmarks = ["starter-lean"]
patterns = ["raw-coder"]
[[pairings]]
coder = "m"
reviewer = "m"
[models.m]
engine = "openai"
model = "some-model"
"""


def sweep(folder: Path, url: str, more: str = "") -> Path:
    path = folder / "sweep.toml"
    path.write_text(f"{SWEEP}base_url = {json.dumps(url)}\n{more}\n")
    return path


def call(model: llm.AnyModel, style: Style | None = None, sample: int = 0) -> WantedCall:
    style = style or Style()
    caller = Caller(templates.of(style.prompts, {}), style)
    return caller.call(Draft(SPEC), model, sample)


URL = "http://127.0.0.1:8000/v1"


@pytest.mark.parametrize(
    "more",
    [
        {"timeout": 20.0}, {"api_key_env": "MINE"}, {"requests_per_minute": 5}, {"threads": 9},
        {"base_url": URL + "/"}, {"base_url": URL + "//"}, {"price_per_hour": 2.0},
        {"send": {"max_tokens": "max_completion_tokens"}}, {"send": {}}, {"extra_body": {}},
    ],
)  # fmt: skip
def test_what_decides_no_answer_asks_nothing_anew(more: dict[str, Any]) -> None:
    assert call(model_at(URL, **more)).key == call(model_at(URL)).key


@pytest.mark.parametrize(
    "more",
    [
        {"model": "another"}, {"base_url": "http://127.0.0.1:8001/v1"}, {"thinking": False},
        {"sampling": {"temperature": 0.5}}, {"extra_body": {"reasoning_effort": "low"}},
        {"send": {"temperature": False}}, {"send": {"system": False}},
        {"send": {"structured_output": "none"}},
    ],
)  # fmt: skip
def test_what_decides_answers_is_in_their_key(more: dict[str, Any]) -> None:
    assert call(model_at(URL, **more)).key != call(model_at(URL)).key


def test_the_keys_of_before_still_hold() -> None:
    """A database's answers, and recordings, were made under them: with other ones all is asked anew."""
    assert model_at(URL, timeout=300.0).identity() == {
        "engine": "openai", "model": "some-model", "base_url": URL,
        "api_key_env": "OPENAI_API_KEY", "timeout": 300.0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("model", "style", "sent"),
    [(None, None, None), (True, None, True), (False, None, False), (True, False, False)],
)
def test_thinking_reaches_the_server(
    model: bool | None, style: bool | None, sent: bool | None
) -> None:
    """Of the model or, before it, of the pattern's style; through a completion's row."""
    with closing(Server(200, ended("stop"))) as server:
        asked = model_at(server.url, thinking=model)
        made = call(asked, Style(thinking=style))
        with closing(load(asked)) as engine:
            engine.complete(Request.from_json(made.key, json.loads(json.dumps(made.request))))
        (body,) = server.seen
    told = None if sent is None else {"enable_thinking": sent}
    assert body.get("chat_template_kwargs") == told


def test_samples_differ_also_where_no_seed_is_sent() -> None:
    model = model_at(URL, sampling={"temperature": 1.0}, send={"temperature": False, "seed": False})
    assert call(model, sample=0).key != call(model, sample=1).key


def test_a_style_of_text_sends_no_schema_at_any_step() -> None:
    """Many servers have none, and refuse the call of whoever asks for one."""
    program = Program(SPEC, "x = 1\n", "")
    steps = [
        Review(program),
        RepairVerdict(Verdict(None, (), "Hm.")),
        Choose(program, program),
        Draft(SPEC),
    ]
    for review_format, bound in (("json", 3), ("text", 0)):
        style = Style(review_format=review_format)
        caller = Caller(templates.of(style.prompts, {}), style)
        made = [caller.call(step, model_at(URL), 0).request["schema"] for step in steps]
        assert sum(schema is not None for schema in made) == bound


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("127.0.0.1:8000/v1", "http:// or https://"),
        ("localhost:8000/v1", "http:// or https://"),
        ("", "http:// or https://"),
        ("http:///v1", "http:// or https://"),
        ("http://h:99999/v1", "out of range"),
        ("http://h:abc/v1", "abc"),
        ("http://<host>/v1", "'<host>' is no host"),
        ("https://http://h/v1", "no host"),
        ("http://h /v1", "blanks"),
        ("http://u:secret@h/v1", "api_key_env"),
        ("http://h/v1?key=secret", "nothing after"),
        ("http://h/v1/chat/completions", "/chat/completions, which is added"),
        ("http://300.1.1.1/v1", "no host"),
    ],
)
def test_a_wrong_address_is_told_before_anything_is_enqueued(
    tmp_path: Path, url: str, said: str
) -> None:
    path = sweep(tmp_path, url)
    with pytest.raises(FoureyesError) as caught:
        sweep_file.parse(path)
    told = str(caught.value)
    assert told.startswith(f"{path}: models.m.base_url: ") and said in told
    assert "secret" not in told and len(told.splitlines()) == 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('api_key_env = "sk-secret"', "models.m.api_key_env: it is no name of a variable"),
        ("extra_body = { temperature = 1 }", "'temperature' is written by foureyes itself; write `sampling.temperature`"),
        ("extra_body = { stream = true }", "'stream' is written by foureyes itself"),
        ("extra_body = { x = nan }", "nan is no number that can be used"),
        ('extra_body = { x = "\\u0000" }', "holds a NUL character"),
        ("send = { temprature = false }", "unknown key 'models.m.send.temprature'; did you mean 'temperature'?"),
        ('send = { structured_output = "xml" }', "'json_schema', 'json_object' or 'none'"),
    ],
)  # fmt: skip
def test_wrong_settings_of_a_server_are_told(tmp_path: Path, more: str, said: str) -> None:
    path = sweep(tmp_path, URL, more)
    with pytest.raises(FoureyesError) as caught:
        sweep_file.parse(path)
    assert said in str(caught.value) and "secret" not in str(caught.value)


def test_a_row_of_before_can_still_be_read() -> None:
    """Else the report of an old sweep would be a traceback."""
    row = {"engine": "openai", "model": "m", "base_url": "localhost:8000/v1?x=1"}
    assert llm.read(row).identity()["model"] == "m"


# --- asking a server first ---


class Picky(Server):
    """Refuses some settings, one at a time, as OpenAI does."""

    def __init__(self, refuses: Callable[[dict[str, Any]], str | None]) -> None:
        super().__init__()
        self.refuses = refuses

    def answer(self, asked: dict[str, Any]) -> tuple[int, str]:
        wrong = self.refuses(asked)
        if wrong is None:
            return 200, json.dumps(ended("stop"))
        return 400, json.dumps(error(f"Unsupported: {wrong}"))


def first_of(*names: str) -> Callable[[dict[str, Any]], str | None]:
    return lambda asked: next((name for name in names if name in asked), None)


def a_schema(asked: dict[str, Any]) -> str | None:
    return "json_schema" if "json_schema" in str(asked.get("response_format")) else None


def a_system_message(asked: dict[str, Any]) -> str | None:
    return "system" if asked["messages"][0]["role"] == "system" else None


def two_together(asked: dict[str, Any]) -> str | None:
    return "temperature and top_p" if {"temperature", "top_p"} <= set(asked) else None


DRAWN = {"sampling": {"temperature": 0.5, "stop": ["END"]}}


@pytest.mark.parametrize(
    ("refuses", "settings", "advice"),
    [
        (first_of("max_tokens", "temperature", "top_p"), {}, 'send = { max_tokens = "max_completion_tokens", temperature = false, top_p = false }'),
        (first_of("seed"), DRAWN, "send = { seed = false }"),
        (first_of("stop"), DRAWN, "leave out `sampling.stop`"),
        (a_system_message, {}, "send = { system = false }"),
        (a_schema, {}, 'send = { structured_output = "json_object" }'),
        (first_of("response_format"), {}, 'send = { structured_output = "none" }'),
        (first_of("chat_template_kwargs"), {"thinking": False}, "leave out `thinking`"),
        (first_of("min_p"), {"extra_body": {"min_p": 0.1, "top_k": 5}}, "leave out `extra_body.min_p`"),
        (two_together, {}, "send = { temperature = false, top_p = false }"),
        (first_of("max_completion_tokens"), {"send": {"max_tokens": "max_completion_tokens"}}, 'send = { max_tokens = "max_tokens" }'),
    ],
)  # fmt: skip
def test_what_a_server_refuses_is_found_out_and_mended_by_the_advice(
    refuses: Callable[[dict[str, Any]], str | None], settings: dict[str, Any], advice: str
) -> None:
    with closing(Picky(refuses)) as server:
        model = model_at(server.url, **settings)
        tried = probe(model, trying.request_to(model))
        assert tried.answer is None and tried.advice == advice
        assert all("Unsupported: " in each.said for each in tried.refused)


def test_nothing_is_said_against_a_server_that_takes_all_of_it() -> None:
    with closing(Server(200, ended("stop"))) as server:
        model = model_at(server.url, **DRAWN, thinking=True)
        tried = probe(model, trying.request_to(model))
    assert tried.answer is not None and not tried.refused
    (asked,) = server.seen
    assert {"max_tokens", "temperature", "top_p", "seed", "stop", "response_format"} <= set(asked)
    assert asked["chat_template_kwargs"] == {"enable_thinking": True}


@pytest.fixture
def away() -> str:
    """Where no server is any more."""
    with closing(Server()) as server:
        return server.url


def plan_for(model: OpenAI) -> SweepEstimate:
    plan = SweepEstimate(attempts=1)
    plan.models["m"] = Load(calls=1, example=call(model).request)
    return plan


def first(model: OpenAI, elsewhere: bool = False, plan: SweepEstimate | None = None) -> list[str]:
    """What a sweep says before it enqueues."""
    told: list[str] = []
    trying.ask_first({"m": model}, plan or plan_for(model), told.append, elsewhere=elsewhere)
    return told


def test_a_sweep_ends_where_its_server_refuses_and_waits_where_it_is_away(away: str) -> None:
    with closing(Picky(first_of("top_p"))) as server:
        for elsewhere in (True, False):
            with pytest.raises(
                FoureyesError, match=r"`top_p`; write send = \{ top_p = false \} \(.*"
            ):
                first(model_at(server.url), elsewhere)
        done = plan_for(model_at(server.url))
        done.models["m"].example = None  # all of it is recorded: nothing will be asked
        server.seen.clear()
        assert first(model_at(server.url), plan=done) == [] == server.seen
    (told,) = first(model_at(away))
    assert "no answer yet" in told and "nothing listens there" in told
    with closing(Server(401, error("Incorrect API key"))) as server:
        with pytest.raises(FoureyesError, match="Incorrect API key"):
            first(model_at(server.url))
        assert len(first(model_at(server.url), elsewhere=True)) == 1  # workers may have another key


def test_a_sweep_that_sends_no_schema_is_not_refused_for_one() -> None:
    with closing(Picky(first_of("response_format"))) as server:
        assert first(model_at(server.url)) == []


def foureyes(*words: str) -> Any:
    return CliRunner().invoke(cli.app, words, catch_exceptions=True)


def test_models_try_says_what_came_of_it(tmp_path: Path, away: str) -> None:
    with closing(Server(200, ended("stop"))) as server:
        done = foureyes("models", "try", "m", "--sweep", str(sweep(tmp_path, server.url)))
    assert done.exit_code == 0 and "It takes every setting" in done.output
    with closing(Picky(first_of("temperature"))) as server:
        done = foureyes("models", "try", "m", "--sweep", str(sweep(tmp_path, server.url)))
    assert "refused: temperature: " in done.output
    assert str(done.exception) == "models.m: write send = { temperature = false }"
    done = foureyes("models", "try", "m", "--sweep", str(sweep(tmp_path, away)))
    assert done.exit_code == 1 and "nothing listens there" in " ".join(done.output.split())
    done = foureyes("models", "try", "n", "--sweep", str(sweep(tmp_path, away)))
    assert isinstance(done.exception, FoureyesError) and "'n', but: m" in str(done.exception)


def test_prompts_try_asks_a_server_before_it_asks_for_reviews(tmp_path: Path, away: str) -> None:
    """Else each review is asked for six times, with a line for each, before it is told."""
    words = ["prompts", "try", "review", "--model", "m", "--sweep"]
    done = foureyes(*words, str(sweep(tmp_path, away)))
    assert isinstance(done.exception, FoureyesError) and done.output == ""
    assert str(done.exception).startswith(f"models.m: {away}: no connection")
    with closing(Picky(first_of("temperature"))) as server:
        done = foureyes(*words, str(sweep(tmp_path, server.url)))
    assert "models.m: write send = { temperature = false } (" in str(done.exception)


def test_the_key_of_a_call_is_that_of_its_request() -> None:
    made = call(model_at(URL, extra_body={"a": [1, 2.5, {"b": None}]}))
    assert made.key == digest(json.loads(json.dumps(made.request)))
