"""Looking things up for people: explain, status, lists. Nothing here writes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mcur.playbooks.facts import TaskKind
from mcur.state.database import StateDatabase
from mcur.state.stamps import text_of

_KNOWS = "SELECT " + " OR ".join(
    f"EXISTS (SELECT 1 FROM {table} WHERE key = :key)"
    for table in ("keys", "reports", "tasks", "drafts", "terms")
)


class Lookup:
    """The reading side of the state that only commands use."""

    db: StateDatabase

    def keys_like(self, glob: str) -> list[str]:
        """Return keys of things that an act can be done to, the oldest of each kind first.

        Only ``*`` and ``?`` are special. A day's own task, where drafts of reports gather, is met by
        a glob that names it (``task:*:day:*``): a refusal of everything is no refusal of the day. Of drafts
        it meets those that wait; what left or expired is met where none of them does.
        """
        rows = self.db.query(
            "SELECT key, 1 part, rowid n FROM tasks WHERE key GLOB :glob"
            f" AND (kind <> '{TaskKind.DAY}' OR :glob LIKE '%:day:%' OR :glob = key) UNION ALL"
            " SELECT key, 2, at FROM drafts WHERE key GLOB :glob AND (state = 'waiting' OR NOT EXISTS"
            " (SELECT 1 FROM drafts w WHERE w.state = 'waiting' AND w.key GLOB :glob)) UNION ALL"
            " SELECT key, 3, decided_at FROM reports WHERE key GLOB :glob UNION ALL"
            " SELECT key, 4, rowid FROM plans WHERE key GLOB :glob UNION ALL"
            " SELECT key, 5, detected_at FROM incidents WHERE key GLOB :glob UNION ALL"
            " SELECT key, 6, id FROM outbox WHERE effect = 'send_letter' AND key GLOB :glob"
            " ORDER BY part, n",
            {"glob": glob.replace("[", "[[]")},
        )
        return list(dict.fromkeys(row["key"] for row in rows))

    def refusal(self, ident: str) -> str:
        """Return the sentence with which an act was refused; empty where it was not."""
        row = self.db.execute(
            "SELECT why FROM acts WHERE ident = ? AND state = 'refused'", (ident,)
        ).fetchone()
        return row[0] if row else ""

    def knows(self, key: str) -> bool:
        """Whether anything was ever decided under a key."""
        return bool(self.db.execute(_KNOWS, {"key": key}).fetchone()[0])

    def records(self, key: str) -> list[dict[str, Any]]:
        """Return what we noted for ourselves under a key, or about it as an object."""
        queries = (
            "SELECT 'term' record, key, clause, object, started_at, due_at, outcome, ended_at, why"
            " FROM terms WHERE key = :key OR object = :key",
            "SELECT 'report' record, key, day, state, decided_at, reviewed_by FROM reports"
            " WHERE key = :key",
            "SELECT 'draft' record, key, clause, owner, state, at FROM drafts WHERE key = :key",
            "SELECT 'flag' record, key, clause, text why, at FROM flags"
            " WHERE key = :key OR object = :key",
        )
        return [row for query in queries for row in self.db.query(query, {"key": key})]

    def findings(self, playbook: str, rule: str, object_: str | None) -> list[dict[str, Any]]:
        """Return what a rule found last, newest first."""
        return list(
            self.db.query(
                "SELECT object, day, outcome, why, numbers FROM findings WHERE playbook = ?"
                " AND rule = ? AND (? IS NULL OR object = ?) ORDER BY at DESC LIMIT 20",
                [playbook, rule, object_, object_],
            )
        )

    def done_by(
        self, playbook: str, rule: str, object_: str | None, now: datetime
    ) -> list[dict[str, Any]]:
        """Return what a rule did last, newest first."""
        return list(
            self.db.query(
                "SELECT at, event, key FROM journal WHERE playbook = ? AND rule = ? AND at <= ?"
                " AND (? IS NULL OR instr(key, ?)) ORDER BY seq DESC LIMIT 10",
                [playbook, rule, text_of(now), object_, object_ or ""],
            )
        )

    def acts_on(self, key: str) -> list[dict[str, Any]]:
        """Return what people did to something."""
        return list(self.db.query("SELECT * FROM acts WHERE key = ? ORDER BY seq", [key]))

    def entries(self, key: str) -> list[dict[str, Any]]:
        """Return the journal of a key."""
        return list(self.db.query("SELECT * FROM journal WHERE key = ? ORDER BY seq", [key]))

    def quarantine(self) -> list[dict[str, Any]]:
        """Return what could not be read."""
        return list(self.db.query("SELECT * FROM quarantine ORDER BY id"))

    def quarantined(self) -> int:
        """Count what could not be read."""
        return int(self.db.execute("SELECT count(*) FROM quarantine").fetchone()[0])

    def audited(self, since: datetime) -> int:
        """Count what the audit found since a moment."""
        query = "SELECT count(*) FROM flags WHERE key GLOB 'flag:*:audit:*' AND at >= ?"
        return int(self.db.execute(query, [text_of(since)]).fetchone()[0])

    def undelivered(self, since: datetime) -> int:
        """Count the letters of which it was told since a moment that they had not left in time."""
        query = "SELECT count(*) FROM keys WHERE key GLOB 'mail.undelivered:*' AND at >= ?"
        return int(self.db.execute(query, [text_of(since)]).fetchone()[0])

    def history(self) -> dict[str, int]:
        """Count what was there before the site went live and makes nothing."""
        queries = {
            "appeals": "SELECT count(*) FROM appeals WHERE history = 1",
            "letters": "SELECT count(*) FROM letters WHERE state = 'history'",
            "issues": "SELECT count(*) FROM tasks WHERE history = 1",
        }
        return {name: int(self.db.execute(q).fetchone()[0]) for name, q in queries.items()}
