"""A column that one list lacks is lost on the way, and nobody is told."""

from sqlalchemy import Table

from foureyes.models import columns
from foureyes.models.tables import Completion, Execution
from foureyes.producer.archive import format


def types(table: Table) -> dict[str, str]:
    """The columns of a table, with PostgreSQL's types."""
    short = {"varchar": "text", "float": "double precision"}
    found = {column.name: str(column.type).partition("(")[0].lower() for column in table.columns}
    return {name: short.get(type_, type_) for name, type_ in found.items()}


def test_what_an_answer_fills_are_columns_of_these_types() -> None:
    there = types(Completion.__table__)  # type: ignore[attr-defined]
    assert {name: there[name] for name in columns.ANSWER} == columns.ANSWER


def test_an_archive_holds_what_the_statements_write_and_read() -> None:
    call = {"model", *columns.CALL, *columns.CAME_ABOUT, *columns.ANSWER}
    assert set(format.ArchivedCompletion.model_fields) == call
    judging = {"version", *columns.JUDGING, *columns.CAME_ABOUT, *columns.JUDGED}
    assert set(format.ArchivedExecution.model_fields) == judging


def test_what_stays_here_is_only_what_means_nothing_elsewhere() -> None:
    local = {"id", "lease_until", "send_again_at", "failures", "origin", "task_id"}
    call = {"model_id", *columns.CALL, *columns.CAME_ABOUT, *columns.ANSWER}
    assert set(types(Completion.__table__)) == call | local  # type: ignore[attr-defined]
    judging = {"problem_id", *columns.JUDGING, *columns.CAME_ABOUT, *columns.JUDGED}
    assert set(types(Execution.__table__)) == judging | local  # type: ignore[attr-defined]
