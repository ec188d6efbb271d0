"""Programs for BigCodeBench's problems, right and wrong in systematic ways, judged by its judge and by ours."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from foureyes.evaluation import bigcodebench
from foureyes.evaluation.bigcodebench import Pair
from foureyes.judging import sources
from foureyes.judging.formats.bigcodebench.record import BigCodeBenchProblem
from foureyes.judging.formats.verdicts import ReferenceFails
from foureyes.judging.judge import Judge

FILE = Path(os.environ.get("FOUREYES_DATA", "."), "BigCodeBench.jsonl.gz")
#: Seconds that its judge gives a program here; 240 as it ships.
SECONDS = 15.0

#: Wraps the solution's function; `{body}` stands in its place.
_WRAPPER = """
{source}

_solved = {name}


def {name}(*arguments, **named):
{body}
"""
_BODIES = {
    "another value": """
    out = _solved(*arguments, **named)
    if type(out) in (int, float): return out + 1
    if type(out) in (str, list, tuple): return out[1:]
    if type(out) is bool: return not out
    return None
""",
    "an exception": "    raise ZeroDivisionError('of a wrong program')\n",
    "an exception at the end": "    _solved(*arguments, **named)\n    raise ValueError('at the end')\n",
    "much printed": """
    import sys
    for _ in range(1000): print('x' * 70)
    print('y', file=sys.stderr)
    return _solved(*arguments, **named)
""",
    "arguments changed": """
    out = _solved(*arguments, **named)
    for each in (*arguments, *named.values()):
        if type(each) in (list, dict, set): each.clear()
    return out
""",
    "an exit": "    raise SystemExit(0)\n",
    "an end": "    import os\n    os._exit(0)\n",
}


@dataclass(frozen=True)
class Program:
    """A program for a problem, and what was done to it."""

    problem: BigCodeBenchProblem
    what: str
    code: str


@dataclass(frozen=True)
class Difference:
    """A program that one judge passes and the other does not."""

    program: Program
    theirs: str
    ours: str

    def __str__(self) -> str:
        made = self.program
        return f"{made.problem.problem_id} ({made.what}): {self.theirs} there, {self.ours} here"


def programs(every: int, first: int = 0) -> list[Program]:
    """Of every so many-th problem the reference and its changes."""
    found = []
    for made in sources.load_file(FILE)[first::every]:
        assert isinstance(made, BigCodeBenchProblem)
        found.append(Program(made, "the reference", made.reference))
        found.append(Program(made, "the prompt alone", made.prompt))
        for what, body in _BODIES.items():
            if what == "an end" and len(found) > len(_BODIES):
                continue  # its judge waits for all of the time that it gives
            code = _WRAPPER.format(source=made.reference, name=made.entry_point, body=body)
            found.append(Program(made, what, code))
    return found


def compared(made: Sequence[Program], judge: Judge) -> tuple[int, list[Difference]]:
    """How many programs both have judged, and those on which they differ.

    Where the reference fails here, nothing is said of others; its problems are in the table of
    docs/formats/bigcodebench.md.
    """
    ours = {}
    for at, program in enumerate(made):
        try:
            found = judge.hidden(program.problem.hidden_tests(), program.code)
        except ReferenceFails:
            continue
        ours[at] = "pass" if found.solved else f"{found.base}: {found.reason} ({found.trust})"
    pairs = [
        Pair(
            made[at].code,
            json.loads(made[at].problem.record)["test"],
            made[at].problem.entry_point,
        )
        for at in ours
    ]
    theirs = bigcodebench.evaluate(pairs, SECONDS)
    return len(pairs), [
        Difference(made[at], f"{verdict.status} {sorted(verdict.details)[:3]}", ours[at])
        for at, verdict in zip(ours, theirs, strict=True)
        if (verdict.status == "pass") != (ours[at] == "pass")
    ]
