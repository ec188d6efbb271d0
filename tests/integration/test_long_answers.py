"""If this fails, one sweep's long answers hold up the attempts of all others. On real Postgres."""

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from foureyes.models import broker
from foureyes.models.enums import State
from foureyes.models.settings import settings
from foureyes.models.tables import Execution
from foureyes.worker import long_answers
from foureyes.worker.attempt import rows
from foureyes.worker.attempt.advance import advance
from tests.integration.test_advance import CODE, answer, attempt_ids, attempts, completions, count
from tests.programs import wait_for
from tests.sweeps import make_sweep

#: A right program behind more than is read at once.
LONG = "a\n" * 3000 + CODE


@pytest.fixture(autouse=True)
def readers(database: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FOUREYES_BROKER_URL", "memory://")  # nobody reads what is sent
    settings.cache_clear()
    broker.app.cache_clear()
    yield
    long_answers.stop()
    settings.cache_clear()
    broker.app.cache_clear()


def reader() -> int:
    """The process that reads long answers."""
    (one,) = long_answers._readers
    assert one._process is not None
    return one._process.pid


def answered(*texts: str) -> list[int]:
    """Attempts whose drafts have come."""
    make_sweep("raw-coder", problems=len(texts))
    ids = attempt_ids()
    for attempt_id in ids:
        advance(attempt_id)
    for completion, text in zip(completions(), texts, strict=True):
        assert answer(completion.id, text)
    return ids


def test_they_are_read_in_a_process_of_low_priority_and_others_here() -> None:
    long, short = answered(LONG, CODE)
    long_answers.let_go_on(short)
    assert (count(Execution), long_answers._readers) == (1, [])
    long_answers.let_go_on(long)
    wait_for(lambda: count(Execution) == 2)
    pid = reader()
    own = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, pid) == min(19, own + 19)
    session = Path(f"/proc/{pid}/autogroup")
    assert not session.exists() or session.read_text().endswith(" nice 19\n")
    wait_for(lambda: [each.tries for each in attempts()] == [0, 0])  # moved after it has asked
    long_answers.stop()
    assert not Path(f"/proc/{pid}").exists()


def test_an_answer_that_is_there_when_it_is_asked_for_is_as_long() -> None:
    """Patterns share drafts: every second attempt finds its first answer made."""
    make_sweep("raw-coder", samples=2)
    first, second = attempt_ids()
    advance(first)
    (completion,) = completions()
    assert answer(completion.id, LONG)
    long_answers.let_go_on(second)
    wait_for(lambda: count(Execution) == 1)
    assert reader()
    wait_for(lambda: [each.tries for each in attempts()] == [0, 0])


def test_what_was_only_thought_is_passed_over_and_its_attempt_goes_on_here() -> None:
    """Every answer of a reasoning model would else wait for a processor that others leave."""
    (thought,) = answered(f"<think>{LONG}</think>{CODE}")
    long_answers.let_go_on(thought)
    assert (count(Execution), long_answers._readers) == (1, [])


def test_an_attempt_waits_once_however_often_it_is_told_to_go_on() -> None:
    (long,) = answered(LONG)
    long_answers._known.add(long)  # as if it waited already
    try:
        long_answers.let_go_on(long)
        assert long_answers._readers == []
    finally:
        long_answers._known.clear()


def test_a_reader_that_is_killed_is_started_again_and_nothing_is_lost() -> None:
    first, second = answered(LONG, LONG + "\n")
    long_answers.let_go_on(first)
    wait_for(lambda: count(Execution) == 1)
    killed = reader()
    (one,) = long_answers._readers
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: one._process is not None and one._process.poll() is not None)
    long_answers.let_go_on(second)
    wait_for(lambda: count(Execution) == 2)
    assert reader() != killed


def test_a_process_that_cannot_be_started_now_can_be_later(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else its thread would be gone, and every long answer from then on would wait for ever."""
    first, second = answered(LONG, LONG + "\n")
    start, failed = long_answers._start, []

    def out_of_memory() -> Any:
        failed.append(True)
        raise OSError("Cannot allocate memory")

    monkeypatch.setattr(long_answers, "_start", out_of_memory)
    long_answers.let_go_on(first)
    wait_for(lambda: failed)
    monkeypatch.setattr(long_answers, "_start", start)
    long_answers.let_go_on(second)
    wait_for(lambda: count(Execution) == 1)


def test_what_is_not_begun_here_counts_as_no_try(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else an attempt that waits for its reader would end as one that ends its workers."""
    (long,) = answered(LONG)
    monkeypatch.setattr(long_answers, "_hand_over", lambda attempt_id: None)
    for _ in range(2 * rows.MOST_TRIES):
        long_answers.let_go_on(long)
    assert (attempts()[0].tries, attempts()[0].state) == (0, State.RUNNING)
