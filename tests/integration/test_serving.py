"""If one of these fails, a model answers for another, or calls fail at a worker of yesterday's model."""

import asyncio
import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import stamina
from sqlalchemy import Row, text
from sqlmodel import select

from foureyes.models import lifecycle
from foureyes.models.enums import State
from foureyes.models.errors import InfrastructureError, RequestRefused
from foureyes.models.session import session, transaction
from foureyes.models.settings import settings
from foureyes.models.tables import Completion, LanguageModel
from foureyes.worker.attempt.advance import advance
from foureyes.worker.engines import Answer, Request
from foureyes.worker.process import Serving
from tests.integration.test_advance import attempt_ids, completions, make_sweep

pytestmark = pytest.mark.usefixtures("database")


class Ended(BaseException):
    """In place of the process's end."""


@pytest.fixture
def serving(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Serving]:
    """A worker of the model `c`, of which a sweep has asked a draft."""
    (tmp_path / "c.toml").write_text('[[rules]]\nanswer = "x = 1"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FOUREYES_MODEL", "c")
    monkeypatch.setenv("FOUREYES_LEASE", "0.6")
    settings.cache_clear()

    def end(code: int) -> None:
        raise Ended(code)

    monkeypatch.setattr(os, "_exit", end)
    make_sweep("raw-coder")
    advance(attempt_ids()[0])
    made = Serving("c@here")
    made.load_model()
    yield made
    made.close()


def claimed(serving: Serving) -> Row[Any]:
    with transaction() as db:
        row = lifecycle.claim(db, Completion, completions()[0].id, serving.holder.name)
    assert row is not None
    return row


def define(**more: Any) -> None:
    """Define the model `c` anew, as a sweep does whose file was edited."""
    with session() as db:
        row = db.exec(select(LanguageModel).where(LanguageModel.name == "c")).one()
        row.settings = row.settings | more
        if "identity" in more:
            row.identity = more["identity"]


def test_a_worker_answers_for_its_own_model(serving: Serving) -> None:
    assert serving.complete(claimed(serving)).text == "x = 1"


def test_what_was_asked_of_another_model_of_this_name_is_never_answered(serving: Serving) -> None:
    """A sweep of before, tried once more after its model's name was given to another."""
    row = claimed(serving)
    other = row._asdict() | {"request": row.request | {"model": {"engine": "other"}}}
    with pytest.raises(RequestRefused, match="a later sweep has given the name 'c' to another"):
        serving.complete(_Row(other))


class _Row:
    def __init__(self, values: dict[str, Any]) -> None:
        self.__dict__.update(values)


def test_a_worker_whose_model_was_defined_anew_ends_before_a_call_fails(serving: Serving) -> None:
    row = claimed(serving)
    other = _Row(row._asdict() | {"request": row.request | {"model": {"engine": "other"}}})
    define(identity="another")
    with pytest.raises(Ended):
        serving.complete(other)
    (draft,) = completions()  # the claim was given back, and nothing counts as a failure
    assert (draft.state, draft.failures, draft.error) == (State.QUEUED, 0, None)


class Failing:
    """An engine whose calls fail."""

    def complete(self, request: Request) -> Answer:
        raise InfrastructureError("401: the key is wrong")

    def close(self) -> None: ...


def test_so_does_one_whose_calls_fail_by_settings_that_were_mended(serving: Serving) -> None:
    """A key's variable, an address: they are no part of what the model is."""
    serving.engine = Failing()
    row = claimed(serving)
    with pytest.raises(InfrastructureError, match="the key is wrong"):
        serving.complete(row)
    define(price_per_hour=2.0)
    with pytest.raises(Ended):
        serving.complete(row)


class Busy:
    """An engine that tries a call again, in the calling thread or in a loop of its own."""

    def __init__(self, go_on: threading.Event, elsewhere: bool) -> None:
        self.go_on = go_on
        self.elsewhere = elsewhere

    def complete(self, request: Request) -> Answer:
        if self.elsewhere:
            loop = asyncio.new_event_loop()
            threading.Thread(target=loop.run_forever, daemon=True).start()
            return asyncio.run_coroutine_threadsafe(self._ask(), loop).result()
        for attempt in stamina.retry_context(on=ValueError, attempts=None, wait_initial=0.01):
            with attempt:
                return self._try()
        raise AssertionError

    async def _ask(self) -> Answer:
        async for attempt in stamina.retry_context(on=ValueError, attempts=None, wait_initial=0.01):
            with attempt:
                return self._try()
        raise AssertionError

    def _try(self) -> Answer:
        if not self.go_on.is_set():
            raise ValueError("429\n Too Many\0 Requests " + "x" * 1000)
        return Answer("x = 1", "stop", 1, 0, 1, 0.1, "an engine")

    def close(self) -> None: ...


def wait_for(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.05)
    raise AssertionError("it does not happen")


@pytest.mark.parametrize("elsewhere", [False, True])
def test_a_call_that_an_engine_tries_again_tells_so_while_it_does(
    serving: Serving, elsewhere: bool
) -> None:
    """Else a server that is busy for five minutes looks as one that answers slowly."""
    go_on = threading.Event()
    serving.engine = Busy(go_on, elsewhere)
    row = claimed(serving)
    with serving.holder.hold(Completion, row.id):
        asking = threading.Thread(target=lambda: serving.complete(row))
        asking.start()
        said = wait_for(lambda: completions()[0].error)
        assert said.startswith("429 Too Many\ufffd Requests xxx") and len(said) == 300
        assert completions()[0].state is State.RUNNING
        go_on.set()
        asking.join()
    with transaction() as db:
        assert lifecycle.finish(db, Completion, row.id, serving.holder.name, text="x = 1")
    time.sleep(0.5)  # nothing is written any more
    assert completions()[0].error is None


def test_a_model_that_cannot_be_loaded_tells_why_until_it_is_tried_again(
    serving: Serving, tmp_path: Path
) -> None:
    def trouble() -> str | None:
        with session() as db:
            return db.execute(text("SELECT trouble FROM language_model WHERE name = 'c'")).scalar()

    assert trouble() is None
    (tmp_path / "c.toml").rename(tmp_path / "away.toml")
    broken = Serving("c@there")
    with pytest.raises(Exception, match=r"c\.toml"):
        broken.load_model()
    assert "c.toml" in (trouble() or "")
    (tmp_path / "away.toml").rename(tmp_path / "c.toml")
    broken.load_model()
    assert trouble() is None
    broken.close()
