"""How prompts are written and answers read: options that every pattern has."""

from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

#: How a review comes to its verdict.
Wording = Literal["reasons-first", "examples", "verdict-first", "trace", "checklist"]


class Style(BaseModel):
    """Which templates are used, how answers are to be given, and how they are read."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: Options that runs were made without: at their defaults they are no part of a run's options, so
    #: that those runs are the same runs still.
    since: ClassVar[frozenset[str]] = frozenset({"verdict", "extraction"})

    #: A folder of templates, shipped or beside the sweep file.
    prompts: str = Field("default", pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)
    #: Switches a model's reasoning section on or off where its chat template can; unset leaves it to
    #: the model's own setting.
    thinking: bool | None = None
    #: A review in `json` is constrained to its schema by engines that can; one in `text` ends in a
    #: line `Verdict: approve` or `Verdict: revise`, and then no step sends a schema.
    review_format: Literal["json", "text"] = "json"
    #: How a review comes to its verdict: after its reasons, `examples` shows a whole answer of each
    #: verdict; `verdict-first` before them; `trace` after the examples of the specification were
    #: walked through; `checklist` after some questions that are the same for every draft.
    verdict: Wording = "reasons-first"
    #: Where a program is looked for: in the `whole` answer, or only in what stands between its last
    #: two lines with three back-ticks (`last-block`), as LiveCodeBench does.
    extraction: Literal["whole", "last-block"] = "whole"

    @classmethod
    def told(cls, options: dict[str, Any]) -> dict[str, Any]:
        """A pattern's options as its runs keep them."""
        usual = {name: cls.model_fields[name].default for name in cls.since}
        return {
            name: value
            for name, value in options.items()
            if name not in usual or value != usual[name]
        }
