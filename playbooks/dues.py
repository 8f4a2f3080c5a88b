"""Terms as people write them in letters: «до 20.11.2026 18:00», «к 9:00 20.11», «20 ноября»."""

from __future__ import annotations

import re
from datetime import date, datetime, time

from mcur.playbooks.calendar import Calendar

_MONTHS = {
    name: number
    for number, name in enumerate(
        ("янв", "фев", "мар", "апр", "ма", "июн", "июл", "авг", "сен", "окт", "ноя", "дек"), start=1
    )
}
_DATE = re.compile(
    r"(?<![\d.:])(?P<day>0?[1-9]|[12]\d|3[01])(?:"
    r"\.(?P<month>0?[1-9]|1[0-2])(?!\d)(?:\.(?P<year>\d{4}|\d\d)(?!\d))?"
    rf"|\s+(?P<name>{'|'.join(sorted(_MONTHS, key=len, reverse=True))})[а-я]*(?:\s+(?P<full>\d{{4}}))?)",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"(?<![\d.])(?P<hour>[01]?\d|2[0-3])(?P<sign>[:.])(?P<minute>[0-5]\d)(?!\d|\.\d)"
)
_END_OF_DAY = time(23, 59, 59)
_BESIDE = 12
"""How many characters may stand between a date and its hour."""


def read_due(said: str, received_at: datetime, calendar: Calendar) -> datetime | None:
    """Read a term; ``None`` where there is no date and no hour that could be one.

    A date without an hour is the end of its day, one without a year the next such day, an hour
    without a date is today's.
    """
    hit = _DATE.search(said)
    rest = said[: hit.start()] + " " + said[hit.end() :] if hit else said
    clock = _CLOCK.search(rest)
    hour = time(int(clock["hour"]), int(clock["minute"])) if clock else None
    if hit is not None:
        return _dated(hit, hour or _END_OF_DAY, received_at, calendar)
    if clock is None or hour is None or clock["sign"] != ":":
        return None
    due = calendar.at(calendar.local(received_at).date(), hour)
    return due if due > received_at else None


def dues_in(said: str, received_at: datetime, calendar: Calendar) -> list[datetime]:
    """Read every dated term of a text, in the order of the text; the hour stands beside its date."""
    hits = list(_DATE.finditer(said))
    found = []
    for n, hit in enumerate(hits):
        first = max(hit.start() - _BESIDE, hits[n - 1].end() if n else 0)
        last = min(hit.end() + _BESIDE, hits[n + 1].start() if n + 1 < len(hits) else len(said))
        found.append(read_due(said[first:last], received_at, calendar))
    return [due for due in found if due is not None]


def _dated(
    hit: re.Match[str], hour: time, received_at: datetime, calendar: Calendar
) -> datetime | None:
    month = int(hit["month"]) if hit["month"] else _MONTHS[hit["name"].casefold()]
    said = hit["year"] or hit["full"]
    year = int(said) if said else calendar.local(received_at).year
    due = _at(year + (2000 if year < 100 else 0), month, int(hit["day"]), hour, calendar)
    if due is not None and said is None and due < received_at:
        return _at(year + 1, month, int(hit["day"]), hour, calendar)
    return due


def _at(year: int, month: int, day: int, hour: time, calendar: Calendar) -> datetime | None:
    try:
        return calendar.at(date(year, month, day), hour)
    except ValueError:  # 31.02, or 29.02 of a year that has none
        return None
