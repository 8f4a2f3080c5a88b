"""What a day is compared with: the letter's day before, and baselines that no Monday is a surge to."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest

from mcur.playbooks.baselines import Versus, base_count, base_days
from mcur.playbooks.calendar import Calendar
from mcur.playbooks.intents import Finding, OpenIncident, Outcome
from tests.playbooks.hand_made import Known, decided, of, some

MONDAY = date(2026, 11, 23)
T1 = """
[surge.T1]
clause = "2.d12[1]"
scope = "total"
op = "gte"
growth_pct = 30
versus = "{versus}"
min_current = {floor}
"""


@pytest.mark.parametrize(
    ("versus", "days"),
    [
        ("previous_day", [22]),
        ("previous_working_day", [20]),
        ("median_5_working_days", [20, 19, 18, 17, 16]),
        ("same_weekday", [16]),
    ],
)
def test_a_monday_looks_back(versus: Versus, days: list[int]) -> None:
    """Sunday for the letter, Friday and the week before it for the others."""
    assert [d.day for d in base_days(versus, MONDAY, Calendar())] == days


def test_a_holiday_is_no_working_day() -> None:
    """A local holiday of the site is passed over."""
    calendar = Calendar(holidays=(date(2026, 11, 20),))

    assert base_days("previous_working_day", MONDAY, calendar) == [date(2026, 11, 19)]


def test_the_base_of_several_days_is_their_median() -> None:
    """One wild day moves nothing; an object that was not there counts as none."""
    days = [Counter(a=n) for n in (3, 90, 4, 5, 0)]

    assert (base_count(days, "a"), base_count(days, "b")) == (4, 0)


@pytest.mark.parametrize(
    ("versus", "opened"),
    [("previous_day", 1), ("previous_working_day", 0), ("median_5_working_days", 0)],
)
def test_a_monday_after_a_quiet_sunday_is_a_surge_to_the_letter_only(
    versus: str, opened: int
) -> None:
    """Forty on each working day and ten on Sunday: the letter fires, the baselines do not."""
    counts = {day: [some(40)] for day in (16, 17, 18, 19, 20, 23)} | {
        21: [some(12)],
        22: [some(10)],
    }
    known = Known(counts=counts, fresh={23})

    found = decided(known, "ruza-679", T1.format(versus=versus, floor=0), "23 15:00")

    assert len(of(OpenIncident, found)) == opened


def test_a_floor_keeps_small_numbers_quiet() -> None:
    """Three to four is a third more, and no surge where twenty are asked for."""
    known = Known(counts={22: [some(3)], 23: [some(4)]}, fresh={23})

    for floor, opened in ((0, 1), (20, 0)):
        found = decided(
            known, "ruza-679", T1.format(versus="previous_day", floor=floor), "23 15:00"
        )
        assert len(of(OpenIncident, found)) == opened


def test_a_base_without_data_is_not_computable() -> None:
    """One of the five days has no export: the median would be a guess."""
    known = Known(counts={day: [some(40)] for day in (16, 17, 19, 20, 23)}, fresh={23})

    found = decided(
        known, "ruza-679", T1.format(versus="median_5_working_days", floor=0), "23 15:00"
    )

    assert of(OpenIncident, found) == []
    [finding] = [f for f in of(Finding, found) if f.day == MONDAY]
    assert finding.outcome is Outcome.NOT_COMPUTABLE
    assert "18.11.2026" in finding.cite.why
