"""llama.cpp in this process: GGUF models on a CPU, the embedded default."""

import json
import mmap
import os
import re
import secrets
import time
from pathlib import Path
from typing import Any

from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.models.llm import LlamaCpp
from foureyes.models.weights import locate
from foureyes.worker.engines.base import Answer, Request, unanswered, with_thoughts
from foureyes.worker.engines.ends import ended

#: How long a waiting thread spins, in OpenMP's iterations. Two models and a sandbox share a small
#: machine: the library's default burns the others' time, and none at all costs a third of the
#: speed of a model that is alone (bench/engines.py).
SPIN: str | None = "500"
#: Whether words of the prompt are proposed where an answer repeats it, and all checked in one step: a
#: fix is often its draft with a line changed (bench/engines.py).
PROMPT_LOOKUP = True
#: Bytes in which a file's own description, its vocabulary included, comes to an end.
_DESCRIPTION = 64 << 20
#: Megabytes of prompts kept for later calls, for each call of a batch: all steps on a problem begin with
#: its specification, and the more are computed together, the more lie between two of them.
_PROMPT_CACHE = 128


class LlamaCppEngine:
    """A loaded GGUF model. It computes as many calls together as it has `threads`; others wait.

    One by one, the same calls in the same order have the same greedy answers. In another order a
    prompt's beginning may have been read in other portions, and beside other calls sums are rounded
    in another order: where two words are nearly as likely that decides.
    """

    def __init__(self, server: Any, version: str) -> None:
        self._server = server
        self._version = version

    def complete(self, request: Request) -> Answer:
        """Answer in the shape of the model's own chat template."""
        asked: dict[str, Any] = {
            "messages": request.chat(),
            "temperature": request.sampling.temperature,
            "top_p": request.sampling.top_p,
            "max_tokens": request.sampling.max_tokens,
            "seed": request.seed if request.seed is not None else 0,
        }
        if request.sampling.stop:
            asked["stop"] = list(request.sampling.stop)
        if request.schema is not None:
            asked["response_format"] = {
                "type": "json_schema",
                "json_schema": {"name": "answer", "schema": request.schema},
            }
        if request.thinking is not None:
            asked["chat_template_kwargs"] = {"enable_thinking": request.thinking}
        started = time.monotonic()
        try:
            made = self._server.handle_chat_completions(asked)
        except Exception as error:  # the bindings raise RuntimeError and ValueError alike
            raise InfrastructureError(f"llama.cpp: {error}") from error
        if isinstance(made, str | bytes):
            made = json.loads(made)
        if "error" in made:
            if made["error"].get("type") == "exceed_context_size_error":
                return unanswered(started, self._version)
            self._refuse(made["error"])
        choice, usage = made["choices"][0], made["usage"]
        message, tokens = choice["message"], usage["completion_tokens"]
        text = with_thoughts(message.get("reasoning_content"), message.get("content") or "")
        return Answer(
            text=text,
            finish_reason=ended("llama.cpp", choice["finish_reason"], text, tokens),
            prompt_tokens=usage["prompt_tokens"],
            cached_tokens=usage.get("prompt_tokens_details", {}).get("cached_tokens"),
            completion_tokens=tokens,
            seconds=time.monotonic() - started,
            engine=self._version,
        )

    def close(self) -> None:
        """Stop the server's threads and free the model."""
        self._server = None

    def _refuse(self, error: dict[str, Any]) -> None:
        said = f"llama.cpp: {error.get('message', error)}"
        if error.get("type") == "invalid_request_error":
            raise RequestRefused(said)
        raise InfrastructureError(said)


def load(model: LlamaCpp) -> LlamaCppEngine:
    """Load a GGUF file. Call after any fork, once a process.

    Raises: FoureyesError if it is not there, cannot be loaded, or is no model that one can talk to.
    """
    path = locate(model.weights)
    if SPIN is not None:
        os.environ["GOMP_SPINCOUNT"] = SPIN  # read when the library is loaded
    import xllamacpp

    params = xllamacpp.CommonParams()
    params.model.path = str(path)
    params.n_ctx = model.context * model.threads
    params.n_parallel = model.threads
    params.cache_ram_mib = _PROMPT_CACHE * model.threads
    params.fit_params = False
    params.warmup = False
    params.verbosity = 0
    if PROMPT_LOOKUP:
        # from this call's own words, so that answers do not depend on other calls
        lookup = xllamacpp.common_speculative_type.COMMON_SPECULATIVE_TYPE_NGRAM_SIMPLE
        params.speculative.types = [lookup]
    # The library opens a port on the loopback interface; nobody is told its key.
    params.api_keys = [secrets.token_hex(32)]
    for threads in (params.cpuparams, params.cpuparams_batch):
        threads.n_threads = len(os.sched_getaffinity(0))
    try:
        server = xllamacpp.Server(params)
    except Exception as error:  # the bindings raise RuntimeError and others alike
        raise FoureyesError(f"{path}: llama.cpp cannot load it ({error})") from None
    # Whoever drops a server that is still starting waits for ever: it must have answered once.
    server.handle_chat_completions({"messages": [{"role": "user", "content": ""}], "max_tokens": 1})
    _check_template(path)
    return LlamaCppEngine(server, _version(xllamacpp, model.threads))


def _version(library: Any, together: int) -> str:
    """The library's, with what else decides how sums are rounded: the processor's instructions that it
    was built for, among other things, whether words are looked up, and how many calls are computed
    together."""
    built_with = re.findall(r"(\w+) = 1", library.get_system_info())
    lookup = ", prompt lookup" if PROMPT_LOOKUP else ""
    beside = f", {together} together" if together > 1 else ""
    return f"xllamacpp {library.__version__} ({' '.join(built_with)}{lookup}{beside})"


def _check_template(path: Path) -> None:
    """Raises: FoureyesError if a GGUF file has no chat template: llama.cpp would make do with Qwen's."""
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        if content.find(b"tokenizer.chat_template", 0, _DESCRIPTION) < 0:
            raise FoureyesError(f"{path}: it has no chat template. It must be an instruct model.")
