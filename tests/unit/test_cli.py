"""Help that is shown with holes in it helps nobody."""

from typing import Any

import typer
from rich.markup import render

from producer.cli import app


def commands(group: Any) -> list[Any]:
    below = getattr(group, "commands", {}).values()
    return [group, *(each for command in below for each in commands(command))]


def test_no_help_loses_what_stands_in_brackets() -> None:
    """The terminal takes [words] for markup, and leaves them out."""
    found = commands(typer.main.get_command(app))
    assert len(found) > 20
    for command in found:
        texts = [command.help, *(getattr(each, "help", None) for each in command.params)]
        for text in filter(None, texts):
            assert render(text).plain == text, command.name
