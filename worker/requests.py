"""From a step to the exact call that answers it, and the key that call is known by."""

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from models.enums import Suite
from models.llm import AnyModel
from worker.steps import CompletionStep

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "prompts"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - prompts are plain text for a model; pages escape for themselves
)


@dataclass(frozen=True)
class Call:
    """One model call, complete: what is sent, and the key under which its answer is kept."""

    key: str
    prompt: str
    prompt_hash: str
    request: dict[str, Any]


def digest(value: Any) -> str:
    """The SHA-256 of a JSON value in its canonical form."""
    canonical = json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


@cache
def prompt_hash(prompt: str) -> str:
    """The hash of everything in the files that the prompt is rendered from."""
    loader = _TEMPLATES.loader
    assert loader is not None
    names = ["system.md", "_specification.md", f"{prompt}.md"]
    sources = [loader.get_source(_TEMPLATES, name)[0] for name in names]
    return digest(sources)[:16]


def call(step: CompletionStep, model: AnyModel, sample: int) -> Call:
    """The call that answers a step when `model` plays its role.

    Greedy calls carry no seed, so all samples share one; others draw with the seed of their sample.
    """
    sampling = model.sampling
    request = {
        "model": model.identity(),
        "messages": [
            {"role": "system", "content": _render("system")},
            {"role": "user", "content": _render(step.prompt, **step.variables())},
        ],
        "sampling": sampling.model_dump(exclude={"seed"}),
        "seed": sampling.seed + sample if sampling.temperature > 0 else None,
        "schema": step.schema,
    }
    return Call(digest(request), step.prompt, prompt_hash(step.prompt), request)


def _render(prompt: str, **variables: Any) -> str:
    return _TEMPLATES.get_template(f"{prompt}.md").render(**variables).strip()


def execution_key(suite: Suite, version: str, code: str, judge_version: str) -> str:
    """The key of judging a program by one suite of a problem's version."""
    return digest([suite, version, code, judge_version])
