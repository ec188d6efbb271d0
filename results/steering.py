"""How a sweep is steered, in words: what holds it and since when, and what was spent of its caps."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import text

from foureyes.models.enums import Hold
from foureyes.results.formatting import dollars, duration

_ONE = text("""
SELECT sweep_id, priority, at_once, runs, held_runs, held, held_since, under_way + waiting, max_usd, usd, max_tokens, tokens,
    max_hours, hours
FROM v_steering WHERE sweep_id = :sweep
""")


@dataclass(frozen=True)
class Steering:
    """A sweep's row of v_steering."""

    sweep_id: int
    priority: int
    at_once: int | None
    runs: int
    held_runs: int
    held: str | None
    held_since: datetime | None
    unfinished: int
    max_usd: float | None
    usd: float | None
    max_tokens: int | None
    tokens: int | None
    max_hours: float | None
    hours: float | None

    @property
    def is_at_cap(self) -> bool:
        """Whether a cap holds runs of it: nobody lets them go on by waiting."""
        return bool(set((self.held or "").split(", ")) - {Hold.PAUSED, ""})

    def spent(self) -> dict[Hold, str]:
        """What was spent of each of its caps, as `$1.20 of $5.00`."""
        told = {}
        if self.max_usd is not None:
            told[Hold.USD] = f"{dollars(self.usd or 0)} of {dollars(self.max_usd)}"
        if self.max_tokens is not None:
            told[Hold.TOKENS] = f"{self.tokens or 0:,} of {self.max_tokens:,} tokens"
        if self.max_hours is not None:
            told[Hold.HOURS] = (
                f"{duration(3600 * (self.hours or 0))} of {duration(3600 * self.max_hours)}"
            )
        return told

    def sentences(self) -> Iterator[str]:
        """What holds it, and how it goes on; nothing of a sweep that is not held."""
        which = "" if self.held_runs == self.runs else f"{self.held_runs} of {self.runs} runs "
        since = f"{self.held_since.astimezone(UTC):%Y-%m-%d %H:%M} UTC" if self.held_since else ""
        for hold in filter(None, (self.held or "").split(", ")):
            if hold == Hold.PAUSED:
                yield (
                    f"{which}paused since {since}: calls at work end, nothing new is started. "
                    f"`foureyes resume id={self.sweep_id}` goes on"
                )
            else:
                option = f"--{hold.replace('_', '-')}"
                yield (
                    f"{which}at its cap {hold} since {since}: {self.spent().get(Hold(hold), 'none')} "
                    "spent, nothing new is started. "
                    f"`foureyes resume id={self.sweep_id} {option} MORE` goes on"
                )


def steering(db: Any, sweep_id: int) -> Steering:
    """How a sweep is steered."""
    return Steering(*db.execute(_ONE, {"sweep": sweep_id}).one())
