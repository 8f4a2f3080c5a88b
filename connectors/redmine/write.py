"""Tasks and changes as the values that Redmine takes, and what it made of them.

Redmine ignores in silence what it does not like (an unknown field, a forbidden status, a tracker
that the project lacks), so every answer is compared with what was asked.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from mcur.connectors.ports import NewTask, Rejected, TaskChange
from mcur.connectors.redmine import markup
from mcur.connectors.redmine.catalog import Catalog
from mcur.connectors.redmine.client import Json
from mcur.connectors.redmine.marks import (
    Footer,
    note_mark,
    read_footer,
    subject_line,
    with_footer,
    write_due,
)
from mcur.connectors.redmine.read import Reader, own_marks
from mcur.connectors.redmine.shape import RedmineShape
from mcur.playbooks.documents import Document
from mcur.playbooks.facts import TaskKind, TaskSeen, TaskStatus


@dataclass(slots=True)
class Wish:
    """Values for one issue, and sentences on what could not be asked for at all."""

    values: dict[str, Any] = field(default_factory=dict)
    ignored: list[str] = field(default_factory=list)
    waits: str = ""
    """Why the status cannot be given yet; the rest can."""


_NO_SKEW = timedelta(0)


class Writer:
    """Writes values for one Redmine."""

    def __init__(self, shape: RedmineShape, catalog: Catalog, reader: Reader) -> None:
        self._shape = shape
        self._catalog = catalog
        self._reader = reader

    def new(self, task: NewTask, now: datetime) -> Wish:
        """Write a new issue. What Redmine must have and does not (tracker, field) is refused."""
        shape = self._shape
        project = shape.project_for(task.kind, task.project, task.block)
        bare_key = None if shape.has_fields else task.key
        wish = Wish()
        wish.values = {
            "project_id": self._catalog.project(project).id,
            "tracker_id": self._catalog.tracker(project, shape.tracker_names[task.kind]),
            "status_id": self._numbers(shape.names_of(task.status, task.kind, task.key))[0],
            "subject": subject_line(task.subject, bare_key),
            "description": self._description(task),
        }
        if shape.has_fields:
            wish.values["custom_fields"] = self._fields(self._field_values(task), wish.ignored)
        self._dates(task, now, wish)
        self._priority(task, wish)
        if task.parent:
            wish.values["parent_issue_id"] = int(task.parent)
        if task.assignee:
            self._assign(project, task.assignee, wish)
        return wish

    def change(self, change: TaskChange, issue: Json) -> Wish:
        """Write what differs between an issue and what it shall be; the note comes with it."""
        shape = self._shape
        seen = self._reader.task(issue, _NO_SKEW)
        wish = Wish()
        if change.status is not None and change.status != seen.status:
            self._move(change.status, issue, seen, wish)
        if change.due_at is not None:
            day = change.due_at.astimezone(shape.zone).date().isoformat()
            if day != issue.get("due_date"):
                wish.values["due_date"] = day
        if change.assignee is not None and change.assignee != (seen.assignee or ""):
            self._assign(seen.project, change.assignee, wish)
        key = seen.key or change.fields.get("key")
        if change.subject is not None or key != seen.key:
            told = change.subject or seen.subject
            subject = subject_line(told, None if shape.has_fields else key)
            if subject != issue["subject"]:
                wish.values["subject"] = subject
        self._change_text(change, issue, seen, wish)
        self._change_fields(change, issue, wish)
        if change.note is not None and note_mark(change.token) not in own_marks(issue):
            wish.values["notes"] = self._note(change)
        return wish

    def differences(self, wanted: dict[str, Any], issue: Json) -> list[str]:
        """Say what of the wanted values the issue does not have; fields that it lacks are no values."""
        held: dict[str, Any] = {
            "tracker_id": issue["tracker"]["id"],
            "status_id": issue["status"]["id"],
            "assigned_to_id": issue.get("assigned_to", {}).get("id", ""),
            "parent_issue_id": issue.get("parent", {}).get("id"),
            "due_date": issue.get("due_date"),
            "priority_id": issue["priority"]["id"],
            "subject": issue["subject"],
        }
        # The dates and the priority of a parent are made of its children's.
        derived = {"due_date", "priority_id"} if issue.get("children") else set()
        said = [
            f"{_NAMES[name]} was ignored: it is {_held(issue, name)}"
            for name, value in wanted.items()
            if name in held and name not in derived and held[name] != value
        ]
        values = {entry["id"]: entry.get("value") or "" for entry in issue.get("custom_fields", ())}
        said += [
            f"field {entry['id']} was ignored"
            for entry in wanted.get("custom_fields", ())
            if entry["id"] in values and _lines(values[entry["id"]]) != _lines(entry["value"])
        ]
        return said

    def _description(self, task: NewTask) -> str:
        body = self._written(task.body)
        if self._shape.has_fields:
            return body
        due = write_due(task.due_at, self._shape.zone) if task.due_at else None
        marked = self._marked(task.status, task.kind, task.key)
        return with_footer(body, Footer(key=task.key, due=due, status=marked))

    def _numbers(self, names: list[str]) -> list[int]:
        """Look up the names of a status; a Redmine that lacks the kind's own one has the common one."""
        *own, common = names
        return [
            *(self._catalog.status(name) for name in own if self._catalog.has_status(name)),
            self._catalog.status(common),
        ]

    def _marked(
        self, status: TaskStatus, kind: TaskKind | None, key: str | None
    ) -> TaskStatus | None:
        """Return the status where its name alone would be read as another one of ours."""
        name = self._shape.names_of(status, kind, key)[0]
        plain = self._shape.status_of(name, closed=not status.is_open, kind=kind)
        return None if plain is status else status

    def _field_values(self, task: NewTask) -> dict[str, str]:
        values = {"key": task.key, **task.fields}
        if task.due_at:
            values["due_at"] = write_due(task.due_at, self._shape.zone)
        return values

    def _fields(self, values: dict[str, str], ignored: list[str]) -> list[Json]:
        """Write custom fields; the key must have one, others are left out with a word."""
        numbers = {**self._catalog.fields(), "key": self._catalog.field("key")}
        ignored += [
            f"field {name} was left out: this Redmine does not show one for it"
            for name in values
            if name not in numbers and name in self._shape.field_names
        ]
        return [
            {"id": numbers[name], "value": markup.clean(value)}
            for name, value in values.items()
            if name in numbers
        ]

    def _dates(self, task: NewTask, now: datetime, wish: Wish) -> None:
        """Write both dates: left alone, Redmine starts today by its clock and refuses an earlier end."""
        start = (task.start or now).astimezone(self._shape.zone).date()
        if task.due_at:
            due = task.due_at.astimezone(self._shape.zone).date()
            start = min(start, due)
            wish.values["due_date"] = due.isoformat()
        wish.values["start_date"] = start.isoformat()

    def _priority(self, task: NewTask, wish: Wish) -> None:
        if not task.urgent:
            return
        number = self._catalog.priority(self._shape.urgent)
        if number is None:
            wish.ignored.append(f"urgent was left out: there is no priority «{self._shape.urgent}»")
        else:
            wish.values["priority_id"] = number

    def _assign(self, project: str, login: str, wish: Wish) -> None:
        """Write the assignee; somebody who is no member would be answered with 422 or nothing."""
        number = self._catalog.person(project, login) if login else ""
        if number is None:
            wish.ignored.append(f"assignee {login} was left out: no member of project {project}")
        else:
            wish.values["assigned_to_id"] = number

    def _move(self, status: TaskStatus, issue: Json, seen: TaskSeen, wish: Wish) -> None:
        """Write the status; Redmine ends no issue while others under it are open."""
        names = self._shape.names_of(status, seen.kind, seen.key)
        open_yet = {entry["is_closed"] for entry in issue.get("allowed_statuses", ())} == {False}
        if issue.get("children") and open_yet and not status.is_open:
            wish.waits = f"move task {issue['id']} to «{names[0]}»: tasks under it are still open"
        else:
            wish.values["status_id"] = self._allowed(names, issue)

    def _allowed(self, names: list[str], issue: Json) -> int:
        """Return the number of the first status to which this account may move the issue.

        An issue that was made before its kind had names of its own goes on under the common ones.
        """
        held = issue["status"]
        numbers = self._numbers(names)
        offered = issue.get("allowed_statuses", [{"id": number} for number in numbers])
        allowed = {held["id"], *(entry["id"] for entry in offered)}
        number = next((number for number in numbers if number in allowed), None)
        if number is None:
            msg = (
                f"move task {issue['id']} from «{held['name']}» to «{names[0]}»: the workflow of "
                f"tracker «{issue['tracker']['name']}» in Redmine «{self._shape.name}» does not "
                "allow it to this account"
            )
            raise Rejected(msg)
        return number

    def _change_text(self, change: TaskChange, issue: Json, seen: TaskSeen, wish: Wish) -> None:
        """Write the description: its body, and in ``bare`` the term's hour and the status."""
        held = (issue.get("description") or "").replace("\r\n", "\n").rstrip()
        body, footer = held, None
        if not self._shape.has_fields:
            body, footer = read_footer(issue["subject"], held)
        if change.body is not None:
            body = self._written(change.body)
        key = footer.key if footer else change.fields.get("key")
        if key and not self._shape.has_fields:
            held_due = footer.due if footer else None
            due = write_due(change.due_at, self._shape.zone) if change.due_at else held_due
            status = change.status or seen.status
            marked = self._marked(status, seen.kind, key)
            body = with_footer(body, Footer(key=key, due=due, status=marked))
        if body.rstrip() != held:
            wish.values["description"] = body

    def _change_fields(self, change: TaskChange, issue: Json, wish: Wish) -> None:
        if not self._shape.has_fields:
            return
        values = dict(change.fields)
        if change.due_at is not None:
            values["due_at"] = write_due(change.due_at, self._shape.zone)
        held = self._reader.values(issue)
        values = {k: v for k, v in values.items() if _lines(held.get(k, "")) != _lines(v)}
        if values:
            wish.values["custom_fields"] = self._fields(values, wish.ignored)

    def _note(self, change: TaskChange) -> str:
        text = self._written(change.note) if change.note else ""
        mark = markup.small(note_mark(change.token), self._shape.markup)
        return f"{text}\n\n{mark}" if text else mark

    def _written(self, document: Document) -> str:
        return markup.write(document, self._shape.markup, self._shape.url.rstrip("/"))


_NAMES = {
    "tracker_id": "tracker",
    "status_id": "status",
    "assigned_to_id": "assignee",
    "parent_issue_id": "parent",
    "due_date": "due date",
    "priority_id": "priority",
    "subject": "subject",
}


def _held(issue: Json, name: str) -> str:
    value = issue.get({"parent_issue_id": "parent"}.get(name, name.removesuffix("_id")))
    if isinstance(value, dict):
        return f"«{value.get('name', value['id'])}»"
    return f"«{value}»" if value else "empty"


def _lines(text: object) -> str:
    return str(text).replace("\r\n", "\n").strip()
