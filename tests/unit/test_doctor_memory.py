"""If this fails, nobody learns that a machine's memory is too small for its slots before programs are killed."""

import os
from pathlib import Path

import pytest

from models.settings import settings
from producer import doctor


def test_memory_that_programs_may_take_together_is_held_against_the_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(settings(), "slots", 2)
    monkeypatch.setattr(doctor, "_LIMITS", ())
    monkeypatch.setattr(os, "sysconf", {"SC_PHYS_PAGES": 2 << 20, "SC_PAGE_SIZE": 4096}.__getitem__)
    assert doctor._memory(8 << 30) == "programs, 2 at once, may take 8.0 GiB of memory"
    told = doctor._memory(9 << 30)
    assert "may take 9.0 GiB of memory, and this machine has 8.0" in told
    assert "fewer FOUREYES_SLOTS" in told


def test_the_limit_of_a_container_is_the_machines(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "max").write_text("max\n")
    (tmp_path / "limit").write_text(f"{1 << 30}\n")
    places = tuple(f"{tmp_path}/{name}" for name in ("none", "max", "limit"))
    monkeypatch.setattr(doctor, "_LIMITS", places)
    assert "this machine has 1.0" in doctor._memory(2 << 30)
