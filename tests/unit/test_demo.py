"""If one of these fails, the first thing that a newcomer sees is no table."""

import re
from pathlib import Path

import pytest

from foureyes.models import weights
from foureyes.models.errors import FoureyesError
from foureyes.producer.commands import demo
from foureyes.producer.sweeps.sweep import load
from tests.programs import ROOT


def test_the_recording_answers_all_that_the_demo_asks() -> None:
    """After a change of prompts, of the demo's problems or of its sweep file: `make recording`."""
    grid = demo.recorded(demo.RECORDED_PROBLEMS)
    assert grid.attempts == 40
    assert grid.file.name == "demo-recorded"
    assert all(model.answers_from for model in grid.file.models.values())


def test_recorded_models_are_no_models_of_any_other_table() -> None:
    """Else what somebody else's machine answered once counts as what this one answers."""
    ours, recorded = load(demo.FILE, 1), demo.recorded(1)
    assert ours.key != recorded.key
    assert not ours.file.models.keys() & recorded.file.models.keys()
    assert not {each.name for each in ours.file.teams} & {each.name for each in recorded.file.teams}


@pytest.mark.parametrize("what", ["text", "trial"])
def test_a_recording_that_lacks_something_says_so_before_anything_is_enqueued(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lines = demo.RECORDING.read_text().splitlines(keepends=True)
    cut = tmp_path / "demo-recorded.jsonl"
    lacking = next(line for line in reversed(lines) if f'"{what}":' in line)
    cut.write_text("".join(line for line in lines if line != lacking))
    monkeypatch.setattr(demo, "RECORDING", cut)
    with pytest.raises(FoureyesError, match=r"[1-5] of 40 attempts ask .* `make recording`"):
        demo.recorded(demo.RECORDED_PROBLEMS)


def test_as_many_problems_are_recorded_as_the_demo_has() -> None:
    script = (ROOT / "scripts" / "recording.sh").read_text()
    assert re.findall(r"--limit (\d+)", script) == [str(demo.RECORDED_PROBLEMS)]


def test_weights_that_cannot_be_had_are_told_after_the_recorded_table(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fetching goes on beside it, and what fails there must not end in silence."""

    def fail(name: str, **_: object) -> None:
        raise FoureyesError(f"model {name}: nobody has it")

    monkeypatch.setattr(weights, "pull", fail)
    fetching = demo._Fetching(load(demo.FILE, 1))
    fetching.start()
    with pytest.raises(FoureyesError, match=r"qwen2.5-coder-0.5b: nobody has it"):
        fetching.wait()
