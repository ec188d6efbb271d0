"""Help that is shown with holes in it helps nobody."""

import math
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from foureyes.models.errors import FoureyesError
from foureyes.producer import cli
from foureyes.producer.cli import app, options
from foureyes.producer.commands.terminal import console
from foureyes.results import query


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
        below = [
            each.get_short_help_str(limit=500) for each in getattr(command, "commands", {}).values()
        ]
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


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("sweeep", "No such command 'sweeep'. Did you mean 'sweep'? (`foureyes --help`)"),
        ("sweep --nope", "No such option: --nope (`foureyes sweep --help`)"),
        ("models pull", "Missing argument 'name'. (`foureyes models pull --help`)"),
        ("export one --format pdf", "'pdf' is not one of"),
        ("prompts try", "Missing argument 'review'. Choose from: review (`foureyes prompts try --help`)"),
    ],
)  # fmt: skip
def test_a_word_that_is_none_is_told_in_one_line(
    words: str, said: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where lines are short: whoever reads them from a pipe looks for one."""
    monkeypatch.setenv("COLUMNS", "30")
    monkeypatch.setattr("sys.argv", ["foureyes", *words.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    assert told.err.startswith("foureyes: ") and told.err.count("\n") == 1 and said in told.err


def test_each_of_several_mistakes_has_a_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """And what a file says cannot make one of its own."""
    path = tmp_path / "mine.jsonl"
    path.write_text('{\n["a\\nfoureyes: all is well"]\n')
    monkeypatch.setattr("sys.argv", ["foureyes", "benchmark", "check", str(path)])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert (ended.value.code, told.out) == (2, "")
    said = [line.split(": ")[:2] for line in told.err.splitlines()]
    assert said == [["foureyes", f"{path} line {n}"] for n in (1, 2)]


@pytest.mark.parametrize("statement", ["", " \n", ";", "-- select 1", "(/* */ ;"])
def test_no_question_is_no_answer_without_rows(statement: str) -> None:
    """An empty variable in a script would look like a sweep without results."""
    with pytest.raises(FoureyesError, match=r"^sql: the statement is empty"):
        query.run(statement, "table", console)


@pytest.mark.parametrize("words", ["", "models"])
def test_who_says_nothing_gets_the_help_alone(
    words: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["foureyes", *words.split()])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    told = capsys.readouterr()
    assert (
        ended.value.code == 2 and "Commands" in told.out + told.err and "foureyes: " not in told.err
    )


@pytest.mark.parametrize(
    ("pattern", "prompts"),
    [
        ("raw-coder", ["system", "_specification", "draft"]),
        (
            "review-then-fix",
            ["system", "_specification", "_verdict", "draft", "review", "repair-verdict", "fix"],
        ),
    ],
)
def test_a_pattern_is_shown_with_what_its_prompts_are_made_of_alone(
    pattern: str, prompts: list[str]
) -> None:
    """How a verdict is asked for is nothing that a pattern without a review asks."""
    printed = CliRunner().invoke(app, ["patterns", "show", pattern]).stdout
    assert re.findall(r"^(\S+)\.md ─", printed, re.MULTILINE) == prompts


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ((0.0, None, None), "--max-usd: 0 is no cap: more than 0, or inf for none"),
        ((None, -5.0, None), "--max-tokens: -5 is no cap"),
        ((None, 1.5, None), "--max-tokens: 1.5 is no whole number"),
        ((None, None, math.nan), "--max-hours: nan is no cap"),
    ],
)
def test_a_cap_that_is_none_is_named(given: tuple[float | None, ...], says: str) -> None:
    with pytest.raises(FoureyesError, match=re.escape(says)):
        options.caps(*given)
    kept = options.caps(None, 1e6, math.inf)
    assert kept == {"max_tokens": 1_000_000, "max_hours": math.inf}
