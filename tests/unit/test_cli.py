"""Help that is shown with holes in it helps nobody."""

from typing import Any

import pytest
import typer
from rich.markup import render
from typer.testing import CliRunner

from foureyes.producer.cli import app


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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--version"], "foureyes 0."),
        (["-h"], "Two models, one benchmark"),
        (["help"], "Two models, one benchmark"),
        (["help", "sweep"], "Usage: foureyes sweep [OPTIONS]"),
        (["models", "list", "-h"], "Usage: foureyes models list"),
        (["help", "models", "list"], "Usage: foureyes models list"),
        (["--show-completion", "bash"], "_FOUREYES_COMPLETE=complete_bash"),
    ],
)
def test_what_people_try_first_is_understood(words: list[str], said: str) -> None:
    made = CliRunner().invoke(app, words, prog_name="foureyes")
    assert made.exit_code == 0, made.output
    assert said in made.output
