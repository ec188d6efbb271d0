"""Writes docs/reference from the code, so that it cannot say what is not so: `make reference`.

Meanings are the docstrings, and the `#:` comments above the fields of models, settings and tables.
"""

import inspect
import os
import re
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

from pydantic import BaseModel
from rich.console import Console
from sqlalchemy import text
from sqlmodel import SQLModel
from typer.core import TyperGroup
from typer.main import get_command

from foureyes.models import analysis_plan, caps, llm, tables
from foureyes.models.session import session
from foureyes.models.settings import Settings, settings
from foureyes.producer import cli
from foureyes.producer.stack import embedded
from foureyes.producer.sweeps import rehearsal, sweep_file
from foureyes.worker.patterns import Pattern, patterns
from foureyes.worker.patterns.style import Style

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "docs" / "reference"
#: The title of the page, what it says first, and what makes the rest.
Page = tuple[str, str, Callable[[], Iterator[str]]]


def command_line() -> Iterator[str]:
    """Every command with its arguments and options."""
    yield from _command(get_command(cli.app), "foureyes", None)


def _command(command: Any, name: str, parent: Any) -> Iterator[str]:
    context = command.context_class(command, info_name=name.split()[-1], parent=parent)
    if parent is not None:
        yield f"## {name}\n\n{inspect.cleandoc(command.help)}\n"
        yield f"    {command.get_usage(context).removeprefix('Usage: ')}\n"
        told = [parameter.get_help_record(context) for parameter in command.get_params(context)]
        rows = [[f"`{record[0].replace('|', ' or ')}`", record[1]] for record in told if record]
        yield _table(["argument or option", "meaning"], rows[:-1])  # the last is --help
    if isinstance(command, TyperGroup):
        for each, found in command.commands.items():
            yield from _command(found, f"{name} {each}", context)


def sweep_files() -> Iterator[str]:
    """The keys of a sweep file, table by table."""
    example = (ROOT / "sweeps" / "starter.toml").read_text()
    yield f"This is `sweeps/starter.toml`, a whole one:\n\n```toml\n{example}```\n"
    yield _section("The file", sweep_file.SweepFile)
    yield _section("A table in `benchmarks`", sweep_file.BenchmarkChoice)
    yield _section("A table in `patterns`", sweep_file.PatternChoice)
    yield "The patterns and their options are in [Patterns](patterns.md).\n"
    yield _section("`[[teams]]`", sweep_file.TeamChoice)
    yield _section("`[[pairings]]`, in older files", sweep_file.Pairing)
    yield _section("`[plan]`", analysis_plan.AnalysisPlan)
    yield _section("`[caps]`", caps.Caps)
    common = [name for name in llm.Model.model_fields if name != "name"]  # it is the table's key
    yield _section("`[models.NAME]`, of every engine", llm.Model, common)
    yield _section("`sampling`", llm.ModelSampling)
    for engine in (llm.LlamaCpp, llm.VLLM, llm.OpenAI, llm.Replay, llm.Scripted):
        word = engine.model_json_schema()["properties"]["engine"]["const"]
        own = [name for name in engine.__annotations__ if name in engine.model_fields]
        yield _section(f'`engine = "{word}"`', engine, [name for name in own if name != "engine"])
        if engine is llm.OpenAI:
            yield _section("`send`", llm.Send)


def environment() -> Iterator[str]:
    """The settings of a machine."""
    yield _fields(Settings, list(Settings.model_fields), named=lambda n: f"FOUREYES_{n.upper()}")


def sql() -> Iterator[str]:
    """The views as the migrations leave them, with their comments; then the tables."""
    with session() as db:
        views = db.execute(text(_VIEWS)).all()
        columns = db.execute(text(_COLUMNS)).all()
    for view, comment in views:
        yield f"## {view}\n\n{comment or ''}\n"
        rows = [[f"`{name}`", kind, said or ""] for of, name, kind, said in columns if of == view]
        yield _table(["column", "type", "meaning"], rows)
    yield "## Tables\n\nThe record itself, for what no view tells.\n"
    for table in _tables():
        yield f"### {table.__tablename__}\n\n{inspect.cleandoc(table.__doc__ or '')}\n"
        said = _comments(table)
        rows = [
            [f"`{name}`", kind, said.get(name, "")]
            for of, name, kind, _ in columns
            if of == table.__tablename__
        ]
        yield _table(["column", "type", "meaning"], rows)


_VIEWS = """
SELECT relname, obj_description(oid, 'pg_class')
FROM pg_class WHERE relkind = 'v' AND relnamespace = 'public'::regnamespace ORDER BY relname
"""
_COLUMNS = """
SELECT relname, attname, typname, col_description(attrelid, attnum)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid JOIN pg_type ON pg_type.oid = atttypid
WHERE relkind IN ('v', 'r') AND relnamespace = 'public'::regnamespace
    AND attnum > 0 AND NOT attisdropped
ORDER BY relname, attnum
"""


def _tables() -> list[Any]:
    """The tables in the order of models/tables.py."""
    found = [each for each in vars(tables).values() if inspect.isclass(each)]
    return [each for each in found if issubclass(each, SQLModel) and hasattr(each, "__table__")]


def pattern_list() -> Iterator[str]:
    """Every pattern: what it is for, its options, its flow."""
    yield "## Options of every pattern\n\n" + inspect.cleandoc(Style.__doc__ or "") + "\n"
    yield _fields(Style, list(Style.model_fields))
    for name, found in sorted(patterns().items()):
        why = inspect.cleandoc(inspect.getmodule(found.body).__doc__ or "")  # type: ignore[union-attr]
        yield f"## {name}\n\n{why}\n\n{found.summary}\n"
        own = [option for option in found.options.model_fields if option not in Style.model_fields]
        yield _fields(found.options, own)
        yield f"```\n{_drawn(found)}```\n"


def _drawn(pattern: Pattern) -> str:
    """The flow as a tree, the same on every terminal."""
    console = Console(width=100, color_system=None, force_terminal=False, _environ={})
    with console.capture() as captured:
        console.print(rehearsal.draw(pattern.configure({})))
    return "".join(line.rstrip() + "\n" for line in captured.get().splitlines())


def _section(title: str, model: type[BaseModel], names: list[str] | None = None) -> str:
    told = inspect.cleandoc(model.__doc__ or "")
    return f"## {title}\n\n{told}\n\n{_fields(model, names or list(model.model_fields))}"


def _fields(
    model: type[BaseModel], names: list[str], named: Callable[[str], str] = lambda name: name
) -> str:
    """A table of fields with their types and defaults, as the JSON schema says them."""
    schema = model.model_json_schema()
    said = _comments(model)
    defined = schema.get("$defs", {})
    rows = []
    for name in names:
        key = model.model_fields[name].alias or name
        found = schema["properties"][key]
        needed = key in schema.get("required", [])
        default = "**required**" if needed else _default(found.get("default"))
        rows.append([f"`{named(key)}`", _kind(found, defined), default, said.get(name, "")])
    heads = ["key", "value", "default", "meaning"]
    if not any(row[-1] for row in rows):
        heads, rows = heads[:-1], [row[:-1] for row in rows]
    return _table(heads, rows)


def _default(value: Any) -> str:
    """A default as TOML has it."""
    if value is None or value in ("", [], {}):
        return ""
    if isinstance(value, dict):
        return "see there"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _kind(schema: dict[str, Any], defined: dict[str, Any]) -> str:
    """What a value may be, in words."""
    if "$ref" in schema:
        schema = defined[schema["$ref"].rpartition("/")[2]]
    if "oneOf" in schema:
        return "a table with `engine`"
    if "anyOf" in schema:
        kinds = [_kind(each, defined) for each in schema["anyOf"] if each.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in schema:
        return " or ".join(f"`{each}`" for each in schema["enum"])
    match schema["type"]:
        case "array":
            return f"list: {_kind(schema['items'], defined)}"
        case "object":
            return (
                "tables by name"
                if "properties" not in schema
                and isinstance(schema.get("additionalProperties", schema), dict)
                else "table"
            )
        case "integer" | "number":
            return schema["type"] + _range(schema)
        case "string" if "format" in schema:
            return "secret" if schema["format"] == "password" else str(schema["format"])
        case "string":
            return f"text like `{schema['pattern']}`" if "pattern" in schema else "text"
    return "true or false"


def _range(schema: dict[str, Any]) -> str:
    """The bounds of a number: ", 1 to 10"."""
    low, above, high = (schema.get(k) for k in ("minimum", "exclusiveMinimum", "maximum"))
    said = "" if above is None else f", above {above:g}"
    if low is not None:
        said = f", {low:g}" if high is not None else f", {low:g} or more"
    return said if high is None else f"{said} to {high:g}"


def _comments(model: type) -> dict[str, str]:
    """The `#:` comments above the fields of a class and of those it inherits from."""
    found: dict[str, str] = {}
    for each in reversed(model.__mro__):
        if not each.__module__.startswith("foureyes."):
            continue
        try:
            source = inspect.getsource(each)
        except OSError:  # the options of a pattern are made by a function
            continue
        for comment, name in re.findall(r"((?:^    #: .*\n)+)    (\w+):", source, re.MULTILINE):
            found[name] = " ".join(line.strip(" #:") for line in comment.splitlines())
    return found


def _table(heads: list[str], rows: list[list[str]]) -> str:
    """A Markdown table, less its columns that are empty; nothing for no rows."""
    if not rows:
        return ""
    kept = [i for i in range(len(heads)) if any(row[i] for row in rows)]
    lines = [[heads[i] for i in kept], ["---"] * len(kept)]
    lines += [[row[i].replace("|", "\\|") for i in kept] for row in rows]
    return "".join(f"| {' | '.join(cells)} |\n" for cells in lines)


PAGES: dict[str, Page] = {
    "cli.md": (
        "Command line",
        "Exit codes: 0 done; 1 not all well; 2 a mistake to mend, said in one line, or a bug; 130 Ctrl-C. "
        "Every command has `--help`.",
        command_line,
    ),
    "sweep-file.md": (
        "Sweep file",
        "TOML, checked to the last key before anything is enqueued. Every combination of benchmark, "
        "pattern and team is a run.",
        sweep_files,
    ),
    "settings.md": (
        "Settings",
        "Everything that may differ from one machine to the next: environment variables, or lines of a "
        "file `.env` in the current folder. `foureyes doctor` shows what is in force.",
        environment,
    ),
    "sql.md": (
        "Views and tables",
        "The views answer questions, and hold while a sweep is running. "
        '`foureyes sql "select ..."` asks them; any client of PostgreSQL can.',
        sql,
    ),
    "patterns.md": (
        "Patterns",
        "`foureyes patterns show NAME` also prints a pattern's prompts. What they are for, and how to "
        "write one, is in [Patterns](../patterns.md).",
        pattern_list,
    ),
}


def page(name: str) -> str:
    """The text of a page. That of sql.md needs a migrated database."""
    title, first, rest = PAGES[name]
    parts = [f"# {title}\n", f"{first}\n", *rest()]
    text = "\n".join(part for part in parts if part)
    return f"<!-- Made by `make reference`; what it says is said in the code. -->\n{text}"


def main() -> None:
    """Write every page, with a database of its own that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="foureyes-reference-") as home:
        os.environ |= {"FOUREYES_HOME": home}
        os.environ.pop("FOUREYES_DATABASE_URL", None)
        settings.cache_clear()
        FOLDER.mkdir(exist_ok=True)
        with embedded.database(lambda line: None):
            for name in PAGES:
                (FOLDER / name).write_text(page(name))
                print(cast(str, (FOLDER / name).relative_to(ROOT)))


if __name__ == "__main__":
    main()
