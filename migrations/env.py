"""How Alembic reaches the database: as everything else does, by FOUREYES_DATABASE_URL."""

from alembic import context
from sqlmodel import SQLModel

import models.tables  # noqa: F401 - fills the metadata
from models.session import engine

if context.is_offline_mode():
    context.configure(dialect_name="postgresql", target_metadata=SQLModel.metadata)
    with context.begin_transaction():
        context.run_migrations()
else:
    with engine().begin() as connection:
        context.configure(connection=connection, target_metadata=SQLModel.metadata)
        with context.begin_transaction():
            context.run_migrations()
