"""If one of these fails, what bench/gpu.py prints is not what the processes did."""

import subprocess
import sys
import time
import tomllib
from pathlib import Path

import pytest

from bench.gpu import Measured, Served, _answered, _fill, _run, _sweep_file, table
from foureyes.models import llm
from foureyes.models.llm import VLLM
from tests.programs import wait_for

_BUSY = "import time; until = time.process_time() + 1\nwhile time.process_time() < until: pass"
#: A process that says what it is, and has another below it that does not.
_TREE = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {_BUSY!r}]); {_BUSY}"


def test_the_middle_has_neither_begin_nor_tail() -> None:
    served = Served(100.0, [101.0 + number for number in range(10)], [10] * 10)
    assert (served.seconds, served.rate) == (10, 10)
    assert served.middle() == (102, 109)
    assert served.middle_rate() == 10
    slow = Served(100.0, [150.0 + number for number in range(9)] + [300.0], [10] * 10)
    assert slow.middle_rate() == 10 > slow.rate


def test_cpu_time_is_that_of_who_took_it_after_it_has_ended_too() -> None:
    words = [sys.executable, "-c", f"'foureyes.worker.engines.feeder'; {_TREE}"]
    began = time.time()
    program = f"import subprocess; subprocess.run({words!r})"
    with subprocess.Popen([sys.executable, "-c", _BUSY]) as beside:
        _, watch = _run([sys.executable, "-c", program], {beside.pid: "PostgreSQL"}, 60)
    spent = watch.between(began, time.time())
    assert spent["feeder"] == pytest.approx(2, abs=0.7)  # what it took at its very end is not seen
    assert spent["PostgreSQL"] == pytest.approx(1, abs=0.5)
    assert spent["front end"] < 0.5


def test_what_is_given_up_leaves_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "pid"
    child = f"import os, time; open({str(file)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    words = [
        sys.executable, "-c",
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}])",
    ]  # fmt: skip
    _run(words, {}, 3)
    assert "given up after 3 s" in capsys.readouterr().err
    pid = int(file.read_text())
    wait_for(lambda: not Path(f"/proc/{pid}/exe").exists(), 20)


def test_what_the_bare_engine_did_is_read_whatever_is_said_around_it() -> None:
    said = "INFO loading\n[1000.0, [[1002.0, 7], [1001.0, 9]]]\nUserWarning: 1 leaked object\n"
    assert _answered(said) == Served(1000.0, [1002.0, 1001.0], [7, 9])
    with pytest.raises(RuntimeError, match="no room"):
        _answered("no room for it")


def test_the_engines_own_lines_say_how_full_it_was() -> None:
    lines = "".join(f"Running: {number} reqs, Waiting\n" for number in (0, 3, 8, 4, 1, 0))
    assert _fill(lines, 8) == 0.75
    assert _fill("Running: 8 reqs", 8) is None


def test_a_sweep_has_the_model_that_is_measured(tmp_path: Path) -> None:
    drafts = {"method": "ngram", "num_speculative_tokens": 3}
    own = {"load_format": "dummy", "speculative_config": drafts}
    model = VLLM(engine="vllm", name="m", model="/a/b", threads=7, engine_args=own)
    told = tomllib.loads(_sweep_file(tmp_path, model, 60).read_text())
    assert told["samples"] == 2
    assert llm.read({"name": "m", **told["models"]["m"]}) == model


def test_the_table_has_both_and_their_ratio() -> None:
    ours, bare = (
        Served(0, [second * each for each in range(1, 11)], [10] * 10) for second in (2, 1)
    )
    said = table(Measured(ours, bare, {"feeder": 1.5}, {"front end": 1.25}, 0.5))
    assert "| foureyes | 5 | 0.5 | 5 |" in said
    assert "| ratio | 0.50 | | 0.50 |" in said
    assert "| feeder | 1.50 |  |" in said and "50.0%" in said
