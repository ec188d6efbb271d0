"""How prompts are written: options that every pattern has."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Style(BaseModel):
    """Which templates are used, and how answers are to be given."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    #: A folder of templates, shipped or beside the sweep file.
    prompts: str = Field("default", pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=40)
    #: Switches a model's reasoning section on or off where its chat template can; unset leaves it to
    #: the model's own setting.
    thinking: bool | None = None
    #: A review in `json` is constrained to its schema by engines that can; one in `text` ends in a
    #: line `Verdict: approve` or `Verdict: revise`, and then no step sends a schema.
    review_format: Literal["json", "text"] = "json"
