"""Durations, clock times and moments of a week read from text."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
from pydantic import BaseModel, ConfigDict, ValidationError

from mcur.playbooks.durations import (
    ClockField,
    Duration,
    DurationField,
    ElapsedField,
    Unit,
    WeekMoment,
    WeekMomentField,
    parse_clock,
)


class Wait(BaseModel):
    """A shape as a rule would have it."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    wait: DurationField = Duration(24, Unit.HOUR)
    every: ElapsedField = timedelta(minutes=10)
    at: ClockField = time(9, 50)
    plan_at: WeekMomentField = WeekMoment(0, time(10, 0))


@pytest.mark.parametrize(
    ("text", "elapsed"),
    [
        ("15m", timedelta(minutes=15)),
        ("2h", timedelta(hours=2)),
        ("24h", timedelta(days=1)),
        ("5d", timedelta(days=5)),
        ("0m", timedelta(0)),
    ],
)
def test_a_duration_elapses_as_written(text: str, elapsed: timedelta) -> None:
    """Minutes, hours and days are plain time, and the text comes back."""
    duration = Duration.parse(text)

    assert duration.timedelta == elapsed
    assert str(duration) == text


@pytest.mark.parametrize(
    "text", ["", "15", "m", "15 m", "1.5h", "-1h", "1w", "2H", "123456d", "٣h", 15, True, None]
)
def test_what_is_no_duration_is_refused_with_a_sentence(text: object) -> None:
    """The sentence says what would be right."""
    with pytest.raises(ValueError, match=r'is not a duration; write "15m", "2h", "5d" or "1wd"'):
        Duration.parse(text)


def test_working_days_need_a_calendar() -> None:
    """A working day is a duration and no elapsing time."""
    duration = Duration.parse("1wd")

    assert duration == Duration(1, Unit.WORKING_DAY)
    with pytest.raises(ValueError, match='"1wd" counts working days, which need a calendar'):
        _ = duration.timedelta


@pytest.mark.parametrize(
    ("text", "at"),
    [("09:50", time(9, 50)), ("9:50", time(9, 50)), ("23:59", time(23, 59)), (time(7), time(7))],
)
def test_a_clock_time_is_read(text: object, at: time) -> None:
    """Text and the local time of TOML mean the same."""
    assert parse_clock(text) == at


@pytest.mark.parametrize("text", ["24:00", "9:5", "09.50", "09:50:00", "", 950, None])
def test_what_is_no_clock_time_is_refused_with_a_sentence(text: object) -> None:
    """Midnight at the end of a day is no clock time either."""
    with pytest.raises(ValueError, match='is not a clock time; write "09:50"'):
        parse_clock(text)


def test_a_moment_of_a_week_is_read() -> None:
    """Monday is 0, as everywhere in Python's calendar."""
    moment = WeekMoment.parse("thu 09:05")

    assert moment == WeekMoment(3, time(9, 5))
    assert str(moment) == "thu 09:05"


@pytest.mark.parametrize("text", ["mon", "10:00", "Mon 10:00", "mon 25:00", "пн 10:00", 7, None])
def test_what_is_no_moment_of_a_week_is_refused_with_a_sentence(text: object) -> None:
    """The sentence lists the days."""
    with pytest.raises(ValueError, match='is not a moment of a week; write "mon 10:00" with one'):
        WeekMoment.parse(text)


def test_shapes_hold_them_and_write_them_back() -> None:
    """A snapshot in JSON reads back as the same shape."""
    shape = Wait.model_validate(
        {"wait": "1wd", "every": "2m", "at": "17:00", "plan_at": "fri 08:30"}
    )

    assert shape.wait == Duration(1, Unit.WORKING_DAY)
    assert shape.every == timedelta(minutes=2)
    assert shape.model_dump(mode="json", exclude={"every"}) == {
        "wait": "1wd",
        "at": "17:00",
        "plan_at": "fri 08:30",
    }
    assert Wait().at == time(9, 50)


def test_a_shape_refuses_working_days_where_time_must_elapse() -> None:
    """Polling every working day makes no sense."""
    with pytest.raises(ValidationError, match="counts working days"):
        Wait.model_validate({"every": "1wd"})
