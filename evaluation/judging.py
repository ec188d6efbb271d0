"""Judges many samples in several slots; verdicts come as they are ready."""

import functools
import hashlib
import json
import queue
import threading
from collections.abc import Generator, Iterable
from typing import Any

from evaluation.journal import Verdict
from evaluation.samples import Sample
from models.benchmark import Problem
from models.errors import InfrastructureError
from models.problem import Judgement
from worker.sandbox.judge import JUDGE_VERSION, Judge
from worker.sandbox.profiles import Profile

#: Seconds that a slot may take to finish its program once nobody wants verdicts any more.
_PATIENCE = 2.0


def key(sample: Sample, profile: Profile, all_tests: bool) -> str:
    """What identifies the judging of a program: everything that its verdict depends on."""
    parts = [JUDGE_VERSION, profile.name, all_tests, sample.problem.version, sample.code]
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def judge_all(
    samples: Iterable[Sample], profile: Profile, slots: int, all_tests: bool
) -> Generator[Verdict, None, None]:
    """A verdict for each sample, in the order in which they are ready.

    Samples are taken only as slots become free, so there may be any number of them. Ends its
    sandboxes when it ends or is closed.
    """
    source = _Source(samples)
    verdicts: queue.SimpleQueue[Verdict | Exception | None] = queue.SimpleQueue()

    def work(slot: int) -> None:
        judge = Judge(slot, profile)
        try:
            while (sample := source.next()) is not None:
                verdicts.put(_verdict(judge, sample, profile, all_tests))
        except Exception as error:  # a thread's exception would reach nobody
            verdicts.put(error)
        finally:
            judge.close()
            verdicts.put(None)

    threads = [threading.Thread(target=work, args=(slot,), daemon=True) for slot in range(slots)]
    for thread in threads:
        thread.start()
    working = slots
    try:
        while working:
            verdict = verdicts.get()
            if isinstance(verdict, Exception):
                raise verdict
            if verdict is None:
                working -= 1
            else:
                yield verdict
    finally:
        source.close()
        for thread in threads:
            thread.join(_PATIENCE)


class _Source:
    """Hands out samples to several threads."""

    def __init__(self, samples: Iterable[Sample]) -> None:
        self._samples = iter(samples)
        self._lock = threading.Lock()
        self._closed = False

    def next(self) -> Sample | None:
        with self._lock:
            return None if self._closed else next(self._samples, None)

    def close(self) -> None:
        with self._lock:
            self._closed = True


#: A problem's samples usually follow each other; reading its record takes longer than judging one.
_hidden_tests = functools.lru_cache(maxsize=8)(Problem.hidden_tests)


def _verdict(judge: Judge, sample: Sample, profile: Profile, all_tests: bool) -> Verdict:
    try:
        judgement = judge.hidden(_hidden_tests(sample.problem), sample.code, all_tests)
        found = _found(judgement)
    except InfrastructureError as error:
        found = {"base": None, "plus": None, "outcome": "error", "reason": str(error)}
    return {
        "task_id": sample.problem.problem_id,
        "index": sample.index,
        **found,
        "profile": profile.name,
        "key": key(sample, profile, all_tests),
    }


def _found(judgement: Judgement) -> dict[str, Any]:
    found: dict[str, Any] = {
        "base": judgement.base,
        "plus": judgement.plus,
        "outcome": "solved" if judgement.solved else "unsolved",
        "reason": judgement.reason,
        "failing_input": judgement.failing_input,
        "seconds": round(judgement.seconds, 4),
        "cpu_seconds": round(judgement.cpu_seconds, 4),
        "level": judgement.level,
    }
    if judgement.failed_base is not None:
        found |= {"failed_base": judgement.failed_base, "failed_plus": judgement.failed_plus}
    return found
