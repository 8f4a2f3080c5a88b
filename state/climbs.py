"""Climbs of ladders: kept in the transaction of the decision that took the step."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mcur.playbooks.climbs import Climb
from mcur.state.database import StateDatabase
from mcur.state.rows import plain_value
from mcur.state.stamps import moment_of, moment_or_none


class Climbs:
    """The climbs of a site. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def keep(self, climb: Climb) -> None:
        """Keep a climb as it stands now."""
        values = {name: plain_value(value) for name, value in asdict(climb).items()}
        columns, marks = ", ".join(values), ", ".join(f":{name}" for name in values)
        self._db.conn.execute(f"INSERT OR REPLACE INTO climbs ({columns}) VALUES ({marks})", values)

    def running(self, playbook: str, rule: str) -> list[Climb]:
        """Return the climbs of a ladder that have not ended, the oldest first."""
        return self._many(
            "playbook = ? AND rule = ? AND state = 'climbing' ORDER BY started_at, key",
            [playbook, rule],
        )

    def of(self, playbook: str, rule: str, object_: str) -> list[Climb]:
        """Return every climb of a ladder on an object, the oldest first."""
        return self._many(
            "object = ? AND playbook = ? AND rule = ? ORDER BY occasion", [object_, playbook, rule]
        )

    def _many(self, where: str, values: list[Any]) -> list[Climb]:
        rows = self._db.query(f"SELECT * FROM climbs WHERE {where}", values)
        return [_climb(row) for row in rows]


def _climb(row: dict[str, Any]) -> Climb:
    stamps = {name: moment_of(row[name]) for name in ("started_at", "since")}
    return Climb(**row | stamps | {"due_at": moment_or_none(row["due_at"])})
