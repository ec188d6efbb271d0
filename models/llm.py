"""How a language model is named, loaded and sampled: the part of a sweep file that workers read too."""

from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, field_validator, model_validator

#: Between the seeds of one question's answers in an attempt; more than a sample's number can be.
SEEDS_APART = 1000


class ModelSampling(BaseModel):
    """How tokens are drawn."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: 0 is greedy, and then no seed is sent.
    temperature: float = Field(default=0.0, ge=0.0, le=2.0)
    #: Only the likeliest tokens that together have this probability.
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    #: The longest answer.
    max_tokens: int = Field(default=768, ge=1)
    #: An answer ends before any of these texts.
    stop: tuple[str, ...] = ()
    #: The first sample's; each further sample has the next one.
    seed: int = 0

    def asked(self) -> dict[str, Any]:
        """What a call says of it, as its key has it: the seed is told with each call."""
        return self.model_dump(mode="json", exclude={"seed"} if self.stop else {"seed", "stop"})


#: What a sweep file calls a model.
ModelName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9._-]*$", max_length=60)]


class Model(BaseModel):
    """What every engine's model has in common."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Becomes the queue `model.<name>`.
    name: ModelName | Literal[""] = ""
    #: How its answers are drawn.
    sampling: ModelSampling = ModelSampling()
    #: In USD, of one worker's machine; only used for cost.
    price_per_hour: float = Field(default=0.0, ge=0.0)
    #: Calls that a worker keeps in flight.
    threads: int = Field(default=1, ge=1, le=512)
    #: Whether the chat template lets the model reason first; unset leaves it to the template.
    thinking: bool | None = None

    #: Settings of an engine that decide how fast it answers, and not what.
    speed: ClassVar[frozenset[str]] = frozenset()

    @property
    def in_flight(self) -> int:
        """Threads of the worker."""
        return self.threads

    @property
    def answers_from(self) -> str | None:
        """What its answers are taken from; None if it makes them."""
        return None

    def identity(self) -> dict[str, Any]:
        """What decides the answers apart from prompt and sampling; part of every completion's key."""
        apart = {"name", "sampling", "price_per_hour", "threads", "thinking"}
        return self.model_dump(mode="json", exclude=apart | self.speed, exclude_none=True)


class LlamaCpp(Model):
    """A GGUF file run on the CPU in the worker process."""

    engine: Literal["llamacpp"]
    #: A name from `foureyes models list`, or the path of a GGUF file, looked for beside the sweep file.
    model: str
    #: Tokens of a prompt and its answer together.
    context: int = Field(default=4096, ge=512)
    #: The largest batch. With more than one even greedy answers depend on what else is in it.
    threads: int = Field(default=1, ge=1, le=256)
    #: The file's whole path, filled in when a sweep is enqueued: workers are started in any folder.
    path: str | None = None

    speed = frozenset({"path"})

    @property
    def weights(self) -> str:
        """What the worker that runs it is to load."""
        return self.path or self.model


class Send(BaseModel):
    """What a server is sent of a call, for those that refuse what others take.

    What is not sent is still said in `sampling`: it tells what the server does by itself, and whether
    samples differ.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    #: Under which name `sampling.max_tokens` is sent.
    max_tokens: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    #: Whether it is sent.
    temperature: bool = True
    #: Whether it is sent.
    top_p: bool = True
    #: Whether it is sent, where answers are drawn.
    seed: bool = True
    #: Whether it is a message of its own; else what it says begins the user's.
    system: bool = True
    #: How an answer in JSON is asked for: by its schema, as any JSON, or by the prompt alone.
    structured_output: Literal["json_schema", "json_object", "none"] = "json_schema"


#: What `api_key_env` of the models said that were read here: what a bug's details must not hold.
KEY_VARIABLES: set[str] = set()


class OpenAI(Model):
    """Any OpenAI-compatible server."""

    engine: Literal["openai"]
    #: What the server calls it.
    model: str
    #: Up to and with the version, e.g. `http://127.0.0.1:8000/v1`.
    base_url: str
    #: The variable in the worker's environment that holds the key.
    api_key_env: str = "OPENAI_API_KEY"
    #: Seconds that a call may take, tries included, and waiting for its turn not.
    timeout: float = Field(default=300.0, gt=0)
    #: The most that one worker of the model sends; unset: no limit.
    requests_per_minute: float | None = Field(default=None, gt=0)
    #: What is sent, and how; `foureyes models try` says what a server refuses.
    send: Send = Send()
    #: Sent as it is beside the rest, e.g. `{ reasoning_effort = "low" }`.
    extra_body: dict[str, Any] = {}

    speed = frozenset({"requests_per_minute", "send", "extra_body"})
    #: A variable's name and a time limit decide no answer, but were part of the identity once. Their
    #: defaults stay in it: so the keys that were made with them still hold (migration 0010 mends those
    #: that were made with others).
    _FORMERLY: ClassVar[dict[str, Any]] = {"api_key_env": "OPENAI_API_KEY", "timeout": 300.0}

    @field_validator("base_url")
    @classmethod
    def _without_slash(cls, value: str) -> str:
        return value.rstrip("/")

    @field_validator("api_key_env")
    @classmethod
    def _noted(cls, value: str) -> str:
        KEY_VARIABLES.add(value)
        return value

    def identity(self) -> dict[str, Any]:
        """With what is sent otherwise than by default; a name for the same thing is no other thing."""
        sent = self.send.model_dump(mode="json", exclude={"max_tokens"}, exclude_defaults=True)
        told = {"send": sent, "extra_body": self.extra_body}
        return (
            super().identity() | self._FORMERLY | {key: said for key, said in told.items() if said}
        )


class VLLM(Model):
    """A model that vLLM runs on the worker's GPUs, in processes below the worker."""

    engine: Literal["vllm"]
    #: A name on the Hugging Face hub, or a folder, looked for beside the sweep file first.
    model: str
    #: The hub's branch, tag or commit; unset: the newest.
    revision: str | None = None
    #: As vLLM has it.
    dtype: str = "auto"
    #: As vLLM has it; unset: as the checkpoint says.
    quantization: str | None = None
    #: Tokens of a prompt and its answer together; unset: the model's own.
    context: int | None = Field(default=None, ge=256)
    #: As vLLM has it.
    kv_cache_dtype: str = "auto"
    #: Costs speed; without it even greedy answers depend on what else is in the batch.
    batch_invariant: bool = False
    #: As vLLM names them, e.g. qwen3. A model that thinks needs it, or an answer in JSON would have
    #: to begin with its first thought.
    reasoning_parser: str | None = None
    #: GPUs that share one copy of the model.
    tensor_parallel: int = Field(default=1, ge=1)
    #: Those of the machine that it may use, unless CUDA_VISIBLE_DEVICES says so already.
    gpus: tuple[int, ...] = ()
    #: `sleep`: it takes turns on its cards with the other models that say so, and sleeps, its weights in
    #: main memory, while another has its turn.
    share: Literal["sleep"] | None = None
    #: The share of their memory that weights and cache may take; 0.9, with `share` 0.85: models that
    #: sleep keep a little of a card.
    gpu_memory: float = Field(
        default_factory=lambda told: 0.9 if told.get("share") is None else 0.85, gt=0, le=1
    )
    #: Seconds that a call may take, waiting for a place in the batch included, and for a turn not.
    timeout: float = Field(default=1800.0, gt=0)
    #: The largest batch.
    threads: int = Field(default=64, ge=1, le=512)
    #: Processes that make tokens of texts and texts of tokens for one engine; each takes a processor
    #: and a gigabyte of memory.
    feeders: int = Field(default=1, ge=1, le=16)
    #: Any other argument of vLLM's, by vLLM's name for it, e.g. `{ load_format = "dummy" }`. What is
    #: said here holds against all of the above, and is part of what the model is.
    engine_args: dict[str, Any] = {}
    #: The folder's whole path, filled in when a sweep is enqueued where it is there: workers are started in any.
    path: str | None = None

    speed = frozenset(
        {"tensor_parallel", "gpus", "gpu_memory", "share", "timeout", "feeders", "path"}
    )

    @model_validator(mode="after")
    def _can_sleep(self) -> "VLLM":
        if self.share == "sleep" and not self.engine_args.get("enable_sleep_mode", True):
            raise ValueError('`share = "sleep"` needs what engine_args.enable_sleep_mode forbids')
        return self

    def identity(self) -> dict[str, Any]:
        """With vLLM's own arguments where there are any: models without keep the keys they had."""
        told = super().identity()
        if not self.engine_args:
            del told["engine_args"]
        return told

    @property
    def weights(self) -> str:
        """What the worker that runs it is to load."""
        return self.path or self.model

    @property
    def memory_share(self) -> float:
        """The share of its cards' memory that the engine is started with."""
        share: float = self.engine_args.get("gpu_memory_utilization", self.gpu_memory)
        return share

    @property
    def in_flight(self) -> int:
        """A quarter more than fit into the batch: a place in it must not wait for the queue."""
        return self.threads + -(-self.threads // 4)


class Replay(Model):
    """Answers only what was recorded before."""

    engine: Literal["replay"]
    #: The identity of the model that was recorded.
    identity_of: dict[str, Any]
    #: A JSON-lines file of `{"key": ..., "text": ...}`; completions already in the database are
    #: reused without it.
    recording: str | None = None
    #: The recording's hash, filled in when a sweep is enqueued: it is where the answers come from.
    recording_hash: str = ""

    @property
    def answers_from(self) -> str | None:
        """The recording."""
        if self.recording is None:
            return "no recording"
        return f"recording {Path(self.recording).name} ({self.recording_hash[:12]})"

    def identity(self) -> dict[str, Any]:
        """The recorded model's, so that keys are equal to the recorded ones."""
        return self.identity_of


class Scripted(Model):
    """Canned answers with a stated latency, for tests and load; never the default of anything."""

    engine: Literal["scripted"]
    #: A TOML file of rules, looked for beside the sweep file; the first whose texts are in the prompt
    #: answers it.
    script: str
    #: Mean seconds a call takes.
    latency: float = Field(default=0.0, ge=0.0)
    #: The script's hash, filled in when a sweep is enqueued: other rules are another model.
    script_hash: str = ""

    speed = frozenset({"latency"})

    def identity(self) -> dict[str, Any]:
        """By what the script says, wherever it lies."""
        told = super().identity()
        if self.script_hash:
            del told["script"]
        return told


AnyModel = Annotated[LlamaCpp | OpenAI | VLLM | Replay | Scripted, Field(discriminator="engine")]

_ANY: TypeAdapter[AnyModel] = TypeAdapter(AnyModel)


def read(settings: dict[str, Any]) -> AnyModel:
    """The model of a row's `settings`. Raises: pydantic.ValidationError if it is none."""
    return _ANY.validate_python(settings)
