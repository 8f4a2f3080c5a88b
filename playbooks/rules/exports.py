"""The daily task about an export: it takes the file, says what was read of it, and reminds where none comes.

The site says of a feed by which hour of a working day its export is there; without that nobody is
asked. Whichever way the export came, the task is done by it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from mcur.playbooks.directory import FeedEntry
from mcur.playbooks.documents import Document, Paragraph, plain
from mcur.playbooks.facts import ExportRead, Task, TaskKind, TaskStatus
from mcur.playbooks.intents import (
    Channel,
    Cite,
    CreateTask,
    FetchFile,
    Intent,
    SendLetter,
    UpdateTask,
    digest_of,
)
from mcur.playbooks.language import capital
from mcur.playbooks.permits import HEADS
from mcur.playbooks.rules.base import Case, Rule

PATIENCE = timedelta(minutes=30)
"""How long after the reminder the head is told."""


@dataclass(frozen=True, slots=True)
class Awaited:
    """The export of a feed on a day: who is asked for it, and by when."""

    feed: FeedEntry
    name: str
    officer: str
    day: date
    due: datetime
    key: str
    cite: Cite


def decide(rule: Rule, officer: str, case: Case) -> Iterator[Intent]:
    """Ask for the exports of today, take those that came, remind of the others."""
    for awaited in _awaited(rule, officer, case):
        calendar = case.playbook.calendar
        read = case.facts.exports_read(awaited.feed.id, calendar.at(awaited.day, time(0)))
        task = case.facts.task(awaited.key)
        is_there = any(not one.fault for one in read)
        if task is None and not is_there and not case.facts.knows(awaited.key):
            yield _task(case, awaited)
        if task is not None:
            yield from _taken(case, awaited)
            yield from _answers(case, awaited, task, read)
        if not is_there and case.now >= awaited.due:
            yield from _reminded(case, awaited, task)


def wakes(officer: str, case: Case) -> datetime | None:
    """Return when the next reminder is due."""
    today = case.playbook.calendar.local(case.now).date()
    moments = [
        case.playbook.calendar.at(today + timedelta(days=days), feed.expected_by) + later
        for feed in _feeds(case)
        if feed.expected_by is not None and officer
        for days in (0, 1)
        for later in (timedelta(0), PATIENCE)
    ]
    return min((moment for moment in moments if moment > case.now), default=None)


def _feeds(case: Case) -> Iterator[FeedEntry]:
    for feed in case.facts.directory.feeds_of(case.playbook.id):
        if feed.expected_by is not None and feed.asked == case.playbook.id:
            yield feed


def _awaited(rule: Rule, officer: str, case: Case) -> Iterator[Awaited]:
    calendar = case.playbook.calendar
    day = calendar.local(case.now).date()
    for feed in _feeds(case) if calendar.is_working_day(day) else ():
        clock = feed.expected_by or time(0)
        due = calendar.at(day, clock)
        if due <= case.facts.live_from:
            continue
        source = case.say("source", source=feed.source)
        name = case.say("exports.name", source=feed.source, title=capital(source))
        why = case.say("exports.why", what=name, clock=clock)
        key = f"task:{case.playbook.id}:export:{feed.id}:{day}"
        yield Awaited(feed, name, officer, day, due, key, case.cite(rule, why))


def _task(case: Case, awaited: Awaited) -> CreateTask:
    minutes = PATIENCE // timedelta(minutes=1)
    ask = case.say("exports.ask", what=awaited.name, files=awaited.feed.pattern)
    done = case.say("exports.done_when", due=awaited.due, minutes=minutes)
    projects = case.playbook.projects
    return CreateTask(
        key=awaited.key,
        cite=awaited.cite,
        kind=TaskKind.DAY,
        project=projects.get("day", projects["executor"]),
        subject=case.say("exports.subject", what=awaited.name, at=awaited.day),
        body=Document(
            blocks=(Paragraph(text=ask), Paragraph(text=done, tone="quiet")),
            footer=(case.clause_line(awaited.cite.clause),),
        ),
        assignee=awaited.officer,
        due_at=awaited.due,
    )


def _taken(case: Case, awaited: Awaited) -> Iterator[Intent]:
    """Fetch what people have just put on the task; what no feed takes is said back."""
    for act in case.facts.accepted_acts():
        if act.key != awaited.key or act.do != "note":
            continue
        for file in act.files:
            about = digest_of(act.ident, file)
            if awaited.feed.fits(file):
                why = case.say("exports.taken", file=file)
                yield FetchFile(
                    key=f"export:{awaited.feed.id}:{about}",
                    cite=awaited.cite.model_copy(update={"why": why}),
                    task=awaited.key,
                    feed=awaited.feed.id,
                    name=file,
                )
            else:
                said = case.say(
                    "exports.foreign", file=file, what=awaited.name, files=awaited.feed.pattern
                )
                yield _note(awaited, f"foreign:{about}", said)


def _answers(
    case: Case, awaited: Awaited, task: Task, read: Sequence[ExportRead]
) -> Iterator[Intent]:
    """Say what was read: of the first export of the day, and of each that was put on the task."""
    put = [file for act in case.facts.acts_on(awaited.key) for file in act.files]
    good = [one for one in read if not one.fault]
    for one in read:
        file = next((name for name in put if one.file.endswith(name)), "")
        if one not in good[:1] and not file:
            continue
        said = case.say("exports.fault" if one.fault else "exports.read", one=one, file=file)
        about = f"read:{digest_of(one.file, one.made_at.isoformat())}"
        if not case.facts.knows(f"update:{task.key}:{about}"):
            closes = not one.fault and task.status.is_open
            yield _note(awaited, about, said, TaskStatus.CLOSED if closes else None)


def _reminded(case: Case, awaited: Awaited, task: Task | None) -> Iterator[Intent]:
    """Remind the officer in the tracker; later tell the head by mail, once."""
    late = case.say("exports.late", what=awaited.name, due=awaited.due)
    told = awaited.cite.model_copy(update={"why": late})
    if task is not None and not case.facts.knows(f"update:{task.key}:remind"):
        said = case.say("exports.remind", what=awaited.name, due=awaited.due)
        yield _note(awaited, "remind", said).model_copy(update={"cite": told})
    key = f"letter:{case.playbook.id}:export:{awaited.feed.id}:{awaited.day}"
    head = next((role for role in case.playbook.roles if role in HEADS), "")
    if case.now < awaited.due + PATIENCE or not head or case.facts.knows(key):
        return
    last = case.facts.newest_exports().get(awaited.feed.id)
    who = case.playbook.roles.get(awaited.officer, awaited.officer)
    text = case.say(
        "exports.letter", what=awaited.name, due=awaited.due, last=last, who=who, task=task
    )
    yield SendLetter(
        key=key,
        cite=told,
        channel=Channel.ESCALATIONS,
        sender="",
        to=(head,),
        subject=case.say("exports.letter_subject", what=awaited.name, at=awaited.day),
        document=plain(text),
    )


def _note(awaited: Awaited, about: str, said: str, status: TaskStatus | None = None) -> UpdateTask:
    return UpdateTask(
        key=f"update:{awaited.key}:{about}",
        cite=awaited.cite,
        task=awaited.key,
        note=plain(said),
        status=status,
    )
