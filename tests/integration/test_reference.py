"""If this fails, docs/reference says what the code does not: `make reference` writes it anew."""

import pytest

from scripts import reference


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", reference.PAGES)
def test_the_reference_says_what_the_code_says(name: str) -> None:
    assert (reference.FOLDER / name).read_text() == reference.page(name)
