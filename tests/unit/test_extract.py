"""Taking the wrong code out of an answer would judge a model for what it did not offer."""

import builtins
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from foureyes.models.problem import Spec
from foureyes.worker.patterns.reading.extract import extract_code
from foureyes.worker.patterns.reading.last_block import last_block
from foureyes.worker.patterns.reading.thoughts import without_thinking
from foureyes.worker.patterns.reading.verdict import Verdict
from foureyes.worker.patterns.steps import Draft, Fix, Program, Review
from foureyes.worker.patterns.style import Style
from tests.answers import ADD, ANSWERS, BLOCK, FENCE, PROMPT, WRONG, WRONG_BLOCK, block, with_prefix


def defined(code: str, name: str = "add") -> Any:
    """What a program of our own making defines, once it is loaded as the judge loads it."""
    module: dict[str, Any] = {"__name__": "program", "__builtins__": builtins}
    exec(code, module)
    return module.get(name)


@pytest.mark.parametrize(
    "answer", [pytest.param(answer, id=f"{kind}-{n}") for n, (kind, answer) in enumerate(ANSWERS)]
)
def test_a_right_program_is_not_lost(answer: str) -> None:
    add = defined(extract_code(answer, "add", PROMPT))
    assert [add(1, 2), add(5, -3), add(0, 0)] == [3, 2, 0]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (BLOCK, ADD),
        (ADD, ADD),
        ("add = lambda a, b: a + b", "add = lambda a, b: a + b\n"),
        ("I cannot do that.", ""),
        ("", ""),
        # the model's layout and comments stay, but for those of what is left out
        (block(f"import math  # for pi\n\n\n# adds\n{ADD}    # done\n\n# Example:\nprint(add(1, 2))\n"), f"# adds\n{ADD}"),
        # statements that share a line are told apart
        (block("import os; x = 1; y = input()\ndef add(a, b): return a + b + x\n"), "x = 1\ndef add(a, b): return a + b + x\n"),
        # nothing else is added: what the model forgot stays forgotten
        (block("def add(a, b):\n    return math.fsum([a, b])\n"), "def add(a, b):\n    return math.fsum([a, b])\n"),
        # what the last block has itself is not taken from one above it, whatever that would do
        (block("import operator\nSIGN = open('signs').read()\n") + block("SIGN = 1\ndef add(a, b):\n    return SIGN * operator.add(a, b)\n"), "import operator\n\nSIGN = 1\ndef add(a, b):\n    return SIGN * operator.add(a, b)\n"),
        # a class may name what it has as the module does
        (block("ZERO = 0\nclass Sum:\n    ZERO = ZERO\ndef add(a, b): return a + b + Sum.ZERO\n"), "ZERO = 0\nclass Sum:\n    ZERO = ZERO\ndef add(a, b): return a + b + Sum.ZERO\n"),
        # a bracket left open above reaches no further than to the next function
        (block('x = (\ndef add(a, b):\n    """\nThe sum.\n"""\n    return a + b\n'), 'def add(a, b):\n    """\nThe sum.\n"""\n    return a + b\n'),
        # a name of the example's is not the function's own variable
        (block(f"a = int(input())\n{ADD}"), ADD),
    ],
)  # fmt: skip
def test_the_program_is_taken_as_it_was_written(answer: str, code: str) -> None:
    assert extract_code(answer, "add") == code


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        # the last block that defines the function wins, right or wrong
        (f"{BLOCK}No:\n{WRONG_BLOCK}", WRONG),
        (f"{BLOCK}No: {WRONG_BLOCK}", WRONG),
        (f"{BLOCK}No:\n{block(with_prefix('>>> ', WRONG).replace('>>>     ', '...     '))}", WRONG),
        # a stub is taken if there is nothing else
        (block("def add(a, b):\n    pass\n"), "def add(a, b):\n    pass\n"),
        # broken code is judged as the model wrote it, imports and all
        (f"{FENCE}python\ndef add(a, b:\n{FENCE}", "def add(a, b:\n"),
        (block("import math\ndef add(a, b):\n    return (a +\n"), "import math\ndef add(a, b):\n    return (a +\n"),
        # another name is not the function's: the judge says that it is missing
        (block("def plus(a, b):\n    return a + b\n"), "def plus(a, b):\n    return a + b\n"),
        # the first turn is the answer; a next one is made up
        (f"{WRONG_BLOCK}<|im_end|>\n<|im_start|>user\nNo!\n{BLOCK}", WRONG),
        # prose is no body of a function
        ("The sum", "The sum"[:0]),
    ],
)  # fmt: skip
def test_no_other_program_is_made_up(answer: str, code: str) -> None:
    assert extract_code(answer, "add", PROMPT) == code


LOADED = "import operator\n\ndef add(a, b):\n    return operator.add(a, b)\n"


@pytest.mark.parametrize(
    "answer",
    [
        # the first line of a program stands behind something, and is no part of it
        f"<implementation>{LOADED}</implementation>",
        f"<code><![CDATA[{LOADED}]]></code>",
        block(f"\ufeff{LOADED}"),
        f"code: |\n{with_prefix('  ', LOADED)}",
        block(f"why: easy\ncode: |-\n{with_prefix('    ', LOADED)}tests: none\n", "yaml"),
        repr({"code": LOADED}),
        json.dumps({"code": LOADED})[:-2],  # cut off
        f"Answer: {LOADED}",
        f"'''python\n{LOADED}'''\n",
        block(with_prefix("1→", LOADED)),
        # lines and cells
        json.dumps({"code": LOADED.splitlines()}),
        json.dumps({"cells": [{"cell_type": "code", "source": part} for part in (["import operator\n"], LOADED.splitlines(True)[2:])]}),
        json.dumps({"draft": WRONG, "final": ADD}),
        # what follows the program only explains it, or was cut off
        f"{BLOCK}It begins:\n" + block("def add(a, b):\n    c = a\n"),
        f"{BLOCK}In short:\n" + block("def add(a, b):\n    for x in a:\n        ...\n    return b\n"),
        f"{BLOCK}In short:\n" + block("def add(a, b):\n    # ... as above\n    return b\n"),
        f"{BLOCK}Once more, with comments:\n{FENCE}python\ndef add(a, b):\n    c = a  # the first\n",
        # a helper is as it was
        block(f"def plus(a, b):\n    return a + b\n\n{WRONG}") + "Now:\n" + block("def plus(a, b): ...  # as above\n\ndef add(a, b):\n    return plus(a, b)\n"),
    ],
)  # fmt: skip
def test_no_part_of_a_program_is_lost_or_taken_for_it(answer: str) -> None:
    add = defined(extract_code(answer, "add", PROMPT))
    assert [add(1, 2), add(5, -3)] == [3, 2]


@pytest.mark.parametrize(
    "begin",
    ["<|im_start|>user", "<|user|>", "<start_of_turn>user", "<｜User｜>", "<|END_OF_TURN_TOKEN|>", "[|endofturn|]", "<eos>", "<|file_sep|>", "[INST] No. [/INST]", "### Instruction:", "<|start_header_id|>user<|end_header_id|>"],
)  # fmt: skip
def test_what_a_model_makes_up_after_its_turn_is_no_answer(begin: str) -> None:
    assert extract_code(f"{BLOCK}{begin}\nNo!\n{WRONG_BLOCK}", "add") == ADD
    assert extract_code(f"{begin}\n{BLOCK}", "add") == ADD  # the prompt, said back


@pytest.mark.parametrize("begin", ["<｜Assistant｜><think>", "<|inner_prefix|>", "<|think|>"])
def test_a_thought_that_was_cut_off_behind_a_mark_is_no_answer(begin: str) -> None:
    assert extract_code(f"{begin}\n{BLOCK}", "add", PROMPT) == ""


def test_a_function_is_found_where_a_class_was_asked_for() -> None:
    """Its judge takes it, too; an example of its use is no program."""
    method = "def total(x):\n    return helper(x)\n"
    helper = "def helper(x):\n    return x\n"
    answer = block(helper) + block(method) + "Usage:\n" + block("print(total(1))\n")
    assert extract_code(answer, "Solution") == f"{helper}\n{method}"
    solution = "class Solution:\n    def f(self):\n        return 1\n"
    starter = "class Solution:\n    def f(self):\n        pass\n"
    assert extract_code(block(solution) + block(starter), "Solution") == solution


@pytest.mark.parametrize(
    "statement",
    [
        "TABLE[0] = 1",
        "TABLE.append(add(1, 2))",
        "fill(TABLE)",
        "for i in range(3):\n    TABLE[i] = i",
        "TABLE = [add(i, i) for i in range(3)]",
        "TABLE += [1]",
        "start()",
        "random.seed(3)",
        "sys.setrecursionlimit(5000)",
        "add.calls = 0",
        "from __future__ import annotations",
        "from math import *",
        "del TABLE[0]",
        "with lock:\n    TABLE.clear()",
    ],
)
def test_what_sets_the_function_up_stays(statement: str) -> None:
    assert statement in extract_code(block(program_with(statement)), "add")


@pytest.mark.parametrize(
    "statement",
    [
        "assert TABLE",
        "print(TABLE)",
        "result = add(1, 2)",
        "other.append(add(1, 2))",
        "test()",
        "assert_equal(add(1, 1), 3)",
        "random.shuffle(cases(add))",
        "raise SystemExit",
        "TABLE.append(input())",
        "for line in sys.stdin:\n    TABLE.append(line)",
        "if __name__ == '__main__':\n    TABLE.clear()",
        "for case in TABLE.copy():\n    assert add(*case)",
        "[print(add(i, i)) for i in range(3)]",
    ],
)
def test_what_uses_the_function_goes(statement: str) -> None:
    code = extract_code(block(program_with(statement)), "add")
    assert statement not in code
    assert "return a + b + len(TABLE)" in code


@pytest.mark.parametrize(
    "statement",
    [
        "C.main()",
        "C.test()",
        "C.read()",
        "C.make(add(1, 2))",
        "demo = C.make(1)",
        "n = int(input())\nC.make(n)",
        "show(C)",
        "check(C)",
        "use(C)",
        "lead(C)",
        "timeit.timeit(C)",
        "setattr(C, 'x', input())",
        "class D(C):\n    x = input()",
        "N = int(input())\n@C.make\ndef f(): return N",
        "@functools.cache\ndef other(): return 1",
        "class T(functools.partial): pass",
        "with C.make(1) as c:\n    assert add(1, 2) == c",
        "for i in [1]:\n    print(add(1, i))\n    C.make(i)",
    ],
)
def test_what_shows_or_checks_a_class_goes(statement: str) -> None:
    code = extract_code(
        block(f"""import functools, timeit
class C:
    table = {{}}
    @classmethod
    def make(cls, value): return cls()
    @classmethod
    def main(cls): print(cls.table)
    @classmethod
    def test(cls): assert cls.table
    @classmethod
    def read(cls): cls.k = int(input())
def show(c): print(c)
def check(c): assert c.table
def use(c): return add(1, 2)
def lead(c): return use(c)
def add(a, b): return functools.reduce(max, [a + b]) + len(C.table)
{statement}
"""),
        "add",
    )
    assert statement.splitlines()[-1] not in code
    assert "table = {}" in code and "return functools" in code


def program_with(statement: str) -> str:
    begin = f"{statement}\n" if statement.startswith("from __future__") else ""
    return f"""{begin}import random
import sys
TABLE = []
def fill(table): table.append(1)
def start(): TABLE.append(2)
def test(): assert add(1, 1) == 3
def add(a, b): return a + b + len(TABLE) + random.random()
{"" if begin else statement}
"""


SHAPES: dict[str, Callable[[int], str]] = {
    "lines of one letter": lambda n: ADD + "a\n" * (n // 2),
    "statements on one line": lambda n: ADD + "a;" * (n // 2),
    "fences": lambda n: f"{FENCE}\n" * (n // 4),
    "blocks": lambda n: BLOCK * (n // len(BLOCK)),
    "stubs": lambda n: block("def add(a, b): ...\n") * (n // 36),
    "blocks that lack names": lambda n: "".join(block(f"def f{i}(): return f{i - 1}() + g{i}\n") for i in range(n // 45)) + BLOCK,
    "back-ticks": lambda n: "`" * n,
    "words in back-ticks": lambda n: "`a` " * (n // 4),
    "list items": lambda n: "- a\n" * (n // 4),
    "quotes": lambda n: "> " * (n // 2),
    "thoughts": lambda n: "<think>" * (n // 7),
    "ends of thoughts": lambda n: "</think>" * (n // 8),
    "lines of thoughts": lambda n: "<think>\n<reasoning>\n" * (n // 20),
    "channels": lambda n: "<|channel|>analysis<|message|>" * (n // 30),
    "open brackets": lambda n: "[\n" * (n // 2),
    "parentheses": lambda n: "(" * n,
    "broken statements": lambda n: ADD + "x = (\n" * (n // 6),
    "broken functions": lambda n: "def f(:\n  x\n" * (n // 12),
    "open strings": lambda n: "x = '''\n" * (n // 8) + "'",
    "escaped quotes": lambda n: '\\"""' * (n // 4),
    "back-slashes": lambda n: '"' + "\\" * n,
    "decorators": lambda n: "@a\n" * (n // 3),
    "deep sums": lambda n: "def add(a, b):\n    return " + "a+" * (n // 2) + "b",
    "deep calls": lambda n: "x = a" + ".f()" * (n // 4) + f"\n{ADD}",
    "lambdas": lambda n: "add = " + "lambda: " * (n // 8) + "0",
    "what acts on something": lambda n: "T = {}\ndef add(a, b): return T\n" + "T[1] = add(1, 2)\n" * (n // 17),
    "functions that act on it": lambda n: "T = {}\ndef add(a, b): return T\n" + "".join(f"def f{i}():\n  T[1] = 2\n  f{i - 1}()\n" for i in range(n // 30)) + "f1()\n",
    "what joins it": lambda n: "class C: pass\ndef add(a, b): return C\n" + "class C(C): pass\n@C.r\ndef f(): f()\nC.g(f)\n" * (n // 45),
    "a line of classes": lambda n: "class C0: pass\ndef add(a, b): return C0\n" + "".join(f"class C{i}(C{i - 1}): pass\n" for i in range(1, n // 25)),
    "what leads to the function": lambda n: "class C: pass\ndef add(a, b): return C\n" + "".join(f"def f{i}(): f{i - 1}(add)\nf{i}(C)\n" for i in range(n // 30)),
    "functions of one name": lambda n: "T = {}\ndef add(a, b): return T\n" + "def f(): T[1] = f\nf()\n" * (n // 25),
    "methods": lambda n: "class Solution:\n" + "    def add(self, a, b): pass\n" * (n // 30),
    "classes": lambda n: "class S:\n  def add(self, a, b): return a\n" * (n // 40),
    "bodies": lambda n: block("    return a\n") * (n // 24),
    "JSON": lambda n: '{"a":' * (n // 5),
    "programs in JSON": lambda n: '{"a": "def add(a, b): ...", ' * (n // 27) + '"' + '\\"' * (n // 2),
    "a diff": lambda n: "+a\n-b\n" * (n // 6),
    "numbered lines": lambda n: "1 add\n" * (n // 6),
    "prompts": lambda n: ">>> add\n" * (n // 8),
    "tags": lambda n: "<code " * (n // 6),
    "entities": lambda n: "&lt;" * (n // 4),
    "carriage returns": lambda n: "\r" * n,
    "spaces": lambda n: " " * n,
    "a long line": lambda n: f"def add(a, b):\n    return '{'a' * n}'",
}  # fmt: skip


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_time_is_linear_in_the_answer(shape: Callable[[int], str]) -> None:
    """Four times the text takes sixteen times as long where each part is compared with each other."""
    small, large = seconds(shape(5_000)), seconds(shape(20_000))
    assert large < max(0.05, 8 * small)


def seconds(text: str) -> float:
    """Of the processor, in the better of two runs."""
    took = []
    for _ in range(2):
        began = time.process_time()
        extract_code(text, "add", PROMPT)
        took.append(time.process_time() - began)
    return min(took)


def test_a_cut_off_reasoning_section_leaves_nothing() -> None:
    assert without_thinking(f"<think>{BLOCK}") == ""
    assert without_thinking(f"<think>a</think>\n<think>{BLOCK}").strip() == ""
    assert without_thinking("<think>a</think> No.\n<think>b</think>Yes.") == " No.\nYes."
    assert without_thinking(f"<|channel|>analysis<|message|>{BLOCK}") == ""
    assert without_thinking(f"[THINK]{BLOCK}") == ""
    assert without_thinking(f"analysisWe try:\n{BLOCK}") == ""


@pytest.mark.parametrize(
    "thought",
    [
        "<think>a <think>b</think> ",
        "it opens with <think> here",
        '<think>say `</think>` or "</think>" ',
        '<think>{"verdict": "approve"}\n"approve"',
        'a template opened it: "approve"',
        "<think>I could write <think> here. ",
    ],
)
def test_no_part_of_a_thought_is_an_answer(thought: str) -> None:
    assert without_thinking(f"{thought}</think>{FENCE}answer{FENCE}") == f"{FENCE}answer{FENCE}"


@pytest.mark.parametrize(
    "program",
    [
        'def add(a, b):\n    return a.split("</think>")[-1]\n',
        "def add(a, b):\n    return re.sub(r'<think>.*?</think>', b, a)\n",
        "def add(a, b):  # no <think> here\n    return a\n",
        'def add(a, b):\n    return a.split("</think>\\n")[-1]\n',
        "def add(a, b):\n    return a.split('<|im_end|>')\n",
        "def add(a, b):\n    return a.split('<|channel|>final<|message|>')\n",
        "def add(a, b):\n    return '<reasoning>' + a + '</reasoning>'\n",
    ],
)
def test_a_program_may_look_for_thoughts(program: str) -> None:
    if r"</think>\n" not in program:  # which ends a thought, if none is seen to begin
        assert extract_code(block(program), "add") == program
    assert extract_code(f"<think>hm</think>{block(program)}", "add") == program


def test_a_hostile_answer_does_not_stop_the_worker() -> None:
    assert extract_code("(" * 100_000, "add") == ""
    assert extract_code(f"{FENCE}python\n\0\n{FENCE}", "add") == "\0\n"
    assert extract_code(block("def add(a, b): return '\ud800'\n"), "add")


RIGHT = [
    ADD,
    'def add(a: int, b: int) -> int:\n    """The sum.\n\n    >>> add(1, 2)\n    3\n    """\n    return a + b\n',
    "import operator as op\nfrom functools import reduce\n\n\ndef add(a, b):\n    return reduce(op.add, [a, b])\n",
    "TABLE = {}\n\n\ndef fill():\n    for i in range(3):\n        TABLE[i] = i\n\n\nfill()\n\n\ndef add(a, b):\n    return TABLE.get(a, a) + b\n",
    f"def add(a, b):\n    text = '{FENCE}python'\n    # {FENCE}\n    return a + b\n",
    f'def add(a, b):\n    """\n    {FENCE}\n    add(1, 2)\n    {FENCE}\n    """\n    return a + b\n',
    "class Adder:\n    def __call__(self, a, b):\n        return a + b\n\n\nadd = Adder()\n",
    "add = lambda a, b: (\n    a\n    + b\n)\n",
    "def add(a, b):\n    def inner(x):\n        nonlocal a\n        a += x\n    inner(b)\n    return a\n",
]  # fmt: skip
#: How a block is written: each takes the program and gives the answer.
WRAPPINGS: list[Callable[[str], str]] = [
    lambda code: block(code),
    lambda code: block(code, ""),
    lambda code: f"~~~~py\n{code}~~~~\n",
    lambda code: f"{FENCE}``python\n{code}{FENCE}``\n",
    lambda code: with_prefix("> ", block(code)),
    lambda code: "1. So:\n\n" + with_prefix("   ", block(code)),
    lambda code: block(code).replace("\n", "\r\n"),
    lambda code: f"Thus: {FENCE}python\n{code}{FENCE}\n",
    lambda code: f"{FENCE}python\n{code}",
    lambda code: code,
]
BEFORE = st.sampled_from(["", "Sure!\n\n", "Here's how (see below):\n", f"<think>\n{WRONG_BLOCK}</think>\n", f"First:\n{WRONG_BLOCK}\nBetter:\n\n", "# Solution\n\n* It adds.\n\n", "---\n"])  # fmt: skip
TESTS = st.sampled_from(["", "\nassert add(1, 1) == 3\n", "\nprint(add(1, 2))\n", "\nif __name__ == '__main__':\n    exit(add(1, 2))\n", "\ndef test():\n    assert add(1, 1) == 3\n\ntest()\n"])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(BEFORE, st.sampled_from(RIGHT), TESTS, st.sampled_from(WRAPPINGS))
def test_a_right_program_comes_out_of_any_wrapping(
    before: str, program: str, tests: str, wrap: Callable[[str], str]
) -> None:
    add = defined(extract_code(before + wrap(program + tests), "add", PROMPT))
    assert (add(1, 2), add(5, -3)) == (3, 2)


PARTS = st.sampled_from(
    [FENCE, "~~~", "`", "\n", "\n    ", " ", "python", ADD, WRONG, '"""', "'", '"', "(", ")", "\\", "<think>", "</think>", "<|channel|>final<|message|>", "<reasoning>", "def add(", "add", "return", ">>> ", "> ", "- ", "+", "@", "#", "class A:", "{", "}", '{"code": "', "&lt;", "<code>", "1 ", "=", ";", "\r", "\0", "\ud800", "é", "\u2028", "global add", "import ", "else:"]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(st.lists(st.one_of(PARTS, st.text(max_size=5)), max_size=30).map("".join))
def test_no_text_breaks_the_reader(text: str) -> None:
    code = extract_code(text, "add", PROMPT)
    assert code == "" or code.endswith("\n")


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from(["<think>{}</think>", "<thinking>\n{}\n</thinking>", "{}</think>", "[THINK]{}[/THINK]", "<think>{}", "<|channel|>analysis<|message|>{}<|end|>", "◁think▷{}◁/think▷", "<reasoning>{}</reasoning>", "<|begin_of_thought|>{}<|end_of_thought|>"]),
    st.sampled_from(WRAPPINGS),
    st.sampled_from(["", "I do not know.", "\n", block("pass\n"), "The sum of both."]),
)  # fmt: skip
def test_a_thought_is_never_taken(form: str, wrap: Callable[[str], str], rest: str) -> None:
    thought = wrap('def add(a, b):\n    return "only thought"\n')
    assert "only thought" not in extract_code(form.replace("{}", thought) + rest, "add", PROMPT)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("", ""),
        (ADD, ""),  # without back-ticks there is no block
        (f"Here:\n```python\n{ADD}```\n", ADD.rstrip("\n")),
        ("```\nfirst\n```\nNo:\n```python\nlast\n```\nRight.", "last"),
        ("```\nfirst\n```\nAn example follows:\n```\nnever closed", "An example follows:"),
        ("  ```py\r\n  x = 1\r\n  y = 2\r\n  ```", "  x = 1\n  y = 2"),
        ("<think>```\nthought\n```</think>I do not know.", ""),
        ("one line ```x = 1```", ""),
    ],
)
def test_the_last_block_is_found_as_livecodebench_finds_it(answer: str, code: str) -> None:
    assert last_block(answer) == code


def test_the_style_says_how_a_program_is_read() -> None:
    spec = Spec("t/1", PROMPT, "add", ())
    answer = f"```python\n{ADD}```\nFor example:\n```python\nadd(1, 2)\n```\n"
    last = Style(extraction="last-block")
    draft = Program(spec, WRONG, "")
    found = Verdict(False, ("wrong",), "")
    for step in (Draft(spec), Fix(draft, found)):
        assert step.read_in(Style(), answer).code == step.read(answer).code == ADD
        assert step.read_in(last, answer).code == "add(1, 2)"
    # nothing but programs is read in another way
    assert Review(draft).read_in(last, '{"reasons": [], "verdict": "approve"}').approves
