"""How many attempts of each run may be started now: the rules, without a database.

A place is where attempts wait: a model, or the judge. Of each only so much is begun ahead of what is
at work there, so that what is begun is finished first, and whoever comes later waits behind few. How
much that is shows from one look to the next: a place that ran dry gets more ahead, one that has more
than it can do meanwhile gets less. The judge's is never less than what is at work at the models: else
one program that takes it a minute would leave them without work. What room there is goes to sweeps of
a higher priority; of one priority, to those that have little left, and to others in equal shares.
Whoever waits for room at one place finds half of what may wait at its others kept: else those that ask
one model alone would take each place that gets free, and those that need two would find both free last.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

#: What may wait at a place beside what is at work there, at first, at least and at most; never less
#: than what is at work.
AHEAD, LEAST, _MOST = 24, 4, 500
#: What may be open at a place where nobody works: the worker that comes has something to do, and those
#: before it can go on meanwhile.
_AWAY = 500
#: What may wait at a model that takes turns on a card with others, for each call in hand there: a turn
#: with less to do would be over before it has been worth its switch.
_PER_TURN = 10
#: Attempts under way of a run: those that cannot go on may be at no place.
_MOST_OF_A_RUN = 5000
#: Attempts of a run that are started at once.
AT_ONCE = 128
#: A sweep with fewer attempts left than this comes before those with more.
FEW = 1000
#: The judge's id among the places; models have theirs.
JUDGE = 0


@dataclass(frozen=True)
class Place:
    """What is open at a model or the judge, what of it is at work, and whether nobody takes the rest.

    `takes_turns`: what is at work there waits for the model's turn on a card, half of the time.
    """

    opened: int
    at_work: int
    is_away: bool
    takes_turns: bool = False

    @property
    def waiting(self) -> int:
        """What is open, and not at work."""
        return self.opened - self.at_work

    def most(self, ahead: int) -> int:
        """What may wait here."""
        if self.is_away:
            return _AWAY
        return max(ahead, self.at_work * (_PER_TURN if self.takes_turns else 1))

    def room(self, ahead: int) -> int:
        """How much more may be open here; negative if there is too much already."""
        return self.most(ahead) - self.waiting


class Ahead:
    """What has shown from one look to the next: how much may wait at each place, and whose turn it is."""

    def __init__(self, first: int = AHEAD) -> None:
        """`first` is how much it is as long as nothing has shown."""
        self._first = first
        self._at: dict[int, int] = {}
        #: Places that held up attempts at the last look, for they had no room; None before the first.
        self._full: frozenset[int] | None = None
        #: Attempts that were started, by run: where few may wait, those of many runs take turns.
        self.started: Counter[int] = Counter()

    def at(self, place: int) -> int:
        """How much may wait at a place."""
        return self._at.get(place, self._first)

    def learn(self, waiting: Mapping[int, int]) -> None:
        """Look at what waits now, by place, of what was there at the last look."""
        if self._full is None:
            return
        for place, number in waiting.items():
            ahead = self.at(place)
            if not number and place in self._full:
                self._at[place] = min(2 * ahead, _MOST)
            elif 2 * number > ahead:
                self._at[place] = max(ahead // 2, LEAST)

    def note(self, full: frozenset[int]) -> None:
        """Note which places have no room left, now that attempts were started."""
        self._full = full


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
    """A sweep with attempts to start: `left` of them, or FEW if there are more.

    `may_start` is how many more of its attempts may be under way; None: no limit but room.
    """

    left: int
    runs: list[Waiting] = field(default_factory=list)
    priority: int = 0
    may_start: int | None = None

    @property
    def under_way(self) -> int:
        """Its attempts that have begun, of runs that have more."""
        return sum(run.under_way for run in self.runs)


def shares(
    places: Mapping[int, Place],
    pending: Mapping[frozenset[int], int],
    sweeps: Iterable[Queue],
    ahead: Ahead,
) -> dict[int, int]:
    """How many attempts to start, by run.

    `pending` are attempts that were started and have asked for nothing yet, by where they can have to
    wait.
    """
    empty = Place(0, 0, is_away=False)
    asked = {where for queue in sweeps for run in queue.runs for where in run.places}
    coming = dict.fromkeys(asked, 0)
    for some, number in pending.items():
        for where in some & asked:
            coming[where] += number
    found = {where: places.get(where, empty) for where in asked}
    ahead.learn({where: place.waiting + coming[where] for where, place in found.items()})
    at_models = sum(place.at_work for where, place in found.items() if where != JUDGE)
    may_wait = {where: max(ahead.at(where), at_models if where == JUDGE else 0) for where in found}
    room = _Room(
        {where: place.room(may_wait[where]) - coming[where] for where, place in found.items()},
        {where: place.most(may_wait[where]) // 2 for where, place in found.items()},
    )
    given: Counter[int] = Counter()
    left = [queue for queue in sweeps if queue.runs]
    while left:
        queue = min(left, key=lambda each: (-each.priority, each.left, each.under_way))
        run = _next(queue, given, ahead.started, room)
        if run is None:
            left.remove(queue)  # room only gets less
            continue
        given[run.run_id] += 1
        ahead.started[run.run_id] += 1
        run.under_way += 1
        if queue.may_start is not None:
            queue.may_start -= 1
        room.take(run.places)
    ahead.note(room.full)
    return dict(given)


class _Room:
    """How much more may be open at each place; of it half is kept for whoever was held up elsewhere."""

    def __init__(self, left: dict[int, int], half: Mapping[int, int]) -> None:
        self._left = left
        self._half = half
        self._kept: dict[int, int] = {}

    def takes(self, places: frozenset[int]) -> bool:
        """Whether all of these have room for one more; if not, what room they have is kept for it."""
        if all(self._left[where] > self._kept.get(where, 0) for where in places):
            return True
        self._kept |= {where: self._half[where] for where in places}
        return False

    def take(self, places: frozenset[int]) -> None:
        """One more comes there."""
        for where in places:
            self._left[where] -= 1

    @property
    def full(self) -> frozenset[int]:
        """Places that held up attempts."""
        return frozenset(w for w, left in self._left.items() if left <= self._kept.get(w, 0))


def _next(
    queue: Queue, given: Mapping[int, int], started: Mapping[int, int], room: _Room
) -> Waiting | None:
    """The run of a sweep of which an attempt may be started, if there is one: that with the fewest under way."""
    if queue.may_start is not None and queue.may_start <= 0:
        return None
    for run in sorted(queue.runs, key=lambda each: (each.under_way, started[each.run_id])):
        is_done = given[run.run_id] >= min(run.waiting, AT_ONCE)
        if not is_done and run.under_way < _MOST_OF_A_RUN and room.takes(run.places):
            return run
    return None
