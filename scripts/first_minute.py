"""Writes README's first minute anew, from a run in a home of its own: `python -m scripts.first_minute`.

What differs each time is left out: the address and the password of Flower, how far it was at which moment.
"""

import os
import re
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
#: Between these lines of README it stands.
BEGIN, END = "<!-- made by scripts/first_minute.py -->\n", "<!-- until here -->\n"
COMMAND = "foureyes demo --recorded"
#: What else decides the lines: the columns of the screen, and how much is judged at a time.
SCREEN = {"COLUMNS": "90", "FOUREYES_SLOTS": "1"}

#: Characters before a line: README's margin, and the seconds.
_MARGIN = 11
_LEFT_OUT = re.compile(r"Flower: |\d+ of \d+ attempts ended")


def shown(lines: list[str]) -> list[str]:
    """Of what the command prints, what README has of it: to the end of the first benchmark's table."""
    tables = [n for n, line in enumerate(lines) if line.startswith("demo-recorded: ")]
    together, first, second = tables
    kept = [line for line in lines[:together] if not _LEFT_OUT.match(line)]
    return [part for line in (*kept, *lines[first : second - 1]) for part in _folded(line)]


def _folded(line: str) -> list[str]:
    """As a terminal shows a line that is longer; in a pipe it stays one."""
    columns = int(SCREEN["COLUMNS"])
    return textwrap.wrap(line, columns) if len(line) > columns else [line]


def in_readme() -> list[str]:
    """The same lines as README has them."""
    _, block = README.read_text().split(BEGIN)
    return [line[_MARGIN:] for line in block.split(END)[0].splitlines()[2:-1]]


def _run() -> Iterator[tuple[float, str]]:
    """Each line that the command prints, with the seconds since it was started."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        kept = {name: value for name, value in os.environ.items() if "FOUREYES" not in name}
        environment = kept | {
            "FOUREYES_HOME": str(home), "FOUREYES_CACHE": folder, "PYTHONUNBUFFERED": "1", **SCREEN,
        }  # fmt: skip
        command = [str(Path(sys.executable).with_name("foureyes")), *COMMAND.split()[1:]]
        began = time.monotonic()
        with subprocess.Popen(
            command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        ) as run:
            assert run.stdout is not None
            for line in run.stdout:
                told = line.rstrip("\n").rstrip().replace(str(home), ".foureyes")
                yield time.monotonic() - began, told
        if run.returncode:
            sys.exit(f"{COMMAND} ended with {run.returncode}")
        subprocess.run(
            [ROOT / "scripts" / "clean_data.sh"], check=True, env=environment
        )  # as root, the database lies elsewhere


def main() -> None:
    """Run it, and put what it printed into README."""
    moments = list(_run())
    at = {_folded(line)[0]: seconds for seconds, line in reversed(moments) if line}
    block = f"    $ {COMMAND}\n"
    before = -1
    for line in shown([line for _, line in moments]):
        seconds = round(at.get(line, before))
        moment = f"{seconds:7} s" if seconds != before else ""
        block += f"{moment:{_MARGIN}}{line}".rstrip() + "\n"
        before = seconds
    text = README.read_text()
    head, rest = text.split(BEGIN)
    README.write_text(f"{head}{BEGIN}\n{block}\n{END}{rest.split(END)[1]}")


if __name__ == "__main__":
    main()
