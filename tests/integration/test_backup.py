"""If one of these fails, the one copy that a person made of a month's results is none."""

import hashlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psycopg
import pytest
from rich.console import Console
from sqlmodel import func, select

from foureyes import migrations
from foureyes.models.errors import FoureyesError
from foureyes.models.session import engine, session
from foureyes.models.settings import settings
from foureyes.models.tables import Attempt
from foureyes.producer.commands import keeping
from foureyes.producer.stack import embedded, postgres
from foureyes.results import query
from tests.programs import ROOT, foureyes, scripted_sweep, started, wait_for

_CALLS = "SELECT key, text, finished_at FROM completion WHERE state = 'done'"


@contextmanager
def at(home: Path) -> Iterator[None]:
    """Be a person whose home of foureyes this is."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("FOUREYES_")]:
            patch.delenv(name)
        patch.setenv("FOUREYES_HOME", str(home))
        for remembered in (settings, engine):
            remembered.cache_clear()
        yield
    for remembered in (settings, engine):
        remembered.cache_clear()


@contextmanager
def connected(home: Path) -> Iterator[psycopg.Connection]:
    """A connection to a home's database, whether or not others use it."""
    with (
        postgres.server(home) as url,
        psycopg.connect(postgres.named(url, embedded.DATABASE)) as connection,
    ):
        yield connection


def tables(home: Path) -> dict[str, str]:
    """What each table of a home holds, as a hash."""
    names = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
    with connected(home) as db:
        return {
            name: hashlib.sha256(
                repr(db.execute(f"SELECT t::text FROM {name} AS t ORDER BY 1").fetchall()).encode()
            ).hexdigest()
            for (name,) in db.execute(names).fetchall()
        }


def remove(home: Path) -> None:
    """Remove a home's data, also as root, when it lies elsewhere."""
    subprocess.run(["rm", "-rf", os.path.realpath(home / "postgres"), home], check=False)


def ended(home: Path) -> int:
    """How many attempts have ended; 0 as long as there is no database."""
    try:
        with psycopg.connect(postgres.named(postgres.address(home), embedded.DATABASE)) as db:
            found = db.execute("SELECT count(*) FROM attempt WHERE state = 'done'").fetchall()
    except psycopg.Error:
        return 0
    return int(found[0][0])


@pytest.fixture(scope="module")
def half_done(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[str]]]:
    """A folder with a sweep that was stopped in the middle, its results in `home`, and its command."""
    folder = tmp_path_factory.mktemp("half")
    words = scripted_sweep(folder, 20, 0.5, ["raw-coder", "review-then-fix"])
    file = folder / "sweep.toml"
    file.write_text(file.read_text().replace("latency = 0.5", "latency = 0.5, threads = 2"))
    home = folder / "home"
    with started(*words, home=home) as sweeping:
        wait_for((home / "stack.json").exists, 240)
        wait_for(lambda: ended(home) > 2, 240)
        sweeping.send_signal(signal.SIGINT)
        assert sweeping.wait(timeout=120) == 130
    with at(home):
        keeping.backup(folder / "b", force=False)
    yield folder, words
    remove(home)


def test_a_sweep_goes_on_elsewhere_from_where_the_backup_was_made(
    half_done: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, words = half_done
    home = tmp_path / "home"
    with at(home):
        with embedded.database(lambda _: None), embedded.reading(lambda _: None):
            pass  # somebody has asked something there before: the role that reads is in it
        keeping.restore(folder / "b")
        assert tables(home) == tables(folder / "home")
        with (
            embedded.reading(lambda _: None),
            pytest.raises(FoureyesError, match="permission denied for function lo_create"),
        ):
            query.run("SELECT lo_create(0)", "json", Console())
    with connected(home) as db:
        before = set(db.execute(_CALLS).fetchall())
        unfinished = db.execute("SELECT FROM attempt WHERE finished_at IS NULL").fetchall()
    assert len(before) > 2 and len(unfinished) > 2
    grown = foureyes(*words, home=home, timeout=500)
    assert grown.returncode == 0, grown.stdout + grown.stderr
    with connected(home) as db:
        assert before < set(db.execute(_CALLS).fetchall())  # none of them was made again
    with at(home), pytest.raises(FoureyesError, match="holds sweeps"):
        keeping.restore(folder / "b")
    remove(home)


def test_a_backup_is_never_written_over_unless_that_is_said(
    half_done: tuple[Path, list[str]],
) -> None:
    folder, _ = half_done
    before = (folder / "b").read_bytes()
    with at(folder / "home"):
        with pytest.raises(FoureyesError, match="is there already"):
            keeping.backup(folder / "b", force=False)
        assert (folder / "b").read_bytes() == before
        keeping.backup(folder / "b", force=True)
    assert (folder / "b").read_bytes() != before  # it has the moment in it


def test_a_backup_that_was_cut_short_changes_nothing(
    half_done: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, _ = half_done
    whole, cut, home = (folder / "b").read_bytes(), tmp_path / "cut", tmp_path / "home"
    home.mkdir()
    with at(home), postgres.server(home) as url:
        for size in (0, 3, 2000, len(whole) - 10):
            cut.write_bytes(whole[:size])
            with pytest.raises(FoureyesError, match=str(cut)) as told:
                keeping.restore(cut)
            assert "\n" not in str(told.value)
            with psycopg.connect(url) as db:
                left = db.execute("SELECT FROM pg_database WHERE datname LIKE 'foureyes%'")
                assert left.fetchall() == []
    remove(home)


def test_a_database_that_somebody_uses_is_not_taken_from_under_them(
    half_done: tuple[Path, list[str]], tmp_path: Path
) -> None:
    folder, _ = half_done
    home = tmp_path / "home"
    with at(home):
        with embedded.database(lambda _: None):
            pass
        with (
            connected(home),
            pytest.raises(FoureyesError, match="another foureyes uses the database"),
        ):
            keeping.restore(folder / "b")
        keeping.restore(folder / "b")
    remove(home)


def test_a_server_of_ones_own_takes_it_by_its_own_programs(
    half_done: tuple[Path, list[str]], empty_database: str, tmp_path: Path
) -> None:
    """As docs/howto/operations.md has it, there and back."""
    folder, _ = half_done
    page = (ROOT / "docs" / "howto" / "operations.md").read_text()
    lines = re.findall(r"^    (pg_(?:restore|dump)) (.*)$", page, re.MULTILINE)
    assert [name for name, _ in lines] == ["pg_dump", "pg_restore"]
    for (name, words), file in zip(
        reversed(lines), (folder / "b", tmp_path / "again"), strict=True
    ):
        given = words.replace("FILE", str(file)).replace('"$FOUREYES_DATABASE_URL"', empty_database)
        subprocess.run([postgres.program(name), *given.split()], check=True)
    migrations.upgrade()
    with session() as db:
        assert db.scalar(select(func.count()).select_from(Attempt)) == 40
    assert (tmp_path / "again").read_bytes().startswith(b"PGDMP")
    for command in (partial(keeping.backup, force=False), keeping.restore):
        with pytest.raises(FoureyesError, match=r"pg_(dump|restore) .*operations\.md"):
            command(tmp_path / "b")
