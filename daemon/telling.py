"""What the timeline says of a delivery, and of a change that somebody made in a tracker."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import Any

from mcur.connectors.papers.text import to_text
from mcur.daemon.render import Addressed, Filed
from mcur.playbooks.facts import Task, TaskSeen
from mcur.playbooks.intents import Cite, CreateTask, Effect, FileDocument, SendLetter, UpdateTask
from mcur.state.gathered import joined
from mcur.state.journal import Event


def delivered(
    effect: Effect, prepared: Any, seen: TaskSeen | None, task: Task | None, now: datetime
) -> Event:
    """Tell that an effect is done; ``task`` is the one that was changed."""
    match effect:
        case SendLetter():
            return letter_left(effect, prepared, now)
        case FileDocument():
            return document_filed(effect, prepared, now)
        case CreateTask():
            return task_made(effect, seen.ident if seen else None, now)
        case UpdateTask():
            return task_changed(effect, task, now)
    msg = f"{effect.key}: nothing is told of it"
    raise AssertionError(msg)


def letter_left(effect: SendLetter, addressed: Addressed, now: datetime) -> Event:
    """Tell that a letter left; ``from`` is the role in whose name it is written."""
    return Event(
        at=now,
        event="mail.sent",
        cite=effect.cite,
        key=effect.key,
        to=addressed.to,
        cc=addressed.cc,
        subject=addressed.letter.subject,
        late=addressed.late,
        data={
            "from": effect.sender or addressed.letter.sender[1],
            "attachments": [f.name for f in addressed.letter.files],
            "text": addressed.letter.text,
        },
    )


def document_filed(effect: FileDocument, filed: Filed, now: datetime) -> Event:
    """Tell that a document was put where it is not mailed."""
    return Event(
        at=now,
        event="report.filed",
        cite=effect.cite,
        key=effect.key,
        subject=effect.name,
        late=filed.late,
        data={"from": effect.author, "attachments": [filed.file.name], "text": filed.text},
    )


def task_made(effect: CreateTask, number: str | None, now: datetime) -> Event:
    """Tell that a task stands in the tracker, as it was made."""
    return Event(
        at=now,
        event="task.created",
        cite=effect.cite,
        key=effect.key,
        subject=effect.subject,
        data={
            "kind": effect.kind,
            "project": effect.project,
            "subject": effect.subject,
            "text": to_text(effect.body),
            "assignee": effect.assignee,
            "due_at": effect.due_at,
            "parent": effect.parent,
            "status": "new",
            "attachments": [a.name for a in effect.attachments],
            "reopen_count": 0,
            "number": number,
        },
    )


def call_requested(effect: CreateTask, now: datetime) -> Event:
    """Tell that somebody is asked to ring somebody, beside the task that says so."""
    return Event(
        at=now,
        event="call.requested",
        cite=effect.cite,
        key=effect.key,
        to=effect.rings,
        subject=effect.subject,
        data={"from": effect.assignee, "to": list(effect.rings)},
    )


def task_changed(effect: UpdateTask, task: Task | None, now: datetime) -> Event:
    """Tell of our change of a task: what was written, and how the task stands now."""
    status = effect.status or effect.moved
    closed = status is not None and not status.is_open
    words = joined(effect.said, effect.note) or effect.body
    return Event(
        at=now,
        event="task.closed" if closed else "task.updated",
        cite=effect.cite,
        key=effect.task,
        subject=effect.subject or (task.subject if task else None),
        data=_standing(task, to_text(words) if words else "", (a.name for a in effect.attachments)),
    )


def task_seen(task: Task, seen: TaskSeen, cite: Cite, now: datetime) -> Event:
    """Tell of a change that a person made in the tracker."""
    words = seen.notes[-1].text if seen.notes else ""
    return Event(
        at=now,
        event="task.updated" if task.status.is_open else "task.closed",
        cite=cite,
        key=task.key,
        subject=task.subject,
        data=_standing(task, words, ()),
    )


def _standing(task: Task | None, text: str, attachments: Iterable[str]) -> dict[str, Any]:
    said: dict[str, Any] = {"text": text, "attachments": list(attachments)}
    if task is None:
        return said
    return said | {
        "kind": task.kind,
        "project": task.project,
        "subject": task.subject,
        "assignee": task.assignee,
        "due_at": task.due_at,
        "parent": task.parent,
        "status": task.status.value,
        "reopen_count": task.reopen_count,
    }


def shadow_of(event: Event, now: datetime) -> Event:
    """Tell what a channel in shadow would have done."""
    data = {**event.data, "event": event.event}
    return replace(event, at=now, event="shadow", late=None, data=data)
