"""The shape of a report, and the hour at which each leaves."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator

from mcur.playbooks.calendar import Calendar
from mcur.playbooks.durations import ClockField, WeekMoment, WeekMomentField, parse_clock, shown
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.incidents import Incident
from mcur.playbooks.rules.base import Case, Rule


def _hour(value: object) -> time | WeekMoment:
    if isinstance(value, time | WeekMoment):
        return value
    try:
        return WeekMoment.parse(value) if " " in str(value) else parse_clock(value)
    except ValueError as exc:
        msg = f'{shown(value)} is no hour of a report; write "09:50", or "fri 16:50" once a week'
        raise ValueError(msg) from exc


Hour = Annotated[
    time | WeekMoment,
    BeforeValidator(_hour, json_schema_input_type=ClockField | WeekMomentField),
]
"""A clock time of each day, or of one day of the week."""


class ReportGroup(Rule):
    """A group of columns of the form, with the clauses of the group and of its columns."""

    id: str = ""
    group: Literal["new", "repeat", "deferred", "overdue", "returned", "closed"]
    columns: tuple[str, ...] = ()


class ReportSection(Rule):
    """A section of a form that has them: which one, and the clause that asks for it."""

    id: str = ""
    part: str


class Report(Rule):
    """A report: its form, its hours, its author and its readers.

    ``covers`` is the whole day before, today until the moment of sending, or the seven days that end
    with it. ``max_rows`` bounds rows that carry no news. ``columns`` are the clauses of the columns of a
    form without groups. ``deadline`` is the clause's: finished at it is late already; without one
    a report is late once its day is over. ``while_mode``: it leaves only on days on which an incident
    of the mode lasts. ``filed`` reports are mailed to nobody: their table is put into the site's folder
    of documents as a workbook.
    """

    form: str
    covers: Literal["previous_day", "today", "week"]
    author: str
    to: tuple[str, ...] = ()
    filed: bool = False
    cc: tuple[str, ...] = ()
    draft_at: ClockField | None = None
    send_at: Hour
    deadline: ClockField | None = None
    groups: tuple[ReportGroup, ...] = ()
    sections: tuple[ReportSection, ...] = ()
    columns: tuple[str, ...] = ()
    kinds: tuple[TaskKind, ...] = ()
    max_rows: int = 40
    ratings: tuple[str, ...] = ()
    leaves: Literal["always", "launched", "breach"] = "always"
    while_mode: str = ""

    def problems(self) -> list[str]:
        """Say where the hours contradict each other."""
        found: list[str] = []
        if self.filed == bool(self.to):
            found.append(
                "name its readers in to, or write filed = true where nobody gets it by mail"
            )
        if self.deadline is not None and self.clock >= self.deadline:
            found.append(f"send_at {self.clock:%H:%M} is not before deadline {self.deadline:%H:%M}")
        return found

    @property
    def clock(self) -> time:
        """The hour at which it leaves."""
        return self.send_at.at if isinstance(self.send_at, WeekMoment) else self.send_at

    def is_due(self, calendar: Calendar, day: date) -> bool:
        """Whether it leaves on a day: each day that reports leave on, or one of the week."""
        if isinstance(self.send_at, WeekMoment):
            return day.weekday() == self.send_at.weekday
        return calendar.is_report_day(day)

    def incidents(self, case: Case, until: datetime) -> list[Incident]:
        """Return the incidents of the mode that began by a moment and last."""
        running = case.facts.incidents(case.playbook.id)
        return [i for i in running if i.mode == self.while_mode and i.entered_at <= until]

    def is_asked(self, case: Case, slot: datetime) -> bool:
        """Whether there is anything to report at a slot: always, or while its mode lasts."""
        return not self.while_mode or bool(self.incidents(case, slot))

    def is_owed(self, case: Case, day: date) -> bool:
        """Whether it has to leave on a day: since the site is live, on its days, while it is asked for."""
        slot = self.leaves_at(case.playbook.calendar, day)
        if slot < case.facts.live_from or not self.is_due(case.playbook.calendar, day):
            return False
        return self.is_asked(case, slot)

    def leaves_at(self, calendar: Calendar, day: date) -> datetime:
        """Return the moment of sending on a day."""
        return calendar.at(day, self.clock)

    def late_from(self, calendar: Calendar, day: date) -> datetime:
        """Return the first moment at which it is late: the deadline, or the end of its day."""
        if self.deadline is not None:
            return calendar.at(day, self.deadline)
        return calendar.at(day + timedelta(days=1), calendar.day_starts)


def report_key(rule: Rule, case: Case, day: date) -> str:
    """Return the key of a report by the day it is due to leave."""
    return f"report:{case.playbook.id}:{rule.id}:{day}"


def period(covers: str, case: Case) -> tuple[datetime, datetime]:
    """Return what a report of today covers: whole days before it, or days until now."""
    calendar = case.playbook.calendar
    today = calendar.day_of(case.now)
    if covers == "previous_day":
        return calendar.days_before(today)
    days = 6 if covers == "week" else 0
    return calendar.day_bounds(today - timedelta(days=days))[0], case.now
