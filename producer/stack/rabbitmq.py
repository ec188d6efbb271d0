"""RabbitMQ from this machine's package, as a private node that ends with us: `foureyes up --broker`.

The node has a name, ports, a cookie and a password of its own, on the loopback interface, so it
meets neither the system's node nor another home's. It starts empty each time: messages only say
which row is next, and the database knows that too.
"""

import os
import secrets
import shutil
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from foureyes.models.errors import FoureyesError
from foureyes.producer.home import plain
from foureyes.producer.stack.child import Child
from foureyes.producer.stack.ports import free_port
from foureyes.producer.stack.valkey import private

#: Ten to seventeen seconds on two idle cores.
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_USER = "foureyes"
#: Debian's program in the PATH is a wrapper for the one node of the system, which drops to the
#: user `rabbitmq` as root; this is what it wraps.
_DEBIAN = Path("/usr/lib/rabbitmq/bin")

_CONFIGURATION = """\
listeners.tcp.1 = 127.0.0.1:{port}
default_user = {user}
default_pass = {password}
# a worker may think for long before it acknowledges: milliseconds, above models.broker's timeouts
consumer_timeout = 7200000
disk_free_limit.absolute = 100MB
{more}"""

#: Nobody but this machine may reach the node's Erlang side; idle schedulers must not spin.
_ERLANG = (
    "-kernel inet_dist_use_interface {127,0,0,1} -noinput +sbwt none +sbwtdcpu none +sbwtdio none"
)


@contextmanager
def server(home: Path, *, plugins: tuple[str, ...] = (), more: str = "") -> Iterator[str]:
    """The URL of a node that is ours alone and ends with us.

    `more` lines of rabbitmq.conf and `plugins` are for whoever wants more than a broker.

    Raises: FoureyesError if it is not installed, or cannot be started.
    """
    program = _program("rabbitmq-server")
    folder = plain(home / "rabbitmq")
    shutil.rmtree(folder, ignore_errors=True)  # of a node that was killed
    folder.mkdir(parents=True, mode=0o700)
    port, password = free_port(), secrets.token_hex(24)
    configuration = _CONFIGURATION.format(port=port, user=_USER, password=password, more=more)
    _write(folder / "rabbitmq.conf", configuration)
    _write(folder / "plugins", f"[{','.join(plugins)}].")
    _write(folder / ".erlang.cookie", secrets.token_hex(24))
    (folder / ".erlang.cookie").chmod(0o400)  # Erlang insists
    environment = _node_environment(folder)
    names = Child([_program("epmd"), "-address", "127.0.0.1"], environment, _log(home, "epmd"))
    node = Child([program], environment, _log(home, "rabbitmq"))
    with ExitStack() as cleanup:
        cleanup.callback(shutil.rmtree, folder, ignore_errors=True)
        # Erlang would start its name server as a daemon, which would outlive us
        names.start()
        cleanup.callback(names.stop, _STOP_SECONDS)
        node.start()
        cleanup.callback(node.stop, _STOP_SECONDS)
        _await(node, port)
        yield f"amqp://{_USER}:{password}@127.0.0.1:{port}//"


def _node_environment(folder: Path) -> dict[str, str]:
    """What RabbitMQ's programs must be told to mean the node whose files `folder` holds."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("RABBITMQ_")}
    return kept | {
        "PATH": _path(),
        "HOME": str(folder),  # where Erlang looks for its cookie
        "ERL_EPMD_PORT": str(free_port()),
        "RABBITMQ_NODENAME": f"foureyes-{secrets.token_hex(4)}@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",  # the system's node's
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_MNESIA_BASE": str(folder / "data"),
        "RABBITMQ_LOG_BASE": str(folder / "log"),
        "RABBITMQ_LOGS": "-",
        # replaces the starting shell by the node itself, so that signals reach it
        "RABBITMQ_ALLOW_INPUT": "1",
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": _ERLANG,
    }


def _path() -> str:
    return os.pathsep.join([str(_DEBIAN), os.environ.get("PATH", ""), "/usr/sbin"])


def _program(name: str) -> str:
    found = shutil.which(name, path=_path())
    if found is None:
        raise FoureyesError(
            "RabbitMQ is not installed: as root, apt-get install rabbitmq-server; or run "
            "`foureyes up`, whose broker is the embedded Valkey"
        )
    return found


def _log(home: Path, name: str) -> Path:
    return home / "logs" / f"{name}.log"


def _write(path: Path, text: str) -> None:
    with open(path, "w", opener=private) as file:
        file.write(text)


def _await(node: Child, port: int) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and node.is_alive():
        if _greets(port):
            return
        time.sleep(0.1)
    raise FoureyesError(f"RabbitMQ does not start: {node.last_words()} (log: {node.log})")


def _greets(port: int) -> bool:
    """Whether something there speaks AMQP: the port is open before the node is ready."""
    with socket.socket() as probe:
        probe.settimeout(2)
        try:
            probe.connect(("127.0.0.1", port))
            probe.send(b"AMQP\0\0\x09\x01")
            return probe.recv(1) != b""
        except OSError:
            return False
