"""A migration that differs from the code, or that cannot be taken back, costs users their results."""

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

import migrations
from models.errors import FoureyesError
from models.session import engine, session
from models.tables import Sweep


@pytest.mark.usefixtures("database")
def test_the_migrations_make_the_tables_that_the_code_describes() -> None:
    with engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, SQLModel.metadata) == []


@pytest.mark.usefixtures("empty_database")
def test_up_down_and_up_again_also_with_rows() -> None:
    for _ in range(2):
        migrations.upgrade()
        migrations.check()
        with session() as db:
            db.add(Sweep(key="k", name="n", file={}))
        assert "v_scores" in inspect(engine()).get_view_names()
        migrations.downgrade("base")
        assert set(inspect(engine()).get_table_names()) == {"alembic_version"}
        assert inspect(engine()).get_view_names() == []


@pytest.mark.usefixtures("empty_database")
def test_a_database_at_the_wrong_migration_is_refused_in_one_line() -> None:
    with pytest.raises(FoureyesError, match=r"at migration none, .* run `alembic upgrade head`"):
        migrations.check()
    migrations.upgrade("0001")
    with pytest.raises(
        FoureyesError, match=rf"at migration 0001, .* needs {migrations.head()}; run"
    ):
        migrations.check()
    with session() as db:
        db.exec(text("UPDATE alembic_version SET version_num = '9999'"))  # type: ignore[call-overload]
    with pytest.raises(FoureyesError, match="does not know; update foureyes"):
        migrations.check()
