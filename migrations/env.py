"""How Alembic reaches the database: as everything else does, by FOUREYES_DATABASE_URL."""

from alembic import context
from alembic.util import CommandError
from sqlmodel import SQLModel

import models.tables  # noqa: F401 - fills the metadata
from models.errors import FoureyesError
from models.session import check_connection, engine

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=SQLModel.metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    try:
        check_connection()
    except FoureyesError as error:  # of this kind, `alembic` prints only the line
        raise CommandError(str(error)) from None
    with engine().begin() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata)
        with context.begin_transaction():
            context.run_migrations()
