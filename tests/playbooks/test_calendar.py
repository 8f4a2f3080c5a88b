"""Days and hours as one playbook counts them."""

from __future__ import annotations

from datetime import date, datetime, time

import pytest
from pydantic import ValidationError

from mcur.playbooks.calendar import Calendar
from mcur.playbooks.durations import Duration
from tests.playbooks.facts import at

NIGHT = Calendar(day_starts=time(8))


@pytest.mark.parametrize(
    ("calendar", "moment", "day"),
    [(Calendar(), at("00:00"), 18), (Calendar(), at("23:59:59"), 18),
     (NIGHT, at("07:59:59"), 17), (NIGHT, at("08:00"), 18)],
)  # fmt: skip
def test_a_day_may_begin_at_eight(calendar: Calendar, moment: datetime, day: int) -> None:
    """C2: the first second belongs to the day that begins."""
    assert calendar.day_of(moment) == date(2026, 11, day)


def test_the_bounds_of_a_day_hold_its_moments() -> None:
    """[start, end): the end belongs to the next day."""
    first, last = NIGHT.day_bounds(date(2026, 11, 18))

    assert (first, last) == (at("08:00"), at("08:00", 19))
    assert NIGHT.day_of(first) == date(2026, 11, 18)
    assert NIGHT.day_of(last) == date(2026, 11, 19)


def test_a_stamp_of_another_zone_is_shown_in_ours() -> None:
    """State is UTC; calendars are not."""
    utc = datetime.fromisoformat("2026-11-17T22:00:00+00:00")

    assert Calendar().local(utc).hour == 1
    assert Calendar().day_of(utc) == date(2026, 11, 18)


def test_a_day_keeps_its_hours_where_clocks_are_changed() -> None:
    """In a zone with summer time a day may have 23 hours."""
    berlin = Calendar(tz="Europe/Berlin")
    first, last = berlin.day_bounds(date(2026, 3, 29))

    assert last.timestamp() - first.timestamp() == 23 * 3600
    assert berlin.at(date(2026, 3, 29), time(9)).utcoffset() != first.utcoffset()


@pytest.mark.parametrize(
    "table", [{"tz": "Moscow"}, {"day_starts": "24:00"}, {"report_days": "some"}, {"zone": "UTC"}]
)
def test_a_calendar_that_cannot_be_is_refused(table: dict[str, str]) -> None:
    """Zone, hour, word, key."""
    with pytest.raises(ValidationError):
        Calendar.model_validate(table)


WORKING = Calendar(ladder_time="working", holidays=(date(2026, 11, 23),))


@pytest.mark.parametrize(
    ("start", "wait", "end"),
    [
        (at("10:00", 19), "2h", at("12:00", 19)),
        (at("16:00", 19), "2h", at("18:00", 19)),  # the last moment of the day is in it
        (at("16:30", 19), "2h", at("09:30", 20)),
        (at("16:30", 20), "2h", at("09:30", 24)),  # over a week-end and a local holiday
        (at("03:00", 21), "15m", at("09:15", 24)),
        (at("18:00", 20), "9h", at("18:00", 24)),
        (at("10:00", 17), "24h", at("16:00", 19)),
        (at("23:00", 20), "0h", at("23:00", 20)),
        (at("16:30", 20), "1wd", at("16:30", 24)),
        (at("00:00", 20), "1wd", at("00:00", 24)),
        (at("00:00", 21), "1wd", at("00:00", 25)),  # the whole of Tuesday, no part of a week-end
        (at("15:00", 22), "2wd", at("00:00", 26)),
    ],
)
def test_a_ladder_waits_in_working_time(start: datetime, wait: str, end: datetime) -> None:
    """Nights, week-ends and holidays burn no wait."""
    assert WORKING.wait_ends(start, Duration.parse(wait)) == end


def test_a_ladder_waits_by_the_clock_where_nothing_else_is_said() -> None:
    """The letter of the regulations: a Friday night counts (C5)."""
    assert Calendar().wait_ends(at("16:30", 20), Duration.parse("24h")) == at("16:30", 21)


@pytest.mark.parametrize("table", [{"work_days": []}, {"work_hours": ["18:00", "09:00"]}])
def test_a_week_without_work_is_refused(table: dict[str, object]) -> None:
    """A wait in working time would never end."""
    with pytest.raises(ValidationError):
        Calendar.model_validate(table)


@pytest.mark.parametrize(
    ("day", "works"),
    [
        ("2026-01-09", False),  # moved from Saturday 3 January
        ("2026-01-12", True),
        ("2026-03-08", False),
        ("2026-03-09", False),  # 8 March was a Sunday
        ("2026-11-04", False),
        ("2026-12-31", False),  # moved from Sunday 4 January
        ("2027-02-20", True),  # a Saturday worked for Monday the 22nd
        ("2027-02-22", False),
        ("2027-02-27", False),
    ],
)
def test_the_production_calendar_of_russia_counts(day: str, works: bool) -> None:
    """The days off of the law, those that a decree moves, the Saturday that is worked."""
    assert Calendar().is_working_day(date.fromisoformat(day)) is works


def test_the_dates_of_a_site_win_over_the_production_calendar() -> None:
    """A local holiday is no working day; a moved day off that is not known yet is data."""
    calendar = Calendar(
        holidays=(date(2026, 12, 14), date(2027, 2, 20)),
        extra_workdays=(date(2026, 12, 31), date(2026, 12, 19)),
    )

    worked = [d for d in (14, 19, 20, 31) if calendar.is_working_day(date(2026, 12, d))]

    assert worked == [19, 31]
    assert not calendar.is_working_day(date(2027, 2, 20))


def test_a_year_without_a_decree_is_said_to_be_unknown() -> None:
    """Until the administrator writes its dates."""
    later = Calendar(extra_workdays=(date(2031, 2, 22),))

    assert [Calendar().knows_transfers_of(year) for year in (2026, 2027, 2031)] == [
        True, True, False,
    ]  # fmt: skip
    assert later.knows_transfers_of(2031)


def test_a_date_is_worked_or_not() -> None:
    """A date in both lists is a slip of the pen."""
    with pytest.raises(
        ValidationError, match="2027-02-20 stands in holidays and in extra_workdays"
    ):
        Calendar(holidays=(date(2027, 2, 20),), extra_workdays=(date(2027, 2, 20),))


def test_the_gap_of_the_holidays_is_covered() -> None:
    """The first report of a year covers everything since the last one (C8)."""
    calendar = Calendar(report_days="working")

    first, last = calendar.days_before(date(2027, 1, 11))

    assert (first.date(), last.date()) == (date(2026, 12, 30), date(2027, 1, 11))


@pytest.mark.parametrize(
    ("moment", "leaves"),
    [
        (at("07:59:59"), at("08:00")),
        (at("08:00"), at("08:00")),  # the hour of opening is in the window
        (at("20:59:59"), at("20:59:59")),
        (at("21:00"), at("08:00", 19)),  # the hour of closing is not
    ],
)
def test_a_letter_keeps_to_the_send_window(moment: datetime, leaves: datetime) -> None:
    """What may not leave now leaves when the window opens next; without one it leaves at once."""
    assert Calendar(send_window=(time(8), time(21))).sends_at(moment) == leaves
    assert Calendar().sends_at(moment) == moment


@pytest.mark.parametrize("window", [["08:00"], ["21:00", "08:00"], ["08:00", "08:00"]])
def test_a_send_window_that_never_opens_is_refused(window: list[str]) -> None:
    """Nothing would ever leave."""
    with pytest.raises(ValidationError, match="it is no window of a day"):
        Calendar.model_validate({"send_window": window})
