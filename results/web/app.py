"""The application: the pages, what they are made of, and what is said when one cannot be shown."""

from collections.abc import Iterable

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, Response
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from foureyes.models.session import is_passing
from foureyes.results.web import database, forms, notes, reporting
from foureyes.results.web.filters import Mistaken
from foureyes.results.web.metrics import Metrics
from foureyes.results.web.pages import Missing, router
from foureyes.results.web.protection import Protected
from foureyes.results.web.templating import HERE, mistake

_STATIC = {
    "foureyes.css": "text/css",
    "icon.svg": "image/svg+xml",
    "htmx.js": "text/javascript",
}
_DAY = {"cache-control": "max-age=86400"}


def create(
    flower_url: str | None = None, names: Iterable[str] = (), *, with_notes: bool = False
) -> Protected:
    """The pages as an ASGI application, which answers to these names of its host and to addresses.

    The process must read only: see `database.read_only`. `with_notes`: people may write notes.
    """
    app = FastAPI(title="foureyes", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.flower_url = flower_url
    app.state.metrics = Metrics()
    app.include_router(router)
    app.include_router(reporting.router)
    app.state.token = forms.new_token() if with_notes else None
    if with_notes:
        app.include_router(notes.router)
        app.add_exception_handler(forms.Refused, _not_ours)

    @app.get("/static/{name}")
    def static(name: str) -> Response:
        if name not in _STATIC:
            raise Missing("There is no such page.")
        return FileResponse(HERE / "static" / name, media_type=_STATIC[name], headers=_DAY)

    @app.get("/favicon.ico")
    def icon() -> Response:
        return static("icon.svg")  # browsers ask for it where no page names another

    app.add_exception_handler(Missing, _missing)
    app.add_exception_handler(Mistaken, _mistaken)
    app.add_exception_handler(RequestValidationError, _no_such_page)
    app.add_exception_handler(HTTPException, _refused)
    app.add_exception_handler(SQLAlchemyError, _no_database)
    app.add_exception_handler(Exception, _failed)
    return Protected(app, names)


def _missing(_: Request, error: Exception) -> Response:
    return mistake(404, title="Not found", said=str(error))


def _mistaken(_: Request, error: Exception) -> Response:
    return mistake(400, title="This cannot be understood", said=str(error))


def _not_ours(_: Request, error: Exception) -> Response:
    return mistake(403, title="Refused", said=str(error))


def _no_such_page(_: Request, __: Exception) -> Response:
    return mistake(404, title="Not found", said="There is no such page.")


def _refused(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return mistake(404, title="Not found", said="There is no such page.")
    return mistake(error.status_code, title="Refused", said=f"{error.detail}: pages are only read.")


def _no_database(request: Request, error: Exception) -> Response:
    assert isinstance(error, SQLAlchemyError)
    if not is_passing(error):
        raise error
    return mistake(503, title="No answer from the database", said=database.reason(error))


def _failed(_: Request, __: Exception) -> Response:
    return mistake(500, title="This page failed", said="The log of `foureyes web` says why.")
