"""If one of these fails, a right program that reads its input is lost between answer and judge."""

import json
import textwrap

import pytest

from foureyes.worker.patterns.reading.scripts import extract_script

PROGRAM = "import sys\nn = int(sys.stdin.readline())\nprint(n + 1)\n"


def block(code: str, language: str = "python") -> str:
    return f"```{language}\n{code}```\n"


@pytest.mark.parametrize(
    "answer",
    [
        PROGRAM,
        block(PROGRAM),
        f"Here it is:\n\n{block(PROGRAM)}\nIt adds one.",
        f"First try:\n{block('print(int(input()) - 1)' + chr(10))}No, wrong:\n{block(PROGRAM)}",
        f"{block(PROGRAM)}For example:\n{block('print(2)' + chr(10))}",
        f"{block(PROGRAM)}Input:\n{block('1' + chr(10), '')}Output:\n{block('2' + chr(10), '')}",
        f"<think>{block('print(0)' + chr(10))}</think>{block(PROGRAM)}",
        block(PROGRAM).replace("\n", "\r\n"),
        block(PROGRAM)[:-4],  # the answer was cut off after the program
        f"Here it is (it's short):\n\n{PROGRAM}\nIt adds one.\nDone\n",
        f"{block(PROGRAM)}It reads:\n{block('n = int(sys.stdin.readline())' + chr(10))}and prints.",
        f"{block(PROGRAM)}More:\n```python\nimport sys\nn = int(sys.stdin.readline())  # re\n",
        f"{block(PROGRAM)}Try:\n{block('import io, sys' + chr(10) + PROGRAM.replace('import sys', 'sys.stdin = io.StringIO(' + chr(34) * 2 + ')'))}",
        json.dumps({"draft": "print(input())", "final": PROGRAM}),
        f"code: |\n{textwrap.indent(PROGRAM, '  ')}",
    ],
)
def test_the_program_is_found_whole(answer: str) -> None:
    assert extract_script(answer) == PROGRAM


def test_what_is_defined_in_another_block_is_put_before_it() -> None:
    solve = "def solve(n):\n    return n + 1\n"
    main = "print(solve(int(input())))\n"
    for answer in (block(solve) + block(main), block(main) + "where\n" + block(solve)):
        found = extract_script(answer)
        assert found.index("def solve") < found.index("print(solve")
        compile(found, "found", "exec")


@pytest.mark.parametrize(
    ("parts", "program"),
    [
        (["def solve():\n    print(int(input()) + 1)\n", "solve()\n"], None),
        (["n = int(input())\n", "n += 1\n", "print(n)\n"], None),
        (["ONE = 1\n", "print(int(input()) + ONE)\n"], None),
        (["def solve():\n    print(input())\n"], "def solve():\n    print(input())\n"),
    ],
)
def test_a_program_in_parts_is_all_of_them(parts: list[str], program: str | None) -> None:
    found = extract_script("then\n".join(map(block, parts)))
    assert [line for line in found.split("\n") if line] == [
        line for line in (program or "".join(parts)).split("\n") if line
    ]


def test_what_only_a_notebook_understands_is_left_out() -> None:
    assert extract_script(block(f"%%time\n{PROGRAM}")).strip() == PROGRAM.strip()


def test_nothing_is_taken_out_of_a_program_that_is_run_as_a_whole() -> None:
    """Else the part that does the work goes, as an example of use goes from a function's file."""
    program = "def main():\n    n = int(input())\n    print(n)\n\nif __name__ == '__main__':\n    main()\n"
    assert extract_script(block(program)) == program


def test_an_answer_without_python_is_judged_as_it_is_or_is_no_program() -> None:
    assert extract_script("I cannot do that.") == ""
    assert extract_script(block("print(1\n")) == "print(1\n"


@pytest.mark.parametrize("piece", ["```\n", "print(input())\n", "a\n", "```python\nx = 1\n```\n"])
def test_any_length_is_read_in_time_that_grows_with_it(piece: str) -> None:
    """Twice the text, about twice the work: counted in calls, as a clock is noise."""
    import sys

    def calls(times: int) -> int:
        count = 0

        def note(*_: object) -> None:
            nonlocal count
            count += 1

        sys.setprofile(note)
        try:
            extract_script(piece * times)
        finally:
            sys.setprofile(None)
        return count

    assert calls(800) < 3 * calls(400)
