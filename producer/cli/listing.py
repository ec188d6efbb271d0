"""How `foureyes --help` lists commands."""

from typing import Any, NoReturn

import typer
from typer.core import TyperGroup, TyperOption


class Listing(TyperGroup):
    """Commands, listed with all that the first line of each one's help says."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """One line each, none cut short."""
        rows = [(name, each.get_short_help_str(limit=200)) for name, each in self.commands.items()]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


class Commands(Listing):
    """The list of them without the few options beside it: it stays on one screen."""

    def get_params(self, ctx: Any) -> list[Any]:
        """The options, none of which is listed."""
        found = super().get_params(ctx)
        for each in found:
            if isinstance(each, TyperOption):
                each.hidden = True
        return found

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[Any, Any, list[str]]:
        """`foureyes help sweep` is `foureyes sweep --help`, as people try it."""
        if args[0] == "help":
            args = [*args[1:], "--help"] if len(args) > 1 else self._end_with_help(ctx)
        return super().resolve_command(ctx, args)

    def _end_with_help(self, ctx: Any) -> NoReturn:
        print(ctx.get_help())
        raise typer.Exit
