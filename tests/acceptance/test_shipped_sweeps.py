"""The paper's sweep runs unchanged on a machine without a GPU, and every pattern to its end.

The engine, its grammars and its chat templates are real; in the place of the embedded weights are
tiny random ones, with which a call of these large grids takes a moment and not half a minute.
"""

import json
import re
from pathlib import Path

import pytest

from foureyes.models import weights
from foureyes.models.settings import settings
from foureyes.producer.sweeps import sweep
from tests import tiny_model
from tests.parity.programs import DATA, FILES
from tests.programs import ROOT, foureyes


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache in which the embedded models are tiny, and stamped as checked."""
    monkeypatch.setenv("FOUREYES_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("FOUREYES_DATA", str(DATA))
    settings.cache_clear()
    folder = tmp_path / "cache" / "models"
    folder.mkdir(parents=True)
    for seed, entry in enumerate(weights.CATALOGUE.values()):
        tiny_model.write(folder / entry.file, seed, ends=5)  # most of them soon
        weights._stamp(folder / entry.file, entry.sha256)
    return tmp_path / "cache"


@pytest.mark.skipif(
    not all((DATA / file).exists() for file in FILES.values()),
    reason=f"needs {' and '.join(FILES.values())}: put them into a folder and set FOUREYES_DATA to it",
)
@pytest.mark.timeout(900)
@pytest.mark.parametrize("name", ["paper", "catalogue", "equal-tokens"])
def test_every_cell_ends_on_embedded_models(name: str, tmp_path: Path, cache: Path) -> None:
    file = ROOT / "sweeps" / f"{name}.toml"
    home = tmp_path / "home"
    places = {"FOUREYES_CACHE": str(cache), "FOUREYES_DATA": str(DATA)}
    words = ["sweep", str(file), "--models", "embedded", "--limit", "1", "--wait"]
    made = foureyes(*words, home=home, timeout=800, **places)
    assert made.returncode == 0, made.stdout + made.stderr
    grid = sweep.load(file, 1, embedded=True)
    assert f"{grid.attempts:,} attempts" in made.stdout
    bound = "about" if grid.budgets else "at most"
    for model in ("qwen-500m", "qwen-1500m"):  # what it will cost, before it begins
        assert re.search(rf"{model}: {bound} [1-9][\d,]* calls; about [1-9]", made.stdout)
    said = foureyes(
        "sql", "SELECT n, errors, unfinished FROM v_scores", "--format", "json", home=home
    )
    cells = json.loads(said.stdout)
    ended = {"n": grid.file.samples, "errors": 0, "unfinished": 0}
    assert cells == [ended] * len(grid.cells())
