"""A review that cannot be read must never count as an approval: the paper's result rests on it."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.verdict import read_verdict


@pytest.mark.parametrize(
    ("answer", "approves", "issues"),
    [
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
    ],
)  # fmt: skip
def test_a_verdict_is_read(answer: str, approves: bool | None, issues: tuple[str, ...]) -> None:
    verdict = read_verdict(answer)
    assert (verdict.approves, verdict.issues) == (approves, issues)


def test_what_was_only_thought_is_not_quoted_to_the_coder() -> None:
    """Else a thought that was given up would be fixed, and thousands of tokens read again."""
    assert read_verdict("<think>sum is wrong?</think>An off by one.").text == "An off by one."


@given(st.text())
def test_any_text_gives_a_verdict_or_none(text: str) -> None:
    verdict = read_verdict(text)
    if "verdict" not in text.lower():
        assert verdict.approves is None


@given(st.lists(st.text(), max_size=4), st.sampled_from(["approve", "revise"]))
def test_what_the_schema_allows_is_read_exactly(issues: list[str], said: str) -> None:
    verdict = read_verdict(json.dumps({"issues": issues, "verdict": said}))
    assert verdict.issues == tuple(issues)
    assert verdict.approves is (said == "approve")
