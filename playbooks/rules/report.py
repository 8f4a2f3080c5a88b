"""Kind ``report``: what is mailed to whom by which hour.

A report lives through a day: a draft on its author's task of the day, a person may check, hold or
correct it, and at ``send_at`` it leaves, checked or not. Late is on or after ``deadline``; what could
not leave on its day is missed, never sent stale (C4, C14).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Literal

from mcur.playbooks import forms
from mcur.playbooks.acts import say_act
from mcur.playbooks.documents import Block, Bullets, Document, Heading, Paragraph, Table
from mcur.playbooks.durations import ClockField
from mcur.playbooks.facts import Act, TaskKind
from mcur.playbooks.facts import Report as Kept
from mcur.playbooks.intents import (
    Channel,
    Intent,
    KeepReport,
    ReportState,
    SendLetter,
    Tell,
    UpdateTask,
)
from mcur.playbooks.rules import control
from mcur.playbooks.rules.base import Case, Kind, Rule


class ReportGroup(Rule):
    """A group of columns of the form, with the clauses of the group and of its columns."""

    id: str = ""
    group: Literal["new", "repeat", "deferred", "overdue", "returned", "closed"]
    columns: tuple[str, ...] = ()


class Report(Rule):
    """A daily report: its form, its hours, its author and its readers.

    ``covers`` is the whole day before or today until the moment of sending. ``max_rows`` bounds
    rows that carry no news. ``columns`` are the clauses of the columns of a form without groups.
    ``deadline`` is the clause's: finished at it is late already.
    """

    form: Literal["groups", "problems", "work"]
    covers: Literal["previous_day", "today"]
    author: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
    draft_at: ClockField | None = None
    send_at: ClockField
    deadline: ClockField
    groups: tuple[ReportGroup, ...] = ()
    columns: tuple[str, ...] = ()
    kinds: tuple[TaskKind, ...] = ()
    max_rows: int = 40

    def problems(self) -> list[str]:
        """Say where the hours contradict each other."""
        found = []
        if self.send_at >= self.deadline:
            found.append(
                f"send_at {self.send_at:%H:%M} is not before deadline {self.deadline:%H:%M}"
            )
        return found


def decide(rule: Report, case: Case) -> Iterator[Intent]:
    """Draft, send, correct; name what was missed."""
    yield from _missed(rule, case)
    today = case.playbook.calendar.local(case.now).date()
    key = report_key(rule, case, today)
    for act in case.facts.accepted_acts():
        if act.key == key:
            yield from _act(rule, case, act, key, today)
    kept = case.facts.report(key)
    send_at = case.playbook.calendar.at(today, rule.send_at)
    if send_at < case.facts.live_from or not case.playbook.calendar.is_report_day(today):
        return
    if case.now >= send_at:
        yield from _leave(rule, case, key, today, kept)
    elif kept is None and _draft_moment(rule, case, today) <= case.now:
        yield from _draft(rule, case, key, today)


def report_key(rule: Rule, case: Case, day: date) -> str:
    """Return the key of a daily report by the day it is due to leave."""
    return f"report:{case.playbook.id}:{rule.id}:{day}"


def preview(rule: Report, case: Case) -> Document:
    """Return the report as it would leave at ``case.now``."""
    return _document(rule, case, None)[0]


def _draft_moment(rule: Report, case: Case, day: date) -> datetime:
    """Return when the draft is due: whoever moves ``send_at`` before it keeps half an hour to look."""
    send_at = case.playbook.calendar.at(day, rule.send_at)
    if rule.draft_at is None:
        return send_at
    drafted_at = case.playbook.calendar.at(day, rule.draft_at)
    return drafted_at if drafted_at < send_at else send_at - timedelta(minutes=30)


def _wakes(rule: Report, case: Case) -> datetime | None:
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    # A draft is seen by polls: only what leaves the house needs its very minute.
    moments = [calendar.at(day, rule.send_at) for day in (today, today + timedelta(days=1))]
    return min(m for m in moments if m > case.now)


# --- the day of a report ------------------------------------------------------------------------------


def _draft(rule: Report, case: Case, key: str, day: date) -> Iterator[Intent]:
    document, filled = _document(rule, case, None)
    why = case.say("report.drafted", rule=rule)
    cite = case.cite(rule, why)
    yield KeepReport(
        key=key, cite=cite, rule=rule.id, day=day, state=ReportState.DRAFTED, document=document
    )
    task = control.day_task_key(case, rule.author)
    if not case.facts.knows(task):
        body = Document(blocks=(Paragraph(text=case.say("control.day_empty")),))
        yield control.day_task(rule, case, rule.author, body, why)
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
        not_after=case.playbook.calendar.at(day, rule.send_at),
        note=Document(
            title=case.say("report.draft_title", rule=rule, key=key),
            blocks=(Paragraph(text=case.say("report.draft_ask", rule=rule, key=key)), *gaps),
        ),
    )


def _leave(rule: Report, case: Case, key: str, day: date, kept: Kept | None) -> Iterator[Intent]:
    if kept is not None and kept.state != ReportState.DRAFTED:
        return
    deadline = case.playbook.calendar.at(day, rule.deadline)
    if case.playbook.calendar.catch_up == "never" and case.now >= deadline:
        why = case.say("report.missed", rule=rule, due_day=day)
        yield from _record_missed(rule, case, key, day, why)
        return
    yield from _send(rule, case, key, day, kept.reviewed_by if kept else None)


def _send(
    rule: Report, case: Case, key: str, day: date, reviewed_by: str | None
) -> Iterator[Intent]:
    document, filled = _document(rule, case, reviewed_by)
    cite = case.cite(rule, case.say("report.why", rule=rule))
    yield KeepReport(
        key=key,
        cite=cite,
        rule=rule.id,
        day=day,
        state=ReportState.DECIDED,
        document=document,
        reviewed_by=reviewed_by,
    )
    yield _letter(rule, case, key, day, document, filled)


def _letter(
    rule: Report, case: Case, key: str, day: date, document: Document, filled: forms.Filled
) -> SendLetter:
    first, last = forms.period(rule.covers, case)
    calendar = case.playbook.calendar
    return SendLetter(
        key=key,
        cite=case.cite(rule, case.say("report.why", rule=rule)),
        channel=Channel.REPORTS,
        urgent=True,
        sender=rule.author,
        to=rule.to,
        cc=rule.cc,
        subject=case.say(
            f"form.{rule.form}.subject",
            rule=rule,
            first=first,
            through=_through(first, last),
            figures=filled.figures,
        ),
        document=document,
        deadline=calendar.at(day, rule.deadline),
        not_after=calendar.at(day + timedelta(days=1), calendar.day_starts),
        papers=("docx",),
    )


def _document(rule: Report, case: Case, reviewed_by: str | None) -> tuple[Document, forms.Filled]:
    first, last = forms.period(rule.covers, case)
    filled = forms.FORMS[rule.form](rule, case, first, last)
    mark = (
        case.say("report.reviewed", by=reviewed_by) if reviewed_by else case.say("report.unchecked")
    )
    blocks: list[Block] = [
        Paragraph(text=mark, tone="quiet" if reviewed_by else "mark"),
        *(Paragraph(text=line, tone="mark") for line in _missed_lines(rule, case)),
        *(Paragraph(text=line, tone="mark") for line in _troubles(case)),
        *filled.blocks,
    ]
    quality = (*_quality(rule, case, first, last), *_unset(case))
    if quality:
        blocks += [Heading(text=case.say("report.quality")), Bullets(items=quality)]
    head = "report.covers_day" if rule.covers == "previous_day" else "report.covers_today"
    document = Document(
        title=rule.title,
        subtitle=case.say(head, first=first, last=last, through=_through(first, last)),
        lead=filled.lead,
        blocks=tuple(blocks),
        footer=(case.say("report.as_of", at=case.now), case.clause_line(rule.clause)),
        landscape=filled.landscape,
    )
    return document, filled


def _through(first: datetime, last: datetime) -> datetime:
    return max(first, last - timedelta(days=1))


def _missed_lines(rule: Report, case: Case) -> list[str]:
    today = case.playbook.calendar.local(case.now).date()
    missed = case.facts.missed_reports(case.playbook.id, rule.id, today)
    shift = timedelta(days=1 if rule.covers == "previous_day" else 0)
    newest = missed[-rule.max_rows :]
    lines = [case.say("report.not_sent", rule=rule, due_day=kept.day - shift) for kept in newest]
    rest = len(missed) - len(newest)
    return [case.say("report.not_sent_more", rule=rule, count=rest), *lines] if rest else lines


def _troubles(case: Case) -> list[str]:
    down = (system for system in case.facts.health() if system.down_since is not None)
    return [case.say("report.system_down", system=system) for system in down]


def _unset(case: Case) -> list[str]:
    """Name the rules that wait for a value which the text does not give."""
    return [
        case.say("surge.unset", printed=case.playbook.printed(rule.clause))
        for rule in case.playbook.rules["surge"].values()
        if not getattr(rule, "is_set", True) or not rule.enabled
    ]


def _quality(rule: Report, case: Case, first: datetime, last: datetime) -> tuple[str, ...]:
    """Say what the figures rest on: rows without address or topic, files that did not come."""
    if rule.form != "groups":
        return ()
    if not case.facts.has_data(first, last):
        return (case.say("report.no_file", first=first),)
    received = [a for a in case.facts.entered("new", first, last) if case.playbook.owns(a)]
    lines = []
    unplaced = sum(a.house is None for a in received)
    untold = sum(a.topic is None for a in received)
    if unplaced:
        lines.append(case.say("report.without_house", count=unplaced))
    if untold:
        lines.append(case.say("report.without_topic", count=untold))
    return tuple(lines)


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
        case "correct" if kept is not None and state in {ReportState.DECIDED, ReportState.SENT}:
            yield from _correct(rule, case, kept, who)


def _correct(rule: Report, case: Case, kept: Kept, who: str) -> Iterator[Intent]:
    number = 2
    while case.facts.knows(f"{kept.key}:r{number}"):
        number += 1
    key = f"{kept.key}:r{number}"
    document, filled = _document(rule, case, who)
    changes = _changes(case, kept.document, document)
    document = document.model_copy(
        update={
            "blocks": (
                Heading(text=case.say("report.changes")),
                Bullets(items=changes),
                *document.blocks,
            )
        }
    )
    cite = case.cite(rule, case.say("report.corrected", rule=rule))
    yield KeepReport(
        key=key,
        cite=cite,
        rule=rule.id,
        day=kept.day,
        state=ReportState.DECIDED,
        document=document,
        reviewed_by=who,
    )
    letter = _letter(rule, case, key, kept.day, document, filled)
    subject = case.say("report.corrected_subject", subject=letter.subject, number=number)
    yield letter.model_copy(update={"subject": subject, "deadline": None, "answers": kept.key})
    yield Tell(key=key, cite=cite, event="report.corrected", data={"changes": list(changes)})


def _changes(case: Case, old: Document | None, new: Document) -> tuple[str, ...]:
    before, after = _rows(old), _rows(new)
    added = [
        case.say("report.row_added", row=" | ".join(filter(None, r)))
        for r in after
        if r not in before
    ]
    gone = [
        case.say("report.row_gone", row=" | ".join(filter(None, r)))
        for r in before
        if r not in after
    ]
    return tuple(added + gone) or (case.say("report.no_changes"),)


def _rows(document: Document | None) -> list[tuple[str, ...]]:
    blocks = document.blocks if document else ()
    return [row for block in blocks if isinstance(block, Table) for row in block.rows]


# --- what was missed ----------------------------------------------------------------------------------


def _missed(rule: Report, case: Case) -> Iterator[Intent]:
    """Record the slots of past days that nobody served; a held report that no one let go is one."""
    last = case.facts.last_cycle()
    if last is None:
        return
    today = case.playbook.calendar.local(case.now).date()
    day = case.playbook.calendar.local(last).date()
    while day < today:
        key = report_key(rule, case, day)
        kept = case.facts.report(key)
        slot = case.playbook.calendar.at(day, rule.send_at)
        waiting = kept is None or kept.state in {ReportState.DRAFTED, ReportState.HELD}
        due = slot >= case.facts.live_from and case.playbook.calendar.is_report_day(day)
        if waiting and due:
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


def _shape(table: dict[str, Any]) -> Report:
    return Report.model_validate(table)


def _roles(rule: Report) -> tuple[str, ...]:
    return (rule.author, *rule.to, *rule.cc)


def _makes(_rule: Report) -> tuple[TaskKind, ...]:
    return (TaskKind.DAY,)


KIND: Kind[Report] = Kind(
    name="report", shape=_shape, decide=decide, wakes=_wakes, roles=_roles, makes=_makes
)
