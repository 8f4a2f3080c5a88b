"""Dates: datetimes, Excel serials, ISO 8601 and ДД.ММ.ГГГГ, all in one column if need be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from zoneinfo import ZoneInfo

from mcur.connectors.feeds.grid import Cell

# 1954-10-03 and 2119-01-11: other numbers are no dates.
_FIRST_SERIAL, _LAST_SERIAL = 20_000, 80_000
_FIRST_YEAR, _LAST_YEAR = 1950, 2150
# Serial 60 of the 1900 system is a day that never was (29 February 1900): from March on, day 0 is this.
_EPOCH_1900 = datetime(1899, 12, 30)  # noqa: DTZ001  a day of the calendar, the zone comes later
_EPOCH_1904 = datetime(1904, 1, 1)  # noqa: DTZ001
_HALF_SECOND = timedelta(microseconds=500_000)
_END_OF_DAY = time(23, 59, 59)
_MIDNIGHT = time()
_RUSSIAN = re.compile(
    r"(\d{1,2})\.(\d{1,2})\.(\d{4}|\d{2})(?: ?г\.?)?(?:[ ,T]+(\d{1,2}):(\d\d)(?::(\d\d))?)?"
)
_SERIAL = re.compile(r"\d{5}(?:[.,]\d+)?")
_HOURS = re.compile(r"%[HIcXT]")


@dataclass(frozen=True, slots=True)
class Calendar:
    """How one file writes dates; naive ones are in ``zone``."""

    zone: ZoneInfo
    date_format: str | None = None
    epoch_1904: bool = False

    def stamp(self, cell: Cell, *, end_of_day: bool = False) -> datetime:
        """Read an aware stamp; a date without an hour is its first second, or its last.

        A workbook does not tell midnight from a date: there it counts as a date.

        :raises ValueError: the cell holds no date.
        """
        found = self._read(cell)
        if isinstance(found, datetime):
            stamp = found if found.tzinfo else found.replace(tzinfo=self.zone)
        else:
            hour = _END_OF_DAY if end_of_day else _MIDNIGHT
            stamp = datetime.combine(found, hour, self.zone)
        if not _FIRST_YEAR <= stamp.year <= _LAST_YEAR:
            msg = f"year {stamp.year} is not plausible"
            raise ValueError(msg)
        return stamp

    def _read(self, cell: Cell) -> datetime | date:
        if isinstance(cell, str):
            return _text(cell.strip(), self.date_format, self.epoch_1904)
        if isinstance(cell, date):  # a datetime is one too
            return cell
        if cell is None or isinstance(cell, bool):
            msg = "no date"
            raise ValueError(msg)
        days = Decimal(repr(cell)) if isinstance(cell, float) else Decimal(cell)
        return _serial(days, self.epoch_1904)


@lru_cache(maxsize=8_192)  # thousands of rows share their days and terms
def _text(text: str, date_format: str | None, epoch_1904: bool) -> datetime | date:
    if date_format:
        try:
            found = datetime.strptime(text, date_format)  # noqa: DTZ007  the zone comes later
        except ValueError:
            pass
        else:
            return found if _HOURS.search(date_format) else found.date()
    if russian := _RUSSIAN.fullmatch(text):
        return _from_russian(russian)
    if _SERIAL.fullmatch(text):
        return _serial(Decimal(text.replace(",", ".")), epoch_1904)
    return date.fromisoformat(text) if len(text) <= 10 else datetime.fromisoformat(text)


def _serial(days: Decimal, epoch_1904: bool) -> datetime | date:
    try:
        plausible = _FIRST_SERIAL <= days <= _LAST_SERIAL
    except InvalidOperation:  # not a number
        plausible = False
    if not plausible:
        msg = f"{days} is no serial number of a day"
        raise ValueError(msg)
    moment = (_EPOCH_1904 if epoch_1904 else _EPOCH_1900) + timedelta(days=float(days))
    if days == days.to_integral_value():
        return moment.date()
    return (moment + _HALF_SECOND).replace(microsecond=0)


def _from_russian(found: re.Match[str]) -> datetime | date:
    day, month, year = int(found[1]), int(found[2]), int(found[3])
    if len(found[3]) == 2:
        year += 2000
    if found[4] is None:
        return date(year, month, day)
    return datetime(year, month, day, int(found[4]), int(found[5]), int(found[6] or 0))  # noqa: DTZ001  zone comes later
