"""If one of these fails, docs/judge.md does not say what becomes of a program that uses this or that."""

import pytest

from foureyes.evaluation import evalplus
from foureyes.judging import profiles
from foureyes.models.enums import Level
from foureyes.models.errors import FoureyesError
from tests.parity import uses

pytestmark = pytest.mark.usefixtures("judging_home")

#: Level B has no place to write.
WRITE = {
    "`open`, to write and to read",
    "`tempfile.TemporaryDirectory`",
    "`tempfile.NamedTemporaryFile`",
}
#: As numpy compares them: in the bits of the shorter.
FEW_BITS = {
    ("`0.3`", "`np.float16(0.3)`"),
    ("`{'a': 0.3}`", "`{'a': np.float32(0.3)}`"),
}
#: Where the profile with EvalPlus's name says something else, and docs/judge.md says why.
OTHERWISE = {
    ("a socket",),
    ("`float('nan')`", "`float('inf') - float('inf')`"),
    ("`[float('nan')]`", "`[np.float64('nan')]`"),
    ("`0.3`", "`np.float32(0.3)`"),
    *FEW_BITS,
    ("`1`", "`type('Always', (), {'__eq__': lambda self, other: True})()`"),
}

said = uses.columns_of(uses.PAGE.read_text())
cases = uses.cases()


def differing(found: list[bool], column: str) -> list[tuple[str, ...]]:
    return [
        case.name
        for case, one, other in zip(cases, found, said[column], strict=True)
        if one != other
    ]


@pytest.mark.timeout(600)
def test_plain_python_does_as_the_page_says() -> None:
    assert differing([uses.in_python(case) for case in cases], uses.PYTHON) == []


@pytest.mark.timeout(600)
@pytest.mark.parametrize("level", Level)
@pytest.mark.parametrize(
    ("profile", "column"), [(profiles.EVALPLUS, uses.STRICT), (profiles.DEFAULT, uses.DEFAULT)]
)
def test_the_judge_does_as_the_page_says(
    profile: profiles.Profile, column: str, level: Level
) -> None:
    names = differing(uses.here(profile, level, 32), column)
    assert not [name for name in names if level is Level.A or name[0] not in WRITE]


@pytest.mark.timeout(900)
def test_evalplus_does_as_the_page_says() -> None:
    try:
        evalplus.environment()
    except FoureyesError as error:
        pytest.skip(str(error))
    assert differing(uses.in_evalplus(), uses.THEIRS) == []


def test_the_profile_with_evalplus_s_name_does_as_evalplus() -> None:
    """Else its numbers compare with nobody's."""
    assert set(differing(said[uses.THEIRS], uses.STRICT)) == OTHERWISE


def test_by_default_what_plain_python_finds_right_is_right() -> None:
    """All but what a sandbox cannot give, what is right for want of digits, and an object that says of itself
    that it is right."""
    refused = {
        case.name
        for case, plain, ours in zip(cases, said[uses.PYTHON], said[uses.DEFAULT], strict=True)
        if plain and not ours
    }
    assert refused == {
        ("`multiprocessing.Pool`",),
        ("`ProcessPoolExecutor`",),
        ("`os.fork`",),
        ("`subprocess.run`",),
        ("a socket",),
        *FEW_BITS,
        ('what follows `if __name__ == "__main__":`',),
        ("`1`", "`type('Always', (), {'__eq__': lambda self, other: True})()`"),
    }
