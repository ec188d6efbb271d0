"""The web process's way to the database: every session of it reads only, and no statement takes long."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlmodel import Session

from foureyes.models.errors import FoureyesError
from foureyes.models.session import engine, said_by, session

#: After which a page says that the database does not answer.
SECONDS = 10
#: Names of hosts, users, databases and sockets, as libpq and psycopg write them.
_QUOTED = re.compile(r"""(["']).*?\1""")
_OPTIONS = f"-c default_transaction_read_only=on -c statement_timeout={SECONDS}s"

_MAY_NOTE = text("""
SELECT current_user, pg_is_in_recovery(), (
    SELECT bool_and(has_table_privilege(name, privilege))
    FROM unnest(ARRAY['people_note', 'kept_search']) AS name,
        unnest(ARRAY['INSERT', 'UPDATE', 'DELETE']) AS privilege
) AND has_sequence_privilege('people_note_id_seq', 'USAGE')
    AND has_sequence_privilege('kept_search_id_seq', 'USAGE')
""")


def read_only() -> None:
    """Let this process's sessions read only, from now on, whoever opens them."""
    event.listen(engine(), "do_connect", _restrict)
    engine().dispose()  # connections of before are not restricted


def _restrict(_: Any, __: Any, ___: Any, parameters: dict[str, Any]) -> None:
    parameters["options"] = f"{parameters.get('options', '')} {_OPTIONS}".strip()


@contextmanager
def writing() -> Iterator[Session]:
    """A transaction that may write, in a process whose others may not."""
    with session() as db:
        db.execute(text("SET TRANSACTION READ WRITE"))
        yield db


def check_notes() -> None:
    """Raises: FoureyesError if this process may not write notes."""
    with session() as db:
        user, is_standby, may = db.execute(_MAY_NOTE).one()
    if is_standby:
        raise FoureyesError("--notes: this database is a standby, to which nothing can be written")
    if not may:
        raise FoureyesError(
            f"--notes: {user!r} may not write notes. The owner of the tables allows it: GRANT INSERT, UPDATE, "
            f"DELETE ON people_note, kept_search TO {user}; GRANT USAGE ON people_note_id_seq, "
            f"kept_search_id_seq TO {user}"
        )


def reason(error: SQLAlchemyError) -> str:
    """Why the database gave no answer, in a line; it names no address and no password.

    Whoever reaches the pages may read it: where the database is, is no business of theirs.
    """
    if not isinstance(error, DBAPIError):  # only the pool's time-out comes here without the driver
        return "The database is very busy: all connections of the pages are in use."
    if "statement timeout" in str(error.orig):
        return f"The database did not answer within {SECONDS} s: it is locked, or very busy."
    return f"The database cannot be reached: {_without_names(said_by(error))}"


def _without_names(line: str) -> str:
    """What libpq says behind the place where it tried, with a dash for each name in quotes."""
    return _QUOTED.sub("–", line.rpartition(" failed: ")[2])
