"""What a day is compared with: the day before, or a baseline that no Monday is a surge to.

The regulations say «the day before»; on real feeds that fires on most Mondays (design, lessons). The
other baselines are the same comparison with other days, chosen by a value of the playbook.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta
from statistics import median_low
from typing import Literal

from mcur.playbooks.calendar import Calendar

Versus = Literal["previous_day", "previous_working_day", "median_5_working_days", "same_weekday"]


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
    """Return the count of an object to compare with: that of the one day, or the median of several."""
    return median_low(count[name] for count in counts)
