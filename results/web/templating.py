"""How pages are made: every text that is put into one is made visible and escaped, by default."""

import shlex
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from foureyes.results import formatting, reviews
from foureyes.results.attempts import changes
from foureyes.results.figures.statistics import wilson
from foureyes.results.formatting import duration, p_value, percent, points
from foureyes.results.visible import visible
from foureyes.results.web.offline import copy
from foureyes.results.web.texts import excerpt

HERE = Path(__file__).parent


def _harmless(value: Any) -> Any:
    """What a template puts out, with control and direction-changing characters shown.

    Jinja escapes it afterwards. What is markup already went through here piece by piece.
    """
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def interval(solved: int, n: int, samples: int) -> str:
    """A share with its 95 % Wilson interval, in percent; a dash for nothing judged.

    With several samples of a problem the share alone: they resemble each other, and the interval
    would be too narrow.
    """
    if not n or samples > 1:
        return percent(solved / n if n else None)
    return formatting.interval(solved / n, *wilson(solved, n))


def moment(value: datetime | None) -> str:
    """A moment to the second, in UTC."""
    return "" if value is None else f"{value.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def count(value: int | float | None) -> str:
    """A whole number with commas."""
    return "" if value is None else f"{int(value):,}"


def sql(statement: str) -> str:
    """The command line that runs a statement."""
    return f"foureyes sql {shlex.quote(statement)}"


def by_benchmark(runs: Iterable[Mapping[str, Any]]) -> dict[str, list[Mapping[str, Any]]]:
    """A sweep's runs by their benchmark, in the order of its file, which they are in."""
    found: dict[str, list[Mapping[str, Any]]] = {}
    for run in runs:
        found.setdefault(run["benchmark"], []).append(run)
    return found


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_harmless,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    for each in (
        percent,
        points,
        interval,
        duration,
        p_value,
        moment,
        count,
        sql,
        excerpt,
        changes,
        by_benchmark,
    ):
        made.filters[each.__name__] = each
    made.globals |= {
        "shares": formatting.interval,
        "points_interval": formatting.points_interval,
        "factor": formatting.factor,
        "beside": reviews.beside,
        "copy": copy,
    }
    return made


_PAGES = _environment()


def render(name: str, status: int = 200, **values: Any) -> HTMLResponse:
    """A page, or a part of one."""
    return HTMLResponse(_PAGES.get_template(name).render(values), status)


#: A page that says what is wrong in one line, and leads back.
mistake = partial(render, "mistake.html")
