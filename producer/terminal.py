"""How the commands speak to a person."""

from rich.console import Console

console = Console()


def say(line: str) -> None:
    """One line of progress for a person."""
    console.print(line, style="dim", markup=False, highlight=False)


def hint(line: str) -> None:
    """The same beside an output that is for a program."""
    Console(stderr=True).print(line, style="dim", markup=False, highlight=False)
