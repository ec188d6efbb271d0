"""Judging a sweep's programs anew, by another judge than at the time: its rows, and what is judged next.

No model has a part in it. Few programs are asked for ahead of those at work (models/shares.py), so that
other sweeps' are not held up, and workers judge them like any others. Whatever ends it, the rows say
where it was, and the same again goes on.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, text
from sqlalchemy.dialects.postgresql import insert
from sqlmodel import Session, col, select

from foureyes.judging import libraries
from foureyes.judging.execution import execution_key
from foureyes.judging.formats.records import parse_record
from foureyes.judging.identity import identity
from foureyes.judging.profiles import Profile
from foureyes.models import broker, lifecycle, shares
from foureyes.models.enums import Suite
from foureyes.models.errors import FoureyesError
from foureyes.models.lifecycle import Asked
from foureyes.models.session import BY_INDEX, session, transaction
from foureyes.models.tables import Execution, Regrade, Sweep, now

#: Programs that are read at a time.
_AT_A_TIME = 500

#: A problem of each of a sweep's benchmarks.
_RECORDS = text("""
SELECT DISTINCT ON (run.benchmark) run.benchmark, problem.record
FROM run
CROSS JOIN LATERAL (SELECT problem_id FROM attempt WHERE run_id = run.id LIMIT 1) AS one
JOIN problem ON problem.id = one.problem_id
WHERE run.sweep_id = :sweep
ORDER BY run.benchmark, run.id
""")
_RUNS = text("SELECT id FROM run WHERE sweep_id = :sweep ORDER BY position")
#: Of the attempts of a run that were judged what ran their hidden tests, and their visible ones, by which
#: their pattern went on; one that a model declined has no program.
_ADD = text("""
INSERT INTO regraded (regrade_id, step_id, attempt_id)
SELECT :regrade, step.id, attempt.id
FROM attempt
JOIN step ON step.attempt_id = attempt.id
JOIN execution ON execution.id = step.execution_id
WHERE attempt.run_id = :run AND attempt.outcome IN ('solved', 'unsolved')
    AND execution.suite IN ('hidden', 'visible')
ORDER BY step.id
ON CONFLICT (regrade_id, step_id) DO NOTHING
""")
#: What ended without a verdict is to be asked for again.
_AGAIN = text("""
UPDATE regraded SET execution_id = NULL FROM execution
WHERE regraded.regrade_id = :regrade AND execution.id = regraded.execution_id
    AND execution.state = ANY(:states)
""")
#: What was judged at first, of steps that come next.
_NEXT = text("""
SELECT regraded.step_id, regraded.attempt_id, execution.suite, execution.problem_id, execution.code,
    run.benchmark, problem.problem_id AS problem, run.pattern, attempt.sample
FROM regraded
JOIN step ON step.id = regraded.step_id
JOIN attempt ON attempt.id = regraded.attempt_id
JOIN run ON run.id = attempt.run_id
JOIN execution ON execution.id = step.execution_id
JOIN problem ON problem.id = execution.problem_id
WHERE regraded.regrade_id = :regrade AND regraded.execution_id IS NULL
ORDER BY regraded.step_id LIMIT :most
""")
_IN_ORDER = text("SET LOCAL enable_sort = off")
_PROBLEMS = text("SELECT id, benchmark, version, record FROM problem WHERE id = ANY(:ids)")
#: Locked, or somebody may remove them with their sweep.
_KNOWN = text("""
SELECT key, id FROM execution
WHERE key = ANY(:keys) AND origin IS NULL AND state IN ('done', 'queued', 'running')
ORDER BY key FOR KEY SHARE
""")
_SUBSCRIBE = text("""
UPDATE regraded SET execution_id = found.execution_id
FROM unnest(CAST(:steps AS integer[]), CAST(:executions AS integer[])) AS found (step_id, execution_id)
WHERE regraded.regrade_id = :regrade AND regraded.step_id = found.step_id
""")
#: What is open at the judges, and how much of that is a regrade's own.
_PLACE = text("""
SELECT count(*) AS opened, count(*) FILTER (WHERE state = 'running') AS at_work,
    min(send_again_at) FILTER (WHERE state = 'queued') < clock_timestamp() AS is_due,
    count(*) FILTER (WHERE EXISTS (
        SELECT FROM regraded WHERE execution_id = execution.id AND regrade_id = :regrade
    )) AS own
FROM execution WHERE state IN ('queued', 'running')
""")
_PROGRESS = text("""
SELECT (SELECT count(*) FROM regraded WHERE regrade_id = :regrade) AS programs,
    (SELECT count(*) FROM regraded WHERE regrade_id = :regrade AND execution_id IS NULL) AS waiting,
    count(*) FILTER (WHERE state = 'queued') AS queued,
    count(*) FILTER (WHERE state = 'running') AS running
FROM execution JOIN regraded ON regraded.execution_id = execution.id
WHERE execution.state IN ('queued', 'running') AND regraded.regrade_id = :regrade
""")


def prepare(sweep: Sweep, profile: Profile) -> int:
    """Note all programs of a sweep that are to be judged by this profile of the judge here; its id.

    Those that have a verdict of it already keep that; what it failed on is to be tried again.

    Raises: FoureyesError if there is no program to judge.
    """
    with session() as db:
        values = {
            "sweep_id": sweep.id,
            "judge_version": "; ".join(
                sorted({identity(name, profile) for name in _formats(db, sweep.id)})
            ),
            "profile": profile.name,
        }
        db.execute(
            insert(Regrade).on_conflict_do_nothing(index_elements=["sweep_id", "judge_version"]),
            [values | {"created_at": now()}],
        )
        regrade_id = db.exec(
            select(Regrade.id).where(
                Regrade.sweep_id == sweep.id,
                col(Regrade.judge_version) == values["judge_version"],
            )
        ).one()
        for (run_id,) in db.execute(_RUNS, {"sweep": sweep.id}).all():
            db.execute(_ADD, {"regrade": regrade_id, "run": run_id})
        db.execute(_AGAIN, {"regrade": regrade_id, "states": ["error", "cancelled"]})
        if not db.execute(_PROGRESS, {"regrade": regrade_id}).one().programs:
            raise FoureyesError(
                f"sweep {sweep.id} ({sweep.name}) has no program that was judged; programs whose judging "
                f"failed are judged by `foureyes retry id={sweep.id}`"
            )
    with session() as db:  # or whoever reads them has to guess how many there are
        db.execute(text("ANALYZE regraded"))
    return regrade_id


def check_libraries(sweep: Sweep) -> None:
    """Raises: FoureyesError if programs of a sweep use libraries that are not on this machine."""
    with session() as db:
        for name in _formats(db, sweep.id):
            if needed := libraries.environment_of(name):
                libraries.folder(needed)


def _formats(db: Session, sweep_id: int) -> list[str]:
    return [
        parse_record(row.benchmark, row.record).spec().format
        for row in db.execute(_RECORDS, {"sweep": sweep_id})
    ]


@dataclass(frozen=True)
class RegradeProgress:
    """A regrade at one moment: all its judgings, those not asked for yet, and those that are open."""

    programs: int
    waiting: int
    queued: int
    running: int

    @property
    def opened(self) -> int:
        """Asked for, and not judged yet."""
        return self.queued + self.running

    @property
    def is_judged(self) -> bool:
        """Whether nothing is left of it."""
        return not (self.waiting or self.opened)

    @property
    def ended(self) -> int:
        """Judged, or failed by the judge."""
        return self.programs - self.waiting - self.opened


@dataclass
class _Program:
    """A program to judge, and the steps that had it judged."""

    asked: Asked
    shown: str
    steps: list[int] = field(default_factory=list)


class Regrading:
    """Asks for a regrade's programs, a few at a time. For one thread."""

    def __init__(self, regrade_id: int, sweep: Sweep, profile: Profile) -> None:
        self.regrade_id = regrade_id
        self._sweep = sweep.name
        self._profile = profile
        self._ahead = shares.Ahead()
        #: By problem row, its version and who judges its programs on hidden tests and on visible ones, to which
        #: profiles are all the same.
        self._judges: dict[int, tuple[str, dict[Suite, str]]] = {}
        #: Programs that were read, and have to be asked for.
        self._pending: list[_Program] = []

    def settle(self) -> bool:
        """Give programs the verdicts that are here already, as far as the first that has none; whether
        any has to be judged."""
        while not self._pending and self._read():
            pass
        return bool(self._pending) or self.progress().opened > 0

    def ask(self) -> bool:
        """Ask for as many programs as there is room for; whether there may be more to do at once.

        Raises: BrokerLost if the broker stays away; the reaper sends again what was not sent.
        """
        if not self._pending:
            return self._read() and not self._pending
        messages = []
        with transaction() as db:
            room = self._room(db)
            some, self._pending = self._pending[:room], self._pending[room:]
            given: dict[int, list[int]] = {}
            # in the order of their keys, as whoever asks for several takes their locks
            for each in sorted(some, key=lambda program: program.asked.key):
                row, send = lifecycle.ask(db, each.asked)
                given[row.id] = each.steps
                if send:
                    messages.append((row.id, each.shown))
            self._subscribe(db, given)
        for row_id, shown in messages:
            broker.send(broker.EXECUTE, broker.EXECUTION, row_id, shown=shown)
        return False

    def is_over(self) -> bool:
        """Whether all that was asked for has ended; what somebody cancelled is to be asked for again."""
        with transaction() as db:
            again = {"regrade": self.regrade_id, "states": ["cancelled"]}
            return not db.execute(_AGAIN, again).rowcount

    def progress(self) -> RegradeProgress:
        """How far it is."""
        with transaction() as db:
            db.execute(BY_INDEX)
            return RegradeProgress(*db.execute(_PROGRESS, {"regrade": self.regrade_id}).one())

    def _read(self) -> bool:
        """Read the next programs, and subscribe to the verdicts that are here; whether there were any."""
        with transaction() as db:
            db.execute(BY_INDEX)
            db.execute(_IN_ORDER)
            values = {"regrade": self.regrade_id, "most": _AT_A_TIME}
            rows = db.execute(_NEXT, values).all()
            self._look_up(db, {row.problem_id for row in rows})
            programs: dict[str, _Program] = {}
            for row in rows:
                made = self._program(row)
                programs.setdefault(made.asked.key, made).steps.append(row.step_id)
            known = db.execute(_KNOWN, {"keys": list(programs)}).all()
            self._subscribe(db, {row_id: programs.pop(key).steps for key, row_id in known})
        self._pending = list(programs.values())
        return bool(rows)

    def _look_up(self, db: Connection, problems: Iterable[int]) -> None:
        """Note who judges programs of these problems."""
        new = [each for each in problems if each not in self._judges]
        for row in db.execute(_PROBLEMS, {"ids": new}) if new else ():
            spec = parse_record(row.benchmark, row.record).spec()
            judges = {
                Suite.HIDDEN: identity(spec.format, self._profile),
                Suite.VISIBLE: identity(spec.format),
            }
            self._judges[row.id] = row.version, judges

    def _program(self, row: Row[Any]) -> _Program:
        version, judges = self._judges[row.problem_id]
        suite = Suite(row.suite)
        judge = judges[suite]
        values = {
            "key": execution_key(suite, version, row.code, judge),
            "problem_id": row.problem_id,
            "suite": suite,
            "code": row.code,
            "given": None,
            "judge_version": judge,
        }
        where = row.benchmark, row.problem, row.pattern, row.sample, self._sweep, row.attempt_id
        return _Program(Asked(Execution, values), f"{broker.shown_in_flower(*where)}, judged anew")

    def _subscribe(self, db: Connection, given: dict[int, list[int]]) -> None:
        """Have steps wait for executions."""
        pairs = [(step, row_id) for row_id, steps in given.items() for step in steps]
        if pairs:
            steps, executions = map(list, zip(*pairs, strict=True))
            found = {"steps": steps, "executions": executions}
            db.execute(_SUBSCRIBE, found | {"regrade": self.regrade_id})

    def _room(self, db: Connection) -> int:
        """How many more may be asked for: as much as others leave, and a few in any case."""
        found = db.execute(_PLACE, {"regrade": self.regrade_id}).one()
        place = shares.Place(found.opened, found.at_work, bool(found.is_due) and not found.at_work)
        self._ahead.learn({shares.JUDGE: place.waiting})
        room: int = max(place.room(self._ahead.at(shares.JUDGE)), shares.LEAST - found.own, 0)
        is_full = len(self._pending) >= room
        self._ahead.note(frozenset({shares.JUDGE} if is_full else ()))
        return room
