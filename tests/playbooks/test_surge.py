"""When growth is an incident: the rules of Ruza and Khimki on hand-made days."""

from __future__ import annotations

from typing import Any

import pytest

from mcur.playbooks.intents import ChangeIncident, Finding, OpenIncident, Outcome
from tests.playbooks.hand_made import Known, close, decided, of, some

HOUSE = "руза, солнцева, 5"
T1 = """
[surge.T1]
clause = "2.d12[1]"
scope = "total"
op = "gte"
growth_pct = 30
"""
T2 = """
[surge.T2]
clause = "2.d12[2]"
scope = "address"
op = "gt"
value = 10
"""
T3 = """
[surge.T3]
clause = "2.d12[3]"
scope = "subcategory"
op = "gt"
value = 20
"""
T6 = """
[surge.T6]
clause = "3.1[1]"
scope = "total"
op = "gt"
growth_pct = 10
confirm = "person"
"""


def ruza(known: Known, rules: str, now: str, **values: Any) -> list[Any]:
    """Decide by rules of Ruza."""
    return decided(known, "ruza-679", rules, now, **values)


def one_house(n: int) -> list[Any]:
    """Return a day with ``n`` appeals at one house, in two tallies, and 20 at none."""
    return [some(n - 1, house=HOUSE), some(1, house=HOUSE, source="dobrodel"), some(20)]


@pytest.mark.parametrize(("n", "opened"), [(10, 0), (11, 1), (12, 1)])
def test_more_than_ten_at_one_house_open_one_incident(n: int, opened: int) -> None:
    """Exactly ten are none; blank addresses are no house, however many they are."""
    known = Known(counts={17: one_house(n)}, fresh={17})

    incidents = of(OpenIncident, ruza(known, T2, "17 14:45"))

    assert [(i.object, i.count) for i in incidents] == [(HOUSE, n)] * opened


def test_the_largest_house_is_said_where_nothing_fires() -> None:
    """A report can print «максимум по одному адресу: 10 (порог: более 10)»."""
    known = Known(counts={17: one_house(10)}, fresh={17})

    before, found, blank = of(Finding, ruza(known, T2, "17 14:45"))

    assert before.outcome is Outcome.NOT_COMPUTABLE
    assert before.cite.why == "не вычислимо: нет данных за 16.11.2026"
    assert found.outcome is Outcome.NOT_FIRED
    assert found.numbers == {"count": "10"}
    assert found.cite.why == "максимум по одному адресу: 10 (порог: более 10)"
    assert blank.outcome is Outcome.NOT_COMPUTABLE
    assert blank.numbers == {"count": "20"}


def test_further_appeals_update_the_open_incident() -> None:
    """The eleventh opens, the twelfth updates, no news says nothing."""
    known = Known(counts={17: one_house(11)}, fresh={17})
    first = ruza(known, T2, "17 14:45")
    known.counts[17] = one_house(12)
    second = ruza(known, T2, "17 14:55")
    known.fresh = set()
    third = ruza(known, T2, "17 15:05")

    assert len(of(OpenIncident, first)) == 1
    assert [(c.event, c.count) for c in of(ChangeIncident, second)] == [("updated", 12)]
    assert of(OpenIncident, second) == []
    assert third == []


def test_what_was_closed_stays_closed_for_its_day_and_may_open_on_the_next() -> None:
    """One incident for a rule, an object and a day (C12)."""
    known = Known(counts={17: one_house(11)}, fresh={17})
    [opened] = of(OpenIncident, ruza(known, T2, "17 14:45"))
    close(known, opened.key)
    known.counts[17] = one_house(15)
    same_day = ruza(known, T2, "17 16:00")
    known.counts[18], known.fresh = one_house(11), {18}
    next_day = ruza(known, T2, "18 10:00")

    assert opened.key == f"incident:ruza-679:T2:{HOUSE}:2026-11-17"
    assert of(OpenIncident, same_day) == []
    assert [i.key for i in of(OpenIncident, next_day)] == [
        f"incident:ruza-679:T2:{HOUSE}:2026-11-18"
    ]


@pytest.mark.parametrize(("n", "opened"), [(20, 0), (21, 1)])
def test_more_than_twenty_on_one_topic_list_their_houses(n: int, opened: int) -> None:
    """Twenty-one appeals at twenty-one houses: one incident with all of them."""
    heating = [some(1, subcategory="Тепло", house=f"дом {k}") for k in range(n)]
    known = Known(counts={17: [*heating, some(20, subcategory="Вода")]}, fresh={17})

    incidents = of(OpenIncident, ruza(known, T3, "17 12:00"))

    assert [len(i.houses) for i in incidents] == [n] * opened


@pytest.mark.parametrize(
    ("before", "now", "outcome", "why"),
    [
        (40, 51, Outcome.NOT_FIRED, "рост 27,5 % (40 -> 51)"),
        (40, 52, Outcome.FIRED, "рост 30,0 % (40 -> 52)"),
        (40, 30, Outcome.NOT_FIRED, "снижение 25,0 % (40 -> 30)"),
        (0, 9, Outcome.NOT_COMPUTABLE, "рост не вычисляется (вчера 0)"),
        (None, 9, Outcome.NOT_COMPUTABLE, "не вычислимо: нет данных за 16.11.2026"),
    ],
)
def test_growth_over_the_day_before_has_three_outcomes(
    before: int | None, now: int, outcome: Outcome, why: str
) -> None:
    """Absent is not zero, and zero is not a base."""
    counts = {17: [some(now)]} | ({16: [some(before)]} if before is not None else {})
    known = Known(counts=counts, fresh={17})

    [found] = [f for f in of(Finding, ruza(known, T1, "17 18:00")) if f.day.day == 17]

    assert (found.outcome, found.cite.why) == (outcome, why)


def test_a_day_that_was_empty_is_a_base_of_zero() -> None:
    """An export that says 0 is data: «вчера 0», not «нет данных»."""
    known = Known(counts={17: [some(9)]}, days_with_data={16}, fresh={17})

    ignored = of(OpenIncident, ruza(known, T1, "17 18:00"))
    fired = of(OpenIncident, ruza(known, T1, "17 18:05", surge__T1__zero_base="fire_at:9"))

    assert ignored == []
    assert [i.count for i in fired] == [9]


def test_late_rows_judge_yesterday_again_and_no_older_day() -> None:
    """A row of yesterday may still open yesterday's incident, and it says so (C10)."""
    known = Known(counts={15: one_house(30), 17: one_house(10)}, fresh={17})
    ruza(known, T2, "18 00:00")
    known.counts[17], known.fresh = one_house(11), {15, 17}

    [opened] = of(OpenIncident, ruza(known, T2, "18 11:00"))

    assert opened.key.endswith(":2026-11-17")
    assert opened.cite.why.endswith("обнаружено задним числом за 17.11.2026")


def test_a_day_before_the_site_went_live_opens_nothing() -> None:
    """History is a base, never an incident."""
    known = Known(counts={17: one_house(50)}, fresh={17})
    known.live_from = known.live_from.replace(day=18)

    assert of(OpenIncident, ruza(known, T2, "18 00:10")) == []


@pytest.mark.parametrize(("now", "opened"), [(55, 0), (56, 1)])
def test_where_a_person_confirms_growth_is_a_suspicion(now: int, opened: int) -> None:
    """Khimki: more than 10 %; the incident waits for a word."""
    known = Known(counts={16: [some(50)], 17: [some(now)]}, fresh={17})

    incidents = of(OpenIncident, decided(known, "khimki-energy", T6, "17 18:00"))

    assert [i.state for i in incidents] == ["suspected"] * opened


def test_a_floor_keeps_small_growth_quiet() -> None:
    """``min_current``: three appeals instead of two are no emergency."""
    known = Known(counts={16: [some(2)], 17: [some(3)]}, fresh={17})

    assert of(OpenIncident, ruza(known, T1, "17 18:00", surge__T1__min_current=10)) == []


def test_origins_and_topics_choose_what_counts() -> None:
    """A row that says neither block nor category counts; one of another topic does not."""
    rows = [
        some(6, category="МКД", house=HOUSE),
        some(6, category="Дороги", house=HOUSE),
        some(5, house=HOUSE),
        some(9, category="МКД", house=HOUSE, origin="portal"),
    ]
    known = Known(counts={17: rows}, fresh={17})
    chosen = {"surge__T2__topics": ["МКД"], "surge__T2__origins": ["open_source"]}

    [opened] = of(OpenIncident, ruza(known, T2, "17 18:00", **chosen))

    assert opened.count == 11
