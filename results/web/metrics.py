"""`/metrics`: what the database says of all sweeps, for Prometheus.

Flower's metrics are events that a worker sent, and RabbitMQ's are messages; these are the rows, which are
right also after a broker was wiped. They are counted when they are asked for.
"""

import threading
from collections.abc import Iterator
from time import monotonic

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy import text
from sqlmodel import Session

from foureyes.models.session import session
from foureyes.results.visible import in_line

#: What the text is, so that any Prometheus understands it.
CONTENT_TYPE = CONTENT_TYPE_PLAIN_0_0_4
#: Of the time, counting takes at most a fifth.
_PAUSE = 4.0
#: Reasons of errors that get a time series each; they are words of servers, of which there is no end.
_REASONS = 20
_OTHER = "other"

_ATTEMPTS = text("""
SELECT sweep.id::text, sweep.name, coalesce(attempt.outcome, attempt.state), count(*)
FROM attempt
JOIN run ON run.id = attempt.run_id
JOIN sweep ON sweep.id = run.sweep_id
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
""")

#: What was made here: an archive brings what others paid for.
_CALLS = text("""
SELECT
    language_model.name,
    completion.state,
    count(*),
    coalesce(sum(completion.prompt_tokens), 0),
    coalesce(sum(completion.cached_tokens), 0),
    coalesce(sum(completion.completion_tokens), 0),
    coalesce(sum(completion.seconds), 0),
    sum(completion.failures)
FROM completion
JOIN language_model ON language_model.id = completion.model_id
WHERE completion.origin IS NULL
GROUP BY 1, 2
ORDER BY 1, 2
""")

_JUDGINGS = text("""
SELECT suite, state, count(*), coalesce(sum(seconds), 0), sum(failures)
FROM execution
WHERE origin IS NULL
GROUP BY 1, 2
ORDER BY 1, 2
""")

#: A queue in which nothing waits is there, too: an alarm needs a zero.
_WAITING = text("""
SELECT 'start', count(*), coalesce(extract(epoch FROM now() - min(moved_at)), 0)
FROM attempt
WHERE state = 'queued' AND moved_at IS NOT NULL
UNION ALL
SELECT 'execution', count(*), coalesce(extract(epoch FROM now() - min(created_at)), 0)
FROM execution
WHERE state = 'queued'
UNION ALL
SELECT 'model.' || name, count(completion.id),
    coalesce(extract(epoch FROM now() - min(completion.created_at)), 0)
FROM language_model
LEFT JOIN completion ON completion.model_id = language_model.id AND completion.state = 'queued'
GROUP BY name
ORDER BY 1
""")

#: Numbers in a reason (a port, a request's id) would make each of them another one.
_ERRORS = text("""
SELECT left(regexp_replace(coalesce(error, ''), '\\d+', 'N', 'g'), 100), count(*)
FROM attempt
WHERE outcome = 'error'
GROUP BY 1
ORDER BY 2 DESC, 1
""")


class Metrics:
    """The text that Prometheus reads, counted anew when the last one is old enough."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._text = b""
        self._until = 0.0

    def read(self) -> bytes:
        """The text as it is by now, or was a moment ago."""
        with self._lock:  # two that ask at once count once
            began = monotonic()
            if began >= self._until:
                registry = CollectorRegistry()
                registry.register(_Rows())
                self._text = generate_latest(registry)
                ended = monotonic()
                self._until = ended + _PAUSE * (ended - began)
            return self._text


class _Rows(Collector):
    def collect(self) -> Iterator[Metric]:
        """All metrics, of one moment."""
        with session() as db:
            yield from _attempts(db)
            yield from _calls(db)
            yield from _judgings(db)
            yield from _waiting(db)
            yield from _errors(db)

    def describe(self) -> Iterator[Metric]:
        """None: whoever registers it must not ask the database already."""
        yield from ()


def _attempts(db: Session) -> Iterator[Metric]:
    found = GaugeMetricFamily(
        "foureyes_attempts",
        "Attempts, by how they ended, or else by their state.",
        labels=("sweep_id", "sweep", "state"),
    )
    for sweep_id, sweep, state, count in db.execute(_ATTEMPTS):
        found.add_metric((sweep_id, in_line(sweep), state), count)
    yield found


def _calls(db: Session) -> Iterator[Metric]:
    calls = GaugeMetricFamily(
        "foureyes_calls", "Model calls, made once whoever asked.", labels=("model", "state")
    )
    tokens = CounterMetricFamily(
        "foureyes_tokens",
        "Tokens of the calls that are done: in (those that were cached among them), cached, out.",
        labels=("model", "kind"),
    )
    seconds = CounterMetricFamily(
        "foureyes_call_seconds",
        "Seconds that the calls that are done took, each by itself.",
        labels=("model",),
    )
    failures = CounterMetricFamily(
        "foureyes_call_failures", "Tries of a model call that failed.", labels=("model",)
    )
    failed: dict[str, int] = {}
    for model, state, count, *spent, took, tries in db.execute(_CALLS):
        calls.add_metric((model, state), count)
        failed[model] = failed.get(model, 0) + tries
        if state == "done":
            for kind, number in zip(("in", "cached", "out"), spent, strict=True):
                tokens.add_metric((model, kind), number)
            seconds.add_metric((model,), took)
    for model, tries in failed.items():
        failures.add_metric((model,), tries)
    yield from (calls, tokens, seconds, failures)


def _judgings(db: Session) -> Iterator[Metric]:
    judgings = GaugeMetricFamily(
        "foureyes_judgings", "Executions of programs, by what was run.", labels=("suite", "state")
    )
    seconds = CounterMetricFamily(
        "foureyes_judge_seconds", "Seconds that judging took.", labels=("suite",)
    )
    failures = CounterMetricFamily(
        "foureyes_judge_failures", "Tries of a judging that failed.", labels=("suite",)
    )
    took: dict[str, float] = {}
    failed: dict[str, int] = {}
    for suite, state, count, spent, tries in db.execute(_JUDGINGS):
        judgings.add_metric((suite, state), count)
        took[suite] = took.get(suite, 0) + spent
        failed[suite] = failed.get(suite, 0) + tries
    for suite in took:
        seconds.add_metric((suite,), took[suite])
        failures.add_metric((suite,), failed[suite])
    yield from (judgings, seconds, failures)


def _waiting(db: Session) -> Iterator[Metric]:
    waiting = GaugeMetricFamily(
        "foureyes_waiting", "What waits for a worker, by queue.", labels=("queue",)
    )
    age = GaugeMetricFamily(
        "foureyes_waiting_seconds",
        "For how long the oldest of them has waited; 0 if nothing waits.",
        labels=("queue",),
    )
    for queue, count, seconds in db.execute(_WAITING):
        waiting.add_metric((queue,), count)
        age.add_metric((queue,), max(0, seconds))
    yield from (waiting, age)


def _errors(db: Session) -> Iterator[Metric]:
    found = GaugeMetricFamily(
        "foureyes_errors",
        f"Attempts that ended in error: the {_REASONS} most frequent reasons, and all other.",
        labels=("reason",),
    )
    counts = {_OTHER: 0}  # an alarm needs a zero
    for place, (reason, count) in enumerate(db.execute(_ERRORS)):
        name = in_line(reason) if place < _REASONS else _OTHER
        counts[name] = counts.get(name, 0) + count
    for name, count in counts.items():
        found.add_metric((name,), count)
    yield found
