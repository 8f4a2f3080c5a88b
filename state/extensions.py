"""Requests for another term: the newest of each task, kept until somebody decides."""

from __future__ import annotations

import json
from typing import Any

from mcur.playbooks.extension import Extension
from mcur.playbooks.intents import KeepExtension
from mcur.state.database import StateDatabase
from mcur.state.journal import Event, append
from mcur.state.rows import dump
from mcur.state.stamps import moment_of, moment_or_none, text_or_none


class Extensions:
    """The requests of a site. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def keep(self, intent: KeepExtension) -> None:
        """Keep a request as it stands now; the journal names the old term and the new one."""
        asked = intent.extension
        old, new = text_or_none(asked.due_at), text_or_none(asked.wanted)
        self._db.conn.execute(
            "INSERT OR REPLACE INTO extensions VALUES (?,?,?,?,?,?,?)",
            (
                asked.task, asked.playbook, text_or_none(asked.asked_at), old, new,
                dump(list(asked.lacks)), asked.state,
            ),
        )  # fmt: skip
        event = Event(
            at=intent.at, event=f"extension.{asked.state}", cite=intent.cite, key=asked.task
        )
        append(self._db, event, evidence=f"due {old or '?'} -> {new or '?'}")

    def get(self, task: str) -> Extension | None:
        """Return the newest request of a task."""
        return next(iter(self._many("task = ?", [task])), None)

    def asked(self, playbook: str) -> list[Extension]:
        """Return the requests that nobody has decided yet, the oldest first."""
        return self._many("playbook = ? AND state = 'asked' ORDER BY asked_at, task", [playbook])

    def _many(self, where: str, values: list[Any]) -> list[Extension]:
        rows = self._db.query(f"SELECT * FROM extensions WHERE {where}", values)
        return [
            Extension(
                task=row["task"],
                playbook=row["playbook"],
                asked_at=moment_of(row["asked_at"]),
                due_at=moment_or_none(row["due_at"]),
                wanted=moment_or_none(row["wanted"]),
                lacks=tuple(json.loads(row["lacks"])),
                state=row["state"],
            )
            for row in rows
        ]
