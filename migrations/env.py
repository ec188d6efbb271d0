"""How Alembic reaches the database: as everything else does, by FOUREYES_DATABASE_URL."""

from alembic import context
from alembic.util import CommandError
from sqlmodel import SQLModel

import foureyes.models.tables  # noqa: F401 - fills the metadata
from foureyes import migrations
from foureyes.migrations import grants, views
from foureyes.models.errors import FoureyesError
from foureyes.models.session import check_connection, engine


def _run() -> None:
    check_connection()
    if (revision := migrations.current()) is not None:
        migrations.check_known(revision)
    with engine().begin() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata)
        here = context.get_context()
        with context.begin_transaction():
            if "destination_rev" not in here.opts:  # `alembic current` and its like change nothing
                context.run_migrations()
                return
            granted = views.drop(connection)
            context.run_migrations()
            if here.get_current_revision() == context.get_head_revision():
                views.make(connection, granted)
                grants.renew(connection)


if context.is_offline_mode():
    raise CommandError("--sql: no script can make the views; run it without")
try:
    _run()
except FoureyesError as error:  # of this kind, `alembic` prints only the line
    raise CommandError(str(error)) from None
