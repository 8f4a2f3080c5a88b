"""The playbook's calendar: its zone, its day, its clock times (conventions C1, C2, C4 of the analysis)."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from functools import cached_property
from itertools import islice
from typing import Literal, get_args
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from mcur.playbooks import production_calendar
from mcur.playbooks.durations import (
    ClockField,
    Duration,
    ElapsedField,
    Unit,
    WeekMoment,
    WeekMomentField,
)

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

_LONGEST_GAP = timedelta(days=31)


PROMPT = timedelta(minutes=2)
"""How long the slot of a cycle is served: what starting a daemon takes; later it is missed (C7)."""


class Calendar(BaseModel):
    """Days and hours as one playbook counts them; nothing here is global (G60, G61)."""

    model_config = ConfigDict(frozen=True, extra="forbid", ignored_types=(cached_property,))

    tz: str = "Europe/Moscow"
    day_starts: ClockField = time(0)
    week_starts: Weekday = "mon"
    report_days: Literal["all", "working"] = "all"
    cover_gap: bool = True
    work_hours: tuple[ClockField, ClockField] = (time(9), time(18))
    work_days: tuple[Weekday, ...] = Field(
        default=("mon", "tue", "wed", "thu", "fri"), min_length=1
    )
    holidays: tuple[date, ...] = ()
    extra_workdays: tuple[date, ...] = ()
    immediately_max: ElapsedField = timedelta(minutes=15)
    catch_up: Literal["same_day", "never"] = "same_day"
    ladder_time: Literal["clock", "working"] = "clock"
    send_window: tuple[ClockField, ...] = ()
    top_n: int = 5
    plan_at: WeekMomentField = WeekMoment(0, time(10))
    show_assumptions: bool = False

    @field_validator("tz")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as exc:
            msg = f'"{value}" is not a time zone; write a name such as "Europe/Moscow"'
            raise ValueError(msg) from exc
        return value

    @field_validator("work_hours")
    @classmethod
    def _opens_first(cls, value: tuple[time, time]) -> tuple[time, time]:
        if value[0] >= value[1]:
            msg = 'the working day ends before it begins; write its hours as ["09:00", "18:00"]'
            raise ValueError(msg)
        return value

    @field_validator("send_window")
    @classmethod
    def _opens_and_closes(cls, value: tuple[time, ...]) -> tuple[time, ...]:
        if value and (len(value) != 2 or value[0] >= value[1]):
            msg = (
                "it is no window of a day; write when it opens and when it closes, "
                '["08:00", "21:00"], or [] for always'
            )
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _one_or_the_other(self) -> Calendar:
        both = sorted(set(self.holidays) & set(self.extra_workdays))
        if both:
            msg = f"{both[0]} stands in holidays and in extra_workdays; leave it in one of them"
            raise ValueError(msg)
        return self

    @cached_property
    def zone(self) -> ZoneInfo:
        """The zone of calendars and texts; state is UTC."""
        return ZoneInfo(self.tz)

    def local(self, moment: datetime) -> datetime:
        """Show a moment in the playbook's zone."""
        return moment.astimezone(self.zone)

    def day_of(self, moment: datetime) -> date:
        """Return the playbook's day that holds the moment; it may begin at 08:00 (C2)."""
        start = timedelta(hours=self.day_starts.hour, minutes=self.day_starts.minute)
        return (self.local(moment) - start).date()

    def at(self, day: date, clock: time) -> datetime:
        """Return a clock time of a calendar date."""
        return datetime.combine(day, clock, self.zone)

    def sends_at(self, moment: datetime) -> datetime:
        """Return when what keeps to ``send_window`` may leave: at once, or at its next opening.

        The hour at which it opens is in it, the hour at which it closes is not.
        """
        if not self.send_window:
            return moment
        (opens, closes), local = self.send_window, self.local(moment)
        if opens <= local.time() < closes:
            return moment
        later = timedelta(days=0 if local.time() < opens else 1)
        return self.at(local.date() + later, opens)

    def is_report_day(self, day: date) -> bool:
        """Whether daily reports leave on a date (C8)."""
        return self.report_days == "all" or self.is_working_day(day)

    def is_working_day(self, day: date) -> bool:
        """Whether people work on a date: by the site's own dates, else by Russia's calendar (G60)."""
        if day in self.extra_workdays or day in self.holidays:
            return day in self.extra_workdays
        if production_calendar.is_worked_weekend(day):
            return True
        weekday = get_args(Weekday)[day.weekday()]
        return weekday in self.work_days and not production_calendar.is_day_off(day)

    def knows_transfers_of(self, year: int) -> bool:
        """Whether it is known which days off a year moves: by the decree, or from the site."""
        own = (*self.holidays, *self.extra_workdays)
        return production_calendar.knows_transfers_of(year) or any(d.year == year for d in own)

    def working_days_before(self, day: date, count: int) -> list[date]:
        """Return the last working days before a day, the nearest first; fewer where a month has none."""
        days = (day - timedelta(days=n) for n in range(1, count + _LONGEST_GAP.days))
        return list(islice((d for d in days if self.is_working_day(d)), count))

    def wait_ends(self, start: datetime, wait: Duration | timedelta) -> datetime:
        """Return the end of a ladder's wait: by the clock, or in working hours (``ladder_time``).

        A working day ends at the same hour of the next one, whichever time is counted; what begins
        on a day off waits for the whole of the day after it.
        """
        if isinstance(wait, Duration) and wait.unit is Unit.WORKING_DAY:
            return self._working_days_after(start, wait.amount)
        elapsed = wait.timedelta if isinstance(wait, Duration) else wait
        if self.ladder_time == "working" and elapsed:
            return self._worked(self.local(start), elapsed)
        return start + elapsed

    def _working_days_after(self, start: datetime, count: int) -> datetime:
        day, clock, left = self.local(start).date(), self.local(start).time(), count
        if not self.is_working_day(day):
            clock, left = time(0), count + 1
        while left:
            day += timedelta(days=1)
            left -= self.is_working_day(day)
        return self.at(day, clock)

    def _worked(self, start: datetime, left: timedelta) -> datetime:
        """Return when so much working time has gone by; its last moment is still that day's."""
        day = start.date()
        while True:
            opens, end = (self.at(day, clock) for clock in self.work_hours)
            begin = max(start, opens)
            free = end - begin if self.is_working_day(day) else timedelta()
            if free >= left:
                return begin + left
            left -= max(free, timedelta())
            day += timedelta(days=1)

    def days_before(self, day: date) -> tuple[datetime, datetime]:
        """Return the day before as [start, end); ``cover_gap`` begins at the last report's day."""
        first = last = day - timedelta(days=1)
        while self.cover_gap and day - first < _LONGEST_GAP and not self.is_report_day(first):
            first -= timedelta(days=1)
        return self.day_bounds(first)[0], self.day_bounds(last)[1]

    def day_bounds(self, day: date) -> tuple[datetime, datetime]:
        """Return the day as [start, end)."""
        return self.at(day, self.day_starts), self.at(day + timedelta(days=1), self.day_starts)
