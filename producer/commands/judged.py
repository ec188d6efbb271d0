"""`foureyes stats`: evidence for results that anybody made. It starts nothing."""

from pathlib import Path
from typing import TYPE_CHECKING

from foureyes.models import output
from foureyes.models.errors import FoureyesError
from foureyes.models.later import Later
from foureyes.producer.commands.terminal import console, hint, say
from foureyes.results.strangers import figures, formats, terminal
from foureyes.results.strangers.reading.formats import read

if TYPE_CHECKING:
    from foureyes.results.strangers import page
else:  # templates: most calls want no page
    page = Later("foureyes.results.strangers.page")


def stats(
    files: list[Path],
    *,
    names: list[str],
    baseline: str | None,
    score: str | None,
    as_json: bool,
    html: Path | None,
    force: bool,
) -> None:
    """Read the files, and show what is in them."""
    twice = next((path for path in files if files.count(path) > 1), None)
    if twice is not None:
        raise FoureyesError(f"{twice}: is named twice")
    if html is not None:
        output.find(html, output.REPORT, force=force)
    found = figures.stats(read(files, names, score), baseline)
    if html is not None:
        page.write(found, html, force=force)
    if as_json:
        print(formats.to_json(found))
    else:
        terminal.render(found, console)
    if html is not None:
        (hint if as_json else say)(f"Page: {html}")
