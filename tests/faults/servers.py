"""A RabbitMQ node and a PostgreSQL of our own, on free loopback ports, that tests may kill."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import psycopg

from foureyes.producer.stack import postgres, postgres_as_root
from foureyes.producer.stack.ports import free_port
from tests.programs import wait_for

PASSWORD = "a-password"  # of a server that lives as long as a test


class RabbitMQ:
    """One node. Debian's wrapper is avoided: it is for the one node of the system."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.port = free_port()
        self.node = f"foureyes{secrets.token_hex(4)}@localhost"
        self.url = f"amqp://guest:guest@127.0.0.1:{self.port}//"
        self._process: subprocess.Popen[bytes] | None = None
        (folder / "plugins").write_text("[].")
        self.environment = {
            "PATH": f"{os.environ['PATH']}:/usr/sbin",
            "HOME": str(folder),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(self.port),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none",  # no busy waiting
            "ERL_EPMD_PORT": str(free_port()),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
        }

    @staticmethod
    def program() -> str | None:
        real = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
        if real.exists():
            return str(real)
        return shutil.which("rabbitmq-server", path=f"{os.environ['PATH']}:/usr/sbin")

    def start(self) -> None:
        program = self.program()
        assert program is not None
        with (self._folder / "output").open("ab") as output:
            self._process = started = subprocess.Popen(
                [program],
                env=self.environment,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        wait_for(lambda: self._answers() or started.poll() is not None, seconds=120)
        assert started.poll() is None, (self._folder / "output").read_text()[-3000:]

    @property
    def pid(self) -> int:
        """The process that all others of it are below."""
        assert self._process is not None
        return self._process.pid

    def stop(self) -> None:
        """End it in order."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGTERM)
        self._process.wait(timeout=60)

    def kill(self) -> None:
        """SIGKILL: nothing is written any more."""
        assert self._process is not None
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(timeout=60)

    def wipe(self) -> None:
        """Lose everything it had: only while it is down."""
        shutil.rmtree(self._folder / "mnesia")

    def control(self, *words: str) -> str:
        """What `rabbitmqctl` says."""
        made = subprocess.run(
            [str(Path(self.program() or "").with_name("rabbitmqctl")), "-n", self.node, *words],
            env=self.environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return made.stdout

    def close(self) -> None:
        if self._process is not None and self._process.poll() is None:
            self.kill()  # nobody wants its data
        for _ in range(20):  # the node's name server, a daemon of the private port, is ours too
            made = subprocess.run(
                ["epmd", "-port", self.environment["ERL_EPMD_PORT"], "-kill"],
                capture_output=True,
                check=False,
            )
            if b"Killed" in made.stdout or b"Cannot connect" in made.stderr:
                return
            time.sleep(0.5)

    def _answers(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(2)
            try:
                probe.connect(("127.0.0.1", self.port))
                probe.send(b"AMQP\0\0\x09\x01")
                return probe.recv(1) != b""
            except OSError:
                return False


class Postgres:
    """The embedded stack's PostgreSQL, but over TCP and with a password, as in production."""

    def __init__(self, folder: Path) -> None:
        self._user = postgres_as_root.user() if os.geteuid() == 0 else None
        programs = postgres._package() / postgres._PROGRAMS
        self._programs = postgres_as_root.programs(programs) if self._user else programs
        self._data = folder / "data"
        self._log = folder / "log"
        self.port = free_port()
        self._process: subprocess.Popen[bytes] | None = None
        password = folder / "password"
        password.write_text(PASSWORD)
        if self._user is not None:
            for path in (folder, password):
                os.chown(path, self._user.pw_uid, self._user.pw_gid)
        subprocess.run(
            [str(self._programs / "initdb"), "-D", str(self._data), "-U", "postgres", "-A",
             "scram-sha-256", f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8"],
            check=True, capture_output=True, **self._identity(),
        )  # fmt: skip

    def url(self, database: str = "postgres", port: int | None = None) -> str:
        return f"postgresql://postgres:{PASSWORD}@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        def up() -> bool:
            self._launch()
            return (
                bool(wait_for(lambda: self._answers() or not self._lives(), 60)) and self._lives()
            )

        wait_for(up, seconds=60)  # a killed one's children may hold on to the data for a moment

    @property
    def pid(self) -> int:
        """The process that all others of it are below."""
        assert self._process is not None
        return self._process.pid

    def restart(self) -> None:
        """Stop it as its administrator would, in the middle of everything; start it again."""
        self._end(signal.SIGINT)
        self.start()

    def kill(self) -> None:
        """SIGKILL to the first process; the others end when they miss it."""
        self._end(signal.SIGKILL)

    def close(self) -> None:
        if self._lives():
            self._end(signal.SIGINT)

    def _end(self, number: int) -> None:
        assert self._process is not None
        self._process.send_signal(number)
        self._process.wait(timeout=60)

    def _launch(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._programs / "postgres"), "-D", str(self._data), "-p", str(self.port),
                 "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories=",
                 "-c", "shared_buffers=64MB", "-c", "wal_buffers=16MB", "-c", "max_connections=80"],
                stdout=log, stderr=log, start_new_session=True, **self._identity(),
            )  # fmt: skip

    def _lives(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def _answers(self) -> bool:
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _identity(self) -> dict[str, Any]:
        if self._user is None:
            return {"cwd": "/"}
        return {
            "user": self._user.pw_uid,
            "group": self._user.pw_gid,
            "extra_groups": [],
            "cwd": "/",
        }
