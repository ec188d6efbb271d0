"""The database's history: tables, then views. Run by Alembic.

Every command and every worker asks at which revision a database is, and hardly any changes that: so
Alembic, which takes long to import, is imported by whoever does.
"""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import text

from foureyes.migrations import views
from foureyes.models.errors import FoureyesError
from foureyes.models.session import engine

if TYPE_CHECKING:
    from alembic.config import Config

_FOLDER = Path(__file__).parent
_IS_THERE = text("SELECT to_regclass('alembic_version') IS NOT NULL")
_CURRENT = text("SELECT version_num FROM alembic_version")


@cache
def revisions() -> tuple[str, ...]:
    """The revisions that this code knows, in their order: its files begin with their numbers."""
    return tuple(sorted(file.name.partition("_")[0] for file in _FOLDER.glob("versions/*_*.py")))


def head() -> str:
    """The revision that this code needs."""
    return revisions()[-1]


def current() -> str | None:
    """The revision that the database is at; None if it has none of our tables."""
    with engine().connect() as connection:
        if not connection.execute(_IS_THERE).scalar():
            return None
        return connection.execute(_CURRENT).scalar()


def upgrade(revision: str = "head") -> None:
    """Bring the database to a later revision; at the head, with its views made anew.

    Raises: FoureyesError in one line when somebody's own view stands on one of ours.
    """
    from alembic import command
    from alembic.util import CommandError

    try:
        command.upgrade(_config(), revision)
    except CommandError as error:
        raise FoureyesError(str(error)) from None


def downgrade(revision: str) -> None:
    """Bring the database back to an earlier revision ("base" for none); rows may be lost."""
    from alembic import command

    command.downgrade(_config(), revision)


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_FOLDER))
    return config


def has_views() -> bool:
    """Whether the database's views are those of this code: they may differ at one revision."""
    with engine().connect() as connection:
        return views.are_current(connection)


def check_views() -> None:
    """Raises: FoureyesError when the database's views are not those that this code reads."""
    if not has_views():
        raise FoureyesError(
            "the views of the database are those of another version of foureyes; "
            "run `foureyes database migrate` with the version that you use"
        )


def check_known(found: str) -> None:
    """Raises: FoureyesError when this code does not know the revision that the database is at."""
    if found < revisions()[0]:
        raise FoureyesError(
            f"the database is at migration {found}, from before the first release, whose tables are "
            f"those of {revisions()[0]}: export its sweeps with the version that made it, and import "
            "them into a new database"
        )
    if found not in revisions():
        raise FoureyesError(
            f"the database is at migration {found}, which this version of foureyes (it knows up to "
            f"{head()}) does not know; update foureyes"
        )


def check() -> None:
    """Raises: FoureyesError when the database is not at the revision that this code needs."""
    found = current()
    if found == head():
        return
    if found is not None:
        check_known(found)
    raise FoureyesError(
        f"the database is at migration {found or 'none'}, and this version of foureyes needs "
        f"{head()}; run `foureyes database migrate`"
    )
