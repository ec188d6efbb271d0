"""How long the web pages of a large sweep take: `python -m bench.pages`.

Thirteen patterns on the 1,055 problems that LiveCodeBench has, on a Postgres of its own, filled in by SQL:
a draft and a verdict for each attempt, one problem in nine without. Prints, for each page, the median and the
longest of seven requests as the server answers them, without a network, what of that the processor worked, and
how much is sent.
"""

import argparse
import os
import re
import tempfile
import time
from pathlib import Path
from statistics import median

from fastapi.testclient import TestClient
from sqlalchemy import text

from bench import tables
from bench.servers import cpu_seconds
from foureyes import migrations
from foureyes.models.session import session
from foureyes.producer.stack.postgres import server
from foureyes.results.web.app import create

_TIMES = 7
_ROWS = """
INSERT INTO language_model (name, settings, identity) VALUES ('c', '{}', 'c');

INSERT INTO problem (benchmark, problem_id, version, entry_point, record, prompt, facts)
SELECT 'contests', 'contest/' || id, md5(id::text), '', '{}',
    (SELECT string_agg(left(md5((id * word)::text), 6), ' ') FROM generate_series(1, 200 + id % 300) AS word),
    jsonb_build_object('difficulty', (ARRAY['easy', 'medium', 'hard'])[id % 3 + 1],
        'date', '202' || 3 + id % 3 || '-0' || 1 + id % 9 || '-15')
FROM generate_series(1, :problems) AS id;

INSERT INTO sweep (key, name, file, created_at, accepts_imported)
VALUES ('k', 'contests', '{}', now(), false);

INSERT INTO run (sweep_id, key, position, benchmark, pattern, pairing, samples, options)
SELECT 1, id, id - 1, 'contests', 'pattern-' || id, 'c+r', 1, '{}'
FROM generate_series(1, :patterns) AS id;

INSERT INTO seat (run_id, role, model_id) SELECT id, 'coder', 1 FROM run;

INSERT INTO completion (key, state, tries, send_again_at, created_at, finished_at, model_id, kind, prompt,
    prompt_hash, request, text, prompt_tokens, completion_tokens, seconds)
SELECT 'c' || id, 'done', 1, now(), now(), now(), 1, 'draft', 'draft', '', '{}', repeat('answer ', 200),
    400, 300, 1
FROM generate_series(1, :problems * :patterns) AS id;

INSERT INTO execution (key, state, tries, send_again_at, created_at, finished_at, problem_id, suite, code,
    judge_version, detail, base, plus, reason, seconds)
SELECT 'e' || id, 'done', 1, now(), now(), now(), (id - 1) % :problems + 1, 'hidden',
    repeat('x = 1' || chr(10), 40) || id, '1', '{}', how, how,
    CASE WHEN how = 'fail' THEN CASE id % 50 WHEN 0 THEN 'forged' ELSE 'wrong answer' END END, 1
FROM generate_series(1, :problems * :patterns) AS id
CROSS JOIN LATERAL (SELECT CASE WHEN hashint4(id) % 3 = 0 THEN 'pass' ELSE 'fail' END) AS judged (how);

INSERT INTO attempt (run_id, problem_id, sample, state, outcome, code, created_at)
SELECT (id - 1) / :problems + 1, (id - 1) % :problems + 1, 0,
    CASE WHEN id % 9 = 0 THEN 'error' ELSE 'done' END,
    CASE WHEN id % 9 = 0 THEN 'error' WHEN execution.plus = 'pass' THEN 'solved' ELSE 'unsolved' END,
    execution.code, now()
FROM execution ORDER BY id;

INSERT INTO step (attempt_id, position, branch, kind, role, code, completion_id, created_at)
SELECT id, 0, 0, 'draft', 'coder', code, id, now() FROM attempt;

INSERT INTO step (attempt_id, position, branch, kind, execution_id, created_at)
SELECT id, 1, 0, 'judge', id, now() FROM attempt WHERE outcome <> 'error';

ANALYZE
"""
#: What is asked for, as a person would call it.
_PAGES = {
    "the matrix": "/sweeps/1/matrix",
    "the same against a baseline": "/sweeps/1/matrix?baseline=1",
    "flips of one run, most first": "/sweeps/1/matrix?baseline=1&run=2&show=flips&sort=flips",
    "hard problems of a year": "/sweeps/1/matrix?difficulty=hard&since=2024-01&until=2024-12",
    "13 runs beside each other": "/compare?baseline=1",
    "two attempts side by side": "/beside?left=1&right=1056",
}


def fill(problems: int, patterns: int) -> None:
    """Write the rows."""
    values = {"problems": problems, "patterns": patterns}
    with session() as db:
        for statement in _ROWS.split(";\n"):
            db.execute(text(statement), values)


def main() -> None:
    """Fill a database and ask for each page."""
    argparse.ArgumentParser(prog="python -m bench.pages").parse_args()
    with tempfile.TemporaryDirectory() as folder, server(Path(folder)) as url:
        os.environ["FOUREYES_DATABASE_URL"] = url
        migrations.upgrade()
        fill(1055, 13)
        postgres = postmaster()
        with TestClient(create(), base_url="http://127.0.0.1") as pages:
            rows = [(name, *measured(pages, address, postgres)) for name, address in _PAGES.items()]
    tables.show(["page", "median", "longest", "CPU here", "CPU of Postgres", "sent"], rows)


def postmaster() -> int:
    """The process of Postgres that all others of it are below."""
    with session() as db:
        own = db.execute(text("SELECT pg_backend_pid()")).scalar_one()
    (parent,) = re.findall(r"PPid:\s*(\d+)", Path(f"/proc/{own}/status").read_text())
    return int(parent)


def measured(pages: TestClient, address: str, postgres: int) -> tuple[str, ...]:
    """Of seven requests after one: milliseconds, on average those of the processor; and what was sent."""
    pages.get(address)
    ours, theirs = time.process_time(), cpu_seconds(postgres)
    took = []
    for _ in range(_TIMES):
        began = time.perf_counter()
        answer = pages.get(address)
        took.append(time.perf_counter() - began)
        assert answer.status_code == 200, answer.text
    busy = [(time.process_time() - ours) / _TIMES, (cpu_seconds(postgres) - theirs) / _TIMES]
    times = [f"{1000 * each:.0f} ms" for each in (median(took), max(took), *busy)]
    return (*times, f"{len(answer.content) / 1000:,.0f} kB")


if __name__ == "__main__":
    main()
