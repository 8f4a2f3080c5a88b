"""Notes: what people wrote on tasks and changed there, each once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime

from mcur.playbooks import filenames
from mcur.playbooks.facts import Act, Note, Task, TaskSeen, TaskStatus
from mcur.state.database import StateDatabase
from mcur.state.rows import dump
from mcur.state.stamps import text_of


class Notes:
    """The notes of a site's tasks. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def take(self, task: Task, seen: TaskSeen) -> list[Note]:
        """Keep the notes that are new and return them; those of history mean nothing."""
        fresh = []
        for note in seen.notes:
            row = (task.key, note.ident, text_of(note.at), note.author, note.text)
            cursor = self._db.conn.execute(
                "INSERT OR IGNORE INTO notes VALUES (?,?,?,?,?,?)", (*row, dump(note.changes))
            )
            if cursor.rowcount and not task.history:
                fresh.append(note)
        return fresh

    def with_files(self, act: Act) -> Act:
        """Give a report in the tracker the files that came before it, since the last return."""
        if act.fields.get("status") != TaskStatus.DONE or "attachments" in act.fields:
            return act
        files: list[str] = []
        for note in self.of(act.key or ""):
            if note.at > act.at:
                break
            if note.changes.get("status") == TaskStatus.RETURNED:
                files.clear()
            files += filenames.parted(note.changes.get("attachment", ""))
        return replace(act, fields={**act.fields, "attachments": filenames.joined(files)})

    def of(self, key: str) -> list[Note]:
        """Return the notes of a task, oldest first."""
        rows = self._db.query("SELECT * FROM notes WHERE task = ? ORDER BY at, ident", [key])
        return [
            Note(
                ident=r["ident"],
                at=datetime.fromisoformat(r["at"]),
                author=r["author"],
                text=r["text"],
                changes=json.loads(r["changes"]),
            )
            for r in rows
        ]
