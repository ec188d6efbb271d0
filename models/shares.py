"""How many attempts of each run may be started now: the rules, without a database.

A place is where attempts wait: a model, or the judge. Of each only so much is begun ahead of what is
at work there, so that what is begun is finished first, and whoever comes later waits behind few. What
room there is goes to sweeps that have little left, and to others in equal shares.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: What may be open at a place: so much, and so much more for each call or program at work there.
_AHEAD, _PER_WORK = 24, 2
#: What may be open at a place where nobody works: the worker that comes has something to do, and those
#: before it can go on meanwhile.
_AWAY = 500
#: Attempts under way of a run: those that cannot go on may be at no place.
_MOST_OF_A_RUN = 5000
#: Attempts of a run that are started at once.
AT_ONCE = 64
#: A sweep with fewer attempts left than this comes before those with more.
FEW = 1000
#: The judge's id among the places; models have theirs.
JUDGE = 0


@dataclass(frozen=True)
class Place:
    """What is open at a model or the judge, what of it is at work, and whether nobody takes the rest."""

    opened: int
    at_work: int
    is_away: bool

    @property
    def room(self) -> int:
        """How much more may be open here; negative if there is too much already."""
        most = _AWAY if self.is_away else _AHEAD + _PER_WORK * self.at_work
        return most - self.opened


@dataclass
class Waiting:
    """A run with attempts to start: `waiting` of them, as far as they were counted.

    `places` are where its attempts can have to wait. `under_way` are its attempts that have begun and
    not ended.
    """

    run_id: int
    places: frozenset[int]
    waiting: int
    under_way: int


@dataclass
class Queue:
    """A sweep with attempts to start: `left` of them, or FEW if there are more."""

    left: int
    runs: list[Waiting] = field(default_factory=list)

    @property
    def under_way(self) -> int:
        """Its attempts that have begun, of runs that have more."""
        return sum(run.under_way for run in self.runs)


def shares(
    places: Mapping[int, Place], pending: Mapping[frozenset[int], int], sweeps: Iterable[Queue]
) -> dict[int, int]:
    """How many attempts to start, by run.

    `pending` are attempts that were started and have asked for nothing yet, by where they can have to
    wait.
    """
    empty = Place(0, 0, is_away=False)
    asked = {where for queue in sweeps for run in queue.runs for where in run.places}
    room = {where: places.get(where, empty).room for where in asked}
    for some, number in pending.items():
        for where in some & room.keys():
            room[where] -= number
    given: Counter[int] = Counter()
    left = [queue for queue in sweeps if queue.runs]
    while left:
        queue = min(left, key=lambda each: (each.left, each.under_way))
        fits = [run for run in queue.runs if _fits(run, given[run.run_id], room)]
        if not fits:
            left.remove(queue)  # room only gets less
            continue
        run = min(fits, key=lambda each: each.under_way)
        given[run.run_id] += 1
        run.under_way += 1
        for where in run.places:
            room[where] -= 1
    return dict(given)


def _fits(run: Waiting, given: int, room: Mapping[int, int]) -> bool:
    if given >= min(run.waiting, AT_ONCE) or run.under_way >= _MOST_OF_A_RUN:
        return False
    return all(room[where] > 0 for where in run.places)
