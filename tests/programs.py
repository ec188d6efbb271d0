"""Running the command line and its processes in tests, and finding what they left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]

SCRIPT = """
[[rules]]
contains = ["Answer in JSON"]
answer = '{"issues": ["add one"], "verdict": "revise"}'

[[rules]]
answer = '''
```python
def f(x):
    return x + 1
```
'''
"""


def environment(home: Path, **more: str) -> dict[str, str]:
    """The environment of a person whose home of foureyes is `home`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FOUREYES_")}
    cache = os.environ.get("FOUREYES_CACHE")
    return (
        kept
        | ({"FOUREYES_CACHE": cache} if cache else {})
        | {"FOUREYES_HOME": str(home), "FOUREYES_LEASE": "6", "FOUREYES_REAP_EVERY": "1"}
        | more
    )


def command(*words: str) -> list[str]:
    """The `foureyes` command with these words, of the code under test."""
    return [sys.executable, "-c", "from foureyes.producer.entry import main; main()", *words]


#: What a program is run by to know its memory. It is small: the kernel counts for a program what its
#: parent held when it started it.
_WEIGHING = """
import resource, subprocess, sys
ended = subprocess.run(sys.argv[1:])
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)
sys.exit(ended.returncode)
"""


def weighed(*words: str) -> list[str]:
    """The same; the last line that it prints is the bytes that it held at most."""
    return [sys.executable, "-S", "-c", _WEIGHING, *command(*words)]


def foureyes(
    *words: str, home: Path, timeout: float = 240, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run `foureyes` to its end."""
    return subprocess.run(
        command(*words),
        cwd=ROOT,
        env=environment(home, **more),
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )


def mind_ctrl_c() -> None:
    """Let a child be interrupted, also where this process is not: a shell's background jobs are not,
    and what is ignored stays so in children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def started(*words: str, home: Path, **more: str) -> Iterator[subprocess.Popen[str]]:
    """Start `foureyes`, its output going to a file in `home`; killed at the end if it still runs."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "output").open("w") as output:
        process = subprocess.Popen(
            command(*words),
            cwd=ROOT,
            env=environment(home, **more),
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=mind_ctrl_c,
        )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def problem_line(benchmark: str, number: int) -> str:
    """A line of a file of problems that SCRIPT solves."""
    record = {
        "task_id": f"{benchmark}/{number}",
        "prompt": f'def f(x):\n    """Return x plus one ({number})."""\n',
        "entry_point": "f",
        "canonical_solution": "    return x + 1\n",
        "base_input": [[1]],
        "plus_input": [[2], [3]],
        "atol": 0,
    }
    return json.dumps(record) + "\n"


def scripted_sweep(folder: Path, problems: int, latency: float, patterns: list[str]) -> list[str]:
    """Write a sweep file and a problem file; the words that run it."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "script.toml").write_text(SCRIPT)
    (folder / "mine.jsonl").write_text(
        "".join(problem_line("mine", number) for number in range(problems))
    )
    model = f'{{ engine = "scripted", script = "{folder}/script.toml", latency = {latency} }}'
    (folder / "sweep.toml").write_text(
        f'name = "scripted"\nbenchmarks = [{{ name = "mine", data = "mine.jsonl" }}]\n'
        f"patterns = {patterns}\n[models]\nc = {model}\nr = {model}\n"
        '[[pairings]]\ncoder = "c"\nreviewer = "r"\n'
    )
    return ["sweep", str(folder / "sweep.toml"), "--wait"]


def processes(home: Path) -> dict[int, str]:
    """The living processes that belong to a home: by its name in their environment."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if f"FOUREYES_HOME={home}\0".encode() in (folder / "environ").read_bytes():
                words = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode()
                if words:
                    found[int(folder.name)] = words
        except OSError:
            continue
    return found


def wait_for(what: Callable[[], Any], seconds: float = 90) -> Any:
    """Wait until `what` gives something; that."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    raise AssertionError("it does not happen")


def kill(pid: int) -> None:
    """SIGKILL to a process of ours."""
    os.kill(pid, signal.SIGKILL)
