"""The hidden tests of problems, ready to be asked, with what is right; a process remembers them for all slots.

To read what a reference answered takes more CPU time than to judge a program: 6 ms for a problem of
HumanEval+ or MBPP+, 26 for the longest.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from cachetools import LRUCache

from foureyes.judging.formats.evalplus import expected, shapes
from foureyes.judging.formats.evalplus.expected import Expected
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.formats.evalplus.suites import SentTests, tolerances

#: Bytes that all that is remembered takes, about: room for both benchmarks.
_MOST = 160 << 20
#: The same of one test beside the bytes of its input and its answer; and for each byte of an input, as
#: it is kept as bytes and as a value.
_EACH, _VALUE = 600, 6


@dataclass(frozen=True)
class Prepared:
    """The two sets of tests of one problem."""

    base: SentTests
    plus: SentTests

    @classmethod
    def of(cls, problem: FunctionTests, answers: Expected) -> "Prepared":
        """Put together what the benchmark gives and what the reference answered."""
        sets = []
        for given, kept in (
            (problem.base_inputs, answers.base),
            (problem.plus_inputs, answers.plus),
        ):
            inputs = shapes.arguments(problem, given)
            sets.append(SentTests(problem, inputs, kept, tolerances(problem, kept)))
        return cls(*sets)

    @property
    def size(self) -> int:
        """What it takes of memory, about."""
        tests = (self.base, self.plus)
        answers = [answer for each in tests for answer in each.answers]
        return (
            _VALUE * sum(len(given) for each in tests for given in each.given)
            + sum(len(answer.frame) + sum(map(len, answer.numbers)) for answer in answers)
            + _EACH * len(answers)
        )


@dataclass(frozen=True)
class _Remembered:
    stamp: object
    problem: FunctionTests
    prepared: Prepared


def remembering(most: int) -> LRUCache[str, _Remembered]:
    """Room for problems that take so many bytes together, by version; the latest used are kept."""
    return LRUCache(most, lambda known: known.prepared.size)


_remembered = remembering(_MOST)
_lock = threading.Lock()


def tests_of(problem: FunctionTests, find_out: Callable[[], Expected]) -> Prepared:
    """The tests of a problem; `find_out` is called unless they are remembered as they are on disk.

    Raises: what `find_out` raises.
    """
    with _lock:
        known = _remembered.get(problem.version)
    stamp = expected.STORE.stamp(problem.version)
    if known is not None and known.problem == problem and known.stamp == stamp:
        return known.prepared
    answers = find_out()
    known = _Remembered(
        expected.STORE.stamp(problem.version), problem, Prepared.of(problem, answers)
    )
    with _lock:
        _remembered.pop(problem.version, None)
        if known.stamp is not None and known.prepared.size <= _remembered.maxsize:
            _remembered[problem.version] = known
    return known.prepared
