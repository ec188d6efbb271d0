"""Figures as inline SVG that take the page's colours and its font, so that light and dark both read.

What is drawn here with a colour of `INK` to `PAPER` is written with the page's variable of that name.
Needs matplotlib, from the extra `report`; whoever imports this says so where it is missing.
"""

import io
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from html import escape

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

#: Stand-ins for colours of the page; BLUE to GREEN are Okabe and Ito's, for all kinds of eyes.
INK, MUTED, LINE, PAPER = "#010101", "#020202", "#030303", "#040404"
BLUE, VERMILLION, GREEN = "#0072b2", "#d55e00", "#009e73"
_VARIABLES = {
    INK: "currentColor", MUTED: "var(--muted)", LINE: "var(--line)", PAPER: "var(--paper)",
    BLUE: "var(--blue)", VERMILLION: "var(--vermillion)", GREEN: "var(--green)",
}  # fmt: skip

#: In points: as wide as a phone, so that letters are as big there as on a desk.
WIDTH = 288
ROW = 14
_FONT = 9

_STYLE = {
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "foureyes",  # the same figure is the same bytes
    "figure.facecolor": "none",
    "axes.facecolor": "none",
    "font.size": _FONT,
    "text.color": INK,
    "axes.edgecolor": LINE,
    "axes.labelcolor": MUTED,
    "axes.labelsize": _FONT,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.spines.left": False,
    "axes.axisbelow": True,
    "axes.grid": True,
    "axes.grid.axis": "x",
    "axes.unicode_minus": True,
    "grid.color": LINE,
    "grid.linewidth": 0.6,
    "xtick.color": LINE,
    "xtick.labelcolor": MUTED,
    "ytick.color": LINE,
    "ytick.labelcolor": INK,
    "xtick.labelsize": _FONT - 1,
    "ytick.labelsize": _FONT,
    "ytick.left": False,
}


class Drawing:
    """A figure of one pair of axes while it is drawn; `svg` once it is done."""

    def __init__(self, height: float, left: float, right: float, bottom: float = 34) -> None:
        """`height` of the axes, and the room around them for labels, in points."""
        total = height + bottom + 8
        self.figure = Figure(figsize=(WIDTH / 72, total / 72))
        self.axes: Axes = self.figure.add_axes(
            (left / WIDTH, bottom / total, (WIDTH - left - right) / WIDTH, height / total)
        )
        self.svg = ""


@contextmanager
def drawing(
    height: float, left: float = 8, right: float = 8, *, label: str, bottom: float = 34
) -> Iterator[Drawing]:
    """Draw a figure; `label` says what it shows to those who do not see it."""
    with matplotlib.rc_context(_STYLE):  # type: ignore[arg-type]
        made = Drawing(height, left, right, bottom)
        yield made
        made.svg = _svg(made.figure, label)


def rows(axes: Axes, names: Sequence[str]) -> None:
    """One line for each name, from top to bottom, at y = 0, 1, 2 ..."""
    axes.set_yticks(range(len(names)), [shortened(name) for name in names])
    axes.set_ylim(len(names) - 0.4, -0.6)


def shortened(name: str, most: int = 24) -> str:
    """A name that fits beside a figure; what is not printable would be drawn as a box."""
    name = "".join(letter if letter.isprintable() else "?" for letter in name).replace("$", r"\$")
    return name if len(name) <= most else name[: most - 1] + "…"


def label_width(names: Sequence[str]) -> float:
    """Room for the longest of these names, in points."""
    return 9 + 0.62 * _FONT * max(len(shortened(name)) for name in names)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Places as near as possible to those wanted, in their order, at least `gap` apart."""
    order = sorted(range(len(wanted)), key=lambda i: wanted[i])
    found = [0.0] * len(wanted)
    at = low - gap
    for i in order:
        at = found[i] = max(wanted[i], at + gap)
    at = high + gap
    for i in reversed(order):
        at = found[i] = min(found[i], at - gap)
    return found


def _svg(figure: Figure, label: str) -> str:
    buffer = io.StringIO()
    figure.savefig(
        buffer, format="svg", metadata=dict.fromkeys(("Date", "Creator", "Format", "Type"))
    )
    svg = buffer.getvalue()
    svg = svg[svg.index("<g") :]  # the page has its own declarations, and its own style
    svg = re.sub(r' id="[a-zA-Z0-9.]*_\d+"', "", svg)  # another figure has the same
    svg = re.sub(r"font-family: [^;\"]*; ?", "", svg)
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(colour, variable)
    width, height = (round(72 * inches) for inches in figure.get_size_inches())
    return f'<svg role="img" aria-label="{escape(label)}" viewBox="0 0 {width} {height}">{svg}'
