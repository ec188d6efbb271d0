"""An attempt as a transcript in the terminal, from prompt to verdict."""

import re
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text
from sqlalchemy import RowMapping

from foureyes.models.enums import Kind
from foureyes.models.errors import FoureyesError
from foureyes.models.session import session
from foureyes.results import attempts
from foureyes.results.attempts import (
    NO_TESTS,
    CallShown,
    Check,
    NoteShown,
    Transcript,
    changes,
)
from foureyes.results.formatting import duration
from foureyes.results.visible import in_line, visible

#: A program in an answer or in a prompt, as models write one.
_FENCED = re.compile(r"(^```\w*\n)(.*?)(^```[ \t]*$)", re.MULTILINE | re.DOTALL)
#: What stands in a prompt where the specification stood, which is shown once.
_AS_ABOVE = "(the specification, as above)"
#: Characters of a program, up to which it is coloured: that takes a tenth of a second for each 100,000.
_MOST_COLOURED = 100_000
_VERDICTS = {"approve": "bold green", "revise": "bold yellow"}


def show(attempt_id: int, console: Console) -> None:
    """Print the whole transcript of an attempt.

    Raises: FoureyesError if there is no such attempt.
    """
    with session() as db:
        found = attempts.read(db, attempt_id)
    if found is None:
        raise FoureyesError(
            f'there is no attempt {attempt_id}; find one with `foureyes sql "table v_attempts"`'
        )
    _heading(found.attempt, console)
    if found.budget_said:
        _print(Text(in_line(found.budget_said), style="dim"), console)
    _title("specification", console)
    is_code = bool(found.attempt["entry_point"])
    (_program if is_code else _plain)(found.prompt.strip("\n"), console)
    for step in found.steps:
        _notes(found.notes_before(step), console)
        if isinstance(step, CallShown):
            _call(step, found.prompt, console)
        else:
            _check(step, found, console)
    _notes(found.notes_before(None), console)
    _ending(found.attempt, console)
    for note in found.people:
        _title(f"note by {note.author}, {note.written_at:%Y-%m-%d %H:%M}", console)
        tags = " ".join(f"#{tag}" for tag in note.tags)
        _plain("\n".join(filter(None, (note.text, tags))), console)
    for second in found.second:
        _title(f"judged anew by {second.judge_version}", console)
        _judgement(second.base, second.plus, second.detail, console)


def _heading(attempt: RowMapping, console: Console) -> None:
    function = f" ({attempt['entry_point']})" if attempt["entry_point"] else ""
    what = (
        f"attempt {attempt['attempt_id']}: {attempt['benchmark']} {attempt['problem_id']}{function}, "
        f"{attempt['pattern']}, sample {attempt['sample']}"
    )
    whose = f"sweep {attempt['sweep']}, {attempt['team']}"
    _print(Text(in_line(what), style="bold"), console)
    _print(Text(in_line(whose), style="dim"), console)


def _title(title: str, console: Console) -> None:
    console.print(Rule(Text(in_line(title)), align="left", style="dim"))


def _plain(said: str, console: Console, style: str = "") -> None:
    """Print what a model, or a problem's author, wrote: as text, and nothing but text."""
    _print(Text(visible(said), style=style), console)


def _print(text: Text, console: Console) -> None:
    """Lines as they are: a terminal folds them, and a pipe gets them whole."""
    console.print(text, soft_wrap=True)


def _program(code: str, console: Console) -> None:
    """The same of a program, coloured where there are colours."""
    if console.color_system is None or len(code) > _MOST_COLOURED:
        _plain(code, console)
        return
    from rich.syntax import Syntax  # the lexers: nothing else in a terminal needs them

    coloured = Syntax("", "python", theme="ansi_dark").highlight(visible(code))
    coloured.rstrip()
    _print(coloured, console)


def _answer(said: str, console: Console) -> None:
    """What a model wrote, the programs in it coloured."""
    at = 0
    for found in _FENCED.finditer(said):
        _plain(said[at : found.start(2)].rstrip("\n"), console)
        _program(found[2].rstrip("\n"), console)
        at = found.start(3)
    _plain(said[at:], console)


def _without(specification: str, content: str) -> str:
    """What a model was asked, with a word in place of the specification."""
    for said in (specification.strip("\n"), specification.strip()):
        if said and said in content:
            whole = f"```python\n{said}\n```"
            return content.replace(whole, _AS_ABOVE).replace(said, _AS_ABOVE)
    return content


def _notes(notes: Iterable[NoteShown], console: Console) -> None:
    """What the pattern noted down at one place."""
    for note in notes:
        _print(
            Text(f"note {in_line(note.name)}: {in_line(note.value)}", style="bold cyan"), console
        )


def _call(call: CallShown, specification: str, console: Console) -> None:
    took = f", {duration(call.seconds)}" if call.seconds is not None else ""
    tokens = (
        f", {call.prompt_tokens} tokens in, {call.completion_tokens} out"
        if call.completion_tokens is not None
        else ""
    )
    role = f"{call.role} " if call.role else ""
    _title(f"{call.number}. {call.name} by {role}{call.model}{tokens}{took}", console)
    for message in call.messages:
        if message.role != "system":
            _plain(_without(specification, message.content), console, style="dim")
    _print(Text(f"{in_line(call.model)} answers:", style="bold"), console)
    if call.answer is None:
        _plain(call.error or f"({call.state})", console, style="red")
    else:
        _answer(call.answer, console)
        if call.finish_reason not in (None, "stop"):
            _plain(f"ended by: {call.finish_reason}", console, style="bold yellow")
    if call.verdict is not None:
        _plain(f"verdict: {call.verdict}", console, style=_VERDICTS.get(call.verdict, "bold"))
    for issue in call.issues or ():
        _plain(f"- {issue}", console)
    _changes(call, console)


def _changes(call: CallShown, console: Console) -> None:
    """What a fix changed in the program that it mends."""
    if call.program is None or call.about is None:
        return
    _title(f"from {call.about.name} to {call.program.name}", console)
    lines = changes(call.about, call.program)
    if not lines:
        said = "nothing was changed" if lines is not None else "too long to say what was changed"
        _plain(said, console, style="bold yellow")
    for line in lines or ():
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        _print(Text(line, style=style), console)


def _check(check: Check, found: Transcript, console: Console) -> None:
    if check.kind == Kind.TRIAL:
        _title(f"{check.number}. visible tests: {found.whose(check.code)}", console)
        if check.trial is not None:
            _plain(check.trial.report, console)
        return
    if check.kind == Kind.RUN:
        _run(check, found, console)
        return
    if check.kind == Kind.COMPARE:
        _comparison(check, found, console)
        return
    if check.kind == Kind.TRACE:
        _title(f"{check.number}. run line by line: {found.whose(check.code)}", console)
        if check.trace is not None:
            _plain(check.trace.report, console)
        return
    _title(f"{check.number}. judged by the hidden tests: {found.whose(check.code)}", console)
    if not found.is_of_a_step(check.code):
        _program(check.code.strip("\n") or "(an empty program)", console)
    if not check.detail:
        _plain(check.error or f"({check.state})", console, style="red")
        return
    _judgement(check.base, check.plus, check.detail, console)


def _judgement(
    base: str | None, plus: str | None, detail: dict[str, Any], console: Console
) -> None:
    """What the hidden tests said."""
    beside = "; the tests ran beside the program" if detail.get("trust") == "shared" else ""
    style = "bold green" if base == plus == "pass" else "bold red"
    _plain(f"base: {base}, plus: {plus}{beside}", console, style=style)
    for name in ("reason", "failing_input", "expected", "got"):
        value = detail.get(name)
        if value:
            _plain(f"{name.replace('_', ' ')}: {value}", console)


def _run(check: Check, found: Transcript, console: Console) -> None:
    """Tests that a model wrote, and what became of each."""
    _title(f"{check.number}. tests that a model wrote: {found.whose(check.code)}", console)
    if check.run is None:
        _plain(check.error or f"({check.state})", console, style="red")
        return
    if not check.run.results:
        _plain(NO_TESTS, console, style="bold yellow")
    for result in check.run.results:
        _plain(f"{result.outcome}: {result.source.strip()}", console)
        if result.shown:
            _plain(f"    {result.shown}", console)


def _comparison(check: Check, found: Transcript, console: Console) -> None:
    """Which programs gave the same, and what the first of each group gave."""
    _title(f"{check.number}. programs compared on {len(check.given)} inputs", console)
    for group in check.comparison.groups if check.comparison else ():
        _plain(f"the same from {found.group(check, group)}:", console, style="bold")
        given = check.comparison.outputs[group[0]] if check.comparison else ()
        for text, output in zip(check.given, given, strict=False):
            _plain(f"    {text.strip()} -> {output.how}: {output.shown}", console)


_STYLES = {"solved": "bold green", "unsolved": "bold yellow", "refused": "bold yellow"}


def _ending(attempt: RowMapping, console: Console) -> None:
    outcome = attempt["outcome"] or attempt["state"]
    style = _STYLES.get(outcome, "bold red")
    _title("outcome", console)
    said = f"{outcome}: {attempt['error']}" if attempt["error"] else outcome
    _plain(said, console, style=style)
