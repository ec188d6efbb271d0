"""Judges many samples in several slots; verdicts come as they are ready."""

import functools
import hashlib
import json
import logging
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any, NamedTuple

from foureyes.evaluation.journal import Verdict
from foureyes.evaluation.samples import Sample
from foureyes.evaluation.slots import in_slots
from foureyes.judging.formats.problem import Problem
from foureyes.judging.formats.verdicts import ReferenceFails
from foureyes.judging.identity import identity
from foureyes.judging.judge import Judge
from foureyes.judging.profiles import DEFAULT, Profile
from foureyes.models.errors import InfrastructureError
from foureyes.models.problem import HiddenTests
from foureyes.models.shown import Judgement
from foureyes.results.visible import visible

log = logging.getLogger(__name__)

#: Any but that of all other sandboxes.
_OTHER_SEED = 1


def key(sample: Sample, profile: Profile, all_tests: bool) -> str:
    """What identifies the judging of a program: everything that its verdict depends on."""
    judge = identity(_hidden_tests(sample.problem).format)
    parts = [judge, profile.name, all_tests, sample.problem.version, sample.code]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def judge_all(
    samples: Iterable[Sample], profile: Profile, slots: int, all_tests: bool
) -> Generator[Verdict, None, None]:
    """A verdict for each sample, in the order in which they are ready; there may be any number.

    What the judge itself fails on, as on a machine that is too busy, is tried again when all else
    is judged, until a round brings nothing. Ends its sandboxes when it ends or is closed.
    """

    @contextmanager
    def opened(slot: int) -> Iterator[Callable[[Sample], _Judged]]:
        with closing(Judge(slot, profile, slots=slots)) as judge:
            yield functools.partial(_judge, judge, profile, all_tests)

    left: Iterable[Sample] = samples
    failed: list[_Judged] = []
    # Tried again in half as many slots, and then alone: memory or processors may have been short.
    for number in (slots, max(1, slots // 2), 1):
        before, failed = len(failed), []
        with closing(in_slots(left, number, opened)) as ready:
            for judged in ready:
                if judged.is_passing:
                    failed.append(judged)
                else:
                    yield judged.verdict
        if not failed or len(failed) == before:
            break
        left = [judged.sample for judged in failed]
    for judged in failed:
        yield judged.verdict


def random_references(
    problems: Collection[Problem], slots: int
) -> Generator[tuple[Problem, bool], None, None]:
    """Whether each problem's reference answers otherwise in another process, under another hash seed.

    It is judged like any program, and in any case by the default profile: what EvalPlus takes away,
    an honest reference may need. What it is compared with must have been found out before.
    """

    @contextmanager
    def opened(slot: int) -> Iterator[Callable[[Problem], tuple[Problem, bool]]]:
        with closing(Judge(slot, DEFAULT, hash_seed=_OTHER_SEED, slots=slots)) as judge:
            yield lambda problem: (problem, _is_random(judge, problem))

    return in_slots(problems, min(slots, len(problems)) or 1, opened)


def _is_random(judge: Judge, problem: Problem) -> bool:
    if problem.reference is None:
        return False
    try:
        judgement = judge.hidden(_hidden_tests(problem), problem.reference)
    except InfrastructureError:
        return False  # nobody knows
    return judgement.reason == "wrong answer" or judgement.reason.startswith("exception")


class _Judged(NamedTuple):
    """A verdict; `is_passing` if it is a failure of the judge that another try may mend."""

    sample: Sample
    verdict: Verdict
    is_passing: bool


#: A problem's samples usually follow each other; reading its record takes longer than judging one.
@functools.lru_cache(maxsize=8)
def _hidden_tests(problem: Problem) -> HiddenTests:
    return problem.hidden_tests()


def _judge(judge: Judge, profile: Profile, all_tests: bool, sample: Sample) -> _Judged:
    is_passing = False
    try:
        judgement = judge.hidden(_hidden_tests(sample.problem), sample.code, all_tests)
        found = _found(judgement)
    except InfrastructureError as error:
        found = _failed(str(error))
        is_passing = not isinstance(error, ReferenceFails)
    except OSError:
        raise  # a full disk
    except Exception as error:  # one problem must not cost the verdicts of the others
        log.exception("%s cannot be judged", sample.problem.problem_id)
        found = _failed(f"the judge failed: {type(error).__name__}: {error}")
    verdict = {
        "task_id": sample.problem.problem_id,
        "index": sample.index,
        **found,
        "profile": profile.name,
        "judge": identity(_hidden_tests(sample.problem).format),
        "key": key(sample, profile, all_tests),
    }
    return _Judged(sample, verdict, is_passing)


def _shown(text: str | None) -> str | None:
    return None if text is None else visible(text)


def _failed(reason: str) -> dict[str, Any]:
    return {"base": None, "plus": None, "outcome": "error", "reason": reason}


def _found(judgement: Judgement) -> dict[str, Any]:
    found: dict[str, Any] = {
        "base": judgement.base,
        "plus": judgement.plus,
        "outcome": "solved" if judgement.solved else "unsolved",
        "reason": visible(judgement.reason),
        "failing_input": _shown(judgement.failing_input),
        "expected": _shown(judgement.expected),
        "got": _shown(judgement.got),
        "seconds": round(judgement.seconds, 4),
        "cpu_seconds": round(judgement.cpu_seconds, 4),
        "level": judgement.level,
        "trust": judgement.trust,
    }
    if judgement.failed_base is not None:
        found |= {"failed_base": judgement.failed_base, "failed_plus": judgement.failed_plus}
    return found
