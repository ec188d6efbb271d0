"""Any OpenAI-compatible server: vllm serve, SGLang, llama.cpp, or a provider."""

import email.utils
import os
import threading
import time
from typing import Any

import openai
import stamina

from models.errors import FoureyesError, InfrastructureError, RequestRefused
from models.llm import OpenAI
from worker.engines.base import Answer, Request, unanswered, with_thoughts

#: Worth another try: the server was busy, restarting, or out of reach.
_PASSING = (openai.APIConnectionError, openai.RateLimitError, openai.InternalServerError)
_LONGEST_WAIT = 60.0
#: All that is known of what answers before it has.
_NAME = "openai"
#: Characters of an answer that makes no sense, or that refuses: it may be a whole page in HTML.
_SHOWN = 300
#: What servers say of a prompt that does not fit: OpenAI's code, llama.cpp's type, vLLM's words.
_TOO_LONG = ("context_length_exceeded", "exceed_context_size_error", "maximum context length")


def wait_as_told(error: Exception) -> bool | float:
    """Whether to try again, and after how many seconds if the server said (Retry-After)."""
    if not isinstance(error, _PASSING):
        return False
    if isinstance(error, openai.APIStatusError):
        told = _seconds(error.response.headers.get("retry-after", ""))
        if told is not None:
            return min(max(told, 0.0), _LONGEST_WAIT)
    return True


def _seconds(retry_after: str) -> float | None:
    """What the header says: a number of seconds, or a date."""
    try:
        return float(retry_after)
    except ValueError:
        pass
    try:
        return email.utils.parsedate_to_datetime(retry_after).timestamp() - time.time()
    except ValueError:
        return None


class Pace:
    """Lets callers go on one by one, so many a minute; without a number, at once."""

    def __init__(self, per_minute: float | None) -> None:
        self._apart = 60 / per_minute if per_minute is not None else 0.0
        self._lock = threading.Lock()
        self._next = time.monotonic()

    def wait(self) -> None:
        """Wait for the caller's turn."""
        with self._lock:
            now = time.monotonic()
            turn = max(now, self._next)
            self._next = turn + self._apart
        time.sleep(turn - now)


class OpenAIEngine:
    """A model behind HTTP; connections are kept alive and shared by all threads."""

    def __init__(self, client: openai.OpenAI, model: OpenAI) -> None:
        self._client = client
        self._model = model
        self._pace = Pace(model.requests_per_minute)

    def complete(self, request: Request) -> Answer:
        """Ask the server, again after passing failures, for about as long as its timeout."""
        started = time.monotonic()
        try:
            made = self._ask(request)
        except _PASSING as error:
            raise InfrastructureError(self._said(error)) from error
        except openai.APIStatusError as error:
            if any(words in f"{error} {error.body}" for words in _TOO_LONG):
                return unanswered(started, _NAME)
            raise RequestRefused(self._said(error)) from error
        except (openai.OpenAIError, ValueError) as error:  # the latter: no JSON, or half of it
            raise InfrastructureError(self._said(error)) from error
        choice = self._choice(made)
        usage = made.usage
        details = usage.prompt_tokens_details if usage else None
        return Answer(
            text=with_thoughts(_thoughts(choice.message), choice.message.content or ""),
            finish_reason=choice.finish_reason,
            prompt_tokens=usage.prompt_tokens if usage else None,
            cached_tokens=details.cached_tokens if details else None,
            completion_tokens=usage.completion_tokens if usage else None,
            seconds=time.monotonic() - started,
            engine=_said_of_itself(made),
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _ask(self, request: Request) -> Any:
        options: dict[str, Any] = {}
        if request.seed is not None:
            options["seed"] = request.seed
        if request.sampling.stop:
            options["stop"] = list(request.sampling.stop)
        if request.schema is not None:
            options["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": request.schema, "strict": True},
            }
        if request.thinking is not None:  # as vLLM, SGLang and llama.cpp call it
            options["extra_body"] = {"chat_template_kwargs": {"enable_thinking": request.thinking}}
        for attempt in stamina.retry_context(
            on=wait_as_told, attempts=6, timeout=self._model.timeout, wait_max=_LONGEST_WAIT
        ):
            with attempt:
                self._pace.wait()
                return self._client.chat.completions.create(
                    model=self._model.model,
                    messages=request.chat(),  # type: ignore[arg-type]
                    temperature=request.sampling.temperature,
                    top_p=request.sampling.top_p,
                    max_tokens=request.sampling.max_tokens,
                    **options,
                )
        raise AssertionError("stamina always tries once")

    def _choice(self, made: Any) -> Any:
        """The answer in what the server returned, which the client library does not check.

        Raises: InfrastructureError if there is none: an empty program would be a wrong answer.
        """
        choices = getattr(made, "choices", None)
        choice = choices[0] if isinstance(choices, list) and choices else None
        text = getattr(getattr(choice, "message", None), "content", None)
        finished = getattr(choice, "finish_reason", None)
        spent = getattr(getattr(made, "usage", None), "completion_tokens", None)
        # a model may spend all its tokens on thinking: then there is no text, and it had its chance
        if not isinstance(finished, str) or not (isinstance(text, str) or (text is None and spent)):
            raise InfrastructureError(
                f"{self._model.base_url}: what the server returned is no chat completion: "
                f"{str(made)[:_SHOWN]}"
            )
        return choice

    def _said(self, error: Exception) -> str:
        said = " ".join(str(error).split())[:_SHOWN]
        return f"{self._model.base_url}: {type(error).__name__}: {said}"


def _said_of_itself(made: Any) -> str:
    """The protocol, the name under which the server knows the model, and its fingerprint, if it says so."""
    said = [
        word for word in (made.model, made.system_fingerprint) if isinstance(word, str) and word
    ]
    return " ".join([_NAME, *said])[:_SHOWN]


def _thoughts(message: Any) -> Any:
    """What the model thought, where a server tells it apart: as most call it, or as vLLM does now."""
    return getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None)


def load(model: OpenAI) -> OpenAIEngine:
    """A client for the server. The key comes from the environment and is kept nowhere else."""
    key = os.environ.get(model.api_key_env)
    if key is None and model.api_key_env != "OPENAI_API_KEY":
        raise FoureyesError(
            f"models.{model.name}: the environment variable {model.api_key_env} is not set"
        )
    client = openai.OpenAI(
        base_url=model.base_url,
        api_key=key or "none",  # local servers want none
        timeout=model.timeout,
        max_retries=0,  # ours are recorded and bounded; two layers would multiply
    )
    return OpenAIEngine(client, model)
