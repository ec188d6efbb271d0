"""From a step to the exact call that answers it, and the key that call is known by."""

from dataclasses import dataclass
from typing import Any

from models.digest import digest
from models.enums import Suite
from models.llm import AnyModel
from worker.steps import CompletionStep, Draft
from worker.style import Style
from worker.templates import Templates

#: Seeds between a draft and another of the same attempt; more than an attempt's number can be.
_SEEDS_APART = 1000


@dataclass(frozen=True)
class Call:
    """One model call, complete: what is sent, and the key under which its answer is kept."""

    key: str
    prompt: str
    prompt_hash: str
    request: dict[str, Any]


@dataclass(frozen=True)
class Caller:
    """Writes the calls of one sweep in one style. `fresh` sets them apart from all other sweeps'."""

    templates: Templates
    style: Style
    fresh: str = ""

    def call(self, step: CompletionStep, model: AnyModel, sample: int, again: int = 0) -> Call:
        """The call that answers a step when `model` plays its role.

        Greedy calls carry no seed, so all samples share one; others draw with the seed of their
        sample, and with another one if the attempt asks the same `again`.
        """
        sampling = model.sampling
        seed = sampling.seed + sample + _SEEDS_APART * again
        if isinstance(step, Draft):
            seed += _SEEDS_APART * step.another
            if step.temperature is not None:
                sampling = sampling.model_copy(update={"temperature": step.temperature})
        request: dict[str, Any] = {
            "model": model.identity(),
            "messages": [
                {"role": "system", "content": self.templates.render("system", style=self.style)},
                {
                    "role": "user",
                    "content": self.templates.render(
                        step.prompt, style=self.style, **step.variables()
                    ),
                },
            ],
            "sampling": sampling.asked(),
            "seed": seed if sampling.temperature > 0 else None,
            # in a style of text nothing is bound to a schema, whatever the step
            "schema": step.schema if self.style.review_format == "json" else None,
        }
        thinking = model.thinking if self.style.thinking is None else self.style.thinking
        if thinking is not None:
            request["thinking"] = thinking
        if self.fresh:
            request["fresh"] = self.fresh
        return Call(digest(request), step.prompt, self.templates.hash(step.prompt), request)


#: The judge of a replay's visible tests: the recording, whatever Python made it.
RECORDED = "recorded"


def execution_key(suite: Suite, version: str, code: str, judge_version: str) -> str:
    """The key of judging a program by one suite of a problem's version.

    `judge_version` is whoever judges, as worker.sandbox.judge.identity says it.
    """
    return digest([suite, version, code, judge_version])
