"""What somebody writes who is new to patterns: if one of these fails, the message names what Python saw, and
nobody reads in it what to do."""

import re
from pathlib import Path

import pytest

from foureyes.models.errors import FoureyesError
from tests.unit.test_patterns import load

MODULE = '''
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import *

@pattern("mine")
def mine(spec):
    """Mine."""
    draft = yield Draft(spec)
    {line}
    return draft.code
'''


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("yield VisibleTests(Draft(spec))", r"takes a Program, not Draft\(.*; `yield` it first"),
        ("draft = Draft(spec); draft.code", r"'code': it is a step until it is yielded, `yield Draft\(...\)`"),
        ("yield Draft(spec, REVIEWER)", r"takes a Planned or None, not 'reviewer'"),
        ("yield [Draft(spec), Draft(spec)]", r"not \[Draft\(.*; `yield tuple\(...\)` asks for several"),
        ("yield (Draft(spec) for _ in 'ab')", r"not <generator.*; `yield tuple\(...\)` asks for several"),
        ("yield mine(spec)", r"not <generator.*; `yield from` does the steps of another function"),
        ("yield Draft(spec), Note('a', 1)", r"a Note or TokensLeft, is yielded by itself"),
        ("yield Choose(draft, draft, (), REVIEWER)", r"takes from 3 to 4 positional arguments"),
        ("(yield Choose(draft, draft)).code", r"'Choice' object has no attribute 'code'; it has program, letter"),
        ("(yield Review(draft)).approved", r"; it has approves, issues, text, asks_for_changes \("),
        ("return draft", r"must return code as a str, not Program; return its `.code`"),
        ("return", r"not NoneType; it ends without a `return`"),
        ("try: yield Draft(spec)\n    finally: yield Draft(spec)", r"GeneratorExit; .* not `yield` in a `finally`, .* \(mine.py line 10, "),
        ("raise MemoryError", r"raised MemoryError \(mine.py line 9, "),
        ("spec.visible_tests[0]", r"IndexError.*\(mine.py line 9, while the pattern was rehearsed for a problem that shows no tests\)"),
        ("(yield VisibleTests(draft)).failed and 1 / 0", r"ZeroDivision.*line 9, while the pattern was rehearsed, where 2 fails\)"),
    ],
)  # fmt: skip
def test_a_mistake_says_what_its_author_most_likely_meant(
    tmp_path: Path, line: str, says: str
) -> None:
    (tmp_path / "mine.py").write_text(MODULE.format(line=line))
    with pytest.raises(FoureyesError) as caught:
        load(tmp_path, '"mine"', 'modules = ["mine"]')
    assert re.search(says, str(caught.value))


def test_a_prompt_of_one_s_own_is_not_said_to_be_among_those_that_ship(tmp_path: Path) -> None:
    line = 'yield Ask("again", by=CODER, draft=draft)'
    (tmp_path / "mine.py").write_text(MODULE.format(line=line))
    (tmp_path / "again.md").write_text("{{ draft.source }}")
    with pytest.raises(
        FoureyesError, match=r"step 2: again.md line 1: a Program has no 'source' \(mine"
    ):
        load(tmp_path, '"mine"', 'modules = ["mine"]')
