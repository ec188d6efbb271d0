"""Whether an archive's sweep is the one that its key says: its models, problems and runs are all there.

A sweep that is here and has the same key is the same, so an archive must not be able to call itself
by a key that is not that of its content, or add a run to a sweep.
"""

from models.errors import FoureyesError
from producer import archive
from producer.sweep import run_key, sweep_key
from producer.sweep_file import SweepFile


class Grid:
    """What an archive says of its sweep's grid, taken in row by row."""

    def __init__(self, sweep: archive.Sweep, file: SweepFile) -> None:
        self._sweep = sweep
        self._file = file
        self._versions: dict[str, list[str]] = {}
        self._runs: list[archive.Run] = []

    def add(self, row: archive.Row) -> None:
        """Take a row in. Raises: FoureyesError if it cannot be one of this sweep's."""
        if isinstance(row, archive.Problem):
            self._versions.setdefault(row.benchmark, []).append(row.version)
        elif isinstance(row, archive.Run):
            if row.key != run_key(row.benchmark, _name(row), row.options, row.coder, row.reviewer):
                raise FoureyesError(
                    f"the key of the run {row.pattern[:80]!r} is not that of its content"
                )
            if row.samples != self._file.samples:
                raise FoureyesError(
                    f"the run {row.pattern[:80]!r} has other samples than its sweep"
                )
            self._runs.append(row)
        elif isinstance(row, archive.Attempt) and row.sample >= self._file.samples:
            raise FoureyesError(f"an attempt has the sample {row.sample} of {self._file.samples}")

    def check(self) -> None:
        """Raises: FoureyesError if the sweep's key is not that of its grid."""
        pairs = [(pairing.coder, pairing.reviewer) for pairing in self._file.pairings]
        cells = [(run.benchmark, run.coder, run.reviewer) for run in self._runs]
        first = [
            (_name(run), run.options) for run, cell in zip(self._runs, cells, strict=True)
            if cell == cells[0]
        ]  # fmt: skip
        whole = [
            (benchmark, *pair) for benchmark in self._versions for pair in pairs for _ in first
        ]
        told = self._sweep.file
        key = sweep_key(
            self._file,
            first,
            self._versions,
            told.get("prompt_files") or {},
            told.get("module_hashes") or {},
            told.get("fresh") or "",
        )
        if sorted(cells) != sorted(whole) or key != self._sweep.key:
            raise FoureyesError("the key of the sweep is not that of its models, problems and runs")


def _name(run: archive.Run) -> str:
    """Of the run's pattern, without what differs from its defaults."""
    return run.pattern.partition("(")[0]
