"""The web process's way to the database: every session of it reads only, and no statement takes long."""

from typing import Any

from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError

from models.session import engine

#: After which a page says that the database does not answer.
SECONDS = 10
_OPTIONS = f"-c default_transaction_read_only=on -c statement_timeout={SECONDS}s"


def read_only() -> None:
    """Let this process's sessions read only, from now on, whoever opens them."""
    event.listen(engine(), "do_connect", _restrict)
    engine().dispose()  # connections of before are not restricted


def _restrict(_: Any, __: Any, ___: Any, parameters: dict[str, Any]) -> None:
    parameters["options"] = f"{parameters.get('options', '')} {_OPTIONS}".strip()


def reason(error: SQLAlchemyError) -> str:
    """Why the database gave no answer, in a line; it names no address and no password."""
    said = str(getattr(error, "orig", None) or error).strip().splitlines()
    last = said[-1] if said else type(error).__name__
    if "statement timeout" in last:
        return f"The database did not answer within {SECONDS} s: it is locked, or very busy."
    return f"The database cannot be reached: {last}"
