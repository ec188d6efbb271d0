"""The pages. Each is a GET, and all that it shows stands in its address."""

import time
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from sqlalchemy import text

from foureyes.models.session import session
from foureyes.models.sweep_content import as_written
from foureyes.models.tables import Problem, Sweep
from foureyes.results import attempts as transcripts
from foureyes.results.figures import plans
from foureyes.results.figures.reviewing import review_wording
from foureyes.results.progress import Progress, progress
from foureyes.results.steering import steering
from foureyes.results.visible import visible
from foureyes.results.web import beside, compared, flower, matrix_filters, queries, search, texts
from foureyes.results.web import matrix as problem_matrix
from foureyes.results.web.filters import MOST, Filters, Mistaken, is_canonical, parse
from foureyes.results.web.metrics import CONTENT_TYPE, Metrics
from foureyes.results.web.templating import render

router = APIRouter()

Id = Annotated[int, Path(ge=1, le=MOST)]
Named = Annotated[int, Query(ge=1, le=MOST)]
NamedStep = Annotated[int | None, Query(ge=1, le=MOST)]
Before = Annotated[int, Query(ge=1, le=MOST)]

#: Of the time, looking takes at most a fifth.
_PAUSE = 4.0
_LEAST_PAUSE = 2.0


class Missing(Exception):
    """There is no such row; says what was looked for."""


@router.get("/")
def sweeps(before: Before = MOST) -> HTMLResponse:
    """The list of sweeps."""
    return render("sweeps.html", **_sweeps(before))


@router.get("/live/sweeps")
def live_sweeps(before: Before = MOST) -> HTMLResponse:
    """The same list, to take the place of the one on the page."""
    return render("_sweeps.html", **_sweeps(before))


def _sweeps(before: int) -> dict[str, Any]:
    began = time.monotonic()
    with session() as db:
        found = queries.sweeps(db, before)
    shown = found[: queries.SWEEPS]
    return {
        "sweeps": shown,
        "before": before,
        "is_first": before == MOST,
        "next": shown[-1]["id"] if len(found) > len(shown) else None,
        "live": any(sweep["unfinished"] for sweep in shown),
        "pause": _pause(began),
    }


@router.get("/sweeps/{sweep_id}")
def sweep(sweep_id: Id) -> HTMLResponse:
    """A sweep: how far its runs are, and ways into its attempts."""
    return render("sweep.html", filters=Filters(sweep=sweep_id), **_sweep(sweep_id))


@router.get("/live/sweeps/{sweep_id}")
def live_sweep(sweep_id: Id) -> HTMLResponse:
    """How far its runs are."""
    return render("_runs.html", **_sweep(sweep_id))


def _sweep(sweep_id: int) -> dict[str, Any]:
    began = time.monotonic()
    with session() as db:
        row = db.get(Sweep, sweep_id)
        if row is None:
            raise Missing(f"There is no sweep {sweep_id}.")
        runs = queries.runs(db, sweep_id)
        kept = plans.read(db, row)
        steered = steering(db, sweep_id)
    return {
        "sweep": row,
        "steered": steered,
        "plans": kept,
        "runs": runs,
        "file": texts.readable(as_written(row.file)),
        "live": any(run["unfinished"] for run in runs),
        "pause": _pause(began),
    }


@router.get("/sweeps/{sweep_id}/models")
def models(sweep_id: Id) -> HTMLResponse:
    """What the models of a sweep did, as a page: it looks at every call of the sweep."""
    return render("models.html", **_models(sweep_id))


@router.get("/live/sweeps/{sweep_id}/models")
def live_models(sweep_id: Id) -> HTMLResponse:
    """The same as a part of the sweep's page."""
    return render("_models.html", **_models(sweep_id))


def _models(sweep_id: int) -> dict[str, Any]:
    began = time.monotonic()
    with session() as db:
        row = db.get(Sweep, sweep_id)
        if row is None:
            raise Missing(f"There is no sweep {sweep_id}.")
        found: Progress = progress(db, sweep_id)
    live = bool(found.unfinished)
    return {"sweep": row, "found": found, "live": live, "pause": _pause(began)}


@router.get("/sweeps/{sweep_id}/matrix")
def matrix(sweep_id: Id, request: Request) -> Response:
    """The problems of a benchmark by the runs of a sweep."""
    asked = matrix_filters.parse(request.query_params)
    if not is_canonical(request.query_params):
        return RedirectResponse(asked.address(sweep_id), 303)
    with session() as db:
        row = db.get(Sweep, sweep_id)
        if row is None:
            raise Missing(f"There is no sweep {sweep_id}.")
        return render("matrix.html", sweep=row, found=problem_matrix.read(db, sweep_id, asked))


@router.get("/runs/{run_id}")
def run(run_id: Id) -> Response:
    """A run: its scores, how it compares with the others of its sweep, and its attempts."""
    filters = Filters(run=run_id)
    with session() as db:
        found = queries.run(db, run_id)
        if found is None:
            raise Missing(f"There is no run {run_id}.")
        kept = plans.read(db, db.get_one(Sweep, found["sweep_id"]))
        return render(
            "run.html",
            run=found,
            exploratory=partial(plans.is_exploratory, kept, found["pattern"]),
            compared=queries.compared(db, found, stops=plans.stops(kept)),
            reviewer=queries.reviewer(db, found),
            wording=review_wording(found["options"]),
            choices=queries.chosen_by_place(db, found),
            page=search.attempts(db, filters),
            filters=filters,
        )


@router.get("/problems/{problem_id}")
def problem(problem_id: Id, sweep: Annotated[int | None, Query(ge=1, le=MOST)] = None) -> Response:
    """A problem across the patterns of a sweep; of the latest that has it, if none is named."""
    with session() as db:
        row = db.get(Problem, problem_id)
        if row is None:
            raise Missing(f"There is no problem {problem_id}.")
        having = queries.sweeps_of_problem(db, problem_id)
        chosen = sweep or (having[0]["id"] if having else None)
        return render(
            "problem.html",
            problem=row,
            prompt=row.prompt,
            sweeps=having,
            chosen=chosen,
            runs=queries.on_problem(db, problem_id, chosen) if chosen else [],
        )


@router.get("/attempts")
def attempts(request: Request) -> Response:
    """A search among all attempts."""
    filters = parse(request.query_params)
    if not is_canonical(request.query_params):
        return RedirectResponse(filters.address(), 303)
    with session() as db:
        return render(
            "attempts.html",
            filters=filters,
            page=search.attempts(db, filters),
            choices=queries.choices(db),
            token=request.app.state.token,
        )


@router.get("/attempts/{attempt_id}")
def attempt(attempt_id: Id, request: Request) -> Response:
    """An attempt as a transcript."""
    flower_url: str | None = request.app.state.flower_url
    with session() as db:
        found = transcripts.read(db, attempt_id)
        if found is None:
            raise Missing(f"There is no attempt {attempt_id}.")
        tasks = {
            step.step_id: flower.of_step(flower_url, step) for step in found.steps if flower_url
        }
        return render(
            "attempt.html",
            attempt=found.attempt,
            found=found,
            no_tests=transcripts.NO_TESTS,
            tasks=tasks,
            besides=queries.besides(db, attempt_id),
            neighbours=queries.neighbours(db, attempt_id),
            token=request.app.state.token,
        )


@router.get("/beside")
def two_attempts(
    left: Named, right: Named, left_step: NamedStep = None, right_step: NamedStep = None
) -> Response:
    """Two attempts at one problem, side by side."""
    if left == right:
        return RedirectResponse(f"/attempts/{left}", 303)
    with session() as db:
        found = beside.read(db, (left, left_step), (right, right_step))
        if found is None:
            raise Missing(f"There is no attempt {left}, or none {right}.")
        if not found.is_same_problem:
            raise Mistaken(f"right: attempts {left} and {right} are at different problems")
        return render(
            "beside.html",
            found=found,
            others=[queries.on_same_problem(db, attempt_id) for attempt_id in (left, right)],
        )


@router.get("/compare")
def compared_runs(
    baseline: Named, run: Annotated[list[Named] | None, Query(max_length=300)] = None
) -> Response:
    """Runs of one benchmark beside each other, against any of them."""
    with session() as db:
        found = compared.read(db, baseline, run or [])
        if found is None:
            raise Missing(f"There is no run {baseline}.")
        return render("compared.html", found=found)


@router.get("/texts/{table}/{row_id}/{name}")
def whole_text(table: str, row_id: Id, name: str) -> Response:
    """A whole text by itself, as plain text."""
    with session() as db:
        found = texts.whole(db, table, row_id, name)
    if found is None:
        raise Missing("There is no such text.")
    return PlainTextResponse(visible(found))


@router.get("/healthz")
def healthz() -> Response:
    """Whether the pages can be shown: whether the database answers."""
    with session() as db:
        db.execute(text("SELECT 1"))
    return PlainTextResponse("fine\n")


@router.get("/metrics")
def metrics(request: Request) -> Response:
    """What the rows say of all sweeps, for Prometheus."""
    counted: Metrics = request.app.state.metrics
    return Response(counted.read(), media_type=CONTENT_TYPE)


def _pause(began: float) -> int:
    """Whole seconds until a page looks again."""
    return round(max(_LEAST_PAUSE, _PAUSE * (time.monotonic() - began)))
