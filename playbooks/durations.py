"""Durations, clock times and moments of a week, as people write them in TOML.

``"15m"``, ``"2h"``, ``"24h"``, ``"5d"`` and ``"1wd"`` (contract, "Dotted paths"); ``"09:50"``;
``"mon 10:00"``. What is none of them raises ``ValueError`` with a sentence that says what would be.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import time, timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# Five digits are 273 years in days: enough for a regulation, and no sum of dates overflows.
_DURATION = re.compile(r"([0-9]{1,5})(m|h|d|wd)")
_CLOCK = re.compile(r"([01]?[0-9]|2[0-3]):([0-5][0-9])")


class Unit(StrEnum):
    """What a duration counts; working days need a calendar, the others elapse."""

    MINUTE = "m"
    HOUR = "h"
    DAY = "d"
    WORKING_DAY = "wd"


_ELAPSED = {
    Unit.MINUTE: timedelta(minutes=1),
    Unit.HOUR: timedelta(hours=1),
    Unit.DAY: timedelta(days=1),
}


@dataclass(frozen=True, slots=True)
class Duration:
    """An amount of one unit; ``24h`` and ``1d`` last the same and stay what was written."""

    amount: int
    unit: Unit

    @classmethod
    def parse(cls, text: object) -> Duration:
        """Read ``"15m"``; ``ValueError`` where it is no duration."""
        found = _DURATION.fullmatch(text) if isinstance(text, str) else None
        if found is None:
            msg = f'{shown(text)} is not a duration; write "15m", "2h", "5d" or "1wd" (working day)'
            raise ValueError(msg)
        return cls(int(found[1]), Unit(found[2]))

    @property
    def timedelta(self) -> timedelta:
        """The time that elapses; ``ValueError`` for working days, which only a calendar knows."""
        if self.unit is Unit.WORKING_DAY:
            msg = f'"{self}" counts working days, which need a calendar; write hours or days, "24h"'
            raise ValueError(msg)
        return self.amount * _ELAPSED[self.unit]

    def __str__(self) -> str:
        return f"{self.amount}{self.unit}"


@dataclass(frozen=True, slots=True)
class WeekMoment:
    """A clock time of a weekday; ``weekday`` is 0 for Monday, as in ``date.weekday()``."""

    weekday: int
    at: time

    @classmethod
    def parse(cls, text: object) -> WeekMoment:
        """Read ``"mon 10:00"``; ``ValueError`` where it is no such moment."""
        day, _, clock = text.partition(" ") if isinstance(text, str) else ("", "", "")
        found = _CLOCK.fullmatch(clock)
        if day not in WEEKDAYS or found is None:
            msg = (
                f"{shown(text)} is not a moment of a week; "
                f'write "mon 10:00" with one of {", ".join(WEEKDAYS)}'
            )
            raise ValueError(msg)
        return cls(WEEKDAYS.index(day), time(int(found[1]), int(found[2])))

    def __str__(self) -> str:
        return f"{WEEKDAYS[self.weekday]} {self.at:%H:%M}"


def parse_clock(text: object) -> time:
    """Read ``"09:50"``, or a local time of TOML; ``ValueError`` where it is no clock time."""
    if isinstance(text, time) and text.tzinfo is None:
        return text.replace(microsecond=0)
    found = _CLOCK.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        msg = f'{shown(text)} is not a clock time; write "09:50", from "00:00" to "23:59"'
        raise ValueError(msg)
    return time(int(found[1]), int(found[2]))


def one_or_more(value: object) -> object:
    """Let a single value stand for a list of one."""
    return value if isinstance(value, list | tuple) else (value,)


def shown(value: object) -> str:
    """Show a value in a sentence as TOML has it: text in quotes, anything else bare."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f'"{value}"' if isinstance(value, str) else str(value)


def _duration(value: object) -> Duration:
    return value if isinstance(value, Duration) else Duration.parse(value)


def _elapsed(value: object) -> timedelta:
    return value if isinstance(value, timedelta) else Duration.parse(value).timedelta


def _week_moment(value: object) -> WeekMoment:
    return value if isinstance(value, WeekMoment) else WeekMoment.parse(value)


DurationField = Annotated[
    Duration,
    BeforeValidator(_duration),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^{_DURATION.pattern}$"}),
]
"""A field of a shape that keeps a duration as it was written."""

ElapsedField = Annotated[
    timedelta,
    BeforeValidator(_elapsed),
    WithJsonSchema({"type": "string", "pattern": "^[0-9]{1,5}(m|h|d)$"}),
]
"""A field that holds elapsing time, for where no calendar is at hand."""

ClockField = Annotated[
    time,
    BeforeValidator(parse_clock),
    PlainSerializer(lambda at: f"{at:%H:%M}", return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$"}),
]
"""A field that holds a clock time."""

WeekMomentField = Annotated[
    WeekMoment,
    BeforeValidator(_week_moment),
    PlainSerializer(str, return_type=str),
    WithJsonSchema({"type": "string", "pattern": f"^({'|'.join(WEEKDAYS)}) {_CLOCK.pattern}$"}),
]
"""A field that holds a moment of a week."""
