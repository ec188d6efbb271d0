"""The `foureyes` command. Each mistake a person can make ends in one line and exit code 2."""

import sys
from importlib import metadata
from typing import Annotated, NoReturn

import typer

from foureyes.models.errors import FoureyesError, Mistakes
from foureyes.models.output import NO_ROOM
from foureyes.models.storable import storable
from foureyes.producer.cli import groups, judging, keeping, moving, reading, running, steering
from foureyes.producer.cli.listing import Commands
from foureyes.producer.commands.terminal import drop_output, mistake

app = typer.Typer(
    name="foureyes",
    cls=Commands,
    help="Two models, one benchmark, every way of working together.\n\n"
    "More: foureyes COMMAND --help; also --version and --install-completion",
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # boxes and colours take longer to import than all else of a help page
)
for part in (running, reading, moving, steering, judging, keeping):
    app.add_typer(part.app)
app.add_typer(groups.database_app, name="database", no_args_is_help=True)
app.add_typer(groups.benchmark_app, name="benchmark", no_args_is_help=True)
app.add_typer(groups.patterns_app, name="patterns", invoke_without_command=True)
app.add_typer(groups.models_app, name="models", no_args_is_help=True)
app.add_typer(groups.prompts_app, name="prompts", no_args_is_help=True)


def _version(asked: bool) -> None:
    if asked:
        print(f"foureyes {metadata.version('foureyes')}")
        raise typer.Exit


@app.callback()
def command(
    version: Annotated[bool, typer.Option("--version", callback=_version, is_eager=True)] = False,
) -> None:
    """What is said before any command's name."""


def main() -> None:
    """Run the command line: 0 done, 1 not all well, 2 a mistake to mend, 130 Ctrl-C.

    Raises: whatever is no mistake of a person's, nor a state of the machine.
    """
    try:
        try:
            code = app(prog_name="foureyes", standalone_mode=False)
        finally:
            sys.stdout.flush()
        if isinstance(code, int):
            sys.exit(code)
    except FoureyesError as error:
        *others, last = error.lines if isinstance(error, Mistakes) else [str(error)]
        for line in others:
            mistake(line)
        _end(last, 2)
    except typer.TyperException as error:  # in one line, as any mistake; Typer would draw a box
        said, context = error.format_message(), getattr(error, "ctx", None)
        if context is not None and said == context.get_help():  # nothing was asked for
            print(said, file=sys.stderr)
            sys.exit(2)
        said = " ".join(said.split())  # choices stand on lines of their own
        _end(f"{said} (`{context.command_path if context else 'foureyes'} --help`)", 2)
    except typer.Abort:
        _end("nothing was done", 1)
    except UnicodeError:
        given = next((word for word in sys.argv if storable(word) != word), None)
        if given is None:
            raise
        _end(f"{given!r} is not UTF-8 text", 2)
    except BrokenPipeError:  # `foureyes sql ... | head`
        drop_output()
        sys.exit(1)
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        if error.errno in NO_ROOM:
            drop_output()
            _end(
                f"the disk is full{where}. What was done is kept; make room and run it again to "
                "go on.",
                2,
            )
        if not error.filename:
            raise
        _end(f"{error.filename}: {error.strerror}", 2)
    except Exception as error:
        from foureyes.models.session import (
            is_passing,  # whoever can fail so has imported it already
        )

        if not is_passing(error):
            raise
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[-1]
        _end(f"the database failed: {reason}. What was done is kept; run it again to go on.", 2)


def _end(line: str, code: int) -> NoReturn:
    mistake(line)
    sys.exit(code)
