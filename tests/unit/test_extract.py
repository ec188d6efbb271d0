"""Taking the wrong code out of an answer would judge a model for what it did not offer."""

import ast

import pytest

from worker.extract import extract_code
from worker.thoughts import without_thinking

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


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        # without a fence, between prose
        (f"Here is the function:\n\n{FUNCTION}\nThis works because it adds.\nDone!", FUNCTION),
        # in a list, indented
        ("1. First:\n\n   ```python\n   def add(a, b):\n       return a + b\n   ```\n", FUNCTION),
        # a fence in a docstring does not end the block
        (
            '```python\ndef add(a, b):\n    """\n    ```\n    1\n    ```\n    """\n    return a + b\n```',
            'def add(a, b):\n    """\n    ```\n    1\n    ```\n    """\n    return a + b\n',
        ),
        # the answer's length ran out in the middle of something else
        (f"```python\n{FUNCTION}\n@cache\ndef other(x, y):\n    return [x,\n      y", FUNCTION),
        (f"```python\n{FUNCTION}\nprint(add(1,", FUNCTION),
        (f"```python\nimport math\n{FUNCTION}\ntests = [\n    (1,\n", f"import math\n{FUNCTION}"),
        # a wrong example is no wrong program
        (f"```python\n{FUNCTION}\nassert add(1, 1) == 3\nprint(add(1, 2))\n```", FUNCTION),
        (f"```python\n{FUNCTION}\nresult = add(1, 2)\nfor r in [result]:\n    print(r)\n```", FUNCTION),
        (f"```python\n{FUNCTION}\nx = int(input()); print(add(x, x))\n```", f"{FUNCTION}\nx = int(input()); print(add(x, x))\n"),
        # what the program needs stays, also where it is odd
        (f"```python\nimport sys\nsys.setrecursionlimit(9999)\n{FUNCTION}```", f"import sys\nsys.setrecursionlimit(9999)\n{FUNCTION}"),
        (f"```python\n{FUNCTION}add = cache(add)\n```", f"{FUNCTION}add = cache(add)\n"),
        (f"```python\n{FUNCTION}double = lambda x: add(x, x)\n```", f"{FUNCTION}double = lambda x: add(x, x)\n"),
        (f"```python\ntry:\n    import fast\nexcept ImportError:\n    fast = None\n{FUNCTION}```", f"try:\n    import fast\nexcept ImportError:\n    fast = None\n{FUNCTION}"),
        # broken code is judged as the model wrote it, imports and all
        ("```python\nimport math\ndef add(a, b):\n    return (a +\n```", "import math\ndef add(a, b):\n    return (a +\n"),
    ],
)  # fmt: skip
def test_what_is_not_the_program_is_left_out(answer: str, code: str) -> None:
    assert extract_code(answer, "add") == code


def test_time_is_linear_in_the_answer() -> None:
    """EvalPlus tries every span of lines: 240 lines take it seconds. Counted in parses here."""
    broken = "x = (\n" * 3000
    parses = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            ast, "parse", lambda code, parse=ast.parse: parses.append(code) or parse(code)
        )
        extract_code(f"```python\n{FUNCTION}{broken}", "add")
    assert len(parses) <= 4


def test_a_cut_off_reasoning_section_leaves_nothing() -> None:
    assert without_thinking("<think>```python\nx = 1\n```") == ""
    assert without_thinking("<think>a</think>\n<think>```python\nx = 1\n```").strip() == ""
    assert without_thinking("<think>a</think> No.\n<think>b</think>Yes.") == " No.\nYes."


@pytest.mark.parametrize(
    "thought",
    [
        "<think>a <think>b</think> ",
        "it opens with <think> here",
        '<think>say `</think>` or "</think>" ',
        '<think>{"verdict": "approve"}\n"approve"',
        "<think>I could write <think> here. ",
    ],
)
def test_no_part_of_a_thought_is_an_answer(thought: str) -> None:
    assert without_thinking(f"{thought}</think>```answer```") == "```answer```"


@pytest.mark.parametrize(
    "program",
    [
        'def add(a, b):\n    return a.split("</think>")[-1]\n',
        "def add(a, b):\n    return re.sub(r'<think>.*?</think>', b, a)\n",
        "def add(a, b):  # no <think> here\n    return a\n",
        'def add(a, b):\n    return a.split("</think>\\n")[-1]\n',
    ],
)
def test_a_program_may_look_for_thoughts(program: str) -> None:
    if r"</think>\n" not in program:  # which ends a thought, if none is seen to begin
        assert extract_code(f"```python\n{program}```", "add") == program
    assert extract_code(f"<think>hm</think>```python\n{program}```", "add") == program


def test_a_hostile_answer_does_not_stop_the_worker() -> None:
    assert extract_code("(" * 100_000, "add") == ""
    assert extract_code("```python\n\0\n```", "add") == "\0\n"
