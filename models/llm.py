"""How a language model is named, loaded and sampled: the part of a sweep file that workers read too."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter


class Sampling(BaseModel):
    """How tokens are drawn. Temperature 0 is greedy, and then no seed is sent.

    An answer ends before any of the texts in `stop`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    max_tokens: int = Field(default=768, ge=1)
    stop: tuple[str, ...] = ()
    seed: int = 0

    def asked(self) -> dict[str, Any]:
        """What a call says of it, as its key has it: the seed is told with each call."""
        return self.model_dump(mode="json", exclude={"seed"} if self.stop else {"seed", "stop"})


class Model(BaseModel):
    """What every engine's model has in common.

    `name` becomes the queue `model.<name>`; `price_per_hour` is in USD and only used for cost.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(default="", pattern=r"^[a-z0-9][a-z0-9._-]*$|^$", max_length=60)
    sampling: Sampling = Sampling()
    price_per_hour: float = Field(default=0.0, ge=0.0)
    threads: int = Field(default=1, ge=1, le=512, description="calls the worker keeps in flight")
    #: Whether the chat template lets the model reason first; None leaves it to the template.
    thinking: bool | None = None

    #: Settings of an engine that decide how fast it answers, and not what.
    speed: ClassVar[frozenset[str]] = frozenset()

    @property
    def in_flight(self) -> int:
        """Threads of the worker."""
        return self.threads

    def identity(self) -> dict[str, Any]:
        """What decides the answers apart from prompt and sampling; part of every completion's key."""
        apart = {"name", "sampling", "price_per_hour", "threads", "thinking"}
        return self.model_dump(mode="json", exclude=apart | self.speed, exclude_none=True)


class LlamaCpp(Model):
    """A GGUF file run on the CPU in the worker process. `model` is a catalogue name or a path."""

    engine: Literal["llamacpp"]
    model: str
    context: int = Field(default=4096, ge=512)


class OpenAI(Model):
    """Any OpenAI-compatible server. The key is read from the environment variable `api_key_env`.

    `requests_per_minute` is the most that one worker of the model sends.
    """

    engine: Literal["openai"]
    model: str
    base_url: str
    api_key_env: str = "OPENAI_API_KEY"
    timeout: float = Field(default=300.0, gt=0)
    requests_per_minute: float | None = Field(default=None, gt=0)

    speed = frozenset({"requests_per_minute"})


class VLLM(Model):
    """A model that vLLM runs on the worker's GPUs, in the worker process.

    `model` is a name on the Hugging Face hub or a folder. `gpus` are those of the machine that it
    may use, unless CUDA_VISIBLE_DEVICES says so already; `gpu_memory` is the share of their memory
    that weights and cache may take, and `timeout` the seconds that a call may take, waiting
    included. Without `batch_invariant`, which costs speed, even greedy answers depend on what else
    is in the batch. A model that thinks needs `reasoning_parser` (as vLLM names them, e.g. qwen3),
    or an answer in JSON would have to begin with its first thought.
    """

    engine: Literal["vllm"]
    model: str
    revision: str | None = None
    dtype: str = "auto"
    quantization: str | None = Field(default=None, description="None: as the checkpoint says")
    context: int | None = Field(default=None, ge=256, description="None: the model's own")
    kv_cache_dtype: str = "auto"
    batch_invariant: bool = False
    reasoning_parser: str | None = None
    tensor_parallel: int = Field(default=1, ge=1)
    gpus: tuple[int, ...] = ()
    gpu_memory: float = Field(default=0.9, gt=0, le=1)
    timeout: float = Field(default=1800.0, gt=0)
    threads: int = Field(default=64, ge=1, le=512)

    speed = frozenset({"tensor_parallel", "gpus", "gpu_memory", "timeout"})

    @property
    def in_flight(self) -> int:
        """A quarter more than fit into the batch: a place in it must not wait for the queue."""
        return self.threads + -(-self.threads // 4)


class Replay(Model):
    """Answers only what was recorded before: `identity_of` names the model that was recorded.

    `recording` is a JSON-lines file of `{"key": ..., "text": ...}`; completions already in the
    database are reused without it.
    """

    engine: Literal["replay"]
    identity_of: dict[str, Any]
    recording: str | None = None

    def identity(self) -> dict[str, Any]:
        """The recorded model's, so that keys are equal to the recorded ones."""
        return self.identity_of


class Scripted(Model):
    """Canned answers with a stated latency, for tests and load; never the default of anything."""

    engine: Literal["scripted"]
    script: str
    latency: float = Field(default=0.0, ge=0.0, description="mean seconds a call takes")


AnyModel = Annotated[LlamaCpp | OpenAI | VLLM | Replay | Scripted, Field(discriminator="engine")]

_ANY: TypeAdapter[AnyModel] = TypeAdapter(AnyModel)


def read(settings: dict[str, Any]) -> AnyModel:
    """The model of a row's `settings`. Raises: pydantic.ValidationError if it is none."""
    return _ANY.validate_python(settings)
