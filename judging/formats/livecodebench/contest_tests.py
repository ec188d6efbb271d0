"""What only the judge may see of a contest's problem: its tests, public and private ones together."""

import threading
from dataclasses import dataclass, field

from cachetools import LRUCache, cached

from foureyes.judging.formats.livecodebench import testcases
from foureyes.judging.formats.livecodebench.testcases import Test

#: Characters of tests that a process remembers, once they are unpacked; a problem can have many million.
_REMEMBERED = 64 << 20


@dataclass(frozen=True)
class ContestTests:
    """A problem's tests as its record packs them, unpacked when a program is judged.

    `method`: what is called; empty for programs that are run as a whole. `public` and `private` are the
    record's fields.
    """

    problem_id: str
    version: str
    method: str
    public: str = field(repr=False)
    private: str = field(repr=False)

    format = "livecodebench"

    @property
    def counts(self) -> tuple[int, int]:
        """All count alike: there is no second set."""
        return len(self.all()), 0

    def all(self) -> tuple[Test, ...]:
        """The public tests, then the private ones. Raises: FoureyesError if they cannot be read."""
        return _unpacked(self)


def _size(tests: tuple[Test, ...]) -> int:
    return sum(len(test.input) + len(test.output) for test in tests)


@cached(
    LRUCache(_REMEMBERED, getsizeof=_size),
    key=lambda tests: tests.version,
    lock=threading.Lock(),
)
def _unpacked(tests: ContestTests) -> tuple[Test, ...]:
    return (*testcases.public(tests.public), *testcases.private(tests.private))
