"""Whether an archive's sweep is the one that its key says: its models, problems and runs are all there.

A sweep that is here and has the same key is the same, so an archive must not be able to call itself
by a key that is not that of its content, or add a run to a sweep.
"""

from foureyes.models import team
from foureyes.models.errors import FoureyesError
from foureyes.models.sweep_content import SweepContent
from foureyes.producer.archive import format
from foureyes.producer.sweeps.sweep import run_key, sweep_key
from foureyes.producer.sweeps.sweep_file import SweepFile
from foureyes.worker.patterns import TOKENS_OF


class Grid:
    """What an archive says of its sweep's grid, taken in row by row."""

    def __init__(self, sweep: format.ArchivedSweep, file: SweepFile) -> None:
        self._sweep = sweep
        self._file = file
        self._versions: dict[str, list[str]] = {}
        self._runs: list[format.ArchivedRun] = []
        #: The models by role, by the run's key.
        self._teams: dict[str, dict[str, str]] = {}

    def add(self, row: format.Row) -> None:
        """Take a row in. Raises: FoureyesError if it cannot be one of this sweep's."""
        if isinstance(row, format.ArchivedProblem):
            self._versions.setdefault(row.benchmark, []).append(row.version)
        elif isinstance(row, format.ArchivedRun):
            if row.key != run_key(row.benchmark, _name(row), row.options, row.team):
                raise FoureyesError(
                    f"the key of the run {row.pattern[:80]!r} is not that of its content"
                )
            if row.samples != self._file.samples:
                raise FoureyesError(
                    f"the run {row.pattern[:80]!r} has other samples than its sweep"
                )
            self._runs.append(row)
            self._teams[row.key] = row.team
        elif isinstance(row, format.ArchivedAttempt) and row.sample >= self._file.samples:
            raise FoureyesError(f"an attempt has the sample {row.sample} of {self._file.samples}")
        elif isinstance(row, format.ArchivedAttempt):
            team_of_run = self._teams.get(row.run)
            for role in {step.role for step in row.steps} - {None}:
                if team_of_run is not None and role not in team_of_run:
                    raise FoureyesError(f"the team of a run has no {role!r:.60}, who was asked")

    def check(self) -> None:
        """Raises: FoureyesError if the sweep's key is not that of its grid."""
        self._check_budgets()
        teams = [team.said(each.roles) for each in self._file.teams]
        cells = [(run.benchmark, team.said(run.team)) for run in self._runs]
        first = [
            (_name(run), run.options) for run, cell in zip(self._runs, cells, strict=True)
            if cell == cells[0]
        ]  # fmt: skip
        whole = [(benchmark, each) for benchmark in self._versions for each in teams for _ in first]
        told = SweepContent.model_validate(self._sweep.file)
        key = sweep_key(
            self._file,
            first,
            self._versions,
            told.prompt_files,
            told.module_hashes,
            told.fresh,
        )
        if sorted(cells) != sorted(whole) or key != self._sweep.key:
            raise FoureyesError("the key of the sweep is not that of its models, problems and runs")

    def _check_budgets(self) -> None:
        """Raises: FoureyesError if a run gets the tokens of none of its own benchmark and team."""
        # those that spend what they like
        free = {run.key: run for run in self._runs if TOKENS_OF not in run.options}
        for run in self._runs:
            if run.key in free and run.tokens_of is None:
                continue
            source = free.get(run.tokens_of or "")
            alike = source and (source.benchmark, source.team) == (run.benchmark, run.team)
            if run.key in free or not alike:
                raise FoureyesError(
                    f"the run {run.pattern[:80]!r} gets the tokens of no run that it can be compared with"
                )


def _name(run: format.ArchivedRun) -> str:
    """Of the run's pattern, without what differs from its defaults."""
    return run.pattern.partition("(")[0]
