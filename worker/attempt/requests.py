"""From a step to the exact call that answers it, and the key that call is known by."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from foureyes.models.digest import digest
from foureyes.models.llm import SEEDS_APART, AnyModel
from foureyes.models.storable import storable
from foureyes.worker.patterns.steps import CompletionStep
from foureyes.worker.patterns.style import Style
from foureyes.worker.patterns.templates import Templates


@dataclass(frozen=True)
class WantedCall:
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

    @cached_property
    def _system(self) -> str:
        return self.templates.render("system", style=self.style)

    def call(
        self, step: CompletionStep, model: AnyModel, sample: int, again: int = 0
    ) -> WantedCall:
        """The call that answers a step when `model` plays its role.

        Greedy calls carry no seed, so all samples share one; others draw with the seed of their
        sample, and with another one if the attempt asks the same `again`.
        """
        sampling = model.sampling.model_copy(update=step.sampling.settings())
        seed = sampling.seed + sample + SEEDS_APART * (step.sampling.seed + again)
        request: dict[str, Any] = {
            "model": model.identity(),
            "messages": [
                {"role": "system", "content": self._system},
                {
                    "role": "user",
                    "content": storable(
                        self.templates.render(step.prompt, style=self.style, **step.variables())
                    ),
                },
            ],
            "sampling": sampling.asked(),
            "seed": seed if sampling.temperature > 0 else None,
            "schema": step.answer_schema(self.style),
        }
        thinking = model.thinking if self.style.thinking is None else self.style.thinking
        if thinking is not None:
            request["thinking"] = thinking
        if self.fresh:
            request["fresh"] = self.fresh
        return WantedCall(digest(request), step.prompt, self.templates.hash(step.prompt), request)
