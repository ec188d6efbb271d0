"""The embedded stack, with its real parts: what a person loses when a process ends in a bad way."""

import base64
import fcntl
import json
import os
import signal
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from sqlalchemy import create_engine, text

from foureyes.models.session import dialect_url, engine
from foureyes.models.settings import settings
from foureyes.producer.stack import postgres
from foureyes.results import watch
from tests.sweeps import make_sweep

ROOT = Path(__file__).parents[2]
CODE = "def f(x):\n    return x + 0\n"

#: Holds the database, or the whole stack, until a line comes in; models in demand are in a file.
PROGRAM = """
import sys, threading
from pathlib import Path
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from foureyes.producer.stack import embedded

what, demand = sys.argv[1], Path(sys.argv[2])

def tell(name, value):
    sys.stdout.write(f"{name}: {value}\\n")  # at once: the stack's thread tells things, too
    sys.stdout.flush()

say = lambda line: tell("say", line)

try:
    with embedded.database(say):
        tell("database", settings().database_url.get_secret_value())
        if what == "database":
            sys.stdin.readline()
        elif what == "running":
            tell("running", embedded.running())
        else:
            with embedded.stack(say, lambda: demand.read_text().split()) as stack:
                told = threading.Event()
                threading.Thread(target=lambda: (sys.stdin.readline(), told.set()), daemon=True).start()
                tell("stack", "up")
                while not told.wait(0.2):
                    stack.check()
except FoureyesError as error:
    tell("error", error)
    sys.exit(2)
"""


class Program:
    """A process that uses the embedded stack of `home`, started in the folder `cwd`."""

    def __init__(self, what: str, home: Path, cwd: Path = ROOT, **more: str) -> None:
        self.home = home
        home.parent.mkdir(parents=True, exist_ok=True)
        self.demand = home.parent / f"{home.name}-demand"
        self.demand.touch()
        kept = {k: v for k, v in os.environ.items() if not k.startswith("FOUREYES_")}
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-c", PROGRAM, what, str(self.demand)],
            cwd=cwd,
            env=kept | {"FOUREYES_HOME": str(home), "PYTHONPATH": str(ROOT)} | more,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def told(self, name: str) -> str:
        """The next thing it tells under this name."""
        assert self.process.stdout is not None
        lines = []
        for line in self.process.stdout:
            lines.append(line)
            if line.startswith(f"{name}: "):
                return line.split(": ", 1)[1].strip()
        raise AssertionError(f"it ended without telling {name!r}; it told {lines}")

    def end(self) -> int:
        """Let it end by itself; its exit code."""
        if self.process.poll() is None:
            self.process.communicate("\n", timeout=60)
        return self.process.returncode

    def send(self, number: int) -> int:
        """End it by a signal; its exit code."""
        self.process.send_signal(number)
        self.process.communicate(timeout=60)
        return self.process.returncode


def processes(home: Path) -> dict[int, str]:
    """The living processes that have this home in their environment: id and command."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"FOUREYES_HOME={home}\0".encode() in (folder / "environ").read_bytes():
                found[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
        except OSError:
            continue
    return {pid: words for pid, words in found.items() if words}


def wait_for(what: Callable[[], Any], seconds: float = 60) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it does not happen")


def worker(home: Path, name: str) -> int | None:
    return next((pid for pid, words in processes(home).items() if f"-n {name}@" in words), None)


def execute(url: str, statement: str, **values: Any) -> Any:
    admin = create_engine(dialect_url(url), isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        result = connection.execute(text(statement), values)
        rows = result.all() if result.returns_rows else []
    admin.dispose()
    return rows


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A home whose data is removed again, also as root, when it lies elsewhere."""
    folder = tmp_path / "home"
    yield folder
    for pid in processes(folder):
        os.kill(pid, signal.SIGKILL)
    subprocess.run(["rm", "-rf", os.path.realpath(folder / "postgres"), folder], check=False)


def define(url: str, tmp_path: Path, name: str, **more: Any) -> None:
    """Define a model as a sweep does."""
    (tmp_path / "script.toml").write_text('[[rules]]\nanswer = "no"\n')
    script = str(tmp_path / "script.toml")
    made = {"engine": "scripted", "name": name, "script": script} | more
    execute(
        url,
        "INSERT INTO language_model (name, settings, identity) VALUES (:name, :settings, 'x')"
        " ON CONFLICT (name) DO UPDATE SET settings = excluded.settings",
        name=name,
        settings=json.dumps(made),
    )


def flower_status(url: str, password: str | None = None) -> int:
    """What Flower's first page says, once there is one."""
    asked = urllib.request.Request(f"{url}/workers")
    if password is not None:
        token = base64.b64encode(f"foureyes:{password}".encode()).decode()
        asked.add_header("Authorization", f"Basic {token}")

    def answer() -> int | None:
        try:
            with urllib.request.urlopen(asked, timeout=20) as told:
                return int(told.status)
        except urllib.error.HTTPError as error:
            return error.code
        except OSError:
            return None

    return int(wait_for(answer))


def test_a_whole_stack_is_found_shared_guarded_and_leaves_nothing(
    home: Path, tmp_path: Path
) -> None:
    """Else a second terminal starts a second stack, or finds none; or `ps` shows yesterday's."""
    cwd = tmp_path / "a person's project"
    (cwd / "models").mkdir(parents=True)
    (cwd / "models" / "__init__.py").write_text("raise SystemExit('the wrong package')\n")
    up = Program("stack", home, cwd)
    url = up.told("database")
    assert up.told("stack") == "up"
    execution = wait_for(lambda: worker(home, "Execution"))
    wait_for((home / "stack.json").exists)
    stack = json.loads((home / "stack.json").read_text())

    # a second terminal uses it, and may not start another one
    assert stack["broker_url"] in Program("running", home).told("running")
    assert "already" in Program("stack", home).told("error")

    # the broker's password is between its user and the broker
    assert stat.S_IMODE((home / "stack.json").stat().st_mode) == 0o600
    assert stat.S_IMODE((home / "valkey.conf").stat().st_mode) == 0o600
    with pytest.raises(redis.AuthenticationError):
        redis.Redis.from_url("redis://" + stack["broker_url"].split("@")[1]).ping()
    assert all(stack["broker_url"] not in words for words in processes(home).values())

    # nor is Flower, which can end workers, for everybody on this machine
    password = stack["flower_password"]
    assert flower_status(stack["flower_url"]) == 401
    assert flower_status(stack["flower_url"], password) == 200
    assert all(password not in words for words in processes(home).values())

    # a worker that is killed comes back; a new model gets a worker, a changed one a new worker
    os.kill(execution, signal.SIGKILL)
    assert wait_for(lambda: worker(home, "Execution") not in (None, execution))
    define(url, tmp_path, "m", threads=3)
    up.demand.write_text("m")
    first = wait_for(lambda: worker(home, "m"))
    assert "--concurrency=3" in processes(home)[first]
    define(url, tmp_path, "m", threads=2)
    second = wait_for(lambda: (pid := worker(home, "m")) != first and pid)
    assert "--concurrency=2" in processes(home)[second]

    assert up.send(signal.SIGTERM) == 128 + signal.SIGTERM
    assert processes(home) == {}
    assert not (home / "stack.json").exists()


def test_a_killed_stack_takes_everything_with_it(home: Path) -> None:
    """Else workers of a closed laptop session compute for ever, and the database stays open."""
    up = Program("stack", home)
    up.told("stack")
    wait_for(lambda: worker(home, "Execution"))
    up.send(signal.SIGKILL)
    wait_for(lambda: processes(home) == {}, 20)
    assert (home / "stack.json").exists(), "this test is about what a kill leaves"
    look = Program("running", home)
    assert look.told("running") == "None"
    assert look.end() == 0
    assert processes(home) == {}


def said(up: Program, words: str) -> str:
    """The next line that it says with these words in it."""
    while words not in (line := up.told("say")):
        pass
    return line


@pytest.fixture
def ours(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str], None]]:
    """Has this process use a database."""

    def forget() -> None:
        for remembered in (settings, engine):
            remembered.cache_clear()

    def use(url: str) -> None:
        monkeypatch.setenv("FOUREYES_DATABASE_URL", url)
        forget()

    yield use
    engine().dispose()
    forget()


def test_a_model_that_cannot_load_stops_nobody_elses_sweep(
    home: Path, tmp_path: Path, ours: Callable[[str], None]
) -> None:
    """Else one wrong path ends every sweep of a home; or whoever waits for it waits for ever."""
    (tmp_path / "c.toml").write_text(f"[[rules]]\nanswer = {json.dumps(CODE)}\n")
    up = Program("stack", home, tmp_path, FOUREYES_REAP_EVERY="0.5")
    ours(up.told("database"))
    assert up.told("stack") == "up"
    broken = make_sweep("raw-coder", name="broken", coder="x", fresh="broken")
    fine = make_sweep("raw-coder", name="fine")
    up.demand.write_text("x c")
    line = said(up, "nothing works at x")
    assert "x.toml" in line and str(home / "logs" / "x.log") in line
    assert f"`foureyes cancel id={broken}`" in line
    wait_for(lambda: not watch.look(fine).unfinished)
    assert watch.look(fine).runs[0].solved == 1
    # whoever waits in another terminal is told as well
    found = watch.look(broken)
    assert found.is_stuck and up.process.poll() is None
    (told,) = watch.in_vain(found)
    assert "nothing works at x, for which 1 calls wait" in told and "x.toml" in told
    assert f"`foureyes cancel id={broken}`" in told
    # and once it is mended, the same command again is enough
    (tmp_path / "x.toml").write_text(f"[[rules]]\nanswer = {json.dumps(CODE)}\n")
    make_sweep("raw-coder", name="broken", coder="x", fresh="broken")
    wait_for(lambda: not watch.look(broken).unfinished)
    assert watch.look(broken).runs[0].solved == 1
    assert up.end() == 0
    assert processes(home) == {}


def test_settings_that_cannot_be_read_stop_nobody_elses_sweep(home: Path, tmp_path: Path) -> None:
    """Of a model that a foureyes of before has defined, in the same home."""
    up = Program("stack", home)
    url = up.told("database")
    define(url, tmp_path, "old", engine="an engine of before")
    define(url, tmp_path, "m")
    up.demand.write_text("old m")
    assert "its settings cannot be read" in said(up, "nothing works at old")
    wait_for(lambda: worker(home, "m"))
    assert up.end() == 0


def test_the_database_lives_as_long_as_its_last_user(home: Path) -> None:
    """Else `foureyes report` in a second terminal ends the sweep in the first."""
    first, second = Program("database", home), Program("database", home)
    url = first.told("database")
    assert second.told("database") == url  # also: both may be the first to make it
    assert first.end() == 0
    assert execute(url, "SELECT count(*) FROM attempt") == [(0,)]
    second.send(signal.SIGKILL)
    wait_for(lambda: processes(home) == {}, 20)


def test_two_that_find_no_database_both_get_it(home: Path) -> None:
    """Else two terminals opened at once wait for each other."""
    home.mkdir()
    shared = postgres._Server(home)
    with shared.lock_file() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)  # we look as well, and are the ones to start it
        other = Program("database", home)
        opened = Path(f"/proc/{other.process.pid}/fd")
        wait_for(lambda: looking.name in {os.path.realpath(fd) for fd in opened.iterdir()})
        time.sleep(0.3)  # it sees that there is no server
        shared.start()
        assert other.told("database").startswith("postgresql://")
    assert other.end() == 0


def test_results_survive_a_crash_and_the_kill_of_everything(home: Path, tmp_path: Path) -> None:
    """Else a power cut costs a night's work."""
    first = Program("database", home)
    define(first.told("database"), tmp_path, "kept")
    for pid in processes(home):
        os.kill(pid, signal.SIGKILL)
    first.process.wait(20)
    second = Program("database", home)
    assert execute(second.told("database"), "SELECT name FROM language_model") == [("kept",)]
    assert second.end() == 0
    assert processes(home) == {}


def test_a_database_of_a_later_version_is_refused_and_left_alone(home: Path) -> None:
    """Else an old checkout damages the results of a newer one."""
    first = Program("database", home)
    url = first.told("database")
    execute(url, "UPDATE alembic_version SET version_num = '9999'")
    assert "does not know; update foureyes" in Program("database", home).told("error")
    assert execute(url, "SELECT version_num FROM alembic_version") == [("9999",)]
    first.end()


@pytest.mark.parametrize(
    "name", ["my 'project' #1, 100%", "long-" + "x" * 120, '$HOME `id` "quoted" \\ *', "日本-ü"]
)
def test_a_home_may_have_any_path(tmp_path: Path, name: str) -> None:
    """Else the database does not start for people with spaces or depth in their folders."""
    home = tmp_path / name / "home"
    program = Program("database", home)
    assert execute(program.told("database"), "SELECT count(*) FROM attempt") == [(0,)]
    assert program.end() == 0
    assert processes(home) == {}
    subprocess.run(["rm", "-rf", os.path.realpath(home / "postgres")], check=False)


@pytest.mark.parametrize("name", ["new\nline", "tab\there"])
def test_a_home_whose_path_no_settings_file_can_hold_is_refused(tmp_path: Path, name: str) -> None:
    """Else a server is started that nobody can find again."""
    home = tmp_path / name
    program = Program("database", home)
    assert "FOUREYES_HOME: " in program.told("error")
    assert program.process.wait(30) == 2
    assert not home.exists()


def test_a_folder_of_somebodys_stays_visible_to_git(tmp_path: Path) -> None:
    """Else everything in it is hidden, the person's own work too."""
    for home, is_ours in ((tmp_path, False), (tmp_path / "made", True)):
        program = Program(
            "database", home, cwd=tmp_path, FOUREYES_HOME=home.name if is_ours else "."
        )
        assert program.told("database")
        assert program.end() == 0
        assert (home / ".gitignore").exists() == is_ours
        subprocess.run(["rm", "-rf", os.path.realpath(home / "postgres")], check=False)


def test_ones_own_database_is_used_and_nothing_is_started(home: Path, database: str) -> None:
    """Else production data goes to a hidden folder."""
    program = Program("database", home, FOUREYES_DATABASE_URL=database)
    assert program.told("database") == database
    assert processes(home).keys() == {program.process.pid}
    assert program.end() == 0
    assert not home.exists()


def test_a_home_that_cannot_be_written_is_told_in_one_line(home: Path) -> None:
    """Else a person reads a traceback."""
    home.write_text("a file where a folder should be")
    blocked = home / "below"
    error = Program("database", home, FOUREYES_HOME=str(blocked)).told("error")
    assert "cannot be written" in error
    assert "FOUREYES_HOME" in error
