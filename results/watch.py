"""Live progress, from rows alone: it tells the same whoever does the work."""

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from sqlalchemy import text
from sqlmodel import Session

from models.session import session
from results.text import visible

_REFRESH = 1.0
_PLAIN_EVERY = 10.0


@dataclass(frozen=True)
class _Row:
    benchmark: str
    pattern: str
    attempts: int
    ended: int
    solved: int
    errors: int
    unfinished: int


_RUNS = text(
    "SELECT benchmark, pattern, attempts, ended, solved, errors, unfinished"
    " FROM v_progress WHERE sweep_id = :sweep ORDER BY position"
)
_CALLS = text(
    """
    SELECT language_model.name,
        count(*) FILTER (WHERE completion.state = 'done') AS done,
        count(*) FILTER (WHERE completion.state = 'running') AS running,
        count(*) FILTER (WHERE completion.state = 'queued') AS queued,
        coalesce(sum(completion.completion_tokens) FILTER (
            WHERE completion.finished_at > now() - interval '1 minute'), 0) AS tokens
    FROM completion JOIN language_model ON language_model.id = completion.model_id
    WHERE completion.id IN (
        SELECT step.completion_id FROM step
        JOIN attempt ON attempt.id = step.attempt_id JOIN run ON run.id = attempt.run_id
        WHERE run.sweep_id = :sweep)
    GROUP BY language_model.name ORDER BY language_model.name
    """
)
_ERRORS = text(
    "SELECT benchmark, problem_id, pattern, error FROM v_attempts"
    " WHERE sweep_id = :sweep AND outcome = 'error' ORDER BY finished_at DESC LIMIT 3"
)


def watch(sweep_id: int, console: Console, check: Callable[[], None] = lambda: None) -> bool:
    """Show a sweep's progress until it is done (then True).

    `check` is called at every round, and may raise to end the watching.
    """
    started = time.monotonic()
    if not console.is_terminal:
        return _watch_plainly(sweep_id, console, check)
    first: int | None = None
    with Live(console=console, transient=True, auto_refresh=False) as live:
        while True:
            check()
            with session() as db:
                rows = _runs(db, sweep_id)
                ended = sum(row.ended for row in rows)
                first = ended if first is None else first
                elapsed = time.monotonic() - started
                live.update(_screen(db, sweep_id, rows, elapsed, ended - first), refresh=True)
            if not any(row.unfinished for row in rows):
                return True
            time.sleep(_REFRESH)


def _watch_plainly(sweep_id: int, console: Console, check: Callable[[], None]) -> bool:
    """For logs: a line now and then."""
    last = 0.0
    while True:
        check()
        with session() as db:
            rows = _runs(db, sweep_id)
        done = not any(row.unfinished for row in rows)
        if done or time.monotonic() - last >= _PLAIN_EVERY:
            last = time.monotonic()
            ended, all_of_them = sum(r.ended for r in rows), sum(r.attempts for r in rows)
            errors = sum(row.errors for row in rows)
            console.print(f"{ended} of {all_of_them} attempts ended, {errors} errors")
        if done:
            return True
        time.sleep(_REFRESH)


def _runs(db: Session, sweep_id: int) -> list[_Row]:
    found = db.execute(_RUNS, {"sweep": sweep_id})
    return [_Row(*row) for row in found]


def _screen(
    db: Session, sweep_id: int, rows: list[_Row], elapsed: float, ended_here: int
) -> RenderableType:
    table = Table(box=None, padding=(0, 1))
    for column in ("benchmark", "pattern", ""):
        table.add_column(column)
    for column in ("ended", "solved", "errors"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(
            row.benchmark,
            row.pattern,
            ProgressBar(total=max(row.attempts, 1), completed=row.ended, width=20),
            f"{row.ended}/{row.attempts}",
            str(row.solved),
            Text(str(row.errors), style="red" if row.errors else "dim"),
        )
    lines: list[RenderableType] = [table, Text()]
    for name, done, running, queued, tokens in db.execute(_CALLS, {"sweep": sweep_id}):
        calls = f" {name}: {done} calls done, {running} running, {queued} waiting"
        lines.append(Text(f"{calls}, {tokens / 60:.0f} tokens/s"))
    for benchmark, problem_id, pattern, error in db.execute(_ERRORS, {"sweep": sweep_id}):
        said = visible((error or "").splitlines()[0] if error else "")
        lines.append(Text(f" {benchmark} {problem_id} {pattern}: {said}"[:110], style="red"))
    left = sum(row.unfinished for row in rows)
    remaining = f", about {_clock(elapsed / ended_here * left)} left" if ended_here else ""
    lines.append(
        Text(f" {_clock(elapsed)}{remaining}  (Ctrl-C stops; nothing is lost)", style="dim")
    )
    return Group(*lines)


def _clock(seconds: float) -> str:
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
