"""How the commands speak to a person."""

import codecs
import io
import os
import sys
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.text import Text

from foureyes.results.visible import in_line, visible


class Terminal(Console):
    """A console for which text is text: a name from a file, an answer or a server styles nothing.

    Strings have no markup, and what they hold beyond letters is shown as code points.
    """

    def __init__(self, *, stderr: bool = False) -> None:
        super().__init__(stderr=stderr, markup=False, emoji=False)
        # in a pipe a line stays a line: whoever reads it there looks for all of it
        self.soft_wrap = not self.is_terminal

    def render_str(self, text: str, **options: Any) -> Text:
        """A string as everything prints it, those in tables and titles included."""
        return super().render_str(visible(text), **options)


console = Terminal()

#: Tells a person one line of progress.
Say = Callable[[str], None]

#: What we print where a terminal lacks the character; other characters become their code points.
_PLAIN = str.maketrans(
    {"≥": ">=", "≤": "<=", "×": "x", "–": "-", "—": "-", "…": "...", "→": "->", "·": "-", "±": "+-",
     "█": "#", "▌": "#", "━": "-", "╸": "-", "╺": "-", "•": "*", "✓": "ok", "“": '"', "”": '"', "’": "'"}
)  # fmt: skip


def say(line: str) -> None:
    """One line of progress for a person."""
    console.print(in_line(line), style="dim", highlight=False, soft_wrap=True)


def hint(line: str) -> None:
    """The same beside an output that is for a program."""
    Terminal(stderr=True).print(in_line(line), style="dim", highlight=False, soft_wrap=True)


def mistake(line: str) -> None:
    """Why a command ends: a person's mistake, or the state of the machine."""
    Terminal(stderr=True).print(
        f"foureyes: {in_line(line)}", style="bold red", highlight=False, soft_wrap=True
    )


def prepare() -> None:
    """Let no character, and no output that is closed, end a command."""
    codecs.register_error("foureyes", _replaced)
    # a closed one's number would be given to the next file that is opened, and be written into
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or _nowhere()
    sys.stderr = sys.stderr or _nowhere()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="foureyes")


def drop_output() -> None:
    """Forget what could not be written, or the interpreter tries again at its end."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    os.close(nowhere)


def _nowhere() -> io.TextIOWrapper:
    return open(os.devnull, "w", encoding="utf-8")


def _replaced(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    lacking = error.object[error.start : error.end]
    plain = "".join(
        known if known.isascii() else character.encode("ascii", "backslashreplace").decode()
        for character in lacking
        for known in (character.translate(_PLAIN),)
    )
    return plain, error.end
