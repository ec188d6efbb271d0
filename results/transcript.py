"""An attempt as a transcript: what was asked, answered, found and judged, in order."""

import difflib
from itertools import pairwise
from typing import Any

from rich.console import Console
from rich.rule import Rule
from rich.text import Text
from sqlalchemy import text
from sqlmodel import col, select

from models.enums import Kind
from models.errors import FoureyesError
from models.problem import Trial
from models.session import session
from models.tables import Completion, Execution, LanguageModel, Step
from results.text import visible


def show(attempt_id: int, console: Console) -> None:
    """Print the whole transcript of an attempt.

    Raises: FoureyesError if there is no such attempt.
    """
    with session() as db:
        query = text("SELECT * FROM v_attempts WHERE attempt_id = :id")
        attempt = db.execute(query, {"id": attempt_id}).mappings().first()
        if attempt is None:
            raise FoureyesError(
                f'there is no attempt {attempt_id}; find one with `foureyes sql "table v_attempts"`'
            )
        steps = db.exec(
            select(Step).where(Step.attempt_id == attempt_id).order_by(
                col(Step.position), col(Step.branch)
            )
        ).all()  # fmt: skip
        _heading(attempt, console)
        programs: list[tuple[str, str]] = []
        for step in steps:
            if step.completion_id is not None:
                completion = db.get_one(Completion, step.completion_id)
                model = db.get_one(LanguageModel, completion.model_id).name
                _completion(step, completion, model, console)
                if step.code is not None:
                    programs.append((f"{step.kind} {step.position + 1}", step.code))
            else:
                execution = db.get_one(Execution, step.execution_id)
                _execution(step, execution, console)
        _diff(programs, console)
        _ending(attempt, console)


def _heading(attempt: Any, console: Console) -> None:
    console.print(
        f"attempt {attempt['attempt_id']}: {attempt['benchmark']} {attempt['problem_id']} "
        f"({attempt['entry_point']}), {attempt['pattern']}, sample {attempt['sample']}",
        style="bold",
        markup=False,
        highlight=False,
    )
    console.print(
        f"sweep {attempt['sweep']}, coder {attempt['coder']}, reviewer {attempt['reviewer']}",
        style="dim",
        highlight=False,
    )


def _title(title: str, console: Console) -> None:
    console.print(Rule(Text(title), align="left", style="dim"))


def _plain(said: str, console: Console, style: str = "") -> None:
    """Print what a model, or a problem's author, wrote: as text, and nothing but text."""
    console.print(Text(visible(said), style=style))


def _completion(step: Step, completion: Completion, model: str, console: Console) -> None:
    took = f", {completion.seconds:.1f} s" if completion.seconds is not None else ""
    tokens = (
        f", {completion.prompt_tokens} tokens in, {completion.completion_tokens} out"
        if completion.completion_tokens is not None
        else ""
    )
    role = f"{step.role} " if step.role else ""
    _title(f"{step.position + 1}. {step.kind} by {role}{model}{tokens}{took}", console)
    for message in completion.request["messages"]:
        if message["role"] != "system":
            _plain(message["content"], console, style="dim")
    console.print(Text(f"{model} answers:", style="bold"))
    if completion.text is None:
        _plain(completion.error or f"({completion.state})", console, style="red")
    else:
        _plain(completion.text, console)
    if step.verdict is not None:
        _plain(f"verdict: {step.verdict}", console, style="bold")


def _execution(step: Step, execution: Execution, console: Console) -> None:
    if step.kind == Kind.TRIAL:
        _title(f"{step.position + 1}. visible tests", console)
        if execution.detail is not None:
            _plain(Trial.from_json(execution.detail).report, console)
        return
    _title(f"{step.position + 1}. judged by the hidden tests", console)
    if execution.detail is None:
        _plain(execution.error or f"({execution.state})", console, style="red")
        return
    console.print(f"base: {execution.base}, plus: {execution.plus}", highlight=False)
    for name in ("reason", "failing_input", "expected", "got"):
        value = execution.detail.get(name)
        if value:
            _plain(f"{name.replace('_', ' ')}: {value}", console)


def _diff(programs: list[tuple[str, str]], console: Console) -> None:
    """What each fix changed in the answer before it."""
    for (old_name, old), (new_name, new) in pairwise(programs):
        _title(f"from {old_name} to {new_name}", console)
        lines = difflib.unified_diff(
            visible(old).splitlines(), visible(new).splitlines(), old_name, new_name, lineterm=""
        )
        for line in lines:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
            console.print(Text(line, style=style))


def _ending(attempt: Any, console: Console) -> None:
    outcome = attempt["outcome"] or attempt["state"]
    style = {"solved": "bold green", "unsolved": "bold yellow"}.get(outcome, "bold red")
    _title("outcome", console)
    said = f"{outcome}: {attempt['error']}" if attempt["error"] else outcome
    _plain(said, console, style=style)
