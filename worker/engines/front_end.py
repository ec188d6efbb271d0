"""vLLM's front end: one AsyncLLM, and what is asked of it and read of its answers.

It runs in a process of its own, a feeder (worker/engines/feeder.py). What it computes at the same time
is its own decision (continuous batching). It reads its environment when it is imported, so that
happens in `prepare` and not at the top.
"""

import asyncio
import difflib
import itertools
import os
import time
from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any

from pydantic import ValidationError

from foureyes.models.errors import FoureyesError, InfrastructureError, RequestRefused
from foureyes.models.llm import VLLM
from foureyes.worker.engines import cards, failures
from foureyes.worker.engines.base import Answer, EngineDied, Request, unanswered
from foureyes.worker.engines.ends import ended
from foureyes.worker.engines.failures import Context

#: Seconds between two lines of vLLM's own in the log: calls running and waiting, tokens per second.
_TELL_EVERY = 10.0
#: Seconds that its tasks get to end once it is shut down.
_END_SECONDS = 5.0
#: Tokens of a prompt's end in which a template's `<think>` would be.
_PROMPT_END = 16
#: Characters of a failure's message: vLLM's may hold a whole configuration.
_SHOWN = 300


class FrontEnd:
    """A loaded model, within the event loop that it was made in."""

    def __init__(self, model: VLLM, llm: Any, version: str) -> None:
        """`llm` is vLLM's AsyncLLM."""
        self._model = model
        self._llm = llm
        self._version = f"vllm {version}"
        self._numbers = itertools.count()
        self._telling = asyncio.create_task(self._tell())

    async def check_template(self) -> None:
        """Raises: FoureyesError if the model cannot be talked to: it has no chat template."""
        try:
            await self._rendered([{"role": "user", "content": "Hello"}], None)
        except Exception as error:
            raise FoureyesError(
                f"{self._model.model} cannot take a chat: {_first_line(error)}. "
                "It needs an instruct model's chat template."
            ) from None

    async def complete(self, request: Request) -> Answer:
        """Answer in the shape of the model's own chat template.

        Raises: InfrastructureError if there is no answer; RequestRefused if there never will be;
        EngineDied if the engine can answer nothing any more.
        """
        started = time.monotonic()
        try:
            async with asyncio.timeout(self._model.timeout):  # which ends it in the engine too
                made = await self.generate(request)
        except TimeoutError:
            raise InfrastructureError(
                f"vllm: no answer within {self._model.timeout:g} s ({self._model.model})"
            ) from None
        except _client_error() as error:
            said = _first_line(error)
            room = failures.context(said)
            if room is Context.FITS:
                raise RequestRefused(f"vllm: {said}") from error
            if await self._fits_with_a_shorter_answer(request, room):
                raise RequestRefused(failures.too_small("vllm", said)) from error
            return unanswered(started, self._version)
        except Exception as error:
            kind = EngineDied if self._llm.errored else InfrastructureError
            raise kind(f"vllm: {type(error).__name__}: {_first_line(error)}") from error
        return self._read(made, started)

    def _read(self, made: Any, started: float) -> Answer:
        output = made.outputs[0]
        end = self._llm.get_tokenizer().decode(made.prompt_token_ids[-_PROMPT_END:])
        opened = end.rstrip().endswith("<think>")  # by the template, so the answer begins inside
        tokens = len(output.token_ids)
        return Answer(
            text=f"<think>\n{output.text}" if opened else output.text,
            finish_reason=ended("vllm", output.finish_reason, output.text, tokens),
            prompt_tokens=len(made.prompt_token_ids),
            cached_tokens=made.num_cached_tokens,
            completion_tokens=tokens,
            seconds=time.monotonic() - started,
            engine=self._version,
        )

    async def _fits_with_a_shorter_answer(self, request: Request, said: Context) -> bool:
        """Whether only `max_tokens` is too much; where its words leave it open, it is asked for a token."""
        if said in (Context.PROMPT, Context.BOTH):
            return said is Context.BOTH
        shorter = replace(request, sampling=request.sampling.model_copy(update={"max_tokens": 1}))
        try:
            async with asyncio.timeout(self._model.timeout):
                await self.generate(shorter)
        except _client_error():
            return False
        return True

    async def sleep(self, asleep: bool) -> None:
        """Move the weights to main memory and let go of the cards; or the other way round.

        What is in the cache is forgotten. Raises: InfrastructureError if the engine is between the two.
        """
        if asleep:
            await self._llm.sleep(level=1)
        elif await self._llm.wake_up() is False:  # None: a vLLM that does not say
            raise InfrastructureError("vllm: the engine is not fully awake")

    async def close(self) -> None:
        """End the engine's processes."""
        self._telling.cancel()
        self._llm.shutdown()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        if others:
            await asyncio.wait(others, timeout=_END_SECONDS)

    async def generate(self, request: Request) -> Any:
        """What vLLM makes of a request, as vLLM has it."""
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind, StructuredOutputsParams

        sampling = request.sampling
        params = SamplingParams(
            temperature=sampling.temperature,
            top_p=sampling.top_p,
            max_tokens=sampling.max_tokens,
            stop=list(sampling.stop),
            seed=request.seed,
            output_kind=RequestOutputKind.FINAL_ONLY,
            structured_outputs=(
                None if request.schema is None else StructuredOutputsParams(json=request.schema)
            ),
        )
        prompt = await self._rendered(request.chat(), request.thinking)
        name = f"{request.key[:16]}-{next(self._numbers)}"
        answers = [made async for made in self._llm.generate(prompt, params, name)]
        return answers[-1]

    async def _rendered(self, messages: list[dict[str, str]], thinking: bool | None) -> Any:
        """The prompt's tokens."""
        from vllm.renderers import ChatParams

        options: dict[str, Any] = {"add_generation_prompt": True}
        if thinking is not None:
            options["enable_thinking"] = thinking
        params = ChatParams(chat_template_kwargs=options)
        _, (prompt,) = await self._llm.renderer.render_chat_async([messages], params)
        return prompt

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(_TELL_EVERY)
            await self._llm.do_log_stats()


def arguments(model: VLLM) -> dict[str, Any]:
    """What the engine is started with, by vLLM's names: ours, and over them the model's own."""
    ours: dict[str, Any] = {
        "model": model.weights,
        "revision": model.revision,
        "dtype": model.dtype,
        "quantization": model.quantization,
        "max_model_len": model.context,
        "kv_cache_dtype": model.kv_cache_dtype,
        "tensor_parallel_size": model.tensor_parallel,
        "gpu_memory_utilization": model.gpu_memory,
        "max_num_seqs": model.threads,
        "enable_prefix_caching": True,  # all steps on a problem begin with its specification
        "enable_sleep_mode": model.share == "sleep",
        # a small model may go on with blanks for ever where JSON allows them
        "structured_outputs_config": {
            "backend": "xgrammar",
            "disable_any_whitespace": True,
            "reasoning_parser": model.reasoning_parser or "",
        },
    }
    return ours | model.engine_args


def check_arguments(model: VLLM, known: Collection[str], version: str) -> None:
    """Raises: FoureyesError for an argument that this vLLM does not have."""
    for name in model.engine_args:
        if name not in known:
            alike = difflib.get_close_matches(name, known, n=1)
            hint = f"; did you mean {alike[0]}?" if alike else ""
            raise FoureyesError(
                f"model {model.name!r}: engine_args: vLLM {version} has no argument {name!r}{hint}"
            )


def _client_error() -> type[Exception]:
    """What vLLM raises of a request that is itself at fault: 0.26 has no word for all of it."""
    from vllm import exceptions

    found: type[Exception] = getattr(exceptions, "VLLMClientError", exceptions.VLLMValidationError)
    return found


def prepare(model: VLLM) -> str:
    """Import vLLM with the environment that the model wants; vLLM's version.

    Raises: FoureyesError for an argument that it does not have; ModuleNotFoundError without it.
    """
    if model.gpus:
        os.environ.setdefault("CUDA_VISIBLE_DEVICES", ",".join(map(str, model.gpus)))
    if model.batch_invariant:
        os.environ["VLLM_BATCH_INVARIANT"] = "1"
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    # a fork would take over our threads' locks, and never their threads
    os.environ.setdefault("VLLM_WORKER_MULTIPROC_METHOD", "spawn")
    import vllm
    from vllm.engine.arg_utils import AsyncEngineArgs

    version: str = vllm.__version__
    check_arguments(model, [each.name for each in fields(AsyncEngineArgs)], version)
    return version


async def load(model: VLLM, client: dict[str, Any] | None = None) -> FrontEnd:
    """Load a model onto the GPUs; or, as the `client` that vLLM names, find it there.

    Raises: FoureyesError if vLLM cannot load it, or there is no talking to it.
    """
    version = prepare(model)
    try:
        llm = _shared(model, client) if client else _own(model)
    except Exception as error:
        raise not_loaded(model, error) from error
    front_end = FrontEnd(model, llm, version)
    try:
        await front_end.check_template()
    except FoureyesError:
        await front_end.close()
        raise
    return front_end


def _own(model: VLLM) -> Any:
    """A front end that starts its engine."""
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    with cards.turn():
        return AsyncLLM.from_engine_args(AsyncEngineArgs(**arguments(model)))


def _shared(model: VLLM, client: dict[str, Any]) -> Any:
    """One of several whose engine is started by vLLM (worker/engines/feeders.py)."""
    from vllm.engine.arg_utils import AsyncEngineArgs
    from vllm.v1.engine.async_llm import AsyncLLM

    told = AsyncEngineArgs(**arguments(model))
    told._api_process_count, told._api_process_rank = client["client_count"], client["client_index"]
    places = {"client_count", "client_index"}
    return AsyncLLM.from_vllm_config(
        told.create_engine_config(),
        client_addresses={key: value for key, value in client.items() if key not in places},
        client_count=client["client_count"],
        client_index=client["client_index"],
    )


def not_loaded(model: VLLM, error: Exception) -> Exception:
    """What a person is told of what vLLM says when it cannot load a model."""
    if isinstance(error, FoureyesError | ModuleNotFoundError):
        return error
    short = cards.shortage(model.memory_share)
    told = FoureyesError(
        f"vLLM cannot load {model.model}: {_first_line(error)} (the log above has the cause; a "
        "model that does not fit needs a smaller `context`, `threads`, or more GPUs)"
        + (f". {short}" if short else "")
    )
    told.__cause__ = error
    return told


def _first_line(error: BaseException) -> str:
    if isinstance(error, ValidationError):  # its first line only counts what is wrong
        wrong = error.errors()[0]
        where = ".".join(map(str, wrong["loc"]))
        return f"{where}: {wrong['msg']}".removeprefix(": ").partition("\n")[0][:_SHOWN]
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:_SHOWN]
