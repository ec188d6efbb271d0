"""A sweep of days must be able to move: if one of these fails, results are lost, doubled or mixed."""

import copy
import gzip
import itertools
import json
import random
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import col, select

from foureyes.models.caps import Caps
from foureyes.models.enums import State
from foureyes.models.errors import FoureyesError
from foureyes.models.session import engine, session
from foureyes.models.tables import (
    Attempt,
    Completion,
    EnqueuedPlan,
    Execution,
    LanguageModel,
    PeopleNote,
    Problem,
    Run,
    Seat,
    Step,
    Sweep,
)
from foureyes.producer.archive import export_sweep, format, import_sweep
from foureyes.producer.archive.import_sweep import Imported
from foureyes.producer.sweeps import open_work
from foureyes.producer.sweeps.sweep import run_key, sweep_key
from foureyes.producer.sweeps.sweep_file import SweepFile
from foureyes.results.sweeps import find_sweep
from foureyes.worker.attempt.advance import advance
from tests.conftest import _execute, _forget_settings
from tests.integration.test_advance import answer, count, judge, make_sweep

PATTERNS: tuple[str | dict[str, object], ...] = (
    "review-then-fix", "debate", "sample-and-select",
    {"name": "sample-and-select", "tokens_of": "review-then-fix"},
)  # fmt: skip
TABLES = (
    Sweep,
    EnqueuedPlan,
    LanguageModel,
    Problem,
    Run,
    Seat,
    Completion,
    Execution,
    Attempt,
    Step,
)

On = Callable[[str], None]


class _Machines:
    """Databases by the names of machines; made when somebody first goes over to one."""

    def __init__(self, postgres: str, patch: pytest.MonkeyPatch) -> None:
        self._postgres, self._patch = postgres, patch
        self._made: dict[str, str] = {}

    def on(self, name: str) -> None:
        if name not in self._made:
            self._made[name] = f"machine_{next(_NUMBERS)}"
            _execute(self._postgres, f"CREATE DATABASE {self._made[name]} TEMPLATE migrated")
        self._leave()
        url = self._postgres.replace("/postgres?", f"/{self._made[name]}?")
        self._patch.setenv("FOUREYES_DATABASE_URL", url)

    def close(self) -> None:
        self._leave()
        for database in self._made.values():
            _execute(self._postgres, f"DROP DATABASE {database} WITH (FORCE)")

    def _leave(self) -> None:
        if engine.cache_info().currsize:
            engine().dispose()
        _forget_settings()


_NUMBERS = itertools.count()


@pytest.fixture
def on(postgres: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[On]:
    """Goes over to the machine of this name, which has a database of its own."""
    machines = _Machines(postgres, monkeypatch)
    yield machines.on
    machines.close()


@pytest.fixture(scope="module")
def sound(postgres: str) -> Iterator[list[dict[str, Any]]]:
    """The lines of a sound archive; sessions are on a machine that has nothing of it."""
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        machines = _Machines(postgres, patch)
        machines.on("a")
        make_sweep("review-then-fix")
        work(1)
        path = export(Path(folder) / "archive")
        machines.on("b")
        yield [json.loads(line) for line in gzip.decompress(path.read_bytes()).splitlines()]
        machines.close()


def said(row: Completion, by: str = "") -> str:
    """What a model answers: the same everywhere, unless `by` says whose answer it is."""
    chance = random.Random(row.key)
    if row.prompt == "choose":
        return json.dumps({"choice": chance.choice("AB")})
    if row.kind == "review":
        return json.dumps({"issues": ["?"], "verdict": chance.choice(["approve", "revise"])})
    return f"```python\ndef f(x):\n    return {chance.randrange(9)}  # {by}\n```"


def work(share: float, seed: int = 0, by: str = "") -> int:
    """Work until nothing is left to do, or two rounds on a share of the rows; the calls made."""
    chance = random.Random(seed)
    calls = 0
    for _ in range(30 if share == 1 else 2):
        with session() as db:
            unfinished = col(Attempt.state).in_([State.QUEUED, State.RUNNING])
            going = db.exec(select(Attempt.id).where(unfinished).order_by(col(Attempt.id))).all()
        for attempt_id in going:
            advance(attempt_id)
        with session() as db:
            asked = db.exec(select(Completion).where(Completion.state == State.QUEUED)).all()
            programs = db.exec(select(Execution).where(Execution.state == State.QUEUED)).all()
        if not asked and not programs:
            break
        for row in asked:
            if chance.random() < share:
                assert answer(row.id, said(row, by), worker=by or "w/1")
                calls += 1
        for program in programs:
            if chance.random() < share:
                judge(program.id, solved=random.Random(program.code).random() < 0.5)
    return calls


def swept(accepts_imported: bool = False) -> int:
    plan = {"primary": ["debate = review-then-fix"], "equivalence": 3}
    return make_sweep(
        *PATTERNS, problems=2, samples=2, accepts_imported=accepts_imported, plan=plan
    )


def export(path: Path) -> Path:
    with path.open("wb") as file:
        export_sweep.write(find_sweep(None), file)
    return path


def outcomes() -> list[Any]:
    with session() as db:
        return [
            tuple(row)
            for row in db.execute(
                text("""
                SELECT pattern, problem_id, sample, outcome, completions, changes_asked, token_budget,
                    (SELECT json_agg(issues ORDER BY position, branch)::text FROM step
                        WHERE step.attempt_id = v_attempts.attempt_id) AS issues
                FROM v_attempts ORDER BY 1, 2, 3""")
            )
        ]


def sizes() -> dict[str, int]:
    return {table.__name__: count(table) for table in TABLES}


@pytest.fixture
def alone(on: On) -> list[Any]:
    """The outcomes of the sweep if one machine does all of it."""
    on("alone")
    swept()
    work(1)
    return outcomes()


@pytest.mark.parametrize("share", [0.5, 1])
def test_an_import_is_a_faithful_copy(on: On, tmp_path: Path, share: float) -> None:
    """Else a result would change, or get lost, because somebody moved it."""
    on("a")
    swept()
    work(share, seed=int(share * 10))
    first = export(tmp_path / "first").read_bytes()
    on("b")
    made = import_sweep.read(tmp_path / "first")
    assert export(tmp_path / "second").read_bytes() == first
    before = sizes()
    assert before["EnqueuedPlan"] == 1
    assert made.attempts + made.unfinished == before["Attempt"]
    again = import_sweep.read(tmp_path / "first")
    assert again == Imported(made.sweep_id, "test", 0, 0, 0, 0, made.unfinished)
    assert not made.is_own
    assert sizes() == before
    assert export(tmp_path / "third").read_bytes() == first


@pytest.mark.parametrize("seed", [1, 2])
def test_another_machine_goes_on_where_the_first_stopped(
    on: On, tmp_path: Path, alone: list[Any], seed: int
) -> None:
    """Else days of model calls would be made again."""
    every_call = count(Completion)
    on("a")
    swept()
    calls = work(0.5, seed)
    export(tmp_path / "archive")
    on("b")
    made = import_sweep.read(tmp_path / "archive")
    assert made.completions == calls
    assert open_work.models_in_demand() == []  # an import starts nothing
    swept(accepts_imported=True)
    assert calls + work(1) == every_call
    assert outcomes() == alone


@pytest.mark.parametrize("seed", [1, 2])
def test_what_two_machines_did_is_merged(
    on: On, tmp_path: Path, alone: list[Any], seed: int
) -> None:
    every_call = count(Completion)
    on("a")
    swept()
    work(0.5, seed)
    with session() as db:
        mine = set(db.exec(select(Completion.key).where(Completion.state == State.DONE)))
    on("b")
    swept()
    work(0.5, seed + 100)
    with session() as db:
        theirs = set(db.exec(select(Completion.key).where(Completion.state == State.DONE)))
    export(tmp_path / "theirs")
    on("a")
    made = import_sweep.read(tmp_path / "theirs")
    assert made.completions == len(theirs - mine) > 0
    assert made.is_own and made.attempts == made.otherwise == 0
    swept(accepts_imported=True)
    assert work(1) == every_call - len(mine | theirs)
    assert outcomes() == alone
    export(tmp_path / "all")
    on("b")
    import_sweep.read(tmp_path / "all")
    swept(accepts_imported=True)
    assert work(1) == 0
    assert outcomes() == alone


def test_answers_of_two_machines_are_not_mixed_in_an_attempt(on: On, tmp_path: Path) -> None:
    """The same call may be answered differently elsewhere: an attempt then rests on one of them."""
    on("a")
    swept()
    work(0)
    with session() as db:
        draft = db.exec(select(Completion).order_by(col(Completion.id))).first()
    assert draft is not None and answer(draft.id, said(draft, "a"))
    on("b")
    swept()
    work(1, by="b")
    export(tmp_path / "theirs")
    on("a")
    with session() as db:
        kept = {row.key: row.text for row in db.exec(select(Completion)) if row.text}
    made = import_sweep.read(tmp_path / "theirs")
    assert made.unfinished > 0 and made.completions > 0
    swept(accepts_imported=True)
    work(1, by="a")
    with session() as db:
        answers = {row.key: row.text for row in db.exec(select(Completion))}
        assert kept.items() <= answers.items()
        steps = db.execute(
            text("SELECT step.code, text FROM step JOIN completion ON completion_id = completion.id"
                 " WHERE step.kind IN ('draft', 'fix') AND step.code IS NOT NULL")
        ).all()  # fmt: skip
        assert steps and all(code.strip() in answer for code, answer in steps)
        judged = db.execute(
            text("SELECT attempt.code = execution.code FROM attempt"
                 " JOIN step ON attempt_id = attempt.id AND step.kind = 'judge'"
                 " JOIN execution ON execution_id = execution.id WHERE outcome = 'solved'")
        ).scalars().all()  # fmt: skip
        assert judged and all(judged)
    assert {outcome for _, _, _, outcome, *_ in outcomes()} == {"solved", "unsolved"}


def test_work_that_another_sweep_did_here_is_shared(on: On, tmp_path: Path) -> None:
    on("a")
    swept()
    work(1)
    export(tmp_path / "archive")
    on("b")
    make_sweep("raw-coder", problems=2, name="other")
    work(1, by="here")
    here = count(Completion)
    made = import_sweep.read(tmp_path / "archive")
    assert count(Completion) == here + made.completions
    assert made.otherwise > 0  # these two drafts are other ones here
    with session() as db:
        assert db.scalar(text("SELECT count(*) FROM completion WHERE text LIKE '%# here%'")) == here
    swept(accepts_imported=True)
    work(1)
    assert {outcome for _, _, _, outcome, *_ in outcomes()} == {"solved", "unsolved"}


def test_errors_arrive_as_errors_and_never_take_the_place_of_results(
    on: On, tmp_path: Path
) -> None:
    on("a")
    make_sweep("raw-coder", problems=2)
    work(0)
    with session() as db:
        db.execute(text("UPDATE completion SET state = 'error', error = 'no room' WHERE id = 1"))
    work(1)
    export(tmp_path / "with error")
    on("b")
    import_sweep.read(tmp_path / "with error")
    assert sorted(outcome for _, _, _, outcome, *_ in outcomes())[0] == "error"
    with session() as db:
        assert db.scalar(text("SELECT error FROM v_errors")) == "no room"
    make_sweep("raw-coder", problems=2, accepts_imported=True)
    open_work.retry(find_sweep(None).id)
    work(1)
    whole = outcomes()
    assert "error" not in {outcome for _, _, _, outcome, *_ in whole}
    export(tmp_path / "whole")
    assert import_sweep.read(tmp_path / "with error").attempts == 0
    assert outcomes() == whole
    on("a")
    assert import_sweep.read(tmp_path / "whole").completions == 1
    open_work.retry(make_sweep("raw-coder", problems=2, accepts_imported=True))
    work(1)
    assert outcomes() == whole


def test_refusals_arrive_as_refusals_also_where_the_attempt_has_not_ended(
    on: On, tmp_path: Path
) -> None:
    """Else what a model declined is asked again, or lost from the number of attempts."""
    on("a")
    make_sweep("raw-coder", problems=2)
    work(1)
    with session() as db:
        db.execute(text("DELETE FROM step WHERE attempt_id = 1 AND kind = 'judge'"))
        db.execute(text("UPDATE attempt SET outcome = 'refused', code = '' WHERE id = 1"))
        db.execute(text("UPDATE completion SET finish_reason = 'refused' WHERE id = 1"))
    whole = outcomes()
    assert [outcome for _, _, _, outcome, *_ in whole].count("refused") == 1
    export(tmp_path / "archive")
    on("b")
    import_sweep.read(tmp_path / "archive")
    assert outcomes() == whole
    on("c")
    make_sweep("raw-coder", problems=2)
    import_sweep.read(tmp_path / "archive")
    make_sweep("raw-coder", problems=2, accepts_imported=True)
    work(1)
    assert outcomes() == whole
    with session() as db:
        assert db.scalar(text("SELECT refused FROM v_scores")) == 1
        assert db.scalar(text("SELECT count(*) FROM v_steps WHERE finish_reason = 'refused'")) == 1


def test_a_cancelled_sweep_that_is_finished_elsewhere_is_finished_here(
    on: On, tmp_path: Path
) -> None:
    on("a")
    make_sweep("raw-coder", problems=2)
    work(1)
    export(tmp_path / "archive")
    on("b")
    open_work.cancel(make_sweep("raw-coder", problems=2))
    made = import_sweep.read(tmp_path / "archive")
    assert (made.attempts, made.unfinished) == (0, 2)
    assert find_sweep(None).cancelled_at is not None
    make_sweep("raw-coder", problems=2, accepts_imported=True)
    assert work(1) == 0
    assert {outcome for _, _, _, outcome, *_ in outcomes()} <= {"solved", "unsolved"}


def test_what_people_wrote_comes_along_once_and_stays_what_they_made_of_it(
    on: On, tmp_path: Path
) -> None:
    """Else who hands a sweep on loses what was found in it, or has it twice."""
    on("a")
    make_sweep("review-then-fix")
    work(1)
    with session() as db:
        db.execute(text("""
            INSERT INTO people_note (attempt_id, author, text, tags, written_at, withdrawn_at)
            VALUES (1, 'Ada', 'Off by one: é', '{off-by-one,flaky}', '2026-11-29T12:00:00.123456+01', NULL),
                (1, 'Grace', '', '{agreed}', '2026-11-29T12:30:00+00', NULL),
                (1, 'Ada', 'A secret.', '{}', '2026-11-29T12:40:00+00', now())"""))  # fmt: skip
        db.commit()
    first = export(tmp_path / "first")
    on("b")
    assert import_sweep.read(first).notes == 2
    assert told() == [("Ada", "Off by one: é", ["off-by-one", "flaky"]), ("Grace", "", ["agreed"])]
    assert import_sweep.read(first).notes == 0
    second = export(tmp_path / "second")
    assert first.read_bytes() == second.read_bytes()
    on("a")
    assert import_sweep.read(second).notes == 0  # to whom they came from
    with session() as db:
        db.execute(text("UPDATE people_note SET withdrawn_at = now()"))
        db.commit()
    assert import_sweep.read(second).notes == 0 and told() == []
    on("c")
    make_sweep("review-then-fix")
    work(1, by="another machine")  # other programs: notes speak of lines that are not in them
    assert import_sweep.read(first).notes == 0 and told() == []


def told() -> list[tuple[str, str, list[str]]]:
    """What people wrote about the first attempt."""
    asked = "SELECT author, text, tags FROM v_people_notes WHERE attempt_id = 1 ORDER BY written_at"
    with session() as db:
        return [tuple(row) for row in db.execute(text(asked))]


def test_another_model_of_the_same_name_is_refused(on: On, tmp_path: Path) -> None:
    """Else answers of two models would be shown as one's."""
    on("a")
    make_sweep("raw-coder")
    export(tmp_path / "archive")
    on("b")
    with session() as db:
        db.add(LanguageModel(name="r", settings={"engine": "scripted"}, identity="another"))
    before = sizes()
    with pytest.raises(FoureyesError, match=r"archive: models\.r: another model has this name"):
        import_sweep.read(tmp_path / "archive")
    assert sizes() == before


def test_every_column_is_exchanged_or_left_for_a_reason() -> None:
    """Else a column that is added to a table is silently lost on the way."""
    ids = {"id", "sweep_id", "model_id"}
    of_this_machine = {"lease_until", "send_again_at", "moved_at", "cancelled_at"}
    # about what is still open, which no archive holds
    of_this_machine |= {"failures", "moves", "trying_since", "awaits_tokens"}
    of_this_machine |= {"origin", "accepts_imported", "roles"}
    of_this_machine |= {"task_id"}  # in the Flower that saw it
    of_this_machine |= {"withdrawn_at"}  # what is withdrawn goes nowhere
    # how it is steered, which is whoever's that runs it
    of_this_machine |= {"held", "held_at", "priority", "at_once"} | {*Caps.model_fields}
    references = {"run_id", "attempt_id", "completion_id", "execution_id", "tokens_of_id"}
    for table, row in (
        (Sweep, format.ArchivedSweep), (Problem, format.ArchivedProblem), (Run, format.ArchivedRun),
        (Completion, format.ArchivedCompletion), (Execution, format.ArchivedExecution),
        (Attempt, format.ArchivedAttempt), (Step, format.ArchivedStep),
        (PeopleNote, format.ArchivedPeopleNote),
    ):  # fmt: skip
        kept = {*row.model_fields, *row.model_computed_fields}
        left = set(table.model_fields) - kept - ids - of_this_machine - references
        named_by_its_version = {"problem_id"} if table is Execution else set()
        # an attempt without an outcome is unfinished, whatever it was about; its tries are of now
        implied = {"state", "tries"} if table is Attempt else set()
        assert left == named_by_its_version | implied, table


def change(kind: str, **values: Any) -> Callable[[list[dict[str, Any]]], None]:
    """A change of the first line of a kind."""

    def apply(lines: list[dict[str, Any]]) -> None:
        next(line[kind] for line in lines if kind in line).update(values)

    return apply


def file_with(**values: Any) -> Callable[[list[dict[str, Any]]], None]:
    def apply(lines: list[dict[str, Any]]) -> None:
        lines[1]["sweep"]["file"] |= values

    return apply


def twice(lines: list[dict[str, Any]]) -> None:
    lines.insert(-1, lines[-2])
    lines[-1]["end"]["lines"] += 1


def orphan_step(lines: list[dict[str, Any]]) -> None:
    lines[-2]["attempt"]["steps"][0]["completion"] = "0" * 64


def strange_role(lines: list[dict[str, Any]]) -> None:
    lines[-2]["attempt"]["steps"][0]["role"] = "judge"


def forged_run(lines: list[dict[str, Any]]) -> None:
    """One more, under the key that it has."""
    at, run = next((at, line["run"]) for at, line in enumerate(lines) if "run" in line)
    key = run_key(run["benchmark"], "raw-coder", run["options"], run["team"])
    lines.insert(at + 1, {"run": run | {"pattern": "raw-coder", "key": key, "position": 9}})
    lines[-1]["end"]["lines"] += 1


def turned(lines: list[dict[str, Any]]) -> None:
    """The opposite outcome of what was judged."""
    attempt = next(line["attempt"] for line in lines if "attempt" in line)
    attempt["outcome"] = "unsolved" if attempt["outcome"] == "solved" else "solved"


def out_of_order(lines: list[dict[str, Any]]) -> None:
    lines[2], lines[-2] = lines[-2], lines[2]


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (change("archive", version=2), "line 1: an archive of version 2; this foureyes reads version 1"),
        (change("completion", thoughts="x"), r"completion\.thoughts: Extra inputs are not permitted; it was written at migration"),
        (change("completion", prompt_tokens="9"), r"completion\.prompt_tokens: Input should be a valid integer"),
        (change("completion", prompt_tokens=2**40), r"completion\.prompt_tokens: Input should be less than"),
        (change("completion", completion_tokens=-1), r"completion\.completion_tokens: Input should be greater"),
        (change("completion", seconds=-0.5), r"completion\.seconds: Input should be greater"),
        (change("execution", seconds=1e300), r"execution\.seconds: Input should be less"),
        (change("execution", tries=-1), r"execution\.tries: Input should be greater"),
        (change("attempt", sample=-1), r"attempt\.sample: Input should be greater"),
        (change("attempt", people_notes=[{"author": "A", "text": "x" * 4001, "tags": [], "written_at": "2026-11-29T12:00:00Z"}]), r"people_notes\.0\.text: String should have at most 4000"),
        (change("attempt", sample=7), "an attempt has the sample 7 of 1"),
        (change("run", samples=2), "the run 'review-then-fix' has other samples than its sweep"),
        (change("run", pattern="raw-coder"), "the key of the run 'raw-coder' is not that of its content"),
        (change("run", key="0" * 64), "the key of the run 'review-then-fix' is not that of its content"),
        (change("sweep", key="0" * 64), "the key of the sweep is not that of its models, problems and runs"),
        (file_with(samples=2), "has other samples"),
        (file_with(fresh="x"), "the key of the sweep is not that of its models, problems and runs"),
        (forged_run, "the key of the sweep is not that of its models, problems and runs"),
        (change("attempt", steps=[]), "sample 0, is called '(un)?solved', and its steps do not say so"),
        (change("attempt", code="def f(): pass"), "and its steps do not say so"),
        (change("attempt", outcome="refused"), "is called 'refused', and its steps do not say so"),
        (turned, "and its steps do not say so"),
        (change("completion", state="running"), r"completion\.state"),
        (change("completion", text="a\0b"), "does not fit together: .*Unicode"),
        (change("completion", text=None), "does not fit together: .*done_has_text"),
        (change("completion", request={"model": {}}), "the key of this completion is not that of its content"),
        (change("execution", code="while True: pass"), "the key of this execution is not that of its content"),
        (change("problem", record="{}"), "line 3: the field 'task_id' is missing"),
        (change("problem", version="0"), "the key of this problem is not that of its content"),
        (change("run", team={"coder": "somebody", "reviewer": "r"}), "the key of the run 'review-then-fix' is not that of its content"),
        (change("problem", benchmark=random.Random(0).randbytes(3000).hex()), "the key of the sweep is not that of"),
        (change("attempt", run="0"), "does not fit together: .*run_id"),
        (change("sweep", name="../x"), "the sweep's file has another name than '../x'"),
        (file_with(models={"c": {"engine": "shell"}}), r"the sweep's file: models\.c"),
        (file_with(name="../../x"), "the sweep's file: name"),
        (twice, "does not fit together"),
        (strange_role, "the team of a run has no 'judge', who was asked"),
        (orphan_step, "does not fit together: .*asks_one_thing"),
        (out_of_order, "not where a line with the key"),
        (lambda lines: lines.pop(), "the archive ends too early"),
        (lambda lines: lines.pop(-2), "it has other lines than"),
        (lambda lines: lines.append({"run": {}}), "it has other lines than"),
        (lambda lines: lines.insert(2, {"table": {}}), "line 3: table: Extra inputs are not permitted"),
        (lambda lines: lines.insert(2, {}), "line 3: not an object with one key"),
        (lambda lines: lines.clear(), "line 1: the archive ends too early"),
    ],
)  # fmt: skip
def test_a_spoilt_archive_changes_nothing(
    sound: list[dict[str, Any]],
    tmp_path: Path,
    spoil: Callable[[list[dict[str, Any]]], None],
    says: str,
) -> None:
    """Half an import, or one that lies about its keys, would poison what is shared by all sweeps."""
    lines = copy.deepcopy(sound)
    spoil(lines)
    path = tmp_path / "archive"
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    with pytest.raises(FoureyesError, match=says) as raised:
        import_sweep.read(path)
    assert str(raised.value).startswith(str(path)) and "\n" not in str(raised.value)
    assert set(sizes().values()) == {0}


def test_an_archive_of_before_engines_were_kept_is_read(
    sound: list[dict[str, Any]], tmp_path: Path
) -> None:
    lines = copy.deepcopy(sound)
    kept = [line["completion"].pop("engine") for line in lines if "completion" in line]
    assert set(kept) == {"engine of w/1"}
    with imported(lines, tmp_path / "archive"), session() as db:
        assert db.exec(select(Completion.engine).distinct()).all() == [None]


def test_an_archive_of_before_there_were_teams_is_read(
    sound: list[dict[str, Any]], tmp_path: Path
) -> None:
    lines = copy.deepcopy(sound)
    file = lines[1]["sweep"]["file"]
    file["pairings"] = file.pop("teams")
    for run in (line["run"] for line in lines if "run" in line):
        run |= run.pop("team")
        assert (run["coder"], run["reviewer"]) == ("c", "r")
    with imported(lines, tmp_path / "archive"), session() as db:
        told = db.execute(text("SELECT coder, reviewer, team, pairing, solved FROM v_scores"))
        ((*team, solved),) = told
    assert team == ["c", "r", "coder=c, reviewer=r", "c+r"]
    assert solved == sum(line.get("attempt", {}).get("outcome") == "solved" for line in lines)


@pytest.mark.parametrize(
    "file",
    [
        {"models": {"base_url": "http://host/v1", "extra_body": {"n": 2}}},
        {"pairing": "a\u200bb"},
    ],
)
def test_what_a_file_may_not_say_any_more_is_read_from_an_archive(
    sound: list[dict[str, Any]], tmp_path: Path, file: dict[str, Any]
) -> None:
    """The sweep is finished: nobody can mend its file, and its results would be lost."""
    lines = copy.deepcopy(sound)
    written = lines[1]["sweep"]["file"]
    if "models" in file:
        written["models"]["served"] = {"engine": "openai", "model": "m"} | file["models"]
        lines[1]["sweep"]["key"] = key_of(lines)
    else:
        written["teams"][0]["name"] = file["pairing"]
    with imported(lines, tmp_path / "archive"):
        assert sizes()["Sweep"] == 1


def test_a_password_in_an_address_is_not_taken_over(
    sound: list[dict[str, Any]], tmp_path: Path
) -> None:
    """It would stand in the sweep's row, in that of every call, and in whatever is exported again."""
    lines = copy.deepcopy(sound)
    told = {"engine": "openai", "model": "m", "base_url": "http://user:hidden-word@host/v1"}
    lines[1]["sweep"]["file"]["models"]["served"] = told
    lines[1]["sweep"]["key"] = key_of(lines)
    path = tmp_path / "archive"
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    with pytest.raises(FoureyesError, match=r"models\.served: base_url") as raised:
        import_sweep.read(path)
    assert "hidden-word" not in str(raised.value)
    assert set(sizes().values()) == {0}


def key_of(lines: list[dict[str, Any]]) -> str:
    """The key of an archive's sweep, as it is written."""
    told = lines[1]["sweep"]["file"]
    run = next(line["run"] for line in lines if "run" in line)
    (problem,) = (line["problem"] for line in lines if "problem" in line)
    file = {key: value for key, value in told.items() if key in SweepFile.model_fields}
    return sweep_key(
        SweepFile.model_validate(file),
        [(run["pattern"], run["options"])],
        {problem["benchmark"]: [problem["version"]]},
        told["prompt_files"],
        told["module_hashes"],
        told["fresh"],
    )


@contextmanager
def imported(lines: list[dict[str, Any]], path: Path) -> Iterator[None]:
    """The machine of `sound` with an archive of these lines, and afterwards without it."""
    path.write_bytes(gzip.compress("".join(json.dumps(line) + "\n" for line in lines).encode()))
    try:
        import_sweep.read(path)
        yield
    finally:
        with session() as db:
            db.execute(
                text("TRUNCATE sweep, language_model, problem, completion, execution CASCADE")
            )


HEADER = b'{"archive": {"version": 1, "revision": "0001"}}\n'


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x03\x04 no gzip", "damaged, or no archive"),
        (b"", "line 1: the archive ends too early"),
        (gzip.compress(HEADER)[:-10], "damaged, or no archive"),
        (gzip.compress(HEADER)[:-8] + b"12345678", "damaged, or no archive|ends too early"),
        (gzip.compress(HEADER + b"not json\n"), "line 2: Invalid JSON"),
        (gzip.compress(HEADER + b'{"sweep": ' + b"[" * 10**6 + b"\n"), "line 2: .*recursion limit"),
        (gzip.compress(HEADER + b'{"sweep": "\xff\xff"}\n'), "line 2: Invalid JSON"),
        (gzip.compress(HEADER + b'{"sweep": {"name": "\\ud800"}}\n'), "line 2: Invalid JSON"),
        (gzip.compress(HEADER + b" " * ((1 << 26) + 1) + b"\n", 1), "line 2: too long"),
    ],
    ids=lambda value: (
        value if isinstance(value, str) else ""
    ),  # a packed content has the time in it
)
def test_what_is_no_archive_is_said_to_be_none(tmp_path: Path, content: bytes, says: str) -> None:
    path = tmp_path / "archive"
    path.write_bytes(content)
    with pytest.raises(FoureyesError, match=says) as raised:
        list(format.read(path))
    assert "\n" not in str(raised.value)


def test_a_file_that_is_not_there_and_a_folder_are_named(tmp_path: Path) -> None:
    with pytest.raises(FoureyesError, match="nowhere: there is no such file"):
        list(format.read(tmp_path / "nowhere"))
    with pytest.raises(FoureyesError, match="cannot be read"):
        list(format.read(tmp_path))
