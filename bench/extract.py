"""Our extraction against EvalPlus's sanitizer: `python -m bench.extract [--answers FILE]`.

Both take the program out of each answer, and our judge judges both programs. By default the answers
are those of tests/parity/outputs: prints how often the verdicts agree, each difference, and the time
of both (EvalPlus's by itself, without its imports). With `--answers`, a file with a line of JSON for
each answer that offers a right `add(a, b)`: `answer`, and `name`, the kind of text that it is; "ours"
stands for tests/answers.py. Prints for each kind how many programs either kept. Needs `make
evalplus`, and for the former the official files in FOUREYES_DATA.
"""

import argparse
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from foureyes.evaluation import evalplus_sandbox
from foureyes.judging import sources
from foureyes.judging.formats.evalplus.functions import FunctionTests
from foureyes.judging.judge import Judge
from foureyes.judging.sandbox import launch
from foureyes.judging.sandbox.launch import Bind
from foureyes.worker.patterns.reading.extract import extract_code
from tests.answers import ANSWERS, PROMPT

OUTPUTS = Path(__file__).parents[1] / "tests" / "parity" / "outputs"
SANITIZE = """
import json, sys, time
from evalplus.sanitize import sanitize
sanitize("def f():\\n    return 1", "f")
made, began = [], time.perf_counter()
for text, entry_point in json.load(open("/answers.json")):
    try:
        made.append(sanitize(text, entry_point))
    except Exception as error:  # some texts break it
        made.append("")
print(json.dumps([made, time.perf_counter() - began]))
"""
#: Lines of an unfinished answer on which the time for one is measured too.
LONG = "```python\n" + "def f(x):\n    return [x]\n\n" * 80 + "x = (\n"
ADD = FunctionTests(
    problem_id="answers/add",
    entry_point="add",
    reference="def add(a, b):\n    return a + b\n",
    base_inputs=[[1, 2], [0, 0], [5, -3]],
    plus_inputs=[[2, 2], [10, 7]],
    atol=0,
    version="1",
)


def theirs(answers: Sequence[tuple[str, str]]) -> tuple[list[str], float]:
    """EvalPlus's programs for answers and entry points, and the seconds that took."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(answers, file)
        file.flush()
        Path(file.name).chmod(0o644)
        found = evalplus_sandbox.examine(evalplus_sandbox.environment())
        shown = [Bind(Path(file.name), "/answers.json")]
        line = evalplus_sandbox.launch_command(found, shown, None, ["-c", SANITIZE], fill=False)
        made = subprocess.run(
            line, env=launch.environment(), capture_output=True, text=True, check=True
        )
    codes, seconds = json.loads(made.stdout.splitlines()[-1])
    return codes, seconds


def ours(answers: Sequence[tuple[str, str, str]]) -> tuple[list[str], float]:
    """The same of ours, which is told the prompt too."""
    began = time.perf_counter()
    codes = [extract_code(text, entry_point, prompt) for text, entry_point, prompt in answers]
    return codes, time.perf_counter() - began


def are_kept(codes: Sequence[str]) -> list[bool]:
    """Whether each program, taken out of an answer that offers a right `add`, is right."""
    judge = Judge()
    try:
        return [judge.hidden(ADD, code).solved for code in codes]
    finally:
        judge.close()


def kept(answers: Sequence[tuple[str, str]]) -> tuple[list[bool], list[bool]]:
    """Whether ours and EvalPlus's keep the program of each answer, told by kind."""
    here = ours([(text, "add", PROMPT) for _, text in answers])[0]
    there = theirs([(text, "add") for _, text in answers])[0]
    return are_kept(here), are_kept(there)


def table(answers: Sequence[tuple[str, str]], *sides: Sequence[bool]) -> list[str]:
    """A Markdown table: the kinds of answers, and how many of each either side keeps."""
    rows = [["kind", "answers", "ours", "EvalPlus's"], ["---", *["---:"] * 3]]
    for kind in dict.fromkeys(kind for kind, _ in answers):
        of_kind = [number for number, (one, _) in enumerate(answers) if one == kind]
        counts = [sum(side[number] for number in of_kind) for side in sides]
        rows.append([kind, str(len(of_kind)), *map(str, counts)])
    rows.append(["all", str(len(answers)), *(str(sum(side)) for side in sides)])
    return [f"| {' | '.join(row[: 2 + len(sides)])} |" for row in rows]


def report(answers: Sequence[tuple[str, str]]) -> str:
    """The table, and which answers EvalPlus's sanitizer alone keeps."""
    here, there = kept(answers)
    lost = [kind for (kind, _), us, them in zip(answers, here, there, strict=True) if them > us]
    last = f"kept by EvalPlus's alone: {', '.join(lost) or 'none'}"
    return "\n".join([*table(answers, here, there), "", last])


def compare() -> None:
    """The answers of tests/parity/outputs: extract, judge and print."""
    lines = [json.loads(line) for path in sorted(OUTPUTS.glob("*.jsonl")) for line in path.open()]
    problems = {p.problem_id: p for name in ("humaneval+", "mbpp+") for p in sources.load(name)}
    lines = [line for line in lines if line["task_id"] in problems]
    answers = [(line["text"], problems[line["task_id"]].entry_point) for line in lines]
    prompts = [problems[line["task_id"]].prompt for line in lines]
    told = [(*answer, prompt) for answer, prompt in zip(answers, prompts, strict=True)]
    (our_codes, our_seconds), (their_codes, their_seconds) = ours(told), theirs(answers)
    judge = Judge()
    same_text, agree, differences = 0, 0, []
    for line, here, there in zip(lines, our_codes, their_codes, strict=True):
        same_text += here.strip() == there.strip()
        hidden = problems[line["task_id"]].hidden_tests()
        verdicts = [judge.hidden(hidden, code) for code in (here, there)]
        if verdicts[0].solved == verdicts[1].solved:
            agree += 1
        else:
            differences.append((line, here, there, verdicts))
    judge.close()
    print(f"{len(lines)} answers: the same text {same_text}, the same verdict {agree}")
    for line, here, there, verdicts in differences:
        said = [verdict.reason or "solved" for verdict in verdicts]
        print(f"\n{line['task_id']} {line['model']}: ours {said[0]}, EvalPlus's {said[1]}")
        print(f"--- ours\n{here}--- EvalPlus's\n{there}")
    _, our_long = ours([(LONG, "f", "")])
    _, their_long = theirs([(LONG, "f")])
    print(f"seconds for all: ours {our_seconds:.3f}, EvalPlus's {their_seconds:.3f}")
    print(
        f"seconds for one unfinished answer of {LONG.count(chr(10))} lines: ours {our_long:.4f}, "
        f"EvalPlus's {their_long:.3f}"
    )


def main() -> None:
    """Extract, judge and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--answers", help='a file of answers that offer a right add(a, b), or "ours"'
    )
    named = parser.parse_args().answers
    if named is None:
        compare()
    elif named == "ours":
        print(report(ANSWERS))
    else:
        lines = [json.loads(line) for line in Path(named).read_text().splitlines() if line.strip()]
        print(report([(line["name"], line["answer"]) for line in lines]))


if __name__ == "__main__":
    main()
