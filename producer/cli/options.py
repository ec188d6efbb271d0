"""Options and arguments that several commands have."""

import math
from typing import Annotated

import typer

from foureyes.models.errors import FoureyesError

SweepName = Annotated[
    str | None, typer.Argument(metavar="SWEEP", help="Name or id; the latest if left out.")
]
ByRegrade = Annotated[
    int | None, typer.Option(metavar="ID", help="By the verdicts of this regrade.")
]
OneSweep = Annotated[str, typer.Argument(metavar="SWEEP", help="Name or id.")]
OnlyRuns = Annotated[
    list[str] | None,
    typer.Option(
        "--run",
        metavar="RUN",
        help="Only this run: its id, or PATTERN[:BENCHMARK[:TEAM]]; again for others.",
    ),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace a file that is no output of this command.")
]
Limit = Annotated[
    int | None, typer.Option(min=1, help="Only the first N problems of each benchmark.")
]

MaxUsd = Annotated[
    float | None, typer.Option(metavar="USD", help="Start nothing new once so much was spent.")
]
MaxTokens = Annotated[
    float | None,
    typer.Option(metavar="TOKENS", help="Once prompts and answers took so many together."),
]
MaxHours = Annotated[
    float | None, typer.Option(metavar="HOURS", help="Once calls of it were at work for so long.")
]

TrustHost = Annotated[
    list[str] | None,
    typer.Option("--trust-host", metavar="HOST", help="A server that may be sent its model's key."),
]


#: Of what a cap can be; larger ones no column holds, whatever it is of.
_LARGEST_CAP = 2**53


def caps(
    max_usd: float | None, max_tokens: float | None, max_hours: float | None
) -> dict[str, float]:
    """The caps that were given, by their names."""
    given = {"max_usd": max_usd, "max_tokens": max_tokens, "max_hours": max_hours}
    found = {name: value for name, value in given.items() if value is not None}
    for name, value in found.items():
        if not (0 < value < _LARGEST_CAP or value == math.inf):  # nan neither
            raise FoureyesError(
                f"--{name.replace('_', '-')}: {value:g} is no cap: more than 0, or inf for none"
            )
    if max_tokens is not None and max_tokens != math.inf and not max_tokens.is_integer():
        raise FoureyesError(f"--max-tokens: {max_tokens:g} is no whole number")
    return found
