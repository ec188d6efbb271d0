"""A sentence of a report is what people repeat: one that speaks of what nobody saw is a false finding."""

from typing import Any

import pytest

from foureyes.results.figures.scoreboard import Ending
from foureyes.results.report import formats, sentences
from tests.boards import board, group

DEFAULT: dict[str, Any] = {"prompts": "default", "thinking": None, "review_format": "json"}
TERSE = DEFAULT | {"prompts": "terse"}


def said(*groups: Any, **more: Any) -> str:
    return "\n".join(formats.said(board(*groups, **more)))


@pytest.mark.parametrize(
    ("reviews", "claims"),
    [
        # reviewed, with a verdict, changes asked for
        ((0, 0, 0), []),  # every review failed, or there are none
        ((4, 0, 0), ["no verdict that could be read: review-then-fix 4 of 4"]),
        ((4, 3, 0), ["never asked for a change: review-then-fix (in 3 attempts)", "could be read: review-then-fix 1 of 4"]),
        ((4, 4, 0), ["never asked for a change: review-then-fix (in 4 attempts)"]),
        ((4, 4, 1), ["asked for changes: review-then-fix 25%"]),
        ((4, 2, 1), ["asked for changes: review-then-fix 50%", "could be read: review-then-fix 2 of 4"]),
    ],
)  # fmt: skip
def test_nothing_is_said_of_a_reviewer_whose_reviews_nobody_could_read(
    reviews: tuple[int, int, int], claims: list[str]
) -> None:
    told = said(
        group(1, "b", raw_coder=list("1100"), review_then_fix=list("11e0"),
              reviews={"review_then_fix": reviews})
    )  # fmt: skip
    for claim in claims:
        assert claim in told
    for claim in ("never asked for a change", "asked for changes", "could be read"):
        assert (claim in told) == any(claim in each for each in claims), told


def test_nothing_is_said_of_patterns_of_which_nothing_was_judged() -> None:
    """Else one pattern that ran stands for all that did not."""
    told = said(
        group(1, "b", raw_coder=list("1100"), debate=list("1010"), tests_first=list("ee--"))
    )
    assert "No evidence of a difference between raw-coder and debate." in told
    assert "any other pattern" not in told
    told = said(
        group(1, "b", raw_coder=list("1100"), debate=list("1010"), tests_first=list("0110"))
    )
    assert "between raw-coder and any other pattern" in told


@pytest.mark.parametrize(
    ("patterns", "named"),
    [(11, "p7, p8, p9 or p10."), (12, "p8, p9 or 2 others."), (23, "p8, p9 or 13 others.")],
)
def test_of_many_patterns_some_are_named(patterns: int, named: str) -> None:
    """One that failed keeps them from being called all, and a sweep of the whole catalogue had a sentence of
    forty names."""
    runs = {f"p{number}": list("1010") for number in range(patterns)}
    told = said(group(1, "b", raw_coder=list("1100"), failed=list("eeee"), **runs))
    assert "No evidence of a difference between raw-coder and p0, p1, p2, p3, " in told
    assert named in told


@pytest.mark.parametrize(
    ("baseline", "runs", "told"),
    [
        # six that differ: none at the first of three steps, and 6 to 0 would be at the last
        ("0" * 19 + "1", {"debate": "1" * 20, "retry": "1" * 20, "review": "1" * 5 + "0" * 15},
         "They differ on so few problems that no split of them would have been evidence at the first step of the correction."),
        ("0" * 20, {"debate": "1" * 20, "retry": "1" * 20, "review": "1" * 5 + "0" * 15},
         "They differ on so few problems that no split of them would have been evidence."),
        ("0" * 15 + "1" * 5, {"debate": "1" * 5 + "0" * 15, "review": "1" * 3 + "0" * 12 + "1" * 5},
         "one time in five. With review so few problems differ that no split of them would have been evidence."),
    ],
    ids=["at the first step", "never", "one of two"],
)  # fmt: skip
def test_what_could_have_been_evidence_is_told_of_each(
    baseline: str, runs: dict[str, str], told: str
) -> None:
    """The same runs with six gains of review are called better: some split was evidence."""
    letters = {name: list(word) for name, word in ({"raw_coder": baseline} | runs).items()}
    assert told in said(group(1, "b", **letters))


def test_a_baseline_without_a_verdict_is_said_to_have_none() -> None:
    told = said(group(1, "b", raw_coder=list("eeee"), debate=list("1111")))
    assert (
        "Nothing is compared with a baseline of which no attempt was judged: raw-coder on b."
        in told
    )
    assert "evidence" not in told and "Better" not in told


@pytest.mark.parametrize("letters", ["eeee", "cccc"])
def test_a_sweep_in_which_nothing_was_judged_says_that_first(letters: str) -> None:
    found = board(group(1, "b", raw_coder=list(letters), debate=list(letters)))
    assert sentences.of_sweep(found)[0].startswith("No attempt was judged: nothing here is known")
    told = "\n".join(formats.said(found))
    assert "evidence" not in told and "never asked" not in told and "costs" not in told


def test_refusals_are_told_and_count_as_not_solved() -> None:
    found = board(group(1, "b", raw_coder=list("1rr0"), debate=list("1111")))
    score = found.scores[0]
    assert (score.n, score.solved, score.refused, score.pass_1) == (4, 1, 2, 0.25)
    assert found.comparisons[2].improved == 3 and found.comparisons[2].missing == 0
    assert "2 attempts ended in a refusal" in "\n".join(sentences.of_sweep(found))
    assert "They count as not solved" in "\n".join(sentences.of_sweep(found))
    assert "refusal" not in said(group(1, "b", raw_coder=list("1100")))


@pytest.mark.parametrize(
    ("endings", "claims"),
    [
        ([Ending("c", "draft", "stop", 9, 0)], []),
        ([Ending("c", "draft", "stop", 5, 0), Ending("c", "draft", "length", 4, 0)],
         ["4 of 9 answers of c were cut off (finish reason length): raise `sampling.max_tokens`, or give"]),
        ([Ending("c", "draft", "stop", 5, 0), Ending("c", "draft", "length", 1, 0), Ending("c", "plan", "length", 3, 0),
          Ending("c", "plan", "stop", 1, 0)],
         ["4 of 10 answers of c were cut off (finish reason length; draft 1 of 6, plan 3 of 4): raise"]),
        ([Ending("c", "draft", "length", 4, 3)],
         ["4 of 4 answers of c were cut off", "3 of them within their thoughts", "raise `sampling.max_tokens`, or turn `thinking` off"]),
        ([Ending("c", "draft", "stop", 9, 2)],
         ["2 of 9 answers of c came to their end with thoughts and nothing else: turn `thinking` off"]),
        ([Ending("r", "review", "refused", 1, 0), Ending("r", "review", "prompt_too_long", 2, 0)],
         ["1 of 3 answers of r is a refusal, of it", "2 of 3 answers of r never began", "a larger one"]),
    ],
)  # fmt: skip
def test_answers_that_are_none_are_counted_with_what_to_do(
    endings: list[Ending], claims: list[str]
) -> None:
    told = said(group(1, "b", raw_coder=list("1100")), endings=endings)
    for claim in claims:
        assert claim in told
    for claim in ("cut off", "thoughts", "a refusal", "never began"):
        assert (claim in told) == any(claim in each for each in claims), told


def test_errors_that_a_retry_took_away_meanwhile_are_told_without_a_reason() -> None:
    told = said(group(1, "b", raw_coder=list("1e")), failures=[])
    assert "Most often: no reason given. `foureyes retry 1`" in told


def test_errors_bound_what_pass_at_1_would_be() -> None:
    """Else a sweep in which only errors are wrong shows 100 % and no doubt."""
    told = said(group(1, "b", raw_coder=list("11e1")))
    assert "Were they all wrong, or all right, pass@1 would be 75% to 100% for raw-coder on" in told
    assert "would be" not in said(group(1, "b", raw_coder=list("1100")))


def test_what_a_server_said_is_told_in_whole_words() -> None:
    """Else the part of a message that says what to do is what is cut."""
    words = "the model's context of 4096 tokens is smaller than what was asked for: " + "word " * 30
    told = said(
        group(1, "b", raw_coder=list("1e")), failures=[(f"{words}set max_tokens\nto 512", 1)]
    )
    assert f"Most often: {words}set max_tokens to 512. `foureyes retry" in told
    told = said(
        group(1, "b", raw_coder=list("1e")), failures=[("longword" * 10 + " word" * 900, 1)]
    )
    assert "word word ... (v_errors has all of it)" in told
    assert len(told) < 1500


RUNS: dict[str, Any] = {
    "raw_coder": list("0000000"),
    "raw_coder(prompts=terse)": list("1111111"),
    "review_then_fix": list("1111110"),
    "review_then_fix(prompts=terse)": list("1111110"),
}
OPTIONS = {name: TERSE if "terse" in name else DEFAULT for name in RUNS}


def test_each_variant_of_prompts_is_compared_with_the_baseline_of_its_own() -> None:
    """Else the templates are taken for the pattern: these reviews gain nothing where prompts are terse."""
    found = board(group(1, "b", options=OPTIONS, **RUNS))
    assert found.baselines == {1: 1, 2: 2, 3: 1, 4: 2}
    compared = {run: (c.baseline_run_id, c.improved, c.regressed) for run, c in found.comparisons.items()}  # fmt: skip
    assert compared == {3: (1, 6, 0), 4: (2, 0, 1)}
    told = "\n".join(formats.said(found))
    assert (
        "Each pattern is compared with the raw-coder that has the same prompts, thinking and extraction."
        in told
    )


@pytest.mark.parametrize("asked", ["raw-coder", "raw-coder(prompts=terse)"])
def test_whichever_baseline_is_named_each_variant_has_its_own(asked: str) -> None:
    found = board(group(1, "b", options=OPTIONS, **RUNS), baseline=asked)
    assert found.baselines == {1: 1, 2: 2, 3: 1, 4: 2}


def test_a_variant_without_a_baseline_of_its_own_is_compared_with_nothing() -> None:
    runs = {name: letters for name, letters in RUNS.items() if name != "raw_coder(prompts=terse)"}
    found = board(group(1, "b", options=OPTIONS, **runs))
    assert set(found.comparisons) == {2}
    told = "\n".join(formats.said(found))
    assert "Compared with nothing, as no raw-coder has the same prompts, thinking and extraction: review-then-fix(prompts=terse)." in told  # fmt: skip


@pytest.mark.parametrize("asked", ["retry(rounds=3)", "retry(rounds=3, prompts=terse)"])
def test_a_baseline_with_options_of_its_own_is_named_with_them(asked: str) -> None:
    """Else no retry is said to have the prompts that one beside it has."""
    runs: dict[str, Any] = {
        asked: list("00"),
        "retry": list("00"),
        "debate(thinking=True)": list("11"),
    }
    options = {
        asked: TERSE | {"rounds": 3},
        "retry": DEFAULT,
        "debate(thinking=True)": DEFAULT | {"thinking": True},
    }
    told = said(group(1, "b", options=options, **runs), baseline=asked)
    assert "compared with the retry(rounds=3) that has the same prompts" in told
    assert (
        "as no retry(rounds=3) has the same prompts, thinking and extraction: retry, debate(thinking=True)."
        in told
    )


def test_how_reviews_are_written_needs_no_baseline_of_its_own() -> None:
    """A raw coder has no reviews."""
    text = DEFAULT | {"review_format": "text"}
    found = board(
        group(1, "b", options={"raw_coder": DEFAULT, "review_then_fix(review_format=text)": text},
              raw_coder=list("00"), **{"review_then_fix(review_format=text)": list("11")})
    )  # fmt: skip
    assert found.baselines == {1: 1, 2: 1}


def test_review_against_planning_is_asked_within_each_style() -> None:
    runs: dict[str, Any] = {
        "plan_then_code": list("0000"), "review_then_fix": list("1100"),
        "plan_then_code(prompts=terse)": list("1111"), "review_then_fix(prompts=terse)": list("1000"),
    }  # fmt: skip
    options = {name: TERSE if "terse" in name else DEFAULT for name in runs}
    found = sentences.review_against_plan(board(group(1, "b", options=options, **runs)))
    assert [(name, each.improved, each.regressed) for name, each in found] == [
        ("b", 2, 0), ("b (prompts=terse)", 0, 3)
    ]  # fmt: skip


def test_a_report_of_a_sweep_that_runs_says_that_looking_is_not_stopping() -> None:
    """Who stops at the first small p-value finds one between equal patterns in every third sweep."""
    running = group(1, "b", raw_coder=list("11-"), debate=list("00-"))
    assert "Looking is not stopping" in said(running)
    assert "Looking" not in said(group(1, "b", raw_coder=list("110"), debate=list("001")))
    assert "Looking" not in said(group(1, "b", raw_coder=list("11-")))
