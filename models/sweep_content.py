"""What the row of a sweep holds of its file: whoever enqueues writes it, workers and readers read it."""

from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field

from foureyes.models.enums import Kind
from foureyes.models.llm import AnyModel
from foureyes.models.team import Team


class ExpectedCalls(BaseModel):
    """What an attempt of one run is expected to ask of one model in one kind of step, on average."""

    model_config = ConfigDict(frozen=True)

    model: str
    kind: Kind
    #: Steps, whoever else asks the same.
    steps: float
    #: Of these, steps whose call nobody had made; None in rows of before, which did not say.
    steps_not_done: float | None = None
    #: Of the steps, calls that no earlier run asks and that nobody has made: what it adds to the work.
    calls: float
    #: Of one question, and of its answer.
    prompt_tokens: int
    tokens: int
    #: That one such call keeps the model busy; None where no speed is known.
    seconds: float | None


class SweepContent(BaseModel):
    """A sweep file as it was enqueued last, checked then, and what lay beside it.

    `patterns`, `benchmarks` and `prompts` are as they were written: runs have them taken apart.
    """

    model_config = ConfigDict(frozen=True)

    name: str = ""
    benchmarks: list[Any] = []
    patterns: list[Any] = []
    prompts: str | list[str] = "default"
    models: dict[str, AnyModel] = {}
    #: In rows and archives of before, `pairings`.
    teams: list[Team] = Field(default=[], validation_alias=AliasChoices("teams", "pairings"))
    samples: int = 1
    #: Python modules with patterns of the user's own, where they lay, and what they were.
    modules: list[str] = []
    module_folder: str = ""
    module_hashes: dict[str, str] = {}
    #: The texts of a user's own prompts, by folder and template; those beside modules by no folder ("").
    prompt_files: dict[str, dict[str, str]] = {}
    #: What sets the calls of this sweep apart from those that were made before.
    fresh: str = ""
    #: For each run, in the order of the grid, what its attempts were expected to ask when the sweep was
    #: enqueued first: what the time that is left is told by. Nothing if nobody has estimated it.
    expected: list[list[ExpectedCalls]] = []

    def copying(self) -> list[str]:
        """The teams of which all models answer at temperature 0: to one question always the same.

        So their samples are none. If one of them draws its answers, so do the samples of every run that
        asks it.
        """
        greedy = {name for name, model in self.models.items() if model.sampling.temperature == 0}
        return [team.name for team in self.teams if set(team.roles.values()) <= greedy]


def as_written(file: dict[str, Any]) -> dict[str, Any]:
    """What a sweep's row holds of its file, without what was estimated beside it: for a person to read."""
    return {name: value for name, value in file.items() if name != "expected"}
