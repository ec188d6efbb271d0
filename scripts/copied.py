"""What the copy buttons of the pages take: of a command that is shown with its output, the command alone."""

import html
import re
import shlex
from collections.abc import Iterator
from typing import Any

_BLOCK = re.compile(r'<div class="highlight">(<pre>.*?</pre>)', re.DOTALL)
_TAG = re.compile(r"<[^>]*>")
_PROMPT = "$ "


def on_page_content(content: str, **_: Any) -> str:
    """Name the commands of each block; MkDocs calls this, and its theme reads `data-copy`."""
    return _BLOCK.sub(_named, content)


def _named(block: re.Match[str]) -> str:
    shown = html.unescape(_TAG.sub("", block[1]))
    copied = "\n".join(commands(shown))
    if not copied:
        return block[0]
    return f'<div class="highlight" data-copy="{html.escape(copied)}">{block[1]}'


def commands(shown: str) -> Iterator[str]:
    """The commands in what a terminal showed, each with the lines that it goes on over."""
    lines = iter(shown.splitlines())
    for line in lines:
        if not line.startswith(_PROMPT):
            continue
        command = line.removeprefix(_PROMPT)
        while _goes_on(command) and (more := next(lines, None)) is not None:
            command += f"\n{more}"
        yield command


def _goes_on(command: str) -> bool:
    try:
        shlex.split(command)
    except ValueError:  # a quotation is open, or the line ends with a backslash
        return True
    return False
