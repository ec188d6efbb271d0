"""Any OpenAI-compatible server: vllm serve, SGLang, llama.cpp, or a provider."""

import asyncio
import json
import os
import threading
import time
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

import stamina

from foureyes.models import keys
from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.models.llm import OpenAI
from foureyes.worker.engines import connections, failures
from foureyes.worker.engines.base import Answer, Request, refused, unanswered, with_thoughts
from foureyes.worker.engines.connections import Declined, wait_as_told
from foureyes.worker.engines.ends import REFUSED, ended, known
from foureyes.worker.engines.failures import SHOWN, Context

Result = TypeVar("Result")

#: Times that a call is sent, if what hinders it may pass.
TRIES = 6
_LONGEST_WAIT = connections.LONGEST_WAIT
#: All that is known of what answers before it has.
_NAME = "openai"
#: Where servers say how an answer ended; some put their own word beside OpenAI's.
_REASONS = ("finish_reason", "native_finish_reason", "stop_reason")


class Pace:
    """Gives callers their turns one by one, so many a minute; without a number, at once."""

    def __init__(self, per_minute: float | None) -> None:
        self._apart = 60 / per_minute if per_minute is not None else 0.0
        self._next = time.monotonic()

    def turn(self) -> float:
        """Seconds until the caller's turn."""
        now = time.monotonic()
        turn = max(now, self._next)
        self._next = turn + self._apart
        return turn - now


class OpenAIEngine:
    """A model behind HTTP; connections are kept alive and shared by all threads.

    All calls live in one event loop, where a time limit holds for a call as a whole: an answer that
    trickles in byte by byte ends at it, too.
    """

    def __init__(self, model: OpenAI, key: str, tries: int) -> None:
        """Raises: FoureyesError if the environment's proxy or certificates cannot be used."""
        self._model = model
        self._key = key
        self._tries = tries
        self._pace = Pace(model.requests_per_minute)
        self._opening = threading.Lock()
        self._is_closed = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name=_NAME, daemon=True)
        self._thread.start()
        try:
            self._client = self._await(self._connect())
        except FoureyesError:
            self._stop()
            raise

    def complete(self, request: Request) -> Answer:
        """Ask the server, again after passing failures, for about as long as its timeout."""
        return self.begin(request).result()

    def begin(self, request: Request) -> "Future[Answer]":
        """The same, without waiting for it. Raises: InfrastructureError if it is closed."""
        with self._opening:  # what is begun is there to be given up when it is closed
            if self._is_closed:
                raise InfrastructureError(self._said("nothing more is asked of it"))
            return asyncio.run_coroutine_threadsafe(self._answer(request), self._loop)

    def close(self) -> None:
        """Give up what is being asked, and close the connections."""
        with self._opening:
            self._is_closed = True
        self._await(self._end())
        self._stop()

    def _stop(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _await(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _connect(self) -> connections.Client:
        return connections.Client(self._model)

    async def _end(self) -> None:
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.close()

    async def _answer(self, request: Request) -> Answer:
        started = time.monotonic()
        try:
            made = await self._asked(request)
        except Declined as error:
            if error.is_refusal:
                return refused(error.words, started, _NAME)
            if error.context is Context.FITS:
                kind = InfrastructureError if error.passes else RequestRefused
                raise kind(self._said(str(error))) from error
            if await self._fits_with_a_shorter_answer(request, error.context):
                raise RequestRefused(
                    failures.too_small(self._model.base_url, error.words)
                ) from error
            return unanswered(started, _NAME)
        return self._read(made, started, request.sampling.stop)

    async def _fits_with_a_shorter_answer(self, request: Request, said: Context) -> bool:
        """Whether only `max_tokens` is too much; where its words leave it open, the server is asked
        again for a single token."""
        if said in (Context.PROMPT, Context.BOTH):
            return said is Context.BOTH
        try:
            await self._asked(request, max_tokens=1)
        except Declined as error:
            return error.context not in (Context.PROMPT, Context.UNCLEAR)
        return True

    async def _asked(self, request: Request, max_tokens: int | None = None) -> dict[str, Any]:
        """What the server returns, which is a JSON object. Raises: Declined, InfrastructureError."""
        body = json.dumps(body_of(self._model, request, max_tokens)).encode()
        failed: Exception | None = None

        def tell(error: Exception) -> bool | float:
            nonlocal failed
            again = wait_as_told(error)
            if again is not False:
                failed = error
            return again

        try:
            async with asyncio.timeout(self._model.timeout) as limit:
                async for attempt in stamina.retry_context(
                    on=tell, attempts=self._tries, timeout=None, wait_max=_LONGEST_WAIT
                ):
                    with attempt:
                        turn = self._pace.turn()
                        limit.reschedule((limit.when() or 0.0) + turn)
                        await asyncio.sleep(turn)
                        return await self._client.post(self._key, body)
        except connections.FAILURES as error:
            raise InfrastructureError(self._said(self._cause(error))) from error
        except TimeoutError as error:
            before = f" (before: {self._cause(failed)})" if failed else ""
            said = f"no answer within {self._model.timeout:g} s{before}"
            raise InfrastructureError(self._said(said)) from error
        except ValueError as error:  # no JSON, or half of it
            raise InfrastructureError(self._said(str(error))) from error
        raise AssertionError("stamina always tries once")

    def _read(self, made: dict[str, Any], started: float, stop: tuple[str, ...]) -> Answer:
        """The answer in what the server returned. Raises: InfrastructureError if there is none."""
        whole = json.dumps(made, ensure_ascii=False)[:SHOWN]
        choice = _choice(made)
        if choice is None:
            said = f"what it returned is no chat completion: {whole}"
            raise InfrastructureError(self._said(said))
        if choice.get("stop_reason") in stop:  # vLLM's: the text at which it was told to stop
            choice = choice | {"stop_reason": None}
        text, thoughts, refusal = _parts(choice)
        usage = made.get("usage")
        usage = usage if isinstance(usage, dict) else {}
        details = usage.get("prompt_tokens_details")
        cached = details.get("cached_tokens") if isinstance(details, dict) else None
        tokens = _count(usage.get("completion_tokens"))
        reason = REFUSED if refusal else _reason(choice, text)
        said = refusal or with_thoughts(thoughts, text)
        return Answer(
            text=said,
            finish_reason=ended(self._model.base_url, reason, said, tokens, whole),
            prompt_tokens=_count(usage.get("prompt_tokens")),
            cached_tokens=_count(cached),
            completion_tokens=tokens,
            seconds=time.monotonic() - started,
            engine=_said_of_itself(made),
        )

    def _cause(self, error: Exception) -> str:
        if isinstance(error, connections.FAILURES):
            return connections.cause(error, self._model.base_url)
        return str(error) or type(error).__name__

    def _said(self, what: str) -> str:
        return f"{self._model.base_url}: {' '.join(what.split())[: 2 * SHOWN]}"


def body_of(model: OpenAI, request: Request, max_tokens: int | None = None) -> dict[str, Any]:
    """What is sent of a request to a model's server."""
    send, sampling = model.send, request.sampling
    messages = request.chat()
    if not send.system and [each["role"] for each in messages[:1]] == ["system"]:
        system, *messages = messages
        first = messages[0]
        messages[0] = first | {"content": f"{system['content']}\n\n{first['content']}"}
    body: dict[str, Any] = {
        "model": model.model,
        "messages": messages,
        send.max_tokens: max_tokens or sampling.max_tokens,
    }
    if send.temperature:
        body["temperature"] = sampling.temperature
    if send.top_p:
        body["top_p"] = sampling.top_p
    if send.seed and request.seed is not None:
        body["seed"] = request.seed
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if request.schema is not None and send.structured_output != "none":
        body["response_format"] = {"type": send.structured_output}
        if send.structured_output == "json_schema":
            schema = {"name": "answer", "schema": request.schema, "strict": True}
            body["response_format"]["json_schema"] = schema
    body |= model.extra_body
    if request.thinking is not None:  # as vLLM, SGLang and llama.cpp call it
        more = body.get("chat_template_kwargs") or {}
        body["chat_template_kwargs"] = more | {"enable_thinking": request.thinking}
    return body


def _choice(made: dict[str, Any]) -> dict[str, Any] | None:
    """The first choice, if it is one: a message may lack a text, which a model may never have come to,
    and a refusal may lack a message."""
    choices = made.get("choices")
    choice = choices[0] if isinstance(choices, list) and choices else None
    if not isinstance(choice, dict):
        return None
    message = choice.get("message")
    if isinstance(message, dict) and isinstance(message.get("content"), str | list | None):
        return choice
    return choice | {"message": {}} if _reason(choice, "") == REFUSED else None


def _reason(choice: dict[str, Any], text: str) -> Any:
    """How a choice's answer ended, in the server's word or in one of ours."""
    if choice.get("error"):  # OpenRouter's, of the provider behind it
        return REFUSED if failures.is_refusal(json.dumps(choice["error"])) else "error"
    reasons = [choice.get(name) for name in _REASONS]
    if REFUSED in map(known, reasons):
        return REFUSED
    message = choice.get("message")
    calls = isinstance(message, dict) and message.get("tool_calls")
    return "tool_calls" if calls and not text else reasons[0]  # nobody gave it a tool


def _parts(choice: dict[str, Any]) -> tuple[str, Any, str]:
    """What a message says, what was thought, and the words of a refusal."""
    message = choice["message"]
    content, refusal = message.get("content"), message.get("refusal")
    # as most call it, or as vLLM and Ollama do now
    thoughts = message.get("reasoning_content") or message.get("reasoning")
    refusal = refusal if isinstance(refusal, str) else ""
    if not isinstance(content, list):
        return content or "", thoughts, refusal
    parts = [part for part in content if isinstance(part, dict)]
    said = [part["text"] for part in parts if isinstance(part.get("text"), str)]
    refusals = [part["refusal"] for part in parts if isinstance(part.get("refusal"), str)]
    thought = [
        inner["text"]
        for part in parts
        if isinstance(part.get("thinking"), list)  # Mistral's
        for inner in part["thinking"]
        if isinstance(inner, dict) and isinstance(inner.get("text"), str)
    ]
    return "".join(said), thoughts or "".join(thought), refusal or "".join(refusals)


def _count(tokens: Any) -> int | None:
    return tokens if isinstance(tokens, int) and not isinstance(tokens, bool) else None


def _said_of_itself(made: dict[str, Any]) -> str:
    """The protocol, the name under which the server knows the model, and its fingerprint, if it says so."""
    told = (made.get("model"), made.get("system_fingerprint"))
    said = [word for word in told if isinstance(word, str) and word]
    return " ".join([_NAME, *said])[:SHOWN]


def load(model: OpenAI, tries: int = TRIES) -> OpenAIEngine:
    """A client for the server. The key comes from the environment and is kept nowhere else.

    Raises: FoureyesError if there is no key, or nobody has said that this server may have it.
    """
    key = (os.environ.get(model.api_key_env) or "").strip()
    if key:
        keys.check(model.name, model.api_key_env, model.base_url)
    if not key and model.api_key_env != "OPENAI_API_KEY":
        raise FoureyesError(
            f"models.{model.name}: the environment variable {model.api_key_env} is not set"
        )
    if not (key.isascii() and key.isprintable()):
        raise FoureyesError(
            f"models.{model.name}: what the environment variable {model.api_key_env} holds cannot be "
            "a key: it has other characters than printable ASCII"
        )
    return OpenAIEngine(model, key, tries)
