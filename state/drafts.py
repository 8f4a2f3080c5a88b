"""Letters that wait for a person's word: kept in the transaction of the decision that prepared them."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from typing import Any

from mcur.playbooks.effects import EFFECT, Effect
from mcur.playbooks.intents import PrepareDraft
from mcur.playbooks.waiting import Draft
from mcur.state.database import StateDatabase
from mcur.state.stamps import moment_of, text_of

_COLUMNS = "key, playbook, rule, clause, owner, state, letter, at, task"


class Drafts:
    """The waiting letters of a site. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def keep(self, draft: PrepareDraft, now: datetime) -> None:
        """Keep a letter until a person decides."""
        cite = draft.cite
        self._db.conn.execute(
            f"INSERT INTO drafts ({_COLUMNS}) VALUES (?,?,?,?,?,'waiting',?,?,?)",
            (
                draft.key, cite.playbook, cite.rule, cite.clause, draft.owner,
                draft.letter.model_dump_json(), text_of(now), draft.task,
            ),
        )  # fmt: skip

    def end(self, key: str, state: str) -> Effect | None:
        """End the waiting of a letter and return it; ``None`` where it does not wait."""
        row = self._db.execute(
            "SELECT letter FROM drafts WHERE key = ? AND state = 'waiting'", (key,)
        ).fetchone()
        if row is None:
            return None
        self._db.conn.execute("UPDATE drafts SET state = ? WHERE key = ?", (state, key))
        return EFFECT.validate_json(row[0])

    def get(self, key: str) -> Draft | None:
        """Return a letter by its key, whatever became of it."""
        return next(iter(self._many("key = ?", [key])), None)

    def waiting(self, playbook: str) -> list[Draft]:
        """Return the letters that wait, the oldest first."""
        return self._many("playbook = ? AND state = 'waiting' ORDER BY at, key", [playbook])

    def count(self) -> int:
        """Count the letters that wait."""
        query = "SELECT count(*) FROM drafts WHERE state = 'waiting'"
        return int(self._db.execute(query).fetchone()[0])

    def listing(self, *, waiting_only: bool) -> list[Draft]:
        """Return the letters for people, the oldest first; all of them, or those that wait."""
        where = "state = 'waiting'" if waiting_only else "1"
        return self._many(f"{where} ORDER BY at, key", [])

    def _many(self, where: str, values: list[Any]) -> list[Draft]:
        query = f"SELECT {_COLUMNS} FROM drafts WHERE {where}"
        return self._db.remembered(
            (query, *values), lambda: [_draft(row) for row in self._db.query(query, values)]
        )


def _draft(row: dict[str, Any]) -> Draft:
    subject, to = _head(row.pop("letter"))
    return Draft(**row | {"subject": subject, "to": to, "at": moment_of(row["at"])})


@lru_cache(maxsize=256)
def _head(letter: str) -> tuple[str, tuple[str, ...]]:
    """Read the head of a letter; each cycle asks for those that wait."""
    said = json.loads(letter)
    return said["subject"], tuple(said["to"])
