"""Taking the wrong code out of an answer would judge a model for what it did not offer."""

import pytest

from worker.extract import extract_code, without_thinking

FUNCTION = "def add(a, b):\n    return a + b\n"


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (f"```python\n{FUNCTION}```", FUNCTION),
        (f"Sure!\n\n```py\n{FUNCTION}```\nIt adds.", FUNCTION),
        (f"```\n{FUNCTION}```", FUNCTION),
        (FUNCTION, FUNCTION),  # no fence, but it is code
        (f"```python\n{FUNCTION}", FUNCTION),  # cut off before the fence was closed
        # the last block that defines the function wins: models correct themselves downwards
        (f"```python\ndef add(a, b):\n    return 0\n```\nNo:\n```python\n{FUNCTION}```", FUNCTION),
        # an example of use after it is not the program
        (f"```python\n{FUNCTION}```\nUse it:\n```python\nprint(add(1, 2))\n```", FUNCTION),
        # code that was only thought of is not offered
        (f"<think>```python\ndef add(a, b):\n    return 0\n```</think>```python\n{FUNCTION}```", FUNCTION),
        (f"maybe ```python\nx = 1\n``` hm</think>```python\n{FUNCTION}```", FUNCTION),
        ("add = lambda a, b: a + b", "add = lambda a, b: a + b\n"),
        ("I cannot do that.", ""),
        ("", ""),
        ("```python\ndef add(a, b:\n```", "def add(a, b:\n"),  # broken code is judged, not dropped
    ],
)  # fmt: skip
def test_the_program_is_found(answer: str, code: str) -> None:
    assert extract_code(answer, "add") == code


def test_a_cut_off_reasoning_section_leaves_nothing() -> None:
    assert without_thinking("<think>```python\nx = 1\n```") == ""


def test_a_hostile_answer_does_not_stop_the_worker() -> None:
    assert extract_code("(" * 100_000, "add") == ""
    assert extract_code("```python\n\0\n```", "add") == "\0\n"
