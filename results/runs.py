"""Finding the runs that a person means."""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import text

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.results.sweeps import as_id, find_sweep


@dataclass(frozen=True)
class RunName:
    """A run, with all that tells it from others."""

    id: int
    sweep_id: int
    sweep: str
    pattern: str
    benchmark: str
    pairing: str

    def __str__(self) -> str:
        return f"{self.sweep}:{self.pattern}:{self.benchmark}:{self.pairing}"


#: What follows the sweep in a run's name, in this order, and what it is called; only the first must be
#: given.
_PARTS = {"pattern": "pattern", "benchmark": "benchmark", "pairing": "team"}
_OF_SWEEP = text("""
SELECT run.id, sweep.id, sweep.name, run.pattern, run.benchmark, run.pairing
FROM run JOIN sweep ON sweep.id = run.sweep_id
WHERE sweep.id = :sweep ORDER BY run.position
""")
_ONE = text("""
SELECT run.id, sweep.id, sweep.name, run.pattern, run.benchmark, run.pairing
FROM run JOIN sweep ON sweep.id = run.sweep_id
WHERE run.id = :run
""")


def find_pair(first: str, second: str) -> tuple[RunName, RunName]:
    """Two runs by their ids, or by SWEEP:PATTERN[:BENCHMARK[:TEAM]].

    What a name leaves out is as in the other, where that makes it one run.

    Raises: FoureyesError naming what there is.
    """
    ones, others = _candidates(first), _candidates(second)
    pairs = [(one, other) for one in ones for other in others]
    for part in ("benchmark", "pairing"):
        alike = [pair for pair in pairs if getattr(pair[0], part) == getattr(pair[1], part)]
        pairs = alike or pairs
    if len(pairs) == 1:
        return pairs[0]
    asked, found = (first, ones) if len(ones) > 1 else (second, others)
    names = ", ".join(str(run) for run in found[:4])
    more = f" and {len(found) - 4} more" if len(found) > 4 else ""
    raise FoureyesError(f"{asked} is {len(found)} runs; say which: {names}{more}")


def _candidates(name: str) -> list[RunName]:
    """All runs that a name may mean, at least one."""
    if (number := as_id(name)) is not None:
        return [_by_id(number)]
    sweep_name, *parts = name.split(":")
    if not 1 <= len(parts) <= len(_PARTS) or not all(parts):
        raise FoureyesError(f"{name!r} is no run: give its id, or SWEEP:PATTERN[:BENCHMARK[:TEAM]]")
    return _called(name, find_sweep(sweep_name).id, parts)


def find_of_sweep(sweep_id: int, names: Sequence[str] = ()) -> list[RunName]:
    """The runs of a sweep that names mean, each by its id or as PATTERN[:BENCHMARK[:TEAM]]; all without
    any.

    Raises: FoureyesError naming what there is.
    """
    if not names:
        return _of_sweep(sweep_id)
    found: dict[int, RunName] = {}
    for name in names:
        if (number := as_id(name)) is None:
            parts = name.split(":")
            if not 1 <= len(parts) <= len(_PARTS) or not all(parts):
                raise FoureyesError(
                    f"{name!r} is no run: give its id, or PATTERN[:BENCHMARK[:TEAM]]"
                )
            named = _called(name, sweep_id, parts)
        else:
            named = [_by_id(number)]
            if named[0].sweep_id != sweep_id:
                raise FoureyesError(f"run {number} is of sweep {named[0].sweep_id}, not {sweep_id}")
        found |= {run.id: run for run in named}
    return list(found.values())


def _of_sweep(sweep_id: int) -> list[RunName]:
    with session() as db:
        return [RunName(*row) for row in db.execute(_OF_SWEEP, {"sweep": sweep_id})]


def _called(name: str, sweep_id: int, parts: Sequence[str]) -> list[RunName]:
    """The runs of a sweep by their pattern, and then by what else is said of them; at least one."""
    found = _of_sweep(sweep_id)
    for (part, called), wanted in zip(_PARTS.items(), parts, strict=False):
        known = list(dict.fromkeys(getattr(run, part) for run in found))
        found = [run for run in found if getattr(run, part) == wanted]
        if not found:
            near = difflib.get_close_matches(wanted, known, n=1, cutoff=0)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise FoureyesError(f"{name}: sweep {sweep_id} has no {called} {wanted!r}{hint}")
    return found


def _by_id(run_id: int) -> RunName:
    with session() as db:
        row = db.execute(_ONE, {"run": run_id}).one_or_none()
        last = db.execute(text("SELECT max(id) FROM run")).scalar_one()
    if row is None:
        raise FoureyesError(
            f"there is no run {run_id}" + (f"; the latest is {last}" if last else " yet")
        )
    return RunName(*row)
