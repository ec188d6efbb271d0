"""Our extraction against EvalPlus's sanitizer, on real answers: `python -m bench.extract`.

Both take the program out of each answer of tests/parity/outputs; our judge judges both programs.
Prints how often the verdicts agree, each difference, and the time of both (EvalPlus's by itself,
without its imports). Needs `make evalplus`, and the official files in FOUREYES_DATA.
"""

import json
import subprocess
import tempfile
import time
from pathlib import Path

from evaluation import evalplus_sandbox
from producer import benchmarks
from worker.extract import extract_code
from worker.sandbox.command import Bind
from worker.sandbox.judge import Judge

ANSWERS = Path(__file__).parents[1] / "tests" / "parity" / "outputs"
SANITIZE = """
import json, sys, time
from evalplus.sanitize import sanitize
sanitize("def f():\\n    return 1", "f")
made, began = [], time.perf_counter()
for text, entry_point in json.load(open("/answers.json")):
    made.append(sanitize(text, entry_point))
print(json.dumps([made, time.perf_counter() - began]))
"""
#: Lines of an unfinished answer on which the time for one is measured too.
LONG = "```python\n" + "def f(x):\n    return [x]\n\n" * 80 + "x = (\n"


def theirs(answers: list[tuple[str, str]]) -> tuple[list[str], float]:
    """EvalPlus's programs for answers and entry points, and the seconds that took."""
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(answers, file)
        file.flush()
        Path(file.name).chmod(0o644)
        found = evalplus_sandbox.examine(evalplus_sandbox.environment())
        shown = [Bind(Path(file.name), "/answers.json")]
        line = evalplus_sandbox.launch_command(found, shown, None, ["-c", SANITIZE], fill=False)
        made = subprocess.run(line, capture_output=True, text=True, check=True)
    codes, seconds = json.loads(made.stdout.splitlines()[-1])
    return codes, seconds


def ours(answers: list[tuple[str, str]]) -> tuple[list[str], float]:
    """The same of ours."""
    began = time.perf_counter()
    codes = [extract_code(text, entry_point) for text, entry_point in answers]
    return codes, time.perf_counter() - began


def main() -> None:
    """Extract, judge and print."""
    lines = [json.loads(line) for path in sorted(ANSWERS.glob("*.jsonl")) for line in path.open()]
    problems = {p.problem_id: p for name in ("humaneval+", "mbpp+") for p in benchmarks.load(name)}
    lines = [line for line in lines if line["task_id"] in problems]
    answers = [(line["text"], problems[line["task_id"]].entry_point) for line in lines]
    (our_codes, our_seconds), (their_codes, their_seconds) = ours(answers), theirs(answers)
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
    long = [(LONG, "f")]
    _, our_long = ours(long)
    _, their_long = theirs(long)
    print(f"seconds for all: ours {our_seconds:.3f}, EvalPlus's {their_seconds:.3f}")
    print(
        f"seconds for one unfinished answer of {LONG.count(chr(10))} lines: ours {our_long:.4f}, "
        f"EvalPlus's {their_long:.3f}"
    )


if __name__ == "__main__":
    main()
