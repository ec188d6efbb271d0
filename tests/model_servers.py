"""What model servers answer besides answers, server by server; `python -m tests.model_servers` makes the
tables of docs/howto/models.md from what becomes of it.

The bodies are written after what each server is known to say.
"""

import json
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import stamina

from foureyes.models.errors import InfrastructureError, RequestRefused
from foureyes.models.llm import ModelSampling, OpenAI
from foureyes.worker.engines import Answer, Message, Request, load

STOP, LENGTH, REFUSED, TOO_LONG = "`stop`", "`length`", "`refused`", "`prompt_too_long`"
SETTINGS = "error of the settings, at once"
AT_ONCE = "error, at once"
AGAIN = "error, after it was asked again"

_SCHEMA = {"type": "object", "properties": {"verdict": {"enum": ["approve", "revise"]}}}


def request(**more: Any) -> Request:
    """A call that uses all that can be sent, unless told otherwise."""
    fields = {"seed": 5, "schema": _SCHEMA, "thinking": None} | more
    messages = (Message("system", "Be right."), Message("user", "Add one."))
    sampling = ModelSampling(temperature=0.5, max_tokens=300, stop=fields.pop("stop", ()))
    return Request("ab" * 32, messages, sampling, **fields)


class Server:
    """Answers every chat with one status and body, on a loopback port; `seen` are the requests' bodies."""

    def __init__(self, status: int = 200, body: Any = None, kind: str = "application/json") -> None:
        self.status, self.kind = status, kind
        self.body = body if isinstance(body, str) else json.dumps(body)
        self.seen: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        handler = type("Handler", (_Handler,), {"served": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def answer(self, asked: dict[str, Any]) -> tuple[int, str]:
        """The status and the body for a request."""
        return self.status, self.body

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    served: Server

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.served.seen.append(asked)
        self.served.headers.append(dict(self.headers))
        status, body = self.served.answer(asked)
        data = body.encode()
        self.send_response(status)
        self.send_header("content-type", self.served.kind)
        self.send_header("content-length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:
        pass


def model_at(url: str, **more: Any) -> OpenAI:
    fields = {
        "engine": "openai",
        "name": "m",
        "model": "some-model",
        "base_url": url,
        "timeout": 20,
    }
    return OpenAI.model_validate(fields | more)


@contextmanager
def engine_at(url: str, **more: Any) -> Iterator[Any]:
    """The engine of a model there; it asks twice at most, and does not wait in between."""
    stamina.set_testing(True, attempts=2)
    try:
        with closing(load(model_at(url, **more))) as engine:
            yield engine
    finally:
        stamina.set_testing(False)


def ask(server: Server, **more: Any) -> Answer | InfrastructureError:
    """What becomes of a call to a server."""
    with engine_at(server.url) as engine:
        try:
            made: Answer = engine.complete(request(**more))
            return made
        except InfrastructureError as error:
            return error


def outcome(made: Answer | InfrastructureError) -> str:
    """The same in a word of the table's."""
    if isinstance(made, Answer):
        return f"`{made.finish_reason}`"
    if not isinstance(made, RequestRefused):
        return AGAIN
    return SETTINGS if "together exceed the model's context" in str(made) else AT_ONCE


@dataclass(frozen=True)
class Case:
    """What a server answers, in the table's words and in its own, and what should become of it."""

    server: str
    says: str
    becomes: str
    status: int
    body: Any
    kind: str = "application/json"

    def outcome(self) -> tuple[str, Answer | InfrastructureError]:
        with closing(Server(self.status, self.body, self.kind)) as server:
            made = ask(server)
            return outcome(made), made


def ended(
    reason: Any, content: Any = "x = 1", tokens: int | None = 5, **more: Any
) -> dict[str, Any]:
    """A chat completion."""
    message = {"role": "assistant", "content": content} | more.pop("message", {})
    usage = {"prompt_tokens": 9, "completion_tokens": tokens, "total_tokens": 9}
    choice = {"index": 0, "message": message, "finish_reason": reason} | more.pop("choice", {})
    return {"model": "m", "choices": [choice], "usage": None if tokens is None else usage} | more


def error(message: str, **more: Any) -> dict[str, Any]:
    """An error as most servers put it."""
    return {"error": {"message": message, "type": "invalid_request_error"} | more}


_FILTERED = "The response was filtered due to the prompt triggering the content management policy."
CASES = [
    # every server: how answers end
    Case("any", "`stop`", STOP, 200, ended("stop")),
    Case("any", "`length`", LENGTH, 200, ended("length")),
    Case("any", "`stop`, no text, but tokens (all of it was thought, or nothing said)", STOP, 200, ended("stop", None, 300)),
    Case("any", "`stop`, only `reasoning_content`", STOP, 200, ended("stop", None, None, message={"reasoning_content": "Hm."})),
    Case("any", "`stop`, no text and no tokens", AGAIN, 200, ended("stop", "", 0)),
    Case("any", "`stop`, no text and no count", AGAIN, 200, ended("stop", None, None)),
    Case("any", "`abort`, `error`, `network_error` or an unknown reason", AGAIN, 200, ended("abort")),
    Case("any", "`null` for a reason", AGAIN, 200, ended(None)),
    Case("any", "`tool_calls`", AGAIN, 200, ended("tool_calls", None, message={"tool_calls": [{"id": "1"}]})),
    Case("any", "`stop` with tool calls and no text", AGAIN, 200, ended("stop", None, message={"tool_calls": [{"id": "1"}]})),
    Case("any", "an error in place of an answer, with status 200", AGAIN, 200, error("Provider returned error", code=502)),
    Case("any", "the same without a status", AGAIN, 200, {"error": "something went wrong"}),
    Case("any", "no message, or a text that is none", AGAIN, 200, ended("stop", {"x": 1})),
    Case("any", "no choices", AGAIN, 200, {"choices": []}),
    Case("any", "a page in HTML, half an answer, no JSON", AGAIN, 200, "<html><h1>Welcome</h1></html>", "text/html"),
    Case("any", "408, 409, 424, 425, 429, 5xx", AGAIN, 503, error("overloaded")),
    Case("any", "429 that counts tokens a minute, or names a policy", AGAIN, 429, error("Too many tokens, please wait before trying again. See our usage policies.")),
    Case("any", "503 that counts tokens", AGAIN, 503, error("Too many tokens in flight, retry later")),
    Case("any", "401, 403, 404 and other 4xx", AT_ONCE, 404, error("The model `x` does not exist.")),
    # vLLM
    Case("vLLM", "`repetition`", AGAIN, 200, ended("repetition")),
    Case("vLLM", "400, the prompt is longer than the model's context", TOO_LONG, 400, error("You passed 5000 input tokens and requested 0 output tokens. However, the model's context length is only 4096 tokens, resulting in a maximum input length of 4096 tokens.")),
    Case("vLLM", "400, the prompt and `max_tokens` are", SETTINGS, 400, error("'max_tokens' or 'max_completion_tokens' is too large: 4000. This model's maximum context length is 4096 tokens and your request has 100 input tokens (4000 > 4096 - 100).")),
    Case("vLLM", "400, either (`at least` so many tokens): asked again for one token", SETTINGS, 400, error("This model's maximum context length is 4096 tokens. However, you requested 4000 output tokens and your prompt contains at least 97 input tokens, for a total of at least 4097 tokens.")),
    # SGLang
    Case("SGLang", "`abort`", AGAIN, 200, ended("abort", "", 0)),
    Case("SGLang", "400, the prompt is longer than the model's context", TOO_LONG, 400, error("The input (5000 tokens) is longer than the model's context length (4096 tokens).")),
    Case("SGLang", "400, the prompt and `max_tokens` are", SETTINGS, 400, error("Requested token count exceeds the model's maximum context length of 4096 tokens. You requested a total of 5000 tokens: 200 tokens from the input messages and 4800 tokens for the completion.")),
    # TGI
    Case("TGI", "`eos_token`, `stop_sequence`", STOP, 200, ended("eos_token")),
    Case("TGI", "422, the prompt is longer than the model's context", TOO_LONG, 422, {"error": "Input validation error: `inputs` must have less than 4096 tokens. Given: 5000", "error_type": "validation"}),
    Case("TGI", "422, the prompt and `max_tokens` are", SETTINGS, 422, {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4096. Given: 200 `inputs` tokens and 4000 `max_new_tokens`", "error_type": "validation"}),
    Case("TGI", "424, generation failed", AGAIN, 424, {"error": "Request failed during generation: Server error", "error_type": "generation"}),
    # llama.cpp
    Case("llama.cpp", "400, the prompt is longer than the model's context", TOO_LONG, 400, {"error": {"code": 400, "message": "the request exceeds the available context size (4096 tokens), try increasing it", "type": "exceed_context_size_error", "n_prompt_tokens": 5000, "n_ctx": 4096}}),
    Case("llama.cpp", "an answer that comes to the context's end", LENGTH, 200, ended("length")),
    Case("llama.cpp", "503, it is loading the model", AGAIN, 503, {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"}}),
    # Ollama
    Case("Ollama", "`load` and no text", AGAIN, 200, ended("load", "", 0)),
    Case("Ollama", "400, the prompt is longer than the model's context", TOO_LONG, 400, error("prompt too long; exceeded max context length by 123 tokens")),
    Case("Ollama", "404, it has no such model", AT_ONCE, 404, error('model "qwen" not found, try pulling it first')),
    # LM Studio
    Case("LM Studio", "400, the prompt is longer than the model's context", TOO_LONG, 400, {"error": "Trying to keep the first 5000 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens, which is not enough."}),
    Case("LM Studio", "400, an answer that comes to the context's end", SETTINGS, 400, {"error": "Reached context length of 4096 tokens with model (arch: qwen2), but this model does not currently support mid-generation context overflow."}),
    # OpenAI and Azure
    Case("OpenAI, Azure", "`content_filter`", REFUSED, 200, ended("content_filter", "x =")),
    Case("OpenAI, Azure", "a `refusal` in the message", REFUSED, 200, ended("stop", None, 9, message={"refusal": "I cannot help with that."})),
    Case("OpenAI, Azure", "400 `content_filter`, `ResponsibleAIPolicyViolation`", REFUSED, 400, {"error": {"message": _FILTERED, "code": "content_filter", "status": 400, "innererror": {"code": "ResponsibleAIPolicyViolation"}}}),
    Case("OpenAI, Azure", "400 `content_policy_violation`", REFUSED, 400, error("Your request was rejected.", code="content_policy_violation")),
    Case("OpenAI, Azure", "400 `context_length_exceeded`, the prompt", TOO_LONG, 400, error("This model's maximum context length is 8192 tokens. However, your messages resulted in 9000 tokens.", code="context_length_exceeded")),
    Case("OpenAI, Azure", "400 `context_length_exceeded`, with `max_tokens`", SETTINGS, 400, error("This model's maximum context length is 8192 tokens. However, you requested 9000 tokens (1000 in the messages, 8000 in the completion).", code="context_length_exceeded")),
    Case("OpenAI, Azure", "400, a setting that the model lacks", AT_ONCE, 400, error("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", param="max_tokens", code="unsupported_parameter")),
    Case("OpenAI, Azure", "429, the quota is used up", AGAIN, 429, error("You exceeded your current quota.", code="insufficient_quota")),
    # Anthropic
    Case("Anthropic", "`refusal`", REFUSED, 200, ended("refusal", "")),
    Case("Anthropic", "400, its output is blocked", REFUSED, 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "Output blocked by content filtering policy"}}),
    Case("Anthropic", "400, the prompt is longer than the model's context", TOO_LONG, 400, error("prompt is too long: 210000 tokens > 200000 maximum")),
    Case("Anthropic", "400, the prompt and `max_tokens` are", SETTINGS, 400, error("input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000, decrease input length or `max_tokens` and try again")),
    Case("Anthropic", "529, it is overloaded", AGAIN, 529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
    # Gemini
    Case("Gemini", "`SAFETY`, `RECITATION`, `BLOCKLIST`, `content_filter: PROHIBITED_CONTENT`", REFUSED, 200, ended("content_filter: PROHIBITED_CONTENT", None, 0)),
    Case("Gemini", "no choices, `blockReason`", REFUSED, 200, {"choices": [], "promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}}),
    Case("Gemini", "400, the prompt is longer than the model's context", TOO_LONG, 400, [{"error": {"code": 400, "message": "The input token count (1100000) exceeds the maximum number of tokens allowed (1048576).", "status": "INVALID_ARGUMENT"}}]),
    Case("Gemini", "`MAX_TOKENS`", LENGTH, 200, ended("MAX_TOKENS")),
    # others
    Case("Mistral", "`model_length`", LENGTH, 200, ended("model_length")),
    Case("DeepSeek", "`insufficient_system_resource`", AGAIN, 200, ended("insufficient_system_resource")),
    Case("DeepSeek", "400 `Content Exists Risk`", REFUSED, 400, error("Content Exists Risk")),
    Case("OpenRouter", "an error in a choice, whatever its reason", AGAIN, 200, ended("stop", "x =", 2, choice={"error": {"code": 502, "message": "Upstream failed"}})),
    Case("OpenRouter", "`native_finish_reason` says `refusal`", REFUSED, 200, ended("stop", "", 2, choice={"native_finish_reason": "refusal"})),
    Case("GLM", "`network_error`", AGAIN, 200, ended("network_error")),
    Case("GLM", "`sensitive`", REFUSED, 200, ended("sensitive", "")),
    Case("Groq", "400 `context_length_exceeded` without numbers, also for one token", TOO_LONG, 400, error("Please reduce the length of the messages or completion.", code="context_length_exceeded")),
]  # fmt: skip

#: What is written in a model's table, and in which part of the body it shows.
SENT: list[tuple[str, dict[str, Any], dict[str, Any], tuple[str, ...]]] = [
    ("nothing", {}, {}, ("max_tokens", "temperature", "top_p", "seed", "messages")),
    ('`send = { max_tokens = "max_completion_tokens" }`', {"send": {"max_tokens": "max_completion_tokens"}}, {}, ("max_tokens", "max_completion_tokens")),
    ("`send = { temperature = false }`, the same for `top_p` and `seed`", {"send": {"temperature": False, "top_p": False, "seed": False}}, {}, ("temperature", "top_p", "seed")),
    ("`send = { system = false }`", {"send": {"system": False}}, {}, ("messages",)),
    ("nothing, a step whose answer has a schema", {}, {}, ("response_format",)),
    ('`send = { structured_output = "json_object" }`', {"send": {"structured_output": "json_object"}}, {}, ("response_format",)),
    ('`send = { structured_output = "none" }`', {"send": {"structured_output": "none"}}, {}, ("response_format",)),
    ("`sampling` with `temperature = 0`", {}, {"seed": None}, ("seed",)),
    ("`thinking = false`", {}, {"thinking": False}, ("chat_template_kwargs",)),
    ('`extra_body = { reasoning_effort = "low" }`', {"extra_body": {"reasoning_effort": "low"}}, {}, ("reasoning_effort",)),
]  # fmt: skip


def sent(settings: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """The body that a server gets."""
    with closing(Server(200, ended("stop"))) as server, engine_at(server.url, **settings) as engine:
        engine.complete(request(**asked))
        (body,) = server.seen
    return body


def table_of_sent() -> str:
    """What is sent, by what is written in a model's table."""
    lines = ["| in the model's table | what is sent |", "|---|---|"]
    for written, settings, asked, keys in SENT:
        body = sent(settings, asked)
        parts = {key: body[key] for key in keys if key in body}
        gone = [f"no `{key}`" for key in keys if key not in body]
        shown = [f"`{json.dumps(parts)[1:-1]}`"] if parts else []
        lines.append(f"| {written} | {', '.join([*shown, *gone])} |")
    return "\n".join(lines)


def table_of_answers() -> str:
    """What becomes of what servers answer."""
    lines = ["| server | what it answers | what becomes of it |", "|---|---|---|"]
    lines += [f"| {case.server} | {case.says} | {case.outcome()[0]} |" for case in CASES]
    return "\n".join(lines)


if __name__ == "__main__":
    print(table_of_sent(), table_of_answers(), sep="\n\n")
