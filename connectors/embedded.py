"""The embedded tracker: tasks in an SQLite file of its own, so that a new site works at once.

It answers the port as Redmine does, forgetfulness included: the key is not unique (a task made
twice is there twice, and ``find`` shows the first), and every change has an entry in a history. The
file is not the state's: in one file effect and record would commit together and hide every fault
of a crash.

People work here through :meth:`~EmbeddedTracker.make`, :meth:`~EmbeddedTracker.note` and
:meth:`~EmbeddedTracker.change` (the command line, a scenario). What the daemon does has
:data:`ROBOT` for its author and does not come back as a note. All stamps come in as arguments:
this tracker has no clock and so no skew.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from mcur.connectors.edits import beside
from mcur.connectors.papers.text import to_text
from mcur.connectors.ports import NewTask, Rejected, TaskChange, TaskLost, TrackerChanges
from mcur.connectors.taskfile import ROBOT, TaskFile, Value, Values, stamp, to_json
from mcur.playbooks import filenames
from mcur.playbooks.facts import TaskKind, TaskSeen, TaskStatus

__all__ = ["ROBOT", "EmbeddedTracker"]

PAGE = 500
"""Most tasks that one call of ``changes`` returns."""


class EmbeddedTracker:
    """Tasks in a file; safe in several threads and beside other processes."""

    def __init__(self, path: Path, name: str = "embedded", *, lasting: bool = True) -> None:
        """Open the file, making it where there is none; see :class:`TaskFile` for ``lasting``."""
        self.name = name
        self.path = path
        self._file = TaskFile(path, name, lasting=lasting)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    # --- what the daemon does ---------------------------------------------------------------------

    def create(self, task: NewTask, now: datetime) -> TaskSeen:
        """Make the task, whether or not there is one under its key."""
        values: Values = {
            "key": task.key,
            "kind": task.kind,
            "project": task.project,
            "subject": _line(task.subject),
            "text": to_text(task.body).strip(),
            "status": task.status,
            "author": ROBOT,
            "assignee": task.assignee,
            "start": stamp(task.start),
            "due_at": stamp(task.due_at),
            "urgent": int(task.urgent),
            "parent": int(task.parent) if task.parent else None,
            "fields": to_json(task.fields),
        }
        with self._file.writing(f"create task {task.key}"):
            ident = self._file.insert(values, now)
            self._file.add_files(ident, ((file.name, file.digest) for file in task.attachments))
            return self._file.seen(ident)

    def update(self, change: TaskChange, now: datetime) -> TaskSeen:
        """Change the task; nothing is written where nothing differs and nothing is said."""
        with self._file.writing(f"update task {change.ident}"):
            row = self._file.row(change.ident)
            change, edited = beside(change, self._file.seen(row["id"]))
            wanted: Values = {
                "subject": _line(change.subject) if change.subject is not None else None,
                "text": to_text(change.body).strip() if change.body is not None else None,
                "status": change.status,
                "assignee": change.assignee,
                "due_at": stamp(change.due_at),
                "key": row["key"] or change.fields.get("key"),
                "fields": to_json({**json.loads(row["fields"]), **_fields(change)}),
            }
            changed = {k: v for k, v in wanted.items() if v is not None and v != (row[k] or "")}
            note = to_text(change.note).strip() if change.note is not None else ""
            if changed or change.note is not None or change.attachments:
                self._file.apply(row, changed, now)
                self._file.add_files(row["id"], ((f.name, f.digest) for f in change.attachments))
                self._file.add_note(row["id"], now, ROBOT, note, {}, change.token)
            return replace(self._file.seen(row["id"]), edited=edited)

    def find(self, keys: Collection[str], now: datetime) -> dict[str, TaskSeen]:  # noqa: ARG002  # the port has it
        """Return those of the tasks that are there, the first one under each key."""
        question = "select min(id) from tasks where key = ?"
        with self._file.reading("look for tasks"):
            firsts = {key: self._file.db.execute(question, [key]).fetchone()[0] for key in keys}
            return {
                key: self._file.seen(ident) for key, ident in firsts.items() if ident is not None
            }

    def has_note(self, ident: str, token: str) -> bool:
        """Whether the change with this token was already written."""
        question = "select 1 from notes where task = ? and token = ?"
        with self._file.reading(f"read task {ident}"):
            return self._file.db.execute(question, [ident, token]).fetchone() is not None

    def file(self, ident: str, name: str) -> bytes:
        """Refuse: what people put on a task here is a name and no file."""
        msg = f"read file {name} of task {ident}: {self.name} keeps the names of files only"
        raise Rejected(msg)

    def changes(self, cursor: str | None, now: datetime) -> TrackerChanges:  # noqa: ARG002  # so has this
        """Return tasks changed since the cursor, which is a count of all changes."""
        question = "select id, version from tasks where version > ? order by version limit ?"
        with self._file.reading("read changes"):
            rows = self._file.db.execute(question, [int(cursor or 0), PAGE]).fetchall()
            tasks = tuple(self._file.seen(row["id"]) for row in rows)
        last = str(rows[-1]["version"]) if rows else cursor or "0"
        return TrackerChanges(tasks=tasks, cursor=last, more=len(rows) == PAGE)

    def lost(self, idents: Collection[str], now: datetime) -> tuple[TaskLost, ...]:  # noqa: ARG002  # so has this
        """Return those of the tasks that somebody took out of the file."""
        with self._file.reading("call the roll of tasks"):
            there = {str(row["id"]) for row in self._file.db.execute("select id from tasks")}
        return tuple(TaskLost(ident=one, how="deleted") for one in idents if one not in there)

    def check(self) -> list[str]:
        """Say whether the file is sound; empty when it is."""
        with self._file.reading("check the embedded tracker"):
            said = [row[0] for row in self._file.db.execute("pragma quick_check")]
        return [] if said == ["ok"] else [f"{self.path} is damaged: {line}" for line in said]

    # --- what people do ---------------------------------------------------------------------------

    def make(
        self,
        author: str,
        subject: str,
        at: datetime,
        *,
        text: str = "",
        project: str = "",
        due_at: datetime | None = None,
        kind: TaskKind | None = None,
        assignee: str | None = None,
    ) -> TaskSeen:
        """Make a task by hand: it has no key."""
        values: Values = {
            "kind": kind,
            "project": project,
            "subject": _line(subject),
            "text": text,
            "status": TaskStatus.NEW,
            "author": author,
            "assignee": assignee,
            "due_at": stamp(due_at),
            "urgent": 0,
            "fields": "{}",
        }
        with self._file.writing("make a task"):
            return self._file.seen(self._file.insert(values, at))

    def note(
        self, ident: str, author: str, text: str, at: datetime, *, files: tuple[str, ...] = ()
    ) -> TaskSeen:
        """Write a note by a person, with the names of files that came with it."""
        with self._file.writing(f"write a note on task {ident}"):
            row = self._file.row(ident)
            self._file.apply(row, {}, at)
            self._file.add_files(row["id"], ((name, None) for name in files))
            changes = {"attachment": filenames.joined(files)} if files else {}
            self._file.add_note(row["id"], at, author, text, changes, None)
            return self._file.seen(row["id"])

    def change(
        self,
        ident: str,
        author: str,
        at: datetime,
        *,
        text: str = "",
        status: TaskStatus | None = None,
        due_at: datetime | None = None,
        assignee: str | None = None,
        fields: Mapping[str, str] | None = None,
    ) -> TaskSeen:
        """Change a task as a person; an empty ``assignee`` clears it."""
        with self._file.writing(f"change task {ident}"):
            row = self._file.row(ident)
            plain = {"status": status, "due_at": stamp(due_at), "assignee": assignee}
            changed = {k: v for k, v in plain.items() if v is not None and v != (row[k] or "")}
            held = json.loads(row["fields"])
            moved = {k: v for k, v in (fields or {}).items() if held.get(k, "") != v}
            values: dict[str, Value] = {**changed, "fields": to_json({**held, **moved})}
            self._file.apply(row, values, at)
            self._file.add_note(row["id"], at, author, text, {**changed, **moved}, None)
            return self._file.seen(row["id"])

    def listing(self, *, open_only: bool = False) -> list[TaskSeen]:
        """List all tasks, oldest first."""
        with self._file.reading("list tasks"):
            rows = self._file.db.execute("select id from tasks order by id").fetchall()
            tasks = [self._file.seen(row["id"]) for row in rows]
        return [task for task in tasks if task.status.is_open or not open_only]


def _fields(change: TaskChange) -> dict[str, str]:
    return {name: value for name, value in change.fields.items() if name != "key"}


def _line(text: str) -> str:
    """Make one line of a subject."""
    return " ".join(text.replace("\x00", " ").split())
