"""A migration that differs from the code, or that cannot be taken back, costs users their results."""

import json

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

import migrations
from models.digest import digest
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


_SERVED = {
    "engine": "openai", "model": "m", "base_url": "http://h/v1", "api_key_env": "OPENAI_API_KEY",
    "timeout": 300.0,
}  # fmt: skip


@pytest.mark.usefixtures("empty_database")
def test_answers_of_another_time_limit_are_found_again() -> None:
    """Whoever had set one would pay for every call a second time."""
    migrations.upgrade("0009")
    models = {
        "as it was": _SERVED,
        "timeout": _SERVED | {"timeout": 900.0},
        "variable": _SERVED | {"api_key_env": "MINE"},
        "slash": _SERVED | {"base_url": "http://h/v1/"},
        "another engine": {"engine": "vllm", "model": "m", "timeout": 5.0},
    }
    with session() as db:
        for name, model in models.items():
            values = {"name": name, "settings": json.dumps(model), "identity": digest(model)}
            db.execute(text(_ADD_MODEL), values)
            for prompt in (name, "twice") if name != "another engine" else (name,):
                request = {"model": model, "messages": [prompt], "seed": None}
                db.execute(
                    text(_ADD_CALL),
                    {"key": digest(request), "request": json.dumps(request), "model": name},
                )
        damaged = _SERVED | {"timeout": 7.0}
        values = {
            "key": "no hash of it",
            "request": json.dumps({"model": damaged}),
            "model": "slash",
        }
        db.execute(text(_ADD_CALL), values)
    migrations.upgrade()
    with session() as db:
        rows = db.execute(text("SELECT key, request FROM completion ORDER BY id")).all()
        identities = dict(db.execute(text("SELECT name, identity FROM language_model")).all())
    kept = {row.request["messages"][0]: row for row in rows if "messages" in row.request}
    for name in ("as it was", "timeout", "variable", "slash"):
        assert identities[name] == digest(_SERVED)
        assert kept[name].request["model"] == _SERVED
        wanted = {"model": _SERVED, "messages": [name], "seed": None}
        assert kept[name].key == digest(wanted)
    assert kept["another engine"].request["model"]["timeout"] == 5.0
    # of several that became one, the first has the key; each of the others is still what it was
    assert len(rows) == len({row.key for row in rows}) == 10
    assert all(row.key == digest(row.request) for row in rows[:-1])
    assert rows[-1].key == "no hash of it"


_ADD_MODEL = """
INSERT INTO language_model (name, settings, identity) VALUES (:name, CAST(:settings AS jsonb), :identity)
"""
_ADD_CALL = """
INSERT INTO completion (key, state, tries, send_again_at, created_at, model_id, kind, prompt,
    prompt_hash, request, text)
SELECT :key, 'done', 1, now(), now(), id, 'draft', 'draft', '', CAST(:request AS jsonb), 'x'
FROM language_model WHERE name = :model
"""
