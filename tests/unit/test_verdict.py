"""A review that cannot be read must never count as an approval: the paper's result rests on it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from foureyes.models.storable import storable
from foureyes.worker.patterns.reading.verdict import read_choice, read_verdict


@pytest.mark.parametrize(
    ("answer", "approves", "issues"),
    [
        ('{"reasons": ["[] gives 0"], "verdict": "approve"}', True, ("[] gives 0",)),
        ('{"verdict": "revise", "reasons": ["off by one"]}', False, ("off by one",)),
        ('{"checks": {"usual": "wrong"}, "reasons": ["a"], "verdict": "revise"}', False, ("a",)),
        ('{"trace": ["f(2): 1, not 2"], "reasons": ["a"], "verdict": "revise"}', False, ("a",)),
        ("Verdict: revise\n\nf([]) raises an IndexError.", False, ()),
        # as reviews were asked for once, and as prompts of one's own may ask still
        ('{"issues": [], "verdict": "approve"}', True, ()),
        ('{"issues": ["off by one"], "verdict": "revise"}', False, ("off by one",)),
        ('```json\n{"issues": ["a"], "verdict": "revise"}\n```', False, ("a",)),
        ('Two bugs.\n{"verdict": "revise", "issues": ["a", "b"]} Thanks.', False, ("a", "b")),
        # the last verdict counts, and one that was only thought of does not
        ('{"verdict": "approve"} wait {"verdict": "revise"}', False, ()),
        ('<think>{"verdict": "approve"}</think>{"verdict": "revise"}', False, ()),
        ("Verdict: approve", True, ()),
        ("**Verdict**: REVISE", False, ()),
        # no verdict: cut off, unknown word, wrong type, nothing
        ('{"issues": ["cut o', None, ()),
        ('{"verdict": "fine, I guess"}', None, ()),
        ('{"verdict": ["approve"]}', None, ()),
        ('{"issues": [...], "verdict": "approve" or "revise"}', None, ()),
        ("Verdict: approve/revise", None, ()),
        ("Verdict: approve\nOr so I think.", True, ()),
        ("The code is approved of by me.", None, ()),
        ("", None, ()),
        # nor is there one in the question, said back, or in one with reservations
        ('"Verdict: revise" if there is a real bug, or "Verdict: approve" if there is none.', None, ()),
        ("Verdict: approve only if the crash is mended; as it stands, revise", None, ()),
        ("Verdict: approve\nVerdict: revise, sorry", None, ()),
        ("Verdict: approve? No, it crashes.", None, ()),
        ("Verdict: approve?", None, ()),
        ("Verdict\n- approve: no\n- revise: yes", None, ()),
        ("Verdict:\n- approve\n- revise", None, ()),
        ("I cannot give a verdict. Approved programs must not crash.", None, ()),
        # what stands inside another object is an example
        ('{"verdict": "revise", "example": {"verdict": "approve"}}', False, ()),
        ('As {"issues": [], "verdict": "approve"}:\n{"issues": ["x",], "verdict": "revise"}', False, ("x",)),
        # slips that leave no doubt
        ('{"issues": ["a",], "verdict": "Approve.",}', True, ("a",)),
        ('{"Issues": "a", "Verdict": "rejected"}', False, ("a",)),
        ('{"issues": ["cut o\n  "verdict": "revise"\n', False, ()),
        ("## Final verdict\n\n**Approve**\n", True, ()),
        ("The verdict is: __revise__.", False, ()),
        # JSON that is not quite JSON
        ("{'reasons': ['a'], 'verdict': 'revise'}", False, ()),
        ('{"reasons": ["he said "x""], "verdict": "revise"}', False, ()),
        ('{"reasons": ["a"] "verdict": "revise"}', False, ()),
        ('{"reasons": ["a\nb"], "verdict": "revise"}', False, ("a\nb",)),
        ('{"reasons": ["\\d is wrong"], "verdict": "revise"}', False, ()),
        ('{"reasons": ["a"], "verdict": "revise"', False, ()),
        ('{"verdict": "revise", "reasons": ["cut o', False, ()),
        ('{"reasons": ["a"], "verdict": "appro', None, ()),
        ('{"reasons": ["I cannot say "verdict": "approve" here', None, ()),
        # what follows an object that can be read counts, whether or not it can be read
        ('As {"verdict": "approve"}.\n{"reasons": ["x], "verdict": "revise"}', False, ()),
        ('{"verdict": "approve"}\n{"verdict": "revi', None, ()),
        ('{"reasons": ["a"], "verdict": "approve"}\nVerdict: revise', False, ()),
        ('{"reasons": ["a"], "verdict": "revise"}\nThe verdict is due to a.', False, ("a",)),
        # Postgres cannot hold what JSON can
        (r'{"issues": ["\u0000 \ud800"], "verdict": "revise"}', False, ("\ufffd ?",)),
    ],
)  # fmt: skip
def test_a_verdict_is_read(answer: str, approves: bool | None, issues: tuple[str, ...]) -> None:
    verdict = read_verdict(answer)
    assert (verdict.approves, verdict.issues) == (approves, issues)


def test_what_was_only_thought_is_not_quoted_to_the_coder() -> None:
    """Else a thought that was given up would be fixed, and thousands of tokens read again."""
    assert read_verdict("<think>sum is wrong?</think>An off by one.").text == "An off by one."


@pytest.mark.parametrize(
    ("answer", "choice"),
    [
        ('{"reason": "A is slow", "choice": "B"}', "B"),
        ('{"choice": "Program A"}', "A"),
        ("My choice: B.", "B"),
        ('{"choice": "A" or "B"}', None),
        ("A choice between A and B is hard", None),
    ],
)
def test_a_choice_is_read(answer: str, choice: str | None) -> None:
    assert read_choice(answer) == choice


@given(st.text())
def test_any_text_gives_a_verdict_or_none(text: str) -> None:
    verdict = read_verdict(text)
    if "verdict" not in text.lower():
        assert verdict.approves is None


def test_an_answer_of_braces_does_not_hold_the_worker() -> None:
    """Were each brace looked at from each other, this would end at the limit of all tests' time."""
    assert read_verdict("{" * 4_000_000).approves is None
    assert read_verdict('{"a":' * 800_000).approves is None
    assert read_verdict("verdict: approve " + "|" * 4_000_000).approves is True


@given(st.lists(st.text(), max_size=4), st.sampled_from(["approve", "revise"]))
def test_what_the_schema_allows_is_read_exactly(reasons: list[str], said: str) -> None:
    verdict = read_verdict(json.dumps({"reasons": reasons, "verdict": said}))
    assert verdict.issues == tuple(map(storable, reasons))
    assert verdict.approves is (said == "approve")
