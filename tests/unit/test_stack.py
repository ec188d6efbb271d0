"""If this fails, cores stand idle in a sweep that only judges, or verdicts wait behind attempts."""

from pathlib import Path

import pytest

from foureyes.models.settings import settings
from foureyes.producer.stack.processes import Stack


@pytest.mark.parametrize(
    ("slots", "shared"), [("1", [1]), ("2", [2]), ("5", [2, 2, 1]), ("16", 8 * [2])]
)
def test_slots_are_shared_out_over_processes_beside_the_one_of_attempts(
    slots: str, shared: list[int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOUREYES_SLOTS", slots)
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path))
    settings.cache_clear()
    started: dict[str, list[str]] = {}
    monkeypatch.setattr(
        Stack, "_add", lambda _, name, command, more: started.update({name: command})
    )
    said: list[str] = []
    Stack(said.append, list)._start_judging()
    settings.cache_clear()
    attempts = started.pop("start worker")
    assert attempts[attempts.index("-Q") + 1] == "start"
    assert [command[command.index("-Q") + 1] for command in started.values()] == len(shared) * [
        "execution"
    ]
    nodes = {command[command.index("-n") + 1] for command in started.values()}
    assert len(nodes) == len(shared)  # of one name, one would free the other's claims
    threads = [next(w for w in command if "--concurrency" in w) for command in started.values()]
    assert threads == [f"--concurrency={number}" for number in shared]
    assert said == [f"starting the workers that judge ({slots} at a time)"]
