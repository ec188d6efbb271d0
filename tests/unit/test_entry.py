"""How the command begins and ends, whatever happens to it: never with a traceback on the terminal."""

import os
import re
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from foureyes.models.llm import OpenAI
from foureyes.producer import bug
from tests.programs import ROOT, environment, mind_ctrl_c

#: The command, after what a test does to it first.
RUN = "from foureyes.producer.entry import main; main()"
#: Presses Ctrl-C when a module is imported, in a place that hides the exception.
INTERRUPT = """
import os, signal, sys
class Finder:
    def find_spec(self, name, *_):
        if name == "{module}":
            try:
                os.kill(os.getpid(), signal.SIGINT)
            except BaseException:
                pass
sys.meta_path.insert(0, Finder())
"""
#: A command of which nobody thought that it could fail like this.
FAIL = """
from foureyes.producer.commands import catalogue
def fail():
    raise {error}
catalogue.models_list = fail
"""


def run(
    program: str, *words: str, home: Path, stdout: int | None = subprocess.PIPE, **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", f"{program}\n{RUN}", *words],
        cwd=ROOT, env=environment(home, **more), stdout=stdout, stderr=subprocess.PIPE,
        text=True, errors="replace", timeout=120, check=False, preexec_fn=mind_ctrl_c,
    )  # fmt: skip


@pytest.mark.parametrize(
    "module", ["rich.console", "foureyes.producer.commands.catalogue"]
)  # at its start, and later
def test_ctrl_c_while_modules_are_imported_ends_it_without_a_word(
    tmp_path: Path, module: str
) -> None:
    made = run(INTERRUPT.format(module=module), "models", "list", home=tmp_path)
    assert (made.returncode, made.stdout, made.stderr) == (130, "", "")


def test_a_background_job_is_not_interrupted(tmp_path: Path) -> None:
    """A shell lets its background jobs ignore Ctrl-C, as nohup lets them ignore the terminal's end."""
    ignore = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)\n"
    made = run(
        ignore + INTERRUPT.format(module="foureyes.producer.commands.catalogue"),
        "models",
        "list",
        home=tmp_path,
    )
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize(
    "error",
    ["AssertionError()", "OSError(5, 'no name')", "ValueError('two\\nlines')"],
)
def test_what_nobody_expected_is_one_line_and_a_file(tmp_path: Path, error: str) -> None:
    made = run(FAIL.format(error=error), "models", "list", home=tmp_path, TMPDIR=str(tmp_path))
    assert made.returncode == 2
    assert made.stderr.count("\n") == 1
    assert made.stderr.startswith(f"foureyes: this is a bug in foureyes: {error.split('(')[0]}")
    (path,) = re.findall(r"details in (\S+)$", made.stderr.strip())
    details = Path(path).read_text()
    assert "foureyes models list" in details and "in fail\n" in details
    assert Path(path).stat().st_mode & 0o077 == 0


def test_secrets_are_in_no_details(tmp_path: Path) -> None:
    secrets = {
        "OPENAI_API_KEY": "sk-1234567890",
        "FOUREYES_DATABASE_URL": "postgresql://me:pass%40word@host/x",
        "MY_TOKEN": "abcdefgh",
    }
    error = "ValueError('sk-1234567890 pass@word pass%40word abcdefgh amqp://a:b@c/ h://u@h')"
    made = run(FAIL.format(error=error), "models", "list", home=tmp_path, TMPDIR=str(tmp_path), **secrets)  # fmt: skip
    (path,) = re.findall(r"details in (\S+)$", made.stderr.strip())
    for said in (made.stderr, Path(path).read_text()):
        for secret in ("sk-123", "pass@word", "pass%40word", "abcdefgh", "a:b@"):
            assert secret not in said
    assert "https://x/y@z" in bug.redacted("https://x/y@z")


@pytest.mark.parametrize(
    "said",
    [
        "hunter22",  # of .env
        "from-a-file",  # an URL's of .env
        "mine-alone",  # of a variable that a model's `api_key_env` names
        "postgresql://u:pa/hunter23@h/db",
        "amqp://u:pa@hunter23@h//",
        "postgresql://h/db?user=u&password=hunter23&sslmode=require",
        "host=h password='hunter23' dbname=x",
        "x" * 190 + "hunter22",  # cut in its middle, half of it would stay
        "w/hunter24",  # alone, of an URL that is none by the book
    ],
)
def test_no_way_to_write_a_secret_gets_into_what_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, said: str
) -> None:
    (tmp_path / ".env").write_text(
        "OPENAI_API_KEY=hunter22\nFOUREYES_BROKER_URL=amqp://u:from-a-file@h//\n"
    )
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("OF_MINE", "mine-alone")
    monkeypatch.setenv("FOUREYES_DATABASE_URL", "postgresql://u:w/hunter24@h/db")
    OpenAI.model_validate(
        {"name": "m", "engine": "openai", "model": "m", "base_url": "http://h", "api_key_env": "OF_MINE"}
    )  # fmt: skip
    try:
        raise ValueError(said)
    except ValueError as error:
        line = bug.told(error)
    details = next(tmp_path.glob("foureyes-bug-*")).read_text()
    for text in (line, details):
        for secret in ("hunter", "from-a-file", "mine-alone"):
            assert secret not in text


def test_details_that_cannot_be_written_are_no_second_failure(tmp_path: Path) -> None:
    program = f"import tempfile; tempfile.tempdir = {str(tmp_path / 'gone')!r}\n"
    made = run(program + FAIL.format(error="KeyError(1)"), "models", "list", home=tmp_path)
    assert made.returncode == 2
    assert "KeyError: 1; its details cannot be written" in made.stderr


def test_a_file_that_the_machine_refuses_is_named(tmp_path: Path) -> None:
    program = FAIL.format(error="OSError(30, 'Read-only file system', '/some/file')")
    made = run(program, "models", "list", home=tmp_path)
    assert made.returncode == 2
    assert made.stderr == "foureyes: /some/file: Read-only file system\n"


def test_an_argument_that_is_no_text_is_named(tmp_path: Path) -> None:
    program = """
from foureyes.producer.commands import reading
def fail(*_, **__):
    "\\udcff".encode()
reading.sql = fail
import sys; sys.argv[1:] = ["sql", {word!r}]
"""
    for word, says in (("select 1", "this is a bug"), ("a\udcff", "'a\\udcff' is not UTF-8 text")):
        made = run(program.format(word=word), home=tmp_path, TMPDIR=str(tmp_path))
        assert made.returncode == 2
        assert says in made.stderr


def test_a_reader_that_has_enough_is_no_failure_to_speak_of(tmp_path: Path) -> None:
    """`foureyes sql ... | head -1`"""
    reader, writer = os.pipe()
    os.close(reader)
    made = run("", "patterns", home=tmp_path, stdout=writer)
    os.close(writer)
    assert (made.returncode, made.stderr) == (1, "")


def test_a_full_disk_behind_standard_output_is_one_line(tmp_path: Path) -> None:
    for words in (["patterns"], ["--help"]):
        with Path("/dev/full").open("w") as full:
            made = run("", *words, home=tmp_path, stdout=full.fileno())
        assert made.returncode == 2
        assert made.stderr.startswith("foureyes: the disk is full")
        assert made.stderr.count("foureyes") == 1 and "Traceback" not in made.stderr


@pytest.mark.parametrize("closed", ["1", "0 2"])
def test_closed_outputs_are_no_failure(tmp_path: Path, closed: str) -> None:
    shut = "; ".join(f"exec {number}>&-" for number in closed.split())
    made = subprocess.run(
        ["sh", "-c", f'{shut}; exec "$@"', "sh", sys.executable, "-c", RUN, "patterns"],
        cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (made.returncode, made.stderr) == (0, "")


@pytest.mark.parametrize("encoding", ["ascii", "latin-1"])
def test_a_terminal_may_lack_any_character(tmp_path: Path, encoding: str) -> None:
    made = run(
        "from foureyes.producer.commands import terminal\nfrom rich.table import Table\n"
        "def fail():\n"
        "    table = Table(); table.add_column('a'); table.add_row('≥ × – 日 \\udcff')\n"
        "    terminal.console.print(table); print('≤ … \\U0001f600')\n"
        "from foureyes.producer.commands import catalogue; catalogue.models_list = fail",
        "models", "list", home=tmp_path, PYTHONIOENCODING=encoding,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    if encoding == "ascii":
        assert ">= x - \\u65e5 \\udcff" in made.stdout
        assert "<= ... \\U0001f600" in made.stdout


def test_the_console_script_begins_here() -> None:
    assert 'foureyes = "foureyes.producer.entry:main"' in (ROOT / "pyproject.toml").read_text()


def test_a_suite_that_ignores_ctrl_c_starts_children_that_do_not(tmp_path: Path) -> None:
    """A shell's background job ignores it, and so would everything that it starts."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        made = run(INTERRUPT.format(module="rich.console"), "models", "list", home=tmp_path)
    finally:
        signal.signal(signal.SIGINT, before)
    assert made.returncode == 130
