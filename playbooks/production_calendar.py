"""Russia's production calendar: the days off that the law and the decree of each year name.

The decree moves days off: a Friday becomes one, a Saturday is worked instead. The library knows it
from the release after the decree on; what it does not know yet an administrator writes into the
playbook's own calendar (``holidays``, ``extra_workdays``).
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from holidays import HolidayBase


def is_day_off(day: date) -> bool:
    """Whether a date is a public holiday, or a day off that was moved to it."""
    return day in _of_year(day.year)


def is_worked_weekend(day: date) -> bool:
    """Whether a day of the week-end is worked, because its rest was moved to another date."""
    return day in _of_year(day.year).weekend_workdays


def knows_transfers_of(year: int) -> bool:
    """Whether the days off that a year's decree moves are known here."""
    return year in _of_year(year).special_public_holidays


@lru_cache(maxsize=8)
def _of_year(year: int) -> HolidayBase:
    # Loaded where the first day is asked for: most commands never ask.
    from holidays import country_holidays

    return country_holidays("RU", years=year, expand=False)
