"""The first table of a report is what is looked at: its order and its best must be those of the scores."""

from typing import Any

from foureyes.results.figures.matrix import Matrix, matrix
from tests.boards import board, group


def made(*groups: Any) -> Matrix:
    return matrix(board(*groups))


def test_patterns_stand_in_the_order_of_their_mean_over_the_columns() -> None:
    found = made(
        group(1, "one", raw_coder=list("1000"), debate=list("1110"), retry=list("1100")),
        group(11, "other", raw_coder=list("11"), debate=list("00"), retry=list("10")),
    )
    assert found.columns == ("one", "other")
    assert [(row.pattern, row.overall) for row in found.rows] == [
        ("raw-coder", 0.625), ("retry", 0.5), ("debate", 0.375),
    ]  # fmt: skip
    assert found.best == 0.625
    best = [[cell and cell.is_best for cell in row.cells] for row in found.rows]
    assert best == [[False, True], [False, False], [True, False]]
    assert [cell and cell.is_baseline for cell in found.rows[0].cells] == [True, True]
    assert found.rows[1].cells[0] and found.rows[1].cells[0].comparison


def test_a_mean_of_fewer_columns_is_no_score_beside_the_others() -> None:
    """Else whoever ran on the easy benchmark alone leads."""
    found = made(
        group(1, "easy", raw_coder=list("11"), debate=list("11"), retry=list("11")),
        group(11, "hard", raw_coder=list("10"), debate=list("00"), retry=list("ee")),
        group(21, "more", raw_coder=list("00"), debate=list("00")),
    )
    assert [(row.pattern, row.overall, row.columns) for row in found.rows] == [
        ("raw-coder", 0.5, 3), ("debate", 1 / 3, 3), ("retry", 1.0, 1),
    ]  # fmt: skip
    assert found.best == 0.5
    assert found.rows[2].cells[2] is None


def test_where_nothing_is_solved_nobody_is_best() -> None:
    found = made(group(1, "b", raw_coder=list("00"), debate=list("00")))
    assert found.best is None
    assert not any(cell.is_best for row in found.rows for cell in row.cells if cell)
    alone = made(group(1, "b", raw_coder=list("10")))
    assert alone.best is None  # of one alone, neither


def test_equals_are_best_together() -> None:
    found = made(group(1, "b", raw_coder=list("10"), debate=list("01"), retry=list("00")))
    assert [cell.is_best for row in found.rows for cell in row.cells if cell] == [True, True, False]
