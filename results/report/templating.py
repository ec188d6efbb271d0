"""What pages that are one file are made with."""

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from results import formatting
from results.figures.reviewing import review_wording
from results.visible import visible


def pages() -> Environment:
    """Where the templates of pages are, whose texts are escaped and made visible."""
    made = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "pages"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=lambda value: visible(value) if type(value) is str else value,
    )
    written = (
        formatting.percent, formatting.points, formatting.size, formatting.margin, formatting.factor,
        formatting.p_value, formatting.dollars, formatting.duration,
    )  # fmt: skip
    made.filters.update({each.__name__: each for each in written})
    made.globals.update(
        interval=formatting.interval,
        points_interval=formatting.points_interval,
        review_wording=review_wording,
    )
    return made
