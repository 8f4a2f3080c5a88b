"""Kind ``report``: what is mailed to whom, or filed, by which hour.

A report lives through a day: a draft on its author's task of the day, a person may check, hold or
correct it, and at ``send_at`` it leaves, checked or not. Late is on or after ``deadline``; what could
not leave on its day is missed, never sent stale (C4, C14).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from mcur.playbooks.acts import say_act
from mcur.playbooks.documents import Block, Bullets, Document, Paragraph
from mcur.playbooks.facts import Act, Report as Kept, TaskKind
from mcur.playbooks.forms import FORMS
from mcur.playbooks.inspection_forms import is_wanted
from mcur.playbooks.intents import (
    LEFT,
    Cite,
    Intent,
    KeepReport,
    MarkDone,
    ReportState,
    Tell,
    UpdateTask,
)
from mcur.playbooks.rules import day_tasks, inbound_reports
from mcur.playbooks.rules.base import Case, Kind, WrongVariant
from mcur.playbooks.rules.inbound_reports import Awaited, Inbound
from mcur.playbooks.rules.report_correction import correct
from mcur.playbooks.rules.report_document import document, letter, paper
from mcur.playbooks.rules.report_shape import Report, report_key

AnyReport = Report | Inbound | Awaited


def decide(rule: AnyReport, case: Case) -> Iterator[Intent]:
    """Draft, send, correct, name what was missed; ask for what others owe."""
    if not isinstance(rule, Report):
        yield from inbound_reports.decide(rule, case)
        return
    yield from _missed(rule, case)
    today = case.playbook.calendar.local(case.now).date()
    key = report_key(rule, case, today)
    for act in case.facts.accepted_acts():
        if act.key == key:
            yield from _act(rule, case, act, key, today)
    kept = case.facts.report(key)
    if not rule.is_owed(case, today):
        return
    if case.now >= rule.leaves_at(case.playbook.calendar, today):
        yield from _leave_if_wanted(rule, case, key, today, kept)
    elif kept is None and _draft_moment(rule, case, today) <= case.now:
        yield from _draft(rule, case, key, today)


def preview(rule: Report, case: Case) -> Document:
    """Return the report as it would leave at ``case.now``."""
    return document(rule, case, None)[0]


def _draft_moment(rule: Report, case: Case, day: date) -> datetime:
    """Return when the draft is due: whoever moves ``send_at`` before it keeps half an hour to look."""
    send_at = rule.leaves_at(case.playbook.calendar, day)
    if rule.draft_at is None:
        return send_at
    drafted_at = case.playbook.calendar.at(day, rule.draft_at)
    return drafted_at if drafted_at < send_at else send_at - timedelta(minutes=30)


def _wakes(rule: AnyReport, case: Case) -> datetime | None:
    if not isinstance(rule, Report):
        return inbound_reports.wakes(rule, case)
    today = case.playbook.calendar.local(case.now).date()
    # A draft is seen by polls: only what leaves the house needs its very minute.
    moments = [rule.leaves_at(case.playbook.calendar, today + timedelta(days=n)) for n in (0, 1)]
    return min(m for m in moments if m > case.now)


# --- the day of a report ------------------------------------------------------------------------------


def _draft(rule: Report, case: Case, key: str, day: date) -> Iterator[Intent]:
    if rule.leaves != "always":
        return
    made, filled = document(rule, case, None)
    why = case.say("report.drafted", rule=rule)
    cite = case.cite(rule, why)
    yield KeepReport(
        key=key, cite=cite, rule=rule.id, day=day, state=ReportState.DRAFTED, document=made
    )
    task = day_tasks.day_task_key(case, rule.author)
    yield from day_tasks.given(case, rule.author, cite)
    gaps: tuple[Block, ...] = (Paragraph(text=case.say("report.no_gaps")),)
    if filled.gaps:
        shown = filled.gaps[: rule.max_rows]
        rest = len(filled.gaps) - len(shown)
        lines = (*shown, case.say("form.more", count=rest)) if rest else shown
        counted = Paragraph(text=case.say("report.gaps", count=len(filled.gaps)))
        gaps = (counted, Bullets(items=lines))
    yield UpdateTask(
        key=f"update:{task}:{rule.id}",
        cite=cite,
        task=task,
        # What the tracker takes only after the report has left would ask for what is too late.
        not_after=rule.leaves_at(case.playbook.calendar, day),
        note=Document(
            title=case.say("report.draft_title", rule=rule, key=key),
            blocks=(Paragraph(text=case.say("report.draft_ask", rule=rule, key=key)), *gaps),
        ),
    )


def _leave_if_wanted(
    rule: Report, case: Case, key: str, day: date, kept: Kept | None
) -> Iterator[Intent]:
    """Whether a report is wanted is decided once, at its hour."""
    if rule.leaves == "always" or kept is not None:
        yield from _leave(rule, case, key, day, kept)
    elif not case.facts.knows(f"unwanted:{key}"):
        if is_wanted(rule, case):
            yield from _leave(rule, case, key, day, kept)
        else:
            yield MarkDone(key=f"unwanted:{key}")


def _leave(rule: Report, case: Case, key: str, day: date, kept: Kept | None) -> Iterator[Intent]:
    if kept is not None and kept.state != ReportState.DRAFTED:
        return
    if case.playbook.calendar.catch_up == "never" and case.now >= rule.late_from(
        case.playbook.calendar, day
    ):
        why = case.say("report.missed", rule=rule, due_day=day)
        yield from _record_missed(rule, case, key, day, why)
        return
    yield from _send(rule, case, key, day, kept.reviewed_by if kept else None)


def _send(
    rule: Report, case: Case, key: str, day: date, reviewed_by: str | None
) -> Iterator[Intent]:
    made, filled = document(rule, case, reviewed_by)
    cite = case.cite(rule, case.say("report.why", rule=rule))
    yield KeepReport(
        key=key,
        cite=cite,
        rule=rule.id,
        day=day,
        state=ReportState.DECIDED,
        document=made,
        reviewed_by=reviewed_by,
    )
    if rule.filed:
        yield paper(rule, case, key, day, made)
        yield from _shown_on_day_task(rule, case, made, cite)
    else:
        yield letter(rule, case, key, day, made, filled)


def _shown_on_day_task(rule: Report, case: Case, made: Document, cite: Cite) -> Iterator[Intent]:
    """Put what nobody gets by mail before its author's eyes."""
    task = day_tasks.day_task_key(case, rule.author)
    yield from day_tasks.given(case, rule.author, cite)
    yield UpdateTask(key=f"update:{task}:{rule.id}:filed", cite=cite, task=task, note=made)


# --- acts of people -----------------------------------------------------------------------------------


def _act(rule: Report, case: Case, act: Act, key: str, day: date) -> Iterator[Intent]:
    kept = case.facts.report(key)
    cite = case.cite(rule, say_act("why", act, case))
    who = act.person or case.playbook.roles.get(act.by, act.by)
    state = kept.state if kept else ReportState.DRAFTED
    match act.do:
        case "review" if state in {ReportState.DRAFTED, ReportState.HELD}:
            yield KeepReport(
                key=key, cite=cite, rule=rule.id, day=day, state=ReportState(state), reviewed_by=who
            )
            yield Tell(key=key, cite=cite, event="report.reviewed", data={"by": who})
        case "hold" if state == ReportState.DRAFTED:
            yield KeepReport(key=key, cite=cite, rule=rule.id, day=day, state=ReportState.HELD)
        case "release" if state in {ReportState.DRAFTED, ReportState.HELD}:
            yield from _send(rule, case, key, day, who)
        case "correct" if kept is not None and state in LEFT:
            yield from correct(rule, case, kept, who)


# --- what was missed ----------------------------------------------------------------------------------


def _missed(rule: Report, case: Case) -> Iterator[Intent]:
    """Record the slots of past days that nobody served; a held report that no one let go is one."""
    last = case.facts.last_cycle()
    # Of one that leaves only at times nobody can say afterwards whether it was wanted.
    if last is None or rule.leaves != "always":
        return
    today = case.playbook.calendar.local(case.now).date()
    day = case.playbook.calendar.local(last).date()
    while day < today:
        key = report_key(rule, case, day)
        kept = case.facts.report(key)
        waiting = kept is None or kept.state in {ReportState.DRAFTED, ReportState.HELD}
        if waiting and rule.is_owed(case, day):
            held = kept is not None and kept.state == ReportState.HELD
            why = case.say(
                "report.missed_held" if held else "report.missed", rule=rule, due_day=day
            )
            yield from _record_missed(rule, case, key, day, why)
        day += timedelta(days=1)


def _record_missed(rule: Report, case: Case, key: str, day: date, why: str) -> Iterator[Intent]:
    cite = case.cite(rule, why)
    yield KeepReport(key=key, cite=cite, rule=rule.id, day=day, state=ReportState.MISSED)
    yield Tell(key=key, cite=cite, event="report.missed", to=rule.to, data={"day": str(day)})


def _shape(table: dict[str, Any]) -> AnyReport:
    if "owed_by" in table:
        return Inbound.model_validate(table)
    if "awaits" in table:
        return Awaited.model_validate(table)
    form = table.get("form")
    if form is not None and form not in FORMS:
        msg = f'form: "{form}" is not known; write one of {", ".join(FORMS)}'
        raise WrongVariant(msg)
    return Report.model_validate(table)


def _roles(rule: AnyReport) -> tuple[str, ...]:
    if isinstance(rule, Inbound):
        return (rule.collector,)  # whom the directory names owes a report; it may name nobody
    if isinstance(rule, Awaited):
        return (rule.assignee,)
    return (rule.author, *rule.to, *rule.cc)


def _makes(_rule: AnyReport) -> tuple[TaskKind, ...]:
    return (TaskKind.DAY,)


KIND: Kind[AnyReport] = Kind(
    name="report", shape=_shape, decide=decide, wakes=_wakes, roles=_roles, makes=_makes
)
