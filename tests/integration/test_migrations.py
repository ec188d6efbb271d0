"""A migration that differs from the code, or that cannot be taken back, costs users their results."""

import json
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect, text
from sqlmodel import SQLModel

import migrations
from migrations import views
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


def made() -> dict[str, str]:
    """The views that a database has, by name, as PostgreSQL understands them."""
    query = """
        SELECT relname, pg_get_viewdef(oid) || obj_description(oid) AS told
        FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace"""
    with session() as db:
        return {row.relname: row.told for row in db.execute(text(query))}


def execute(statement: str) -> None:
    with session() as db:
        db.execute(text(statement))


@pytest.mark.usefixtures("empty_database")
def test_views_are_those_of_the_files_whichever_way_a_database_came_to_them() -> None:
    """Else two people ask the same of the same rows, and get two answers."""
    migrations.upgrade()
    anew = made()
    assert set(anew) == set(views.NAMES)
    folder = Path(views.__file__).parent
    assert set(anew) == {file.stem for file in folder.glob("*.sql")}
    migrations.downgrade("0008")
    before = made()
    migrations.downgrade("base")
    migrations.upgrade("0008")
    assert made() == before
    migrations.upgrade()
    assert made() == anew


@pytest.mark.usefixtures("empty_database")
def test_a_view_that_is_not_of_this_code_is_noticed_and_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else a question is answered by the view of an older version, which counted otherwise."""
    with monkeypatch.context() as older:
        older.setattr(views, "NAMES", (*views.NAMES, "v_gone"))
        older.setattr(views, "_statements", lambda: [
            *(f"CREATE VIEW {name} AS SELECT 1 AS one" for name in views.NAMES)
        ])  # fmt: skip
        migrations.upgrade()
        assert migrations.has_views() and "v_gone" in made()
    migrations.check()
    with pytest.raises(FoureyesError, match=r"views .* another version .* `alembic upgrade head`"):
        migrations.check_views()
    migrations.upgrade()
    migrations.check_views()
    assert set(made()) == set(views.NAMES)
    assert "Wilson" in made()["v_scores"]


@pytest.mark.parametrize("revision", ["0005", "0008", "head"])
@pytest.mark.usefixtures("empty_database")
def test_who_may_read_a_view_still_may_after_it_was_made_anew(revision: str) -> None:
    """Also one that was made by hand, before views were files."""
    migrations.upgrade(revision)
    execute("DROP ROLE IF EXISTS somebody")
    execute("CREATE ROLE somebody")
    execute("GRANT SELECT ON v_scores TO somebody")
    migrations.upgrade()
    query = "SELECT has_table_privilege('somebody', :view, 'SELECT')"
    with session() as db:
        may = {v: db.execute(text(query), {"view": v}).scalar() for v in ("v_scores", "v_cost")}
    assert may == {"v_scores": True, "v_cost": False}
    execute("DROP OWNED BY somebody")
    execute("DROP ROLE somebody")


@pytest.mark.parametrize("revision", ["0005", "0008", "head"])
@pytest.mark.usefixtures("empty_database")
def test_a_persons_own_view_is_never_dropped_with_ours(revision: str) -> None:
    migrations.upgrade(revision)
    execute("CREATE VIEW mine AS SELECT sweep, pass_1 FROM v_scores")
    before = made()
    with pytest.raises(FoureyesError, match=r"view mine depends on view v_scores\. Drop these"):
        migrations.upgrade()
    assert made() == before
    execute("DROP VIEW mine")
    migrations.upgrade()
    migrations.check_views()


@pytest.mark.usefixtures("database")
def test_a_question_to_alembic_changes_no_view() -> None:
    before = made()
    command.current(migrations._config())
    assert made() == before
    migrations.check_views()


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
