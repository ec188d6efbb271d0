"""Needs a Docker engine: `make test-docker` starts one of its own, and `make test` does without."""

import os
from collections.abc import Iterator

import pytest
from sqlalchemy import text

from foureyes.models.session import engine, session
from foureyes.models.settings import settings
from tests.docker.stack import Stack
from tests.faults import audit

if "FOUREYES_DOCKER" not in os.environ:
    collect_ignore_glob = ["*"]
else:
    from tests.faults.conftest import pytest_terminal_summary  # noqa: F401 - prints the table


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """The images that the Dockerfile makes of the stand-ins."""
    stack = Stack(tmp_path_factory.mktemp("docker"))
    stack.compose("build", "migrate", "execution")
    return stack


@pytest.fixture(scope="session")
def stack(built: Stack) -> Iterator[Stack]:
    """Every service up; models have no name yet, so their workers are started again and again.

    Triggers note each ending of a row.
    """
    built.down()  # what an earlier run was not let to remove
    try:
        built.compose("up", "--detach")
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("FOUREYES_DATABASE_URL", built.url())
            for remembered in (settings, engine):
                remembered.cache_clear()
            with session() as db:
                db.execute(text(audit.TRIGGERS))
                # judges may not write the triggers' table, and need not know of it
                db.execute(text("ALTER FUNCTION note_ending() SECURITY DEFINER"))
                db.commit()
            yield built
            engine().dispose()
    finally:
        built.down()
        for remembered in (settings, engine):
            remembered.cache_clear()
