"""docker-compose.yml in a Docker engine: what a person types, and what can be seen of it."""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from foureyes.results.sweeps import find_sweep
from tests import compose
from tests.faults import audit
from tests.programs import ROOT, SCRIPT, problem_line, wait_for

#: What a person starts: everything but models on a CPU, for which there are no weights here, and
#: Prometheus and Grafana, for whose images there is no stand-in.
PROFILES = ("gpu",)
#: Services that run until they are told to end.
RUNNING = [
    name
    for name, each in compose.raw()["services"].items()
    if each["restart"] != "no" and each.get("profiles", ["gpu"]) == ["gpu"]
]
#: Where containers find the sweep file, its problems and its script: what BENCHMARKS names.
DATA = "/data"
_SECONDS = 1800


def override(engine: tuple[int, ...]) -> str:
    """What the compose file cannot have here, as a second compose file.

    Workers of models get no GPU, the image without vLLM, and the script of the scripted engine. An
    engine before 25 knows no other interval while a container starts.
    """
    services: dict[str, list[str]] = {}
    for name in ("coder", "reviewer"):
        services[name] = [
            "image: foureyes:base",
            "build: !override {context: ., target: base}",
            "deploy: !reset {}",
            f'volumes: ["${{BENCHMARKS}}:{DATA}:ro"]',
        ]
    if engine < (25,):
        for name, each in compose.raw()["services"].items():
            if "start_interval" in each.get("healthcheck", {}):
                services.setdefault(name, []).append("healthcheck: {start_interval: !reset null}")
    lines = ["services:"]
    for name, those in services.items():
        lines += [f"  {name}:", *(f"    {line}" for line in those)]
    return "\n".join(lines) + "\n"


class Stack:
    """The services of the compose file, and the words of the `docker` command."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.chmod(0o755)  # containers read it as their own user
        self.values = compose.example() | {
            name: secrets.token_hex(24) for name in compose.example() if name.endswith("_PASSWORD")
        }
        self.values |= {"BENCHMARKS": str(folder / "data"), "EXECUTION_MEMORY": "2g"}
        (folder / "data").mkdir()
        (folder / "data" / "script.toml").write_text(SCRIPT)
        environment = folder / "env"
        environment.write_text("".join(f"{key}={value}\n" for key, value in self.values.items()))
        version = docker("version", "--format", "{{.Server.Version}}").split("+")[0]
        file = folder / "override.yml"
        file.write_text(override(tuple(int(part) for part in version.split("."))))
        self._options = [f"--project-directory={ROOT}", f"--env-file={environment}"]
        self._options += [f"--profile={name}" for name in PROFILES]
        self._files = [compose.FILE, file]

    @property
    def _words(self) -> list[str]:
        return ["compose", *self._options, *(f"--file={file}" for file in self._files)]

    @contextmanager
    def with_file(self, file: Path) -> Iterator[None]:
        """Let one more compose file say how services are."""
        self._files.append(file)
        yield
        self._files.remove(file)

    def compose(self, *words: str, check: bool = True) -> str:
        """`docker compose` with these words; what it printed."""
        return docker(*self._words, *words, check=check)

    def down(self) -> None:
        """Remove all containers, networks and volumes, those of the command line included."""
        self.compose("--profile=tools", "down", "--volumes", "--timeout=20", check=False)

    def refused(self, *words: str) -> str:
        """What `docker compose` with these words says that must end with the code of a mistake."""
        made = _run(*self._words, *words)
        assert made.returncode == 2, made.stdout + made.stderr
        return made.stderr

    def foureyes(self, *words: str) -> str:
        """The command line in a container of its own, as in `docker compose run --rm cli foureyes`."""
        return self.compose("run", "--rm", "--no-TTY", "--quiet-pull", "cli", "foureyes", *words)

    def containers(self, service: str) -> list[str]:
        """The names of a service's containers, the first of which Compose numbers 1."""
        return sorted(self.compose("ps", "--all", "--format={{.Name}}", service).split())

    def state(self, container: str) -> dict[str, Any]:
        return dict(inspected(container)["State"])

    def health(self) -> dict[str, str]:
        """Of each container that runs until it is told to end, what its health check says."""
        names = [name for service in RUNNING for name in self.containers(service)]
        states = {name: self.state(name) for name in names}
        return {name: each.get("Health", {}).get("Status", "") if each["Running"] else each["Status"]
                for name, each in states.items()}  # fmt: skip

    def await_health(self, seconds: float = 600) -> None:
        """Wait until all are healthy. Fails with what the others say of themselves."""
        try:
            wait_for(lambda: set(self.health().values()) == {"healthy"}, seconds)
        except AssertionError:
            told = [f"{name}: {said}" for name, said in self._ill()]
            raise AssertionError("\n".join(told)) from None

    def _ill(self) -> Iterator[tuple[str, str]]:
        for name, health in self.health().items():
            if health != "healthy":
                last = (self.state(name).get("Health", {}).get("Log") or [{}])[-1].get("Output", "")
                yield name, f"{health}: {last} {self.log(name)}"

    def log(self, container: str) -> str:
        """The last that it said."""
        service = container.removeprefix("foureyes-").rpartition("-")[0]
        return self.compose("logs", "--no-color", "--tail=20", service)

    def kill(self, container: str) -> None:
        """SIGKILL to its first process, as a machine without memory does: Docker starts it again."""
        os.kill(self.pid(container), 9)

    def pid(self, container: str) -> int:
        """Its first process, as this process knows it: it must see the engine's processes."""
        found = inspected(container)
        pid = int(found["State"]["Pid"])
        assert found["Id"] in Path(f"/proc/{pid}/cgroup").read_text(), "another's process"
        return pid

    def address(self, container: str, network: str) -> str:
        networks = inspected(container)["NetworkSettings"]["Networks"]
        return str(networks[f"foureyes_{network}"]["IPAddress"])

    def python(self, container: str, program: str) -> str:
        """What a program prints in a container."""
        return docker("exec", container, "python", "-c", program)

    def sweep(self, name: str, attempts: int, seconds: float) -> list[str]:
        """Write a sweep of so many attempts for both models; the words that enqueue it.

        The coder needs so many seconds for its calls, of which it makes one at a time.
        """
        folder = self.folder / "data"
        problems = range(attempts // audit.ATTEMPTS_PER_PROBLEM)
        lines = [problem_line(name, number).replace("plus one (", f"plus one ({name} ") for number in problems]  # fmt: skip
        (folder / f"{name}.jsonl").write_text("".join(lines))
        latency = seconds / (2 * len(problems))  # a draft and a fix
        model = f'{{ engine = "scripted", script = "{DATA}/script.toml", latency = {latency} }}'
        (folder / f"{name}.toml").write_text(
            f'name = "{name}"\npatterns = {audit.PATTERNS}\nsamples = {audit.SAMPLES}\n'
            f'benchmarks = [{{ name = "{name}", data = "{name}.jsonl" }}]\n'
            f"[models]\ncoder = {model}\nreviewer = {model}\n"
            '[[pairings]]\ncoder = "coder"\nreviewer = "reviewer"\n'
        )
        return ["sweep", f"{DATA}/{name}.toml"]

    def enqueue(self, name: str, attempts: int, seconds: float = 0.0) -> int:
        """Enqueue such a sweep as a person does; its id."""
        self.foureyes(*self.sweep(name, attempts, seconds))
        return find_sweep(name).id

    def url(self) -> str:
        """The database, by its published port."""
        return f"postgresql://foureyes:{self.values['POSTGRES_PASSWORD']}@127.0.0.1:5432/foureyes"


def docker(*words: str, check: bool = True) -> str:
    """The `docker` command; what it printed. Fails with all that it said."""
    made = _run(*words)
    said = f"docker {' '.join(words)}: {made.stdout[-4000:]} {made.stderr[-4000:]}"
    assert made.returncode == 0 or not check, said
    return made.stdout


def _run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["docker", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=_SECONDS,
        check=False,
    )


def inspected(container: str) -> dict[str, Any]:
    """All that the engine knows of a container."""
    (found,) = json.loads(docker("inspect", container))
    return dict(found)
