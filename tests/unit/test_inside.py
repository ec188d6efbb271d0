"""If one of these fails, a folder from a stranger has files of ours read, run, or sent to a model."""

import shutil
from pathlib import Path

import pytest

from foureyes.models.errors import FoureyesError
from foureyes.producer.sweeps.sweep import load
from tests.programs import ROOT, scripted_sweep

MODULE = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import CODER, Draft

@pattern("mine")
def mine(spec):
    """The coder writes."""
    draft = yield Draft(spec, by=CODER)
    return draft.code
'''


@pytest.fixture
def sweep(tmp_path: Path) -> Path:
    """A sweep file that has everything of its own: problems, a script, a module and prompts."""
    folder = tmp_path / "theirs"
    scripted_sweep(folder, 1, 0.0, ["raw-coder", "mine"])
    (folder / "own.py").write_text(MODULE)
    shutil.copytree(ROOT / "worker" / "prompts" / "default", folder / "words")
    file = folder / "sweep.toml"
    text = file.read_text().replace(str(folder), ".")
    file.write_text('prompts = "words"\nmodules = ["own"]\n' + text)
    return file


@pytest.mark.parametrize(
    "name", ["mine.jsonl", "script.toml", "own.py", "words", "words/system.md"]
)
def test_no_link_leads_out_of_the_folder(sweep: Path, tmp_path: Path, name: str) -> None:
    load(sweep)
    (tmp_path / "ours").mkdir()
    target = (sweep.parent / name).rename(tmp_path / "ours" / Path(name).name)
    (sweep.parent / name).symlink_to(target)
    with pytest.raises(FoureyesError, match="leads out of the sweep file's folder, to") as caught:
        load(sweep)
    assert str(caught.value).startswith(f"{sweep}: ") and "\n" not in str(caught.value)


def test_links_inside_the_folder_and_to_the_folder_are_followed(
    sweep: Path, tmp_path: Path
) -> None:
    (sweep.parent / "mine.jsonl").rename(sweep.parent / "other.jsonl")
    (sweep.parent / "mine.jsonl").symlink_to("other.jsonl")
    (tmp_path / "link").symlink_to(sweep.parent)
    assert load(tmp_path / "link" / "sweep.toml").problems["mine"]


def test_what_a_file_names_in_full_is_where_it_says(sweep: Path, tmp_path: Path) -> None:
    """A person reads it in the file, and shared benchmarks lie anywhere."""
    (sweep.parent / "mine.jsonl").rename(tmp_path / "mine.jsonl")
    text = sweep.read_text()
    for data in (str(tmp_path / "mine.jsonl"), "../mine.jsonl"):
        sweep.write_text(text.replace('data = "mine.jsonl"', f'data = "{data}"'))
        assert load(sweep).problems["mine"]


@pytest.mark.parametrize("name", ["../own", "/tmp/own", "words/../../own"])
def test_a_modules_name_is_no_path(sweep: Path, name: str) -> None:
    sweep.write_text(sweep.read_text().replace('["own"]', f'["{name}"]'))
    with pytest.raises(FoureyesError, match="is a path, and no name of a module"):
        load(sweep)
