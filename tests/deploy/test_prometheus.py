"""deploy/prometheus and /metrics, by a real Prometheus where there is one (apt-get install prometheus)."""

import json
import shutil
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from foureyes.producer.stack.ports import free_port
from tests.deploy.test_dashboard import DASHBOARD, rows
from tests.programs import ROOT, command, environment, wait_for

__all__ = ["rows"]  # the fixture: a database with something of everything

PROMETHEUS, PROMTOOL = shutil.which("prometheus"), shutil.which("promtool")
if PROMETHEUS is None or PROMTOOL is None:
    pytest.skip("there is no prometheus here: as root, apt-get install prometheus",
                allow_module_level=True)  # fmt: skip

ASKED = [
    target["expr"].replace("$sweep", "paper")
    for panel in DASHBOARD["panels"]
    for target in panel["targets"]
    if "foureyes_" in target.get("expr", "")
]


def get(url: str) -> bytes | None:
    try:
        with urllib.request.urlopen(url, timeout=20) as answer:
            return bytes(answer.read())
    except OSError:
        return None


@pytest.fixture(scope="module")
def pages(rows: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of `foureyes web` on that database."""
    folder, port = tmp_path_factory.mktemp("web"), free_port()
    with (folder / "log").open("w") as log, subprocess.Popen(
        command("web", "--port", str(port)), cwd=ROOT, stdout=log, stderr=log,
        env=environment(folder / "home", FOUREYES_DATABASE_URL=rows),
    ) as serving:  # fmt: skip
        wait_for(lambda: get(f"http://127.0.0.1:{port}/healthz"))
        yield port
        serving.terminate()


@pytest.fixture(scope="module")
def prometheus(pages: int, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a Prometheus that asks those pages, as docs/howto/operations.md has it."""
    assert PROMETHEUS is not None
    folder, port = tmp_path_factory.mktemp("prometheus"), free_port()
    text = (ROOT / "docs" / "howto" / "operations.md").read_text()
    begin = text.index("    scrape_configs:")
    told = text[begin : text.index("\n\n", begin)].replace("8765", str(pages))
    lines = "\n".join(line.removeprefix("    ") for line in told.splitlines())
    (folder / "here.yml").write_text(f"global: {{scrape_interval: 1s}}\n{lines}\n")
    with (folder / "log").open("w") as log, subprocess.Popen(
        [PROMETHEUS, f"--config.file={folder}/here.yml", f"--storage.tsdb.path={folder}/data",
         f"--web.listen-address=127.0.0.1:{port}"],
        stdout=log, stderr=log,
    ) as asking:  # fmt: skip
        wait_for(lambda: get(f"http://127.0.0.1:{port}/-/ready"))
        yield f"http://127.0.0.1:{port}"
        asking.terminate()


def test_the_files_are_ones_that_prometheus_takes(pages: int) -> None:
    assert PROMTOOL is not None
    file = ROOT / "deploy" / "prometheus" / "prometheus.yml"
    subprocess.run([PROMTOOL, "check", "config", str(file)], check=True)
    told = get(f"http://127.0.0.1:{pages}/metrics")
    made = subprocess.run(
        [PROMTOOL, "check", "metrics"], input=told, capture_output=True, check=False
    )
    assert (made.returncode, made.stderr.decode()) == (0, "")


@pytest.mark.parametrize("expression", ASKED)
def test_prometheus_has_an_answer_for_the_dashboard(prometheus: str, expression: str) -> None:
    def answer() -> list[Any]:
        told = get(f"{prometheus}/api/v1/query?{urllib.parse.urlencode({'query': expression})}")
        assert told is not None
        found = json.loads(told)
        assert found["status"] == "success", found
        return list(found["data"]["result"])

    assert wait_for(answer, 60)


def test_what_prometheus_has_is_right(prometheus: str) -> None:
    query = urllib.parse.urlencode({"query": 'foureyes_attempts{sweep="paper"}'})

    def states() -> dict[str, str]:
        told = json.loads(get(f"{prometheus}/api/v1/query?{query}") or b"")
        return {each["metric"]["state"]: each["value"][1] for each in told["data"]["result"]}

    assert wait_for(states) == {"solved": "1", "error": "1"}
