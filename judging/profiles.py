"""How long a program may take."""

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """Time limits and labels. All times in seconds, of CPU time unless the program sleeps.

    An input may take `shortest`, or `factor` times what the reference took on this machine if that
    is more. A set of tests may take the sum of that, but `longest` at most, unless the reference
    alone, times `factor`, takes more and `follow_reference` allows for it.
    """

    name: str
    shortest: float = 1.0
    factor: float = 4.0
    longest: float = 60.0
    follow_reference: bool = True
    #: Whether the plus tests are run for a program that failed the base tests.
    plus_without_base: bool = False
    #: Whether programs lack what EvalPlus takes away, and a number may be near one of its own type
    #: only.
    as_evalplus: bool = False
    #: Whether contests' programs are run as LiveCodeBench's own judge runs them.
    as_livecodebench: bool = False

    def limit(self, reference: float) -> float:
        """Seconds for an input whose reference took `reference` seconds."""
        return max(self.shortest, self.factor * reference)

    def total(self, references: Sequence[float]) -> float:
        """Seconds for a whole set of tests."""
        most = self.longest
        if self.follow_reference:
            most = max(most, self.factor * sum(references))
        return min(most, sum(map(self.limit, references))) + 1.0


DEFAULT = Profile("default")
EVALPLUS = Profile(
    "evalplus-0.3.1", follow_reference=False, plus_without_base=True, as_evalplus=True
)
LIVECODEBENCH = Profile("livecodebench", as_livecodebench=True)
PROFILES = {profile.name: profile for profile in (DEFAULT, EVALPLUS, LIVECODEBENCH)}
