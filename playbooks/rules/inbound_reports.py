"""Reports that people owe the officer: who has reported, who is reminded, who is named as missing.

A letter of such a person whose subject begins as a report does is his report of the day. Whoever is
named in the directory and has not reported is reminded once; what comes after ``cutoff`` is too
late for the report that gathers it, and the next one has it. What another office must have sent by
an hour is looked at then and noted on the task of the day.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mcur.playbooks.directory import Person
from mcur.playbooks.documents import Bullets, Document, Paragraph, plain
from mcur.playbooks.durations import ClockField
from mcur.playbooks.facts import Letter, Report as KeptReport
from mcur.playbooks.intents import (
    Channel,
    Intent,
    KeepReport,
    ReportState,
    SendLetter,
    Tell,
    UpdateTask,
)
from mcur.playbooks.rules import day_tasks
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.report_shape import Report, report_key


class Inbound(Rule):
    """Reports of the people in ``owed_by``, collected by ``collector``; without ``remind_at`` nobody is reminded."""

    owed_by: tuple[str, ...]
    collector: str
    remind_at: ClockField | None = None
    cutoff: ClockField

    def problems(self) -> list[str]:
        """Say where the hours contradict each other."""
        if self.remind_at is None or self.remind_at < self.cutoff:
            return []
        return [f"remind_at {self.remind_at:%H:%M} is not before cutoff {self.cutoff:%H:%M}"]


class Awaited(Rule):
    """Reports of another office that must have left by ``at``; ``assignee`` gets the list of the missing."""

    awaits: tuple[str, ...]
    at: ClockField
    assignee: str


@dataclass(frozen=True, slots=True)
class Owed:
    """A person who owes a report today: how a letter names him, and his report if it came."""

    ref: str
    person: Person
    report: KeptReport | None


def collect(rule: Inbound, case: Case, letter: Letter) -> Iterator[Intent]:
    """Keep a letter as the report of its sender, if he owes one; the first of a day counts."""
    day = case.playbook.calendar.local(letter.received_at).date()
    for owed in owing(rule, case, day):
        if not _is_from(case, owed.person, letter.sender, day):
            continue
        why = case.say("inbound.came", person=owed.person.name, at=letter.received_at)
        cite = case.cite(rule, why)
        key = _key(rule, case, owed.person, day)
        yield KeepReport(
            key=key, cite=cite, rule=rule.id, day=day, state=ReportState.RECEIVED,
            document=plain(letter.text.strip() or case.say("letter.empty")), at=letter.received_at,
        )  # fmt: skip
        yield Tell(key=key, cite=cite, event="report.filed", to=(rule.collector,))


def owing(rule: Inbound, case: Case, day: date) -> list[Owed]:
    """Return those who owe a report on a day; who is away without a substitute owes none."""
    found = []
    for role in rule.owed_by:
        holders = case.facts.directory.holders(role)
        for person in holders:
            absence = person.absence_on(day)
            if absence is None or absence.substitute:
                ref = f"{role}:{person.name}" if len(holders) > 1 else role
                found.append(Owed(ref, person, case.facts.report(_key(rule, case, person, day))))
    return found


def decide(rule: Inbound | Awaited, case: Case) -> Iterator[Intent]:
    """Remind those who have not reported; note what has not come."""
    today = case.playbook.calendar.local(case.now).date()
    if isinstance(rule, Awaited):
        yield from _note_missing(rule, case, today)
    elif rule.remind_at is not None:
        yield from _remind(rule, rule.remind_at, case, today)


def _remind(rule: Inbound, at: time, case: Case, today: date) -> Iterator[Intent]:
    moment = case.playbook.calendar.at(today, at)
    cutoff = case.playbook.calendar.at(today, rule.cutoff)
    key = f"letter:{case.playbook.id}:{rule.id}:1:{today}"
    due = moment <= case.now < cutoff and moment >= case.facts.live_from
    if not due or case.facts.knows(key) or not case.playbook.calendar.is_report_day(today):
        return
    lacking = [owed for owed in owing(rule, case, today) if owed.report is None]
    if lacking:
        yield _reminder(rule, case, key, lacking, cutoff)


def hour(rule: Inbound | Awaited) -> time | None:
    """Return the hour at which the rule wants a cycle of its own; ``None`` where it wants none."""
    return rule.at if isinstance(rule, Awaited) else rule.remind_at


def wakes(rule: Inbound | Awaited, case: Case) -> datetime | None:
    """Return when the reminder or the list is due next."""
    clock = hour(rule)
    if clock is None:
        return None
    today = case.playbook.calendar.local(case.now).date()
    moments = [case.playbook.calendar.at(today + timedelta(days=n), clock) for n in (0, 1)]
    return min(m for m in moments if m > case.now)


def _key(rule: Inbound, case: Case, person: Person, day: date) -> str:
    return f"report:{case.playbook.id}:{rule.id}:{day}:{person.name}"


def _is_from(case: Case, person: Person, sender: str, day: date) -> bool:
    absence = person.absence_on(day)
    stand_in = absence.substitute if absence else None
    others = [p for p in case.facts.directory.people if stand_in and p.name == stand_in]
    return any(p.answers_to(sender) for p in (person, *others))


def _reminder(
    rule: Inbound, case: Case, key: str, lacking: Sequence[Owed], cutoff: datetime
) -> SendLetter:
    names = [owed.person.name for owed in lacking]
    why = case.say("inbound.remind_why", names=names)
    return SendLetter(
        key=key,
        cite=case.cite(rule, why),
        channel=Channel.REPORTS,
        urgent=True,
        not_after=cutoff,
        sender=rule.collector,
        to=tuple(owed.ref for owed in lacking),
        subject=case.say("inbound.remind_subject", at=case.now),
        document=Document(
            blocks=(Paragraph(text=case.say("inbound.remind", cutoff=rule.cutoff)),),
            footer=(case.clause_line(rule.clause),),
        ),
    )


def _expected(rule: Awaited, case: Case, today: date) -> list[Report]:
    """List the awaited reports that have to leave today: on a day without reports nothing is missing."""
    awaited = (case.playbook.rules["report"].get(name) for name in rule.awaits)
    return [
        one
        for one in awaited
        if isinstance(one, Report) and one.is_due(case.playbook.calendar, today)
    ]


def _has_left(case: Case, awaited: Report, today: date) -> bool:
    kept = case.facts.report(report_key(awaited, case, today))
    return kept is not None and kept.state == ReportState.SENT


def _note_missing(rule: Awaited, case: Case, today: date) -> Iterator[Intent]:
    moment = case.playbook.calendar.at(today, rule.at)
    task = day_tasks.day_task_key(case, rule.assignee)
    key = f"update:{task}:{rule.id}"
    if not case.now >= moment >= case.facts.live_from or case.facts.knows(key):
        return
    expected = _expected(rule, case, today)
    if not expected:
        return
    missing = [
        case.say(
            "inbound.missing_line", report=awaited, printed=case.playbook.printed(awaited.clause)
        )
        for awaited in expected
        if not _has_left(case, awaited, today)
    ]
    why = case.say("inbound.missing" if missing else "inbound.complete")
    cite = case.cite(rule, why)
    yield from day_tasks.given(case, rule.assignee, cite)
    blocks = (Paragraph(text=why), *((Bullets(items=tuple(missing)),) if missing else ()))
    yield UpdateTask(key=key, cite=cite, task=task, note=Document(blocks=blocks))
