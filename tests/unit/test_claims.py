"""If one of these fails, what an assert of a prompt expects is sent to where the program can see it, or
is held against the program otherwise than Python would."""

import pytest

from foureyes.judging.visible.claims import claim


@pytest.mark.parametrize(
    ("condition", "asked", "right", "wrong"),
    [
        ("f(1) == 2", ["f(1)"], [2], [3]),
        ("2 == f(1)", ["f(1)"], [2], ["2"]),
        ("f(1) != [2]", ["f(1)"], [[3]], [[2]]),
        ("f(1) == 0.3", ["f(1)"], [0.1 + 0.2], [0.4]),  # near, as for hidden tests
        ("f(1) == 2", ["f(1)"], [2.0], [2.0000001]),  # and near only where a float is expected
        ("f(1) is True", ["f(1)"], [True], [1]),
        ("f(1) is not None", ["f(1)"], [0], [None]),
        ("f(1)", ["bool(f(1))"], [True], [False]),
        ("not f(1)", ["bool(f(1))"], [False], [True]),
        ("f(1) < 5", ["f(1)"], [4], [5]),
        ("0 <= f(1) <= 5", ["f(1)"], [5], [6]),
        ("f(1) in (1, 2)", ["f(1)"], [1], [3]),
        ("7 not in f(1)", ["f(1)"], [[6]], [[7]]),
        ("sorted(f(1)) == [1, 2]", ["sorted(f(1))"], [[1, 2]], [[2]]),
        ("abs(f(1) - 2.5) < 1e-3", ["f(1)"], [2.5001], [2.6]),
        ("abs(2.5 - f(1)) < 1e-3", ["f(1)"], [2.4999], [2.4]),
        ("__import__('math').isclose(f(1), 2.5, abs_tol=0.1)", ["f(1)"], [2.45], [2.3]),
        ("f(1) == f(2)", ["f(1)", "f(2)"], [3, 3], [3, 4]),
        ("f(1) == 1 and f(2) == 2", ["f(1)", "f(2)"], [1, 2], [1, 1]),
        ("not (f(1) == 1 and f(2) == 2)", ["f(1)", "f(2)"], [1, 1], [1, 2]),
    ],
)
def test_only_what_is_asked_for_is_sent(
    condition: str, asked: list[str], right: list[object], wrong: list[object]
) -> None:
    found = claim(f"assert {condition}", "f")
    assert found is not None and list(found.asked) == asked
    assert found.holds(right) and not found.holds(wrong)


@pytest.mark.parametrize("condition", ["f(1) == 1 or f(2) == 2", "g(1) == 2", "f(1) == g(2)"])
def test_what_only_running_tells_is_left_as_it_is(condition: str) -> None:
    assert claim(f"assert {condition}", "f") is None


def test_what_python_cannot_compare_is_an_error_of_the_program() -> None:
    found = claim("assert f(1) < 5", "f")
    assert found is not None
    with pytest.raises(TypeError):
        found.holds(["4"])
