"""What strangers wrote, as a person sees it: it styles nothing, moves nothing, and says no line of its own."""

import csv
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from rich.console import Console
from rich.rule import Rule
from rich.table import Table

from foureyes.producer.commands import terminal
from foureyes.producer.commands.terminal import Terminal
from foureyes.results import watch
from foureyes.results.export.tables import as_csv
from foureyes.results.progress import ModelProgress, Progress, RunProgress, WaitingWork
from foureyes.results.visible import cell, in_line, visible

#: Clears the screen, sets the title, links, reverses, hides, breaks the line, is markup and an emoji.
NAME = "a\x1b[2J\x1b]0;x\x07\x9b31m\u202egnp\u2066\u200b\u3164\u2028b[red]c[/red][/x]:smile:"
CONTROLS = set(NAME) & set("\x1b\x07\x9b\u202e\u2066\u200b\u3164\u2028")


def shown_by(console: Terminal, *things: object) -> str:
    console.file = io.StringIO()
    for thing in things:
        console.print(thing)
    return console.file.getvalue()


def test_a_name_is_text_wherever_it_stands() -> None:
    table = Table(title=NAME)
    table.add_column(NAME)
    table.add_row(NAME)
    console = Terminal()
    console.width = 200
    shown = shown_by(console, NAME, table, Rule(NAME), f"{NAME}: 3")
    assert not set(shown) & CONTROLS
    assert "[red]c[/red][/x]:smile:" in shown and "\\u001b" in shown


@pytest.mark.parametrize("tell", [terminal.say, terminal.hint, terminal.mistake])
def test_one_line_stays_one_line(
    tell: Callable[[str], None], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "300")
    tell(f"no sweep {NAME}\nfoureyes: all is well\r")
    captured = capsys.readouterr()
    told = captured.out + captured.err
    assert len(told.splitlines()) == 1
    assert not set(told) & CONTROLS


def test_in_a_pipe_a_line_stays_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """Else an address or a reason is folded at 80 columns, and nobody finds it by `grep`."""
    line = f"see https://example.org/{'a-long-way/' * 20} and more words than a line has"
    Terminal().print(line)
    assert capsys.readouterr().out == f"{line}\n"


def test_watching_shows_names_as_text() -> None:
    run = RunProgress(NAME, NAME, NAME, 2, 1, 1, 0, 1, 1)
    other = replace(run, pairing="another")
    model = ModelProgress(NAME, 1, 1, 1, 10, 10, 1.0, 1.0, 0.0)
    waiting = WaitingWork(NAME, 1, 0, 1, NAME, f"{NAME}\nall is well")
    found = Progress([run, other], [model], [(NAME, 2)], 1.0, [waiting], 1, None)
    output = io.StringIO()
    console = Console(file=output, width=600, height=40)
    console.print(watch.screen(found, 40))
    for line in (watch.summary(found), *watch.in_vain(found)):
        console.print(line, markup=False)
        assert "\n" not in line
    shown = output.getvalue()
    assert not set(shown) & CONTROLS
    assert shown.count("[red]c[/red]") >= 8


def test_long_names_are_told_apart_where_lines_are_short() -> None:
    """Names differ in their options, which stand at their ends."""
    names = [f"review-then-fix[rounds=3, verdict={way}]" for way in ("trace", "trace-first")]
    runs = [RunProgress("b", name, team, 2, 1, 1, 0, 1, 1) for name in names for team in ("x", "y")]
    output = io.StringIO()
    console = Console(file=output, width=80)
    console.print(watch.screen(Progress(runs, [], [], 1.0, [], 1), 40))
    shown = "".join(output.getvalue().split())
    assert "…" not in shown and shown.count("trace]") == shown.count("-first]") == 2


def test_what_cannot_be_seen_is_seen() -> None:
    assert visible("a\u115fb\u2029c\ue000d") == "a\\u115fb\\u2029c\\ue000d"
    assert in_line("a\n\tb") == "a\\u000a\\u0009b"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\t=1", "\r=1", "\n=1", "＝1", "＠x"])
def test_a_spreadsheet_computes_nothing(text: str) -> None:
    assert cell(text) == f"'{text}"


def test_numbers_and_words_are_left_alone() -> None:
    for value in (-1, -1.5, None, True, "a=1", "1-2", ""):
        assert cell(value) is value


def test_an_exported_table_computes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "steps"
    with as_csv(path, [("code", "text"), ("n", "int4")]) as add:
        add([["=cmd|' /C calc'!A0", -3], ["x = 1\n", 4]])
    rows = list(csv.reader(path.with_suffix(".csv").open(newline="")))
    assert rows[1:] == [["'=cmd|' /C calc'!A0", "-3"], ["x = 1\n", "4"]]
