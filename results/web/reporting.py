"""A sweep's report among the pages, with links to the runs and attempts that it speaks of."""

from threading import Lock
from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.models.tables import Sweep
from foureyes.results.figures import details
from foureyes.results.figures.scoreboard import judged_anew, scoreboard
from foureyes.results.report import page
from foureyes.results.report.templating import policy
from foureyes.results.web.filters import MOST
from foureyes.results.web.pages import Id, Missing

router = APIRouter()

#: One report is made at a time: it takes a processor for seconds, whoever asks.
_MAKING = Lock()


@router.get("/sweeps/{sweep_id}/report")
def report(sweep_id: Id, regrade: Annotated[int | None, Query(ge=1, le=MOST)] = None) -> Response:
    """The report as it is now, by the first verdicts or by those of a regrade."""
    with session() as db:
        if db.get(Sweep, sweep_id) is None:
            raise Missing(f"There is no sweep {sweep_id}.")
    try:
        with _MAKING:
            board = scoreboard(sweep_id)
            board = board if regrade is None else judged_anew(board, regrade)
            made = page.render(board, details.read(board), linked=True)
    except FoureyesError as error:
        raise Missing(f"There is no such report: {error}.") from None
    # its style and its script stand in it; whose script is known by its hash
    headers = {"content-security-policy": f"{policy()}; frame-ancestors 'none'"}
    return HTMLResponse(made, headers=headers)
