"""The database's history: tables, then views. Run by Alembic."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError

from migrations import views
from models.errors import FoureyesError
from models.session import engine


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def head() -> str:
    """The revision that this code needs."""
    revision = ScriptDirectory.from_config(_config()).get_current_head()
    assert revision is not None
    return revision


def current() -> str | None:
    """The revision that the database is at; None if it has none of our tables."""
    with engine().connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def upgrade(revision: str = "head") -> None:
    """Bring the database to a later revision; at the head, with its views made anew.

    Raises: FoureyesError in one line when somebody's own view stands on one of ours.
    """
    try:
        command.upgrade(_config(), revision)
    except CommandError as error:
        raise FoureyesError(str(error)) from None


def downgrade(revision: str) -> None:
    """Bring the database back to an earlier revision ("base" for none); rows may be lost."""
    command.downgrade(_config(), revision)


def has_views() -> bool:
    """Whether the database's views are those of this code: they may differ at one revision."""
    with engine().connect() as connection:
        return views.are_current(connection)


def check_views() -> None:
    """Raises: FoureyesError when the database's views are not those that this code reads."""
    if not has_views():
        raise FoureyesError(
            "the views of the database are those of another version of foureyes; "
            "run `alembic upgrade head` with the version that you use"
        )


def check_known(found: str) -> None:
    """Raises: FoureyesError when this code does not know the revision that the database is at."""
    scripts = ScriptDirectory.from_config(_config())
    if found not in {script.revision for script in scripts.walk_revisions()}:
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
        f"{head()}; run `alembic upgrade head`"
    )
