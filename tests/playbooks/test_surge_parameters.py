"""Each value of a shipped surge has an effect: another value, another decision on the same facts."""

from __future__ import annotations

from typing import Any, cast

import pytest

from mcur.playbooks.inquiry import Facts
from mcur.playbooks.load import load
from mcur.playbooks.rules import surge, surge_shape
from mcur.playbooks.rules.base import Case
from tests.playbooks.hand_made import Known, at, some

MINE = {"category": "МКД", "block": "Энергетика"}


def growing() -> Known:
    """52 after 40, 10 of them at one house and 20 on one topic; two weeks before there were few."""
    today = [
        some(10, subcategory="Лифты", house="д. 1", origin="portal", **MINE),
        some(20, subcategory="Отопление", house="д. 2", origin="59fz", **MINE),
        some(22, **MINE),
    ]
    week = {day: [some(44, **MINE)] for day in range(2, 16)}
    return Known(counts=week | {16: [some(40, **MINE)], 17: today}, fresh={17})


def from_nothing() -> Known:
    """A day with an empty export, then a few appeals."""
    return Known(counts={17: [some(3, **MINE)]}, days_with_data={16}, fresh={17})


def indexed() -> Known:
    """An index that is 3,00 when rounded and more than that when not."""
    known = growing()
    known.index = {"мкд": "3.004"}
    return known


def averaged() -> Known:
    """No index of the heat map, and four weeks of history."""
    days = {n: [some(1, **MINE)] for n in range(1, 29)}
    return Known(counts=days | {29: [some(4, **MINE)]}, fresh={29})


def wanted(path: str, values: dict[str, Any], known: Known) -> list[Any]:
    """Return what the shipped rule wants of the facts, under some values of its own."""
    playbook, _, rule, _ = path.split(".")
    book = load(playbook, values)
    case = Case(cast(Facts, known), book, at(f"{max(known.fresh)} 12:00"))
    shipped = book.rules["surge"][rule]
    assert isinstance(shipped, surge_shape.Surge)
    return list(surge.decide(shipped, case)) if shipped.enabled else []


GROWTH = {"lenobl-8.surge.T7.enabled": True, "lenobl-8.surge.T7.growth_pct": 20}
LISTED = {"odintsovo-1204.surge.T4.categories": ["МКД"]}
CASES: list[tuple[str, Any, dict[str, Any], Any]] = [
    ("ruza-679.surge.T1.scope", "category", {}, growing),
    ("ruza-679.surge.T1.op", "gt", {}, growing),
    ("ruza-679.surge.T1.growth_pct", 31, {}, growing),
    ("ruza-679.surge.T1.versus", "same_weekday", {}, growing),
    ("ruza-679.surge.T1.period", "week", {}, growing),
    ("ruza-679.surge.T1.zero_base", "fire_at:3", {}, from_nothing),
    ("ruza-679.surge.T1.min_current", 53, {}, growing),
    ("ruza-679.surge.T1.confirm", "person", {}, growing),
    ("ruza-679.surge.T2.blank_guard", False, {}, growing),
    ("ruza-679.surge.T2.scope", "category", {}, growing),
    ("ruza-679.surge.T2.op", "gte", {}, growing),
    ("ruza-679.surge.T2.value", 9, {}, growing),
    ("ruza-679.surge.T3.scope", "address", {}, growing),
    ("ruza-679.surge.T3.op", "gte", {}, growing),
    ("ruza-679.surge.T3.value", 19, {}, growing),
    ("odintsovo-1204.surge.T4.op", "gte", LISTED, indexed),
    ("odintsovo-1204.surge.T4.index", 2.5, LISTED, indexed),
    ("odintsovo-1204.surge.T4.index_decimals", -1, LISTED, indexed),
    ("odintsovo-1204.surge.T4.categories", ["МКД"], {}, indexed),
    ("odintsovo-1204.surge.T4.index_fallback", "avg_28d", LISTED, averaged),
    ("khimki-energy.surge.T6.scope", "category", {}, growing),
    ("khimki-energy.surge.T6.op", "gte", {"khimki-energy.surge.T6.growth_pct": 30}, growing),
    ("khimki-energy.surge.T6.growth_pct", 90, {}, growing),
    ("khimki-energy.surge.T6.versus", "same_weekday", {}, growing),
    ("khimki-energy.surge.T6.zero_base", "fire_at:3", {}, from_nothing),
    ("khimki-energy.surge.T6.confirm", "none", {}, growing),
    ("khimki-energy.surge.T6.period", "week", {}, growing),
    ("lenobl-8.surge.T7.growth_pct", 20, {"lenobl-8.surge.T7.enabled": True}, growing),
    ("lenobl-8.surge.T7.enabled", False, GROWTH, growing),
    ("lenobl-8.surge.T7.origins", ["portal"], GROWTH, growing),
    ("lenobl-8.surge.T7.scope", "category", GROWTH, growing),
    ("lenobl-8.surge.T7.op", "gte", GROWTH | {"lenobl-8.surge.T7.growth_pct": 5}, growing),
    ("lenobl-8.surge.T7.versus", "same_weekday", GROWTH, growing),
]


@pytest.mark.parametrize(("path", "value", "others", "facts"), CASES, ids=[c[0] for c in CASES])
def test_a_value_of_a_surge_has_an_effect(
    path: str, value: Any, others: dict[str, Any], facts: Any
) -> None:
    """Other incidents, or another finding with another reason."""
    before, after = (wanted(path, values, facts()) for values in (others, {**others, path: value}))

    assert before != after


def test_the_index_is_that_of_a_category_whatever_else_is_written() -> None:
    """T4: nothing else has an index; another scope is refused."""
    from mcur.playbooks.load import PlaybookError

    with pytest.raises(PlaybookError, match="scope address: an index is that of a category"):
        load("odintsovo-1204", {"odintsovo-1204.surge.T4.scope": "address"})
