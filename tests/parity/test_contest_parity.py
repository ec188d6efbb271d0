"""If one of these fails, a verdict on a contest's program differs from LiveCodeBench's, and nobody knows why.

A part of all programs by default; all of them with FOUREYES_PARITY=all (`make parity`).
"""

import os
import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Empty, SimpleQueue

import pytest

from foureyes.evaluation import livecodebench
from foureyes.judging import profiles, sources
from foureyes.judging.judge import Judge
from foureyes.judging.profiles import Profile
from foureyes.models.problem import HiddenTests
from foureyes.models.settings import settings
from foureyes.models.shown import Judgement
from tests.parity.contest_programs import Program, programs
from tests.parity.contest_reasons import REASONS, reasons

FILE = Path(__file__).parents[2] / "problems" / "contest.jsonl"
WHOLE = os.environ.get("FOUREYES_PARITY") == "all"
#: Every so many-th program; prime, so that no manner is left out.
EVERY = 1 if WHOLE else 11
SLOTS = 2
#: What differs in the profile `livecodebench`, too: forged results, the evaluator's own arguments, and
#: whether a thread is quicker than the end.
IN_PROFILE = REASONS["forged"].parts | {"sys.argv", "a thread that is not waited for"}


@dataclass(frozen=True)
class Pair:
    """A program, and what both judges say of it."""

    program: Program
    ours: Judgement
    #: Ours in the profile `livecodebench`.
    as_theirs: Judgement
    theirs: bool
    said: str

    @property
    def differs(self) -> bool:
        return self.ours.solved is not self.theirs

    @property
    def why(self) -> list[str]:
        return reasons(self.program.parts, self.ours.solved)

    def __str__(self) -> str:
        one = self.program
        here = "passes here" if self.ours.solved else f"here: {self.ours.reason}"
        there = "passes there" if self.theirs else f"there: {self.said}"
        return f"{one.problem_id} ({one.kind}: {', '.join(one.parts)}): {here}; {there}"


@pytest.fixture(scope="module")
def pairs(tmp_path_factory: pytest.TempPathFactory) -> list[Pair]:
    some = [one for one in programs()[::EVERY] if WHOLE or one.kind != "slow"]
    samples = [(one.problem_id, one.code) for one in some]
    theirs = livecodebench.evaluate(FILE.read_text(encoding="utf-8").splitlines(), samples)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("FOUREYES_HOME", str(tmp_path_factory.mktemp("home")))
        settings.cache_clear()
        ours = judged(some, profiles.DEFAULT)
        as_theirs = judged(some, profiles.LIVECODEBENCH)
    settings.cache_clear()
    found = zip(some, ours, as_theirs, theirs.passed, theirs.said, strict=True)
    return [Pair(*five) for five in found]


def judged(some: Sequence[Program], profile: Profile) -> list[Judgement]:
    """Our judgements, in the order of the programs."""
    tests = {each.problem_id: each.hidden_tests() for each in sources.load_file(FILE)}
    left: SimpleQueue[int] = SimpleQueue()
    for number in range(len(some)):
        left.put(number)
    found: dict[int, Judgement] = {}
    threads = [
        threading.Thread(target=work, args=(slot, profile, some, tests, left, found))
        for slot in range(SLOTS)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return [found[number] for number in range(len(some))]


def work(
    slot: int,
    profile: Profile,
    some: Sequence[Program],
    tests: dict[str, HiddenTests],
    left: "SimpleQueue[int]",
    found: dict[int, Judgement],
) -> None:
    judge = Judge(slot + 24, profile)  # others may test at the same time, with other slots
    try:
        while True:
            number = left.get_nowait()
            found[number] = judge.hidden(tests[some[number].problem_id], some[number].code)
    except Empty:
        pass
    finally:
        judge.close()


@pytest.mark.timeout(0 if WHOLE else 600)
def test_every_difference_has_a_name(pairs: list[Pair]) -> None:
    if WHOLE:
        print(f"\n\n{table(pairs)}\n")
    unknown = [str(pair) for pair in pairs if pair.differs and not pair.why]
    assert not unknown, "\n".join(unknown)


@pytest.mark.timeout(0 if WHOLE else 600)
def test_ours_are_as_the_programs_were_made(pairs: list[Pair]) -> None:
    """Right programs pass in whatever manner they are written, and wrong ones in none."""
    wrong = [
        str(pair)
        for pair in pairs
        if pair.program.right is not None and pair.ours.solved is not pair.program.right
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.timeout(0 if WHOLE else 600)
def test_in_its_profile_verdicts_are_its_own(pairs: list[Pair]) -> None:
    """All but those that a program forges there, or that depend on who started its judge."""
    other = [
        f"{pair}; in the profile: {pair.as_theirs.reason or 'passes'}"
        for pair in pairs
        if pair.as_theirs.solved is not pair.theirs
        and not IN_PROFILE.intersection(pair.program.parts)
    ]
    assert not other, "\n".join(other)


@pytest.mark.timeout(0)
@pytest.mark.skipif(not WHOLE, reason="a part of the programs does not show all: make parity")
def test_every_name_is_needed(pairs: list[Pair]) -> None:
    """Of each part there is a difference that nothing else explains."""
    parts = frozenset().union(*(reason.parts for reason in REASONS.values()))
    alone = [parts.intersection(pair.program.parts) for pair in pairs if pair.differs]
    shown = {part for found in alone if len(found) == 1 for part in found}
    assert shown == parts


def test_there_are_enough_programs() -> None:
    made = {(one.problem_id, one.code) for one in programs()}
    assert len(made) >= 2_000
    assert len({problem_id for problem_id, _ in made}) == 20


def table(pairs: Sequence[Pair]) -> str:
    """Programs by class, on how many both judges agree, and the differences by name, as markdown."""
    count = Counter(pair.program.kind for pair in pairs)
    agree = Counter(pair.program.kind for pair in pairs if not pair.differs)
    only_here = Counter(pair.program.kind for pair in pairs if pair.differs and pair.ours.solved)
    lines = [
        "| programs | | both say the same | pass here alone | pass there alone |",
        "|---|---:|---:|---:|---:|",
    ]
    for kind in (*count, None):
        numbers = [one.total() if kind is None else one[kind] for one in (count, agree, only_here)]
        name = "**all**" if kind is None else kind
        lines.append(
            f"| {name} | {' | '.join(map(str, numbers))} | {numbers[0] - numbers[1] - numbers[2]} |"
        )
    lines += ["", "| differences | | pass | why |", "|---|---:|---|---|"]
    named = Counter(pair.why[0] for pair in pairs if pair.differs and pair.why)
    for name, reason in REASONS.items():
        where = "here" if reason.passes_here else "there"
        lines.append(f"| {name} | {named[name]} | {where} | {reason.why} |")
    return "\n".join(lines)
