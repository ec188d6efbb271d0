"""Help that is shown with holes in it helps nobody."""

from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from foureyes.producer.cli import app


def commands(group: Any) -> list[Any]:
    below = getattr(group, "commands", {}).values()
    return [group, *(each for command in below for each in commands(command))]


def test_help_says_all_that_it_is_to_say() -> None:
    """What stands in brackets is no markup, and the lists of commands cut nothing off."""
    found = commands(typer.main.get_command(app))
    assert len(found) > 20
    for command in found:
        context = command.context_class(command, info_name=command.name, terminal_width=500)
        shown = " ".join(command.get_help(context).split())
        below = [each.help.partition("\n")[0] for each in getattr(command, "commands", {}).values()]
        texts = [command.help, *(getattr(each, "help", None) for each in command.params)]
        hidden = {each.help for each in command.params if getattr(each, "hidden", False)}
        for text in filter(None, [*texts, *(line.rstrip(".") for line in below)]):
            assert text in hidden or " ".join(text.split()) in shown, (command.name, text)


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
