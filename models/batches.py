"""State changes of many completions at once, for a model's worker: one statement where each had its own.

They change what `models/lifecycle.py` changes one by one, and under the same guards. A row that somebody
else holds is left out, so that no batch waits for a lock while it has others: whoever calls does what
was left out by itself.
"""

import json
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

from sqlalchemy import Connection, Row, text

from foureyes.models.columns import ANSWER, assigned, listed
from foureyes.models.settings import settings

#: A subquery that is asked row by row, by an index: a join may be planned without statistics.
_CLAIM = text("""
WITH free AS (
    SELECT id FROM completion
    WHERE id = ANY(:ids)
        AND (state = 'queued' OR (state = 'running' AND lease_until < clock_timestamp()))
        AND (SELECT true FROM step JOIN attempt ON attempt.id = step.attempt_id
            WHERE step.completion_id = completion.id AND attempt.state IN ('queued', 'running')
                AND (SELECT held FROM run WHERE run.id = attempt.run_id) IS NULL
            LIMIT 1)
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE completion SET state = 'running', worker = :by, tries = tries + 1,
    task_id = CAST(:tasks AS json) ->> CAST(free.id AS text),
    lease_until = clock_timestamp() + make_interval(secs => :lease)
FROM free WHERE completion.id = free.id
RETURNING completion.*
""")
_ARRAYS = ", ".join(f"CAST(:{name} AS {kind}[])" for name, kind in ANSWER.items())
_FINISH = text(f"""
WITH given AS (
    SELECT * FROM unnest(
        CAST(:ids AS bigint[]), {_ARRAYS}
    ) AS given (id, {listed(ANSWER)})
), held AS (
    SELECT id FROM completion
    WHERE id = ANY(:ids) AND worker = :by AND state = 'running'
    FOR NO KEY UPDATE SKIP LOCKED
)
UPDATE completion SET state = 'done', error = NULL, lease_until = NULL,
    finished_at = clock_timestamp(), {assigned(ANSWER, "given")}
FROM given JOIN held USING (id) WHERE completion.id = given.id
RETURNING completion.id
""")  # noqa: S608 - names of columns, all ours
_WAITING = text("""
SELECT asked.id AS completion_id, attempt.id AS attempt_id
FROM unnest(CAST(:ids AS bigint[])) AS asked (id)
CROSS JOIN LATERAL (
    SELECT DISTINCT attempt.id FROM step JOIN attempt ON attempt.id = step.attempt_id
    WHERE step.completion_id = asked.id AND attempt.state IN ('queued', 'running')
    OFFSET 0
) AS attempt
ORDER BY attempt.id
""")


def claim(
    db: Connection,
    ids: Iterable[int],
    worker: str,
    task_ids: Mapping[int, str] = MappingProxyType({}),
) -> dict[int, Row[Any]]:
    """Take the completions that are free and wanted, and that nobody holds just now; by their ids.

    `task_ids` are those of Celery, by completion.
    """
    tasks = json.dumps(dict(task_ids))
    values = {"ids": list(ids), "by": worker, "tasks": tasks, "lease": settings().lease}
    return {row.id: row for row in db.execute(_CLAIM, values)}


def finish(db: Connection, results: Mapping[int, Mapping[str, Any]], worker: str) -> set[int]:
    """Write results, by completion, where the claim is still held; the completions that have one now."""
    if not results:
        return set()
    columns = {name: [result[name] for result in results.values()] for name in ANSWER}
    return set(db.execute(_FINISH, columns | {"ids": list(results), "by": worker}).scalars())


def waiting_attempts(db: Connection, ids: Iterable[int]) -> dict[int, list[int]]:
    """The unfinished attempts that asked for each of these completions."""
    waiting: dict[int, list[int]] = {row_id: [] for row_id in ids}
    for row in db.execute(_WAITING, {"ids": list(waiting)}):
        waiting[row.completion_id].append(row.attempt_id)
    return waiting
