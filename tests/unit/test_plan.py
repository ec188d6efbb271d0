"""What a sweep says before it asks for anything: who does not read it pays for nothing."""

from pathlib import Path

import pytest

from foureyes.producer.commands.sweeping import show_plan
from foureyes.producer.sweeps import sweep
from foureyes.producer.sweeps.estimate import SweepEstimate

FILE = """
name = "mine"
benchmarks = ["starter-lean"]
patterns = ["review-then-fix"]
samples = SAMPLES
[models.greedy]
engine = "scripted"
script = "c.toml"
[models.drawing]
engine = "scripted"
script = "c.toml"
sampling = { temperature = 0.7 }
[models.unused]
engine = "scripted"
script = "c.toml"
[[pairings]]
coder = "CODER"
reviewer = "REVIEWER"
"""


@pytest.mark.parametrize(
    ("samples", "coder", "reviewer", "warned"),
    [
        (3, "greedy", "greedy", True),
        (3, "greedy", "drawing", False),
        (3, "drawing", "greedy", False),
        (3, "drawing", "drawing", False),
        (1, "greedy", "greedy", False),
    ],
)
def test_samples_of_greedy_models_are_said_to_be_copies(
    samples: int,
    coder: str,
    reviewer: str,
    warned: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "c.toml").write_text('[[rules]]\nanswer = "code"\n')
    path = tmp_path / "sweep.toml"
    wanted = FILE.replace("SAMPLES", str(samples)).replace("CODER", coder)
    path.write_text(wanted.replace("REVIEWER", reviewer))
    grid = sweep.load(path, 1)
    assert grid.copies() == (["greedy+greedy"] if warned else [])
    show_plan(grid, SweepEstimate(attempts=grid.attempts))
    said = " ".join(capsys.readouterr().out.split())
    assert (
        "samples = 3 at temperature 0: greedy+greedy would give copies of one answer" in said
    ) == warned
