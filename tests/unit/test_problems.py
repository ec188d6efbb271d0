"""The starter set is the first thing a user sees: a wrong test there would be a wrong first answer."""

import doctest
import gzip
import json
import os
from pathlib import Path
from typing import Any

import pytest

from foureyes.problems import build
from foureyes.problems.shape import Source

SOURCES = build.sources()
ROOT = Path(__file__).parents[2]
RICH, LEAN = build.records(rich=True), build.records(rich=False)


def outputs(program: str, name: str, inputs: list[list[Any]]) -> list[Any]:
    """What a program of ours returns; an exception counts as an output of its own."""
    namespace: dict[str, Any] = {}
    exec(program, namespace)
    found = []
    for arguments in json.loads(json.dumps(inputs)):
        try:
            found.append(namespace[name](*arguments))
        except Exception as error:
            found.append(type(error))
    return found


def right(source: Source, inputs: list[list[Any]]) -> list[Any]:
    return outputs(source.rich_prompt() + source.body(), source.name, inputs)


def test_there_are_thirty_of_mixed_difficulty_and_the_first_few_are_a_fair_sample() -> None:
    assert len(SOURCES) == 30
    assert len({source.name for source in SOURCES}) == 30
    grades = [source.difficulty for source in SOURCES]
    assert {grade: grades.count(grade) for grade in grades} == {"easy": 12, "medium": 12, "hard": 6}
    assert sorted(grades[:8]) == ["easy"] * 4 + ["hard"] + ["medium"] * 3


def test_the_committed_files_are_what_the_sources_say() -> None:
    for name, content in build.files().items():
        assert (ROOT / "problems" / name).read_text() == content, (
            "run `python -m foureyes.problems.build`"
        )


def test_rich_and_lean_differ_in_the_prompt_alone() -> None:
    for rich, lean in zip(RICH, LEAN, strict=True):
        assert rich["prompt"] != lean["prompt"]
        assert rich | {"prompt": ""} == lean | {"prompt": ""}
        assert ">>>" in rich["prompt"]
        assert ">>>" not in lean["prompt"]
        assert len(lean["prompt"]) < len(rich["prompt"]) / 2


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_solution_works_after_both_prompts_and_agrees_with_the_examples(source: Source) -> None:
    inputs = source.base + RICH[SOURCES.index(source)]["plus_input"]
    found = right(source, inputs)
    assert not any(isinstance(output, type) for output in found)
    assert outputs(source.lean_prompt() + source.body(), source.name, inputs) == found
    namespace: dict[str, Any] = {}
    exec(source.rich_prompt() + source.body(), namespace)
    examples = doctest.DocTestParser().get_doctest(source.rich, namespace, source.name, None, 0)
    assert len(examples.examples) >= 2
    assert doctest.DocTestRunner(verbose=False).run(examples).failed == 0


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_hidden_tests_reject_plausible_wrong_solutions(source: Source) -> None:
    inputs = source.base + RICH[SOURCES.index(source)]["plus_input"]
    wrong = source.wrong_bodies()
    assert len(wrong) >= 3
    expected = right(source, inputs)
    for reason, body in wrong.items():
        assert outputs(source.lean_prompt() + body, source.name, inputs) != expected, reason


@pytest.mark.parametrize("source", SOURCES, ids=lambda source: source.name)
def test_the_plus_tests_see_more_than_the_base_tests(source: Source) -> None:
    plus = RICH[SOURCES.index(source)]["plus_input"]
    assert len(source.base) >= 4
    assert len(plus) >= 25
    assert any(arguments not in source.base for arguments in plus)


def test_some_wrong_solutions_pass_every_base_test() -> None:
    """Else base+plus would be no stricter than base, and the set could not show the difference."""
    survivors = sum(
        outputs(source.lean_prompt() + body, source.name, source.base) == right(source, source.base)
        for source in SOURCES
        for body in source.wrong_bodies().values()
    )
    assert survivors >= 20


def test_no_problem_is_one_of_the_official_ones() -> None:
    folder = Path(os.environ.get("FOUREYES_DATA") or ROOT.parent / "shared" / "data")
    files = sorted(folder.glob("*Plus-v*.jsonl.gz"))
    if not files:
        pytest.skip(
            "needs the official benchmark files: set FOUREYES_DATA (see docs/howto/offline.md)"
        )
    ours = {source.name: _shingles(source.rich) for source in SOURCES}
    for path in files:
        with gzip.open(path, "rt") as lines:
            for record in map(json.loads, lines):
                assert record["entry_point"] not in ours
                theirs = _shingles(record["prompt"])
                for name, shingles in ours.items():
                    assert len(shingles & theirs) <= 2, (name, record["task_id"])


def _shingles(text: str) -> set[tuple[str, ...]]:
    words = text.lower().split()
    return {tuple(words[i : i + 6]) for i in range(len(words) - 5)}
