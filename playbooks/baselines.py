"""What a period is compared with: the one before, or a baseline that no Monday is a surge to.

The regulations say «the day before»; on real feeds that fires on most Mondays (design, lessons). The
other baselines are the same comparison with other days, chosen by a value of the playbook. A «reporting
period» may be a week or a month as well (G37).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import Literal, get_args

from mcur.playbooks.calendar import Calendar, Weekday

Versus = Literal["previous_day", "previous_working_day", "median_5_working_days", "same_weekday"]
Period = Literal["day", "week", "month"]

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Whole days that are counted together, from the first to the last."""

    first: date
    last: date

    def days(self) -> list[date]:
        """List its days."""
        return [self.first + n * _DAY for n in range((self.last - self.first).days + 1)]

    def bounds(self, calendar: Calendar) -> tuple[datetime, datetime]:
        """Return it as [start, end)."""
        return calendar.day_bounds(self.first)[0], calendar.day_bounds(self.last)[1]


def span_of(period: Period, day: date, calendar: Calendar) -> Span:
    """Return the period that holds a day; a week begins where the playbook's does."""
    match period:
        case "day":
            return Span(day, day)
        case "week":
            begins = get_args(Weekday).index(calendar.week_starts)
            first = day - (day.weekday() - begins) % 7 * _DAY
            return Span(first, first + 6 * _DAY)
        case "month":
            first = day.replace(day=1)
            return Span(first, (first + 31 * _DAY).replace(day=1) - _DAY)


def base_spans(period: Period, versus: Versus, span: Span, calendar: Calendar) -> list[Span]:
    """Return what a period is compared with; every day of it must have data."""
    if period != "day":
        return [span_of(period, span.first - _DAY, calendar)]
    return [Span(day, day) for day in base_days(versus, span.first, calendar)]


def base_days(versus: Versus, day: date, calendar: Calendar) -> list[date]:
    """Return the days that a day is compared with; all of them must have data."""
    match versus:
        case "previous_day":
            return [day - timedelta(days=1)]
        case "previous_working_day":
            return calendar.working_days_before(day, 1)
        case "median_5_working_days":
            return calendar.working_days_before(day, 5)
        case "same_weekday":
            return [day - timedelta(days=7)]


def base_count(counts: Sequence[Counter[str]], name: str) -> int:
    """Return the count of an object to compare with: that of the one period, or the median of several."""
    return median_low(count[name] for count in counts)
