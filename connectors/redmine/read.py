"""Redmine's JSON as tasks and notes.

Redmine prints stamps in UTC to the second; they are translated by the skew of its clock. A term is
a date in Redmine; its hour stands in a field (or in the text), see :func:`read_term`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

from mcur.connectors.redmine.catalog import Catalog
from mcur.connectors.redmine.client import Json
from mcur.connectors.redmine.marks import (
    DAY_END,
    Footer,
    read_due,
    read_footer,
    subject_without_token,
    without_mark,
)
from mcur.connectors.redmine.markup import unescape
from mcur.connectors.redmine.shape import RedmineShape
from mcur.playbooks import filenames
from mcur.playbooks.facts import Note, TaskSeen

_FOREIGN_TEXTS = ("measures", "causes", "prevention")
_APPEAL = ("address", "category", "subcategory")
_TOLD = frozenset({*_FOREIGN_TEXTS, *_APPEAL, "due_at", "called_at"})
"""Fields whose changes mean something."""


class Reader:
    """Reads issues of one Redmine."""

    def __init__(self, shape: RedmineShape, catalog: Catalog) -> None:
        self._shape = shape
        self._catalog = catalog

    def key(self, issue: Json) -> str | None:
        """Return our key of an issue, ``None`` for one that somebody made by hand."""
        if self._shape.has_fields:
            return self._values(issue).get("key") or None
        footer = self._split(issue)[1]
        return footer.key if footer else None

    def task(self, issue: Json, skew: timedelta) -> TaskSeen:
        """Read an issue; ``skew`` is how far Redmine's clock is ahead of ours."""
        values = self._values(issue)
        body, footer = self._split(issue)
        key = self.key(issue)
        kind = self._shape.kind_of(issue["tracker"]["name"])
        status = self._shape.status_of(
            issue["status"]["name"],
            closed=issue["status"].get("is_closed", False),
            kind=kind,
            marked=footer.status if footer else None,
        )
        assignee = issue.get("assigned_to")
        parent = issue.get("parent")
        closed = issue.get("closed_on")
        return TaskSeen(
            tracker=self._shape.name,
            ident=str(issue["id"]),
            key=key,
            project=self._catalog.projects().get(issue["project"]["id"], issue["project"]["name"]),
            subject=subject_without_token(issue["subject"], key if footer else None),
            status=status,
            author=self._catalog.login(issue["author"]),
            assignee=self._catalog.login(assignee) if assignee else None,
            due_at=self.term(issue),
            created_at=_ours(issue["created_on"], skew),
            updated_at=_ours(issue["updated_on"], skew),
            closed_at=_ours(closed, skew) if closed and not status.is_open else None,
            parent=str(parent["id"]) if parent else None,
            measures=values.get("measures") or None,
            causes=values.get("causes") or None,
            prevention=values.get("prevention") or None,
            text=unescape(body, self._shape.markup),
            kind=kind,
            url=f"{self._shape.url.rstrip('/')}/issues/{issue['id']}",
            notes=self._notes(issue, skew),
            attachments=tuple(file["filename"] for file in issue.get("attachments", ())),
        )

    def term(self, issue: Json) -> datetime | None:
        """Read the term of an issue with its hour."""
        due = issue.get("due_date")
        written = read_due(self._written_due(issue), self._shape.zone)
        # A parent's date is made of its children's: only what was agreed on in the text is its own.
        if issue.get("children"):
            return written
        by_text = self._moved_by_text(issue)
        return read_term(date.fromisoformat(due) if due else None, written, by_text, self._shape)

    def values(self, issue: Json) -> dict[str, str]:
        """Return the values of our custom fields by our names."""
        return self._values(issue)

    def _written_due(self, issue: Json) -> str | None:
        if self._shape.has_fields:
            return self._values(issue).get("due_at")
        footer = self._split(issue)[1]
        return footer.due if footer else None

    def _moved_by_text(self, issue: Json) -> bool:
        """Whether the last move of the term was made in the field with the hour."""
        number = str(self._catalog.fields().get("due_at", ""))
        for journal in reversed(_journals(issue)):
            touched = {(d["property"], d["name"]) for d in journal["details"]}
            if touched & {("cf", number), ("attr", "due_date")}:
                return ("cf", number) in touched
        return False

    def _values(self, issue: Json) -> dict[str, str]:
        if not self._shape.has_fields:
            return {}
        ours = {number: name for name, number in self._catalog.fields().items()}
        return {
            ours[entry["id"]]: (entry.get("value") or "").replace("\r\n", "\n").strip()
            for entry in issue.get("custom_fields", ())
            if entry["id"] in ours and not isinstance(entry.get("value"), list)
        }

    def _split(self, issue: Json) -> tuple[str, Footer | None]:
        text = issue.get("description") or ""
        if self._shape.has_fields:
            return text.replace("\r\n", "\n").strip(), None
        return read_footer(issue["subject"], text)

    def _notes(self, issue: Json, skew: timedelta) -> tuple[Note, ...]:
        """Return what people wrote and changed; entries of the daemon's own account are left out."""
        me = self._catalog.me()
        return tuple(
            Note(
                ident=str(journal["id"]),
                at=_ours(journal["created_on"], skew),
                author=self._catalog.login(journal["user"]),
                text=without_mark((journal.get("notes") or "").replace("\r\n", "\n")),
                changes=self._changes(journal["details"], issue),
            )
            for journal in _journals(issue)
            if journal["user"]["id"] != me
        )

    def _changes(self, details: list[Json], issue: Json) -> dict[str, str]:
        readers: dict[str, tuple[str, Callable[[str, Json], str]]] = {
            "status_id": ("status", self._status_word),
            "assigned_to_id": ("assignee", lambda value, _: self._catalog.login_of_number(value)),
            "due_date": ("due_at", self._due_word),
        }
        fields = {str(number): name for name, number in self._catalog.fields().items()}
        changes: dict[str, str] = {}
        for detail in details:
            value: str = detail.get("new_value") or ""
            name = detail["name"]
            if detail["property"] == "attr" and name in readers:
                ours, read = readers[name]
                changes.setdefault(ours, read(value, issue))
            elif detail["property"] == "cf" and fields.get(name) in _TOLD:
                ours = fields[name]
                changes[ours] = self._field_word(ours, value)
            elif detail["property"] == "attachment" and value:
                before = filenames.parted(changes.get("attachment", ""))
                changes["attachment"] = filenames.joined([*before, value])
            elif detail["property"] == "relation" and name == "duplicates" and value:
                changes["duplicates"] = value
        rung = self._values(issue).get("called_at")
        if rung and "status" in changes:  # the time was filled in before
            changes.setdefault("called_at", rung)
        return changes

    def _status_word(self, number: str, issue: Json) -> str:
        held, kind = issue["status"], self._shape.kind_of(issue["tracker"]["name"])
        is_held = str(held["id"]) == number  # its name comes with it, be it new to the catalog
        name = held["name"] if is_held else self._catalog.status_name(number) or ""
        closed = is_held and held.get("is_closed", False)
        return str(self._shape.status_of(name, closed=closed, kind=kind))

    def _due_word(self, day: str, issue: Json) -> str:
        if not day:
            return ""
        written = read_due(self._written_due(issue), self._shape.zone)
        term = read_term(date.fromisoformat(day), written, False, self._shape)
        return term.isoformat() if term else ""

    def _field_word(self, ours: str, value: str) -> str:
        if ours != "due_at":
            return value.replace("\r\n", "\n").strip()
        term = read_due(value, self._shape.zone)
        return term.isoformat() if term else value


def read_term(
    day: date | None, written: datetime | None, by_text: bool, shape: RedmineShape
) -> datetime | None:
    """Join the date of an issue with the hour that is written elsewhere.

    A person who moves a term moves the date and leaves the hour alone: the new date counts with
    the old hour. Where the last move was made in the written form (``by_text``), that counts. An
    issue whose date was cleared has no term; without a written hour the day ends the term.
    """
    if written is not None and (by_text or (day is not None and written.date() == day)):
        return written
    if day is None:
        return None
    return datetime.combine(day, written.timetz() if written else DAY_END, shape.zone)


def server_stamp(stamp: str) -> datetime:
    """Read a stamp as Redmine prints it, in its own time."""
    return datetime.fromisoformat(stamp).astimezone(UTC)


def _journals(issue: Json) -> list[Json]:
    """Return the history, oldest first, whatever order the account prefers to read it in."""
    return sorted(issue.get("journals", ()), key=lambda journal: int(journal["id"]))


def _ours(stamp: str, skew: timedelta) -> datetime:
    return server_stamp(stamp) - skew


def own_marks(issue: Json) -> set[str]:
    """Collect the marks of the daemon's notes on an issue."""
    notes: list[Any] = [journal.get("notes") or "" for journal in issue.get("journals", ())]
    return set(re.findall(r"‹mcur:[a-z2-7]{10}›", "\n".join(notes)))
