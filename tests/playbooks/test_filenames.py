"""Names of files go through one text and come back whole."""

from __future__ import annotations

import pytest
from hypothesis import given, strategies as st

from mcur.playbooks.filenames import joined, parted


@given(st.lists(st.text(min_size=1).map(str.strip).filter(bool)))
def test_names_come_back_as_they_were(names: list[str]) -> None:
    """Commas, brackets and quotes in a name included."""
    assert parted(joined(names)) == tuple(names)


@pytest.mark.parametrize(
    ("said", "names"),
    [
        ("фото.jpg", ("фото.jpg",)),
        ("фото.jpg,акт.pdf , ", ("фото.jpg", "акт.pdf")),
        ("[1] акт.pdf, фото.jpg", ("[1] акт.pdf", "фото.jpg")),
        ("[1, 2]", ("[1", "2]")),
        ("", ()),
    ],
)
def test_what_a_person_wrote_is_read(said: str, names: tuple[str, ...]) -> None:
    """With commas between, and a bracket at the beginning is no mark of ours."""
    assert parted(said) == names
