"""Counts and thresholds: exactly at the boundary, one before it, one after it."""

from __future__ import annotations

from decimal import Decimal

import pytest

from mcur.playbooks.counting import (
    Op,
    Scope,
    by_object,
    grown,
    index_over,
    object_of,
    over,
    shares,
)
from tests.playbooks.hand_made import some


@pytest.mark.parametrize(
    ("count", "op", "limit", "fires"),
    [
        (10, "gt", 10, False),
        (11, "gt", 10, True),
        (20, "gt", 20, False),
        (21, "gt", 20, True),
        (10, "gte", 10, True),
        (9, "gte", 10, False),
        (0, "gt", 0, False),
    ],
)
def test_more_than_ten_begins_with_eleven(count: int, op: Op, limit: int, *, fires: bool) -> None:
    """«Более 10» is 11, «более 20» is 21."""
    assert over(count, op, limit) is fires


@pytest.mark.parametrize(
    ("before", "now", "op", "percent", "fires"),
    [
        (40, 51, "gte", 30, False),
        (40, 52, "gte", 30, True),
        (40, 52, "gt", 30, False),
        (40, 53, "gt", 30, True),
        (50, 55, "gt", 10, False),
        (50, 56, "gt", 10, True),
        (50, 55, "gte", 10, True),
        (3, 4, "gte", 30, True),
        (3, 3, "gte", 30, False),
        (10**9, 13 * 10**8, "gte", 30, True),
        (10**9, 13 * 10**8 - 1, "gte", 30, False),
    ],
)
def test_growth_is_compared_without_fractions(
    before: int, now: int, op: Op, percent: int, *, fires: bool
) -> None:
    """40 to 52 is exactly 30 %, 50 to 55 exactly 10 %."""
    assert grown(now, before, op, percent) is fires


@pytest.mark.parametrize(
    ("index", "decimals", "fires"),
    [
        ("2.99", 2, False),
        ("3.00", 2, False),
        ("3.004", 2, False),
        ("3.0049999", 2, False),
        ("3.005", 2, True),
        ("3.01", 2, True),
        ("3.004", -1, True),
        ("3.000", -1, False),
        ("3.4", 0, False),
        ("3.5", 0, True),
    ],
)
def test_an_index_is_rounded_half_up_before_it_is_compared(
    index: str, decimals: int, *, fires: bool
) -> None:
    """3.005 is 3.01 and over 3.00; -1 leaves the index as the heat map printed it."""
    assert index_over(Decimal(index), "gt", Decimal("3.00"), decimals) is fires


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("total", {"Руза": 5, "": 4}),
        ("category", {"МКД": 7}),
        ("subcategory", {"Тепло": 3, "Вода": 2}),
        ("address", {"руза, солнцева, 5": 3}),
        ("block", {}),
    ],
)
def test_what_has_no_object_takes_no_part(scope: Scope, expected: dict[str, int]) -> None:
    """A row without an address is not at the address «»; only a total takes everything."""
    tallies = [
        some(
            3,
            municipality="Руза",
            category="МКД",
            subcategory="Тепло",
            house="руза, солнцева, 5",
        ),
        some(2, municipality="Руза", subcategory="Вода"),
        some(4, category="МКД"),
    ]

    assert by_object(tallies, scope) == expected


def test_shares_begin_with_the_largest() -> None:
    """«757 из 935: ОНФ» stands before the rest; what is untold is a share too."""
    tallies = [
        some(178, source="eds", subcategory=None),
        some(700, source="onf", subcategory="Полигон"),
        some(57, source="onf", subcategory="Вывоз"),
    ]

    assert shares(tallies, "source") == [("onf", 757), ("eds", 178)]
    assert shares(tallies, "subcategory") == [("Полигон", 700), ("", 178), ("Вывоз", 57)]
    assert object_of(tallies[0], "subcategory") is None
