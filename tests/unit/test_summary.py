"""What `foureyes evaluate` prints at its end: a person sees nothing else of most evaluations."""

import io

from rich.console import Console

from foureyes.evaluation import summary


def verdict(outcome: str, reason: str = "", task_id: str = "Mine/0") -> dict[str, str]:
    status = "pass" if outcome == "solved" else "fail"
    told = {"task_id": task_id, "outcome": outcome, "reason": reason}
    return {**told, "base": status, "plus": status}


def said(verdicts: list[dict[str, str]], problems: int) -> str:
    console = Console(file=io.StringIO(), width=120, force_terminal=True, no_color=True)
    summary.show(verdicts, problems, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_a_program_cannot_write_to_the_terminal_by_what_it_raises() -> None:
    """An exception's name may hold a terminal's commands: to clear it, or to paint a right verdict."""
    hostile = "exception: \x1b[2J\x1b]0;title\x07\u202eE: oh"
    shown = said([verdict("unsolved", hostile)], 1)
    assert "\x1b[2J" not in shown and "\x1b]0;" not in shown and "\u202e" not in shown
    assert r"unsolved: exception: \u001b[2J\u001b]0;title\u0007\u202eE 1" in shown


def test_errors_of_the_judge_count_as_neither_right_nor_wrong() -> None:
    found = [verdict("solved"), verdict("error", "the sandbox is gone", "Mine/1")]
    shown = said(found, 3)
    assert "100.0%" in shown
    assert "1 solved, 0 unsolved, 1 errors" in shown
    assert "1 of the benchmark's 3 problems have no sample" in shown


def test_errors_bound_what_pass_at_1_would_be() -> None:
    """Else a program that breaks its judge takes itself out of a score that stays at 100 %."""
    found = [verdict("solved"), verdict("error", "the sandbox is gone", "Mine/1")]
    assert "all wrong, or all right, pass@1 would be 50.0% to 100.0%" in said(found, 2)
    assert "0.0% to 100.0%" in said([verdict("error", "the sandbox is gone")], 1)
    assert "would be" not in said([verdict("solved")], 1)
