"""If one of these fails, a big sweep costs more than its share: docs/scale.md is no longer true."""

import re
import subprocess
import sys
from pathlib import Path

from sqlalchemy import text

from foureyes.models import admission
from foureyes.models.session import session
from foureyes.producer.sweeps import open_work
from foureyes.producer.sweeps.prune import prune
from foureyes.results.sweeps import find_sweep
from tests.faults import audit
from tests.faults.conftest import System
from tests.programs import ROOT, scripted_sweep, weighed

#: Attempts that the bench works on here; docs/scale.md has more.
SIZES = ["1000", "10000"] if audit.FULL else ["200"]
_BEGUN = """
SELECT count(*) FROM attempt JOIN run ON run.id = run_id
WHERE sweep_id = :sweep AND moved_at IS NOT NULL
"""


def enqueued(system: System, folder: Path, name: str, samples: int) -> float:
    """Enqueue 40 attempts for each sample, as a person does; the command's memory in MiB."""
    scripted_sweep(folder, 20, 0.0, ["raw-coder", "review-then-fix"])
    file = folder / "sweep.toml"
    text = file.read_text().replace('name = "scripted"', f'name = "{name}"\nsamples = {samples}')
    # a model without a worker: nothing is done, and no worker's model changes under it
    text = text.replace("\nc = ", "\nunserved = ").replace('"c"', '"unserved"')
    file.write_text(text.replace("\nr = ", "\nunserved-too = ").replace('"r"', '"unserved-too"'))
    made = subprocess.run(
        weighed("sweep", str(file)),
        cwd=ROOT,
        env=system.environment,
        stdout=subprocess.PIPE,
        text=True,
        check=True,
    )
    return int(made.stdout.splitlines()[-1]) / (1 << 20)


def test_enqueueing_needs_the_same_memory_for_any_number(system: System, tmp_path: Path) -> None:
    few = enqueued(system, tmp_path, "few", 5)
    many = enqueued(system, tmp_path, "many", 1000)
    sweep = find_sweep("many")
    assert open_work.unfinished(sweep.id) == 40_000
    assert max(few, many) < 300
    assert many < few + 30, (few, many)
    admission.start_waiting()
    with session() as db:  # what waits for a model that nobody serves
        begun = db.execute(text(_BEGUN), {"sweep": sweep.id})
        assert begun.scalar_one() <= 600
    for name in ("few", "many"):
        found = find_sweep(name)
        assert open_work.cancel(found.id) > 0
        prune(found.id)


def test_a_grid_of_every_pattern_ends_and_each_run_has_its_first_result_early() -> None:
    """Else the drafts of all runs stand before the first fix, or a statement meets its timeout."""
    made = subprocess.run(
        [sys.executable, "-m", "bench.grid", "--problems", "34"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    assert "1,564 attempts in 92 runs" in made.stdout
    found = re.search(r"([\d.]+) s \(the last\)\s+all done after (\d+) s", made.stdout)
    assert found is not None and float(found[1]) < float(found[2]) / 2, made.stdout


def test_the_bench_of_scale_prints_its_table() -> None:
    made = subprocess.run(
        [sys.executable, "-m", "bench.scale", "--attempts", *SIZES, "--seconds", "600"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert made.returncode == 0, made.stderr
    if audit.FULL:
        print(f"\n{made.stdout}")
    rows = re.findall(r"^\| ([\d,]+) \|.*\|$", made.stdout, re.MULTILINE)
    assert [row.replace(",", "") for row in rows] == SIZES
