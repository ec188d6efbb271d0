"""A plan is kept so that nobody can look first: if one of these fails, what was planned is judged otherwise."""

import dataclasses
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from foureyes.models.analysis_plan import AnalysisPlan
from foureyes.results.figures.plans import KeptPlan
from foureyes.results.figures.primary import (
    NOT_SHOWN,
    NOT_YET,
    NOTHING,
    OPPOSITE,
    SHOWN,
    Primary,
    decided,
    exploratory,
    primary_comparisons,
)
from foureyes.results.figures.scoreboard import Scoreboard
from foureyes.results.report import formats, plans, sentences
from tests.boards import board, group

#: Of sixty problems: solved by all but the first twenty, by all but the first nineteen and the last, by all.
WEAK, ALIKE, STRONG = ["0"] * 20 + ["1"] * 40, ["0"] * 19 + ["1"] * 40 + ["0"], ["1"] * 60


def kept(ended: int = 0, is_whole: bool = True, **content: Any) -> KeptPlan:
    plan = AnalysisPlan.model_validate(content)
    return KeptPlan(
        plan, "0123456789abcdef", ended, 60, datetime(2026, 11, 29, tzinfo=UTC), is_whole
    )


def of(*made: KeptPlan, **runs: list[str]) -> Scoreboard:
    """A board of these runs, by pattern, with plans."""
    return dataclasses.replace(board(group(1, "b", **runs)), plans=made)


def came(claim: str, **runs: list[str]) -> Primary:
    """What came of a claim."""
    plan = kept(primary=[claim], equivalence=15)
    (found,) = primary_comparisons(plan.plan, of(plan, **runs))
    return found


@pytest.mark.parametrize(
    ("claim", "verdict"),
    [
        ("good > raw-coder", SHOWN), ("raw-coder > good", OPPOSITE), ("same > raw-coder", NOT_SHOWN),
        ("same = raw-coder", SHOWN), ("good = raw-coder", OPPOSITE),
        ("good >= raw-coder", SHOWN), ("same >= raw-coder", SHOWN), ("raw-coder >= good", OPPOSITE),
    ],
)  # fmt: skip
def test_a_claim_is_shown_or_not(claim: str, verdict: str) -> None:
    assert came(claim, raw_coder=WEAK, same=ALIKE, good=STRONG).verdict == verdict


def test_equality_takes_evidence_too() -> None:
    """Of six problems nothing is known: no evidence of a difference is no evidence of none."""
    assert came("same = raw-coder", raw_coder=["1"] * 6, same=["1"] * 6).verdict == NOT_SHOWN


def test_nothing_is_said_before_all_have_ended() -> None:
    """Who may stop at a moment of his choice shows anything."""
    assert came("good > raw-coder", raw_coder=WEAK, good=[*STRONG[1:], "-"]).verdict == NOT_YET
    assert came("good > raw-coder", raw_coder=["e"] * 9, good=["1"] * 9).verdict == NOTHING
    cancelled = came("good > raw-coder", raw_coder=WEAK, good=[*STRONG[1:], "c"])
    assert cancelled.verdict == NOT_YET


def test_all_benchmarks_may_be_one_test() -> None:
    """On neither of two is there evidence, on both together there is; each problem counts once."""
    runs = {"raw_coder": ["0"] * 4 + ["1"] * 6, "good": ["1"] * 10}
    first, second = group(1, "b", tests=None, **runs), group(5, "c", tests=None, **runs)
    for benchmarks, verdicts in (("each", [NOT_SHOWN] * 2), ("together", [SHOWN])):
        plan = kept(primary=["good > raw-coder"], benchmarks=benchmarks)
        both = dataclasses.replace(board(first, second), plans=(plan,))
        assert [each.verdict for each in primary_comparisons(plan.plan, both)] == verdicts


def test_a_plan_that_stops_is_looked_at_at_any_time() -> None:
    """And of what every claim has decided no more is asked; a claim that is open keeps both of its runs."""
    open_, done = ["0"] * 12 + ["-"] * 8, ["1"] * 12 + ["-"] * 8
    plan = kept(primary=["good > raw-coder", "same > raw-coder"], stop="sequential")
    runs = {"raw_coder": open_, "good": done, "same": open_, "other": open_}
    here = dataclasses.replace(board(group(1, "b", **runs), stops=True), plans=(plan,))
    found = primary_comparisons(plan.plan, here)
    assert [each.verdict for each in found] == [SHOWN, NOT_YET]
    assert found[0].p == pytest.approx(2 * found[0].comparison.p)
    assert decided(here) == [2]
    shorter = kept(primary=["good > raw-coder"], stop="sequential")
    assert decided(dataclasses.replace(here, plans=(shorter,))) == [1, 2]
    assert decided(dataclasses.replace(here, plans=(shorter, plan))) == [2]


def test_a_family_is_that_of_the_plan() -> None:
    """On each of two benchmarks six flips, all for the better: evidence of one question, and not of two."""
    runs = {"raw_coder": ["0"] * 6 + ["1"] * 6, "good": ["1"] * 12}
    groups = group(1, "b", **runs), group(5, "c", **runs)
    for family, verdict, number in (("sweep", NOT_SHOWN, 2), ("benchmark", SHOWN, 1)):
        plan = kept(primary=["good > raw-coder"], family=family)
        found = primary_comparisons(plan.plan, dataclasses.replace(board(*groups), plans=(plan,)))
        assert [(each.benchmark, each.verdict, each.family) for each in found] == [
            ("b", verdict, number), ("c", verdict, number),
        ]  # fmt: skip


def test_claims_of_equality_are_of_the_family_too() -> None:
    runs = {"raw_coder": ["0"] * 6 + ["1"] * 6, "good": ["1"] * 12}
    for claims, verdict in (
        (["good > raw-coder"], SHOWN),
        (["good > raw-coder", "good = raw-coder"], NOT_SHOWN),
    ):
        plan = kept(primary=claims, equivalence=3)
        assert primary_comparisons(plan.plan, of(plan, **runs))[0].verdict == verdict


def test_the_level_is_that_of_the_plan() -> None:
    runs = {"raw_coder": ["0"] * 6 + ["1"] * 6, "good": ["1"] * 12}
    for alpha, verdict in ((0.05, SHOWN), (0.02, NOT_SHOWN)):
        plan = kept(primary=["good > raw-coder"], alpha=alpha)
        (found,) = primary_comparisons(plan.plan, of(plan, **runs))
        assert found.verdict == verdict


def test_what_no_plan_names_is_exploratory() -> None:
    runs = {"raw_coder": WEAK, "good": STRONG, "best": STRONG}
    ahead = kept(primary=["good > raw-coder"])
    assert exploratory(of(**runs)) == frozenset()
    assert exploratory(of(ahead, **runs)) == {3}
    late, changed = (
        kept(primary=["best > raw-coder"], ended=9),
        kept(primary=["best > raw-coder"], is_whole=False),
    )
    for other in (late, changed):
        assert exploratory(of(ahead, other, **runs)) == {3}
        assert exploratory(of(other, **runs)) == {2, 3}
    found = of(ahead, late, **runs)
    assert "Better than raw-coder: good, best (exploratory)." in sentences.of_group(
        found, found.groups[0]
    )
    written = formats.to_markdown(found)
    assert "better (exploratory)" in written
    assert "made before any attempt had ended" in written
    assert "when 9 of 60 attempts had ended: it is no prediction" in written
    first, second = plans.to_json(found)
    assert (first["ended"], second["ended"]) == (0, 9)
    assert first["primary"][0]["claim"] == "good > raw-coder"
    assert "its hash is that of another" in plans.shown(of(changed, **runs))[0].said


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ({"primary": []}, "at least 1 item"),
        ({"primary": ["a"]}, "'a' is no claim: write \"A > B\""),
        ({"primary": ["a>b"]}, "is no claim"),
        ({"primary": ["a < b"]}, "is no claim"),
        ({"primary": ["a > a"]}, "compares a pattern with itself"),
        ({"primary": ["a > b", "a  >  b"]}, "'a > b' is there twice"),
        ({"primary": ["a = b"]}, "'a = b' needs a margin: write equivalence = 3"),
        ({"primary": ["a > b"], "stop": True}, "'fixed' or 'sequential'"),
        (
            {"primary": ["a > b"], "family": "benchmark", "benchmarks": "together"},
            "asks for benchmarks that are tested each",
        ),
        ({"primary": ["a > b"], "family": "team"}, "'sweep' or 'benchmark'"),
        ({"primary": ["a > b"], "alpha": 0}, "greater than 0"),
    ],
)
def test_a_plan_that_says_nothing_is_refused(content: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError) as refused:
        AnalysisPlan.model_validate(content)
    assert said in str(refused.value)


def test_options_of_patterns_are_no_claim_of_equality() -> None:
    plan = AnalysisPlan(primary=["retry(retries=1, deep=True) > retry(retries=3)"])
    (claim,) = plan.claims
    assert (claim.pattern, claim.other) == ("retry(retries=1, deep=True)", "retry(retries=3)")
