"""The control that tells a review from any text: what is a fix worth that was told something else?"""

from dataclasses import replace
from typing import Literal

from foureyes.models.digest import digest
from foureyes.models.problem import Spec
from foureyes.worker.patterns import pattern
from foureyes.worker.patterns.steps import (
    CODER,
    REVIEWER,
    Draft,
    Fix,
    Program,
    Review,
    Steps,
    Verdict,
)

_CODE = """def longest_run(bits):
    best = 0
    for run in bits.split("0"):
        best = len(run)
    return best
"""
#: A program of no benchmark, with a fault in it that a review can find.
ANOTHER = Program(
    Spec(
        "another",
        'def longest_run(bits: str) -> int:\n    """Return the length of the longest run of ones."""\n',
        "longest_run",
        (),
    ),
    _CODE,
    _CODE,
)


@pattern("placebo-review")
def placebo_review(spec: Spec, of: Literal["another", "shuffled"] = "another") -> Steps:
    """Review-then-fix, but the fix is told what the reviewer said of another program, or the words of its
    review in no order.

    The review itself decides whether there is a fix, so both fix the same drafts, and only what the
    coder is told differs.
    """
    draft = yield Draft(spec, by=CODER)
    review = yield Review(draft, by=REVIEWER)
    if not review.asks_for_changes:
        return draft.code
    if of == "another":
        told = yield Review(ANOTHER, by=REVIEWER)
    else:
        told = _shuffled(review)
    fix = yield Fix(draft, told, by=CODER)
    return fix.code


def _shuffled(review: Verdict) -> Verdict:
    return replace(review, issues=tuple(map(_mixed, review.issues)), text=_mixed(review.text))


def _mixed(text: str) -> str:
    """The words of a text in an order that has nothing to do with it, and is always the same."""
    words = text.split()
    return " ".join(word for _, word in sorted((digest([text, n]), w) for n, w in enumerate(words)))
