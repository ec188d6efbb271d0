"""Judges of others, each asked about the samples that ours has judged: `--against NAME`."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from foureyes.evaluation import bigcodebench, evalplus, livecodebench
from foureyes.evaluation.cost import JudgingCost
from foureyes.evaluation.samples import Sample
from foureyes.judging.formats.bigcodebench.record import BigCodeBenchProblem
from foureyes.judging.formats.evalplus.record import EvalPlusProblem
from foureyes.judging.formats.livecodebench.record import ContestProblem
from foureyes.judging.formats.problem import Problem
from foureyes.models.errors import FoureyesError
from foureyes.models.settings import settings

#: Seconds that BigCodeBench's judge gives all tests of a program.
_BIGCODEBENCH_SECONDS = 240.0

Kind = TypeVar("Kind", bound=Problem)


@dataclass(frozen=True)
class Theirs:
    """What a judge says of each sample: a status by suite, None where it does not count.

    `faults` are problems that it is known to be wrong about, with the reason. The cost is that of all
    its processes; `peak_bytes` is None where nobody looked. `remark`: what else it took.
    """

    statuses: Sequence[Mapping[str, str | None]]
    seconds: float
    cpu_seconds: float
    peak_bytes: int | None
    faults: dict[str, str] = field(default_factory=dict)
    remark: str = ""


@dataclass(frozen=True)
class Peer:
    """A judge: its name with its version, and what it says of samples.

    `check` raises FoureyesError if it is not here or cannot judge these samples at once. `judge` gets
    the samples and how many to judge at a time; raises: InfrastructureError if it reaches no verdict.
    """

    name: str
    check: Callable[[Sequence[Sample]], None]
    judge: Callable[[Sequence[Sample], int], Theirs]


def _of(kind: type[Kind], samples: Sequence[Sample], name: str) -> list[Kind]:
    """The problem of each sample. Raises: FoureyesError if one is of another format."""
    found = []
    for sample in samples:
        if not isinstance(sample.problem, kind):
            raise FoureyesError(f"{name} judges no problem like {sample.problem.problem_id}")
        found.append(sample.problem)
    return found


def _check_evalplus(samples: Sequence[Sample]) -> None:
    evalplus.environment()
    _kind(samples)


def _kind(samples: Sequence[Sample]) -> evalplus.Kind:
    """Which of EvalPlus's rules hold: MBPP's only for its own problems, not for any of such an id."""
    of_mbpp = {problem_id.startswith("Mbpp/") for problem_id in _official(samples)}
    if True not in of_mbpp:
        return "humaneval"
    if not all(sample.problem.problem_id.startswith("Mbpp/") for sample in samples):
        raise FoureyesError("EvalPlus judges one benchmark at a time; these samples are of both")
    return "mbpp"


def _official(samples: Sequence[Sample]) -> set[str]:
    """The ids of EvalPlus's own problems that it has rules for, or faults with."""
    problems = {each.version: each for each in _of(EvalPlusProblem, samples, "EvalPlus")}
    return {each.problem_id for each in problems.values() if each.hidden_tests().official}


def _evalplus(samples: Sequence[Sample], slots: int) -> Theirs:
    records = {sample.problem.problem_id: json.loads(sample.problem.record) for sample in samples}
    found = evalplus.evaluate(
        _kind(samples),
        list(records.values()),
        [(sample.problem.problem_id, sample.code) for sample in samples],
        parallel=slots,
        cache=settings().cache / "evalplus",
    )
    official = _official(samples)
    truth = found.ground_truth_seconds
    return Theirs(
        # plus tests count only for programs that pass the base tests
        [{"base": base, "plus": plus if base == "pass" else None} for base, plus in found.verdicts],
        found.seconds,
        found.cpu_seconds,
        found.peak_bytes,
        {name: why for name, why in evalplus.FAULTS.items() if name in official},
        "" if truth is None else f"its ground truth took {truth:.1f} s more and is kept now",
    )


def _check_livecodebench(samples: Sequence[Sample]) -> None:
    _of(ContestProblem, samples, "LiveCodeBench's judge")
    livecodebench.check()


def _livecodebench(samples: Sequence[Sample], slots: int) -> Theirs:
    records = {sample.problem.problem_id: sample.problem.record for sample in samples}
    found = livecodebench.evaluate(
        list(records.values()),
        [(sample.problem.problem_id, sample.code) for sample in samples],
        parallel=slots,
    )
    statuses = [{"all": "pass" if passed else "fail"} for passed in found.passed]
    return Theirs(statuses, found.seconds, found.cpu_seconds, None)


def _check_bigcodebench(samples: Sequence[Sample]) -> None:
    _of(BigCodeBenchProblem, samples, "BigCodeBench's judge")
    bigcodebench.check()


def _bigcodebench(samples: Sequence[Sample], slots: int) -> Theirs:
    """One program at a time, whatever the slots: so its driver asks it."""
    problems = _of(BigCodeBenchProblem, samples, "BigCodeBench's judge")
    pairs = [
        bigcodebench.Pair(sample.code, json.loads(problem.record)["test"], problem.entry_point)
        for sample, problem in zip(samples, problems, strict=True)
    ]
    with JudgingCost() as cost:
        found = bigcodebench.evaluate(pairs, _BIGCODEBENCH_SECONDS)
    statuses = [{"all": "pass" if each.status == "pass" else "fail"} for each in found]
    return Theirs(statuses, cost.seconds, cost.cpu_seconds, cost.peak_bytes)


PEERS = {
    "evalplus": Peer("EvalPlus 0.3.1", _check_evalplus, _evalplus),
    "livecodebench": Peer("LiveCodeBench's judge 26.3", _check_livecodebench, _livecodebench),
    "bigcodebench": Peer("BigCodeBench 0.2.5", _check_bigcodebench, _bigcodebench),
}
