"""deploy/grafana/: every query of the dashboard, on a real database with a few rows."""

import json
import re
from typing import Any

import psycopg
import pytest
import yaml

from tests.programs import ROOT

FOLDER = ROOT / "deploy" / "grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "foureyes.json").read_text())
QUERIES = {
    panel["title"]: (panel["type"], target["format"], target["rawSql"])
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
    if "rawSql" in target
}

ROWS = """
INSERT INTO language_model (name, settings, identity) VALUES ('c', '{}', 'x');
INSERT INTO problem (benchmark, problem_id, version, entry_point, record)
    VALUES ('mine', 'mine/0', 'v', 'f', '{}');
INSERT INTO sweep (key, name, file, created_at) VALUES ('k', 'paper', '{}', now());
INSERT INTO run (sweep_id, key, position, benchmark, pattern, options, pairing, samples)
    VALUES (1, 'k', 0, 'mine', 'raw-coder', '{}', 'c+c', 2);
INSERT INTO seat (run_id, role, model_id) VALUES (1, 'coder', 1), (1, 'reviewer', 1);
INSERT INTO attempt (run_id, problem_id, sample, state, outcome, error, created_at, moved_at, finished_at)
    VALUES (1, 1, 0, 'done', 'solved', NULL, now(), now(), now()),
           (1, 1, 1, 'error', 'error', 'no power', now(), now(), now());
INSERT INTO completion (key, state, error, tries, send_again_at, created_at, finished_at, model_id,
        kind, prompt, prompt_hash, request, text, completion_tokens, seconds)
    VALUES ('a', 'done', NULL, 1, now(), now(), now(), 1, 'draft', 'p', 'h', '{}', 't', 120, 2.0),
           ('b', 'error', 'no power', 4, now(), now(), now(), 1, 'draft', 'p', 'h', '{}', NULL, NULL, NULL),
           ('c', 'queued', NULL, 0, now(), now(), NULL, 1, 'draft', 'p', 'h', '{}', NULL, NULL, NULL);
INSERT INTO execution (key, state, tries, send_again_at, created_at, finished_at, problem_id, suite,
        code, judge_version, base, plus, detail, seconds)
    VALUES ('a', 'done', 1, now(), now(), now(), 1, 'hidden', 'x', 'v', 'pass', 'pass', '{}', 0.5);
INSERT INTO step (attempt_id, position, branch, kind, role, completion_id, execution_id, created_at)
    VALUES (1, 0, 0, 'draft', 'coder', 1, NULL, now()), (1, 1, 0, 'judge', NULL, NULL, 1, now()),
           (2, 0, 0, 'draft', 'coder', 2, NULL, now());
"""

#: What Grafana's Postgres datasource puts in place of its macros, for the last hour.
MACROS = {
    r"\$__timeFilter\(([^)]*)\)": r"\1 BETWEEN now() - interval '1 hour' AND now()",
    r"\$__timeGroupAlias\(([^,]*), '(\d+)m'\)": r"floor(extract(epoch from \1)/(60*\2))*(60*\2) AS time",
    r"\$sweep\b": "'paper'",
}


@pytest.fixture(scope="module")
def rows(postgres: str) -> str:
    with psycopg.connect(postgres, autocommit=True) as server:
        server.execute("CREATE DATABASE dashboard TEMPLATE migrated")
    url = postgres.replace("/postgres?", "/dashboard?")
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ROWS)
    return url


def expanded(statement: str) -> str:
    for macro, meaning in MACROS.items():
        statement = re.sub(macro, meaning, statement)
    assert "$" not in statement
    return statement


@pytest.mark.parametrize("title", QUERIES)
def test_a_query_has_something_to_show(rows: str, title: str) -> None:
    kind, format, statement = QUERIES[title]
    with psycopg.connect(rows) as connection:
        cursor = connection.execute(expanded(statement))
        found = cursor.fetchall()
        assert cursor.description is not None
        columns = [column.name for column in cursor.description]
    assert found
    assert (kind == "timeseries") == (format == "time_series") == (columns[0] == "time")


def test_what_is_shown_is_right(rows: str) -> None:
    with psycopg.connect(rows) as connection:
        for title, expected in (
            ("Tokens per second", [("c", 2.0)]),
            ("Error rate: attempts that ended in error", [(0.5,)]),
            ("Judge latency: seconds of a judging", [(0.5, 0.5)]),
            ("Throughput: attempts ended per minute", [("error", 1), ("solved", 1)]),
        ):
            found = connection.execute(expanded(QUERIES[title][2])).fetchall()
            assert sorted(tuple(row[1:]) for row in found) == expected, title
        unfinished = connection.execute(expanded(QUERIES["Unfinished work"][2])).fetchall()
        assert unfinished == [("model.c", "queued", 1)]


def test_the_variable_lists_the_sweeps(rows: str) -> None:
    (variable,) = DASHBOARD["templating"]["list"]
    assert variable["name"] == "sweep"
    with psycopg.connect(rows) as connection:
        assert connection.execute(variable["query"]).fetchall() == [("paper",)]


def test_panels_use_the_datasources_that_are_provisioned() -> None:
    known = {
        each["uid"]: each["type"]
        for each in yaml.safe_load((FOLDER / "datasources.yml").read_text())["datasources"]
    }
    for panel in DASHBOARD["panels"]:
        for asks in (panel, *panel["targets"]):
            assert known[asks["datasource"]["uid"]] == asks["datasource"]["type"]
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


def test_panels_do_not_lie_on_each_other() -> None:
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert x < 24 and (x, y) not in taken, panel["title"]
                taken.add((x, y))
