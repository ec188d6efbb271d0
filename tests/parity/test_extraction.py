"""The table of docs/judge.md on answers: what is in it is what the code does with tests/answers.py."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import extract
from foureyes.evaluation import evalplus_sandbox
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings
from tests.answers import ANSWERS, PROMPT

PAGE = Path(__file__).parents[2] / "docs" / "judge.md"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("FOUREYES_HOME", str(tmp_path))
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.fixture
def ours() -> list[bool]:
    return extract.are_kept(extract.ours([(text, "add", PROMPT) for _, text in ANSWERS])[0])


def shown(columns: int) -> list[str]:
    """The table of the page, up to a column."""
    lines = PAGE.read_text().splitlines()
    begin = lines.index(extract.table([], [], [])[0])
    rows = [line.split("|") for line in lines[begin : begin + len(dict(ANSWERS)) + 3]]
    return ["|".join([*row[: columns + 1], ""]) for row in rows]


def test_the_page_says_what_is_kept(ours: list[bool]) -> None:
    assert shown(3) == extract.table(ANSWERS, ours)


def test_the_page_says_what_evalplus_keeps(ours: list[bool]) -> None:
    """And that is nothing that ours loses."""
    try:
        evalplus_sandbox.environment()
    except FoureyesError as error:
        pytest.skip(str(error))
    theirs = extract.are_kept(extract.theirs([(text, "add") for _, text in ANSWERS])[0])
    assert shown(4) == extract.table(ANSWERS, ours, theirs)
    assert not [
        text for (_, text), us, them in zip(ANSWERS, ours, theirs, strict=True) if them > us
    ]
