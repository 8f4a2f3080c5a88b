"""Letters: each once, by its digest, wherever and however often it was seen."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from mcur.playbooks.facts import Letter
from mcur.playbooks.intents import SortLetter
from mcur.state.database import StateDatabase
from mcur.state.rows import letter_of, letter_to_json
from mcur.state.stamps import text_of

SHORT = 8
"""Signs of a digest by which people may name a letter."""


class Letters:
    """The letters that arrived. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def add(self, letter: Letter) -> bool:
        """Keep a letter; a second sight of it only counts. Return whether it was new."""
        place = letter.place
        cursor = self._db.conn.execute(
            "INSERT INTO letters (digest, message_id, sender, subject, received_at, letter, state, why)"
            " VALUES (?,?,?,?,?,?,'new','') ON CONFLICT (digest) DO NOTHING",
            (
                letter.digest, letter.message_id, letter.sender, letter.subject,
                text_of(letter.received_at), letter_to_json(letter),
            ),
        )  # fmt: skip
        added = bool(cursor.rowcount)
        placed = self._db.conn.execute(
            "INSERT OR IGNORE INTO places VALUES (?,?,?,?,?)",
            (place.account, place.folder, place.uidvalidity, place.uid, letter.digest),
        )
        if not added and placed.rowcount:
            self._db.execute(
                "UPDATE letters SET seen = seen + 1 WHERE digest = ?", (letter.digest,)
            )
        return added

    def sort(self, sorted_: SortLetter) -> None:
        """Keep what a letter is, why, and which task it is about."""
        self._db.execute(
            "UPDATE letters SET state = ?, why = ?, task = ?, what = ?, row = ?, playbook = ?"
            " WHERE digest = ?",
            (
                sorted_.state, sorted_.why, sorted_.task, sorted_.what, "; ".join(sorted_.row),
                sorted_.cite.playbook if sorted_.cite else "", sorted_.digest,
            ),
        )  # fmt: skip
        self._db.conn.executemany(
            "INSERT OR IGNORE INTO answered VALUES (?,?)",
            [(task, sorted_.digest) for task in sorted_.tasks],
        )

    def before(self, letter: Letter, since: datetime) -> int:
        """Count the letters of its sender since a moment that came before a letter."""
        row = self._db.execute(
            "SELECT count(*) FROM letters WHERE sender = ? AND received_at >= ?"
            " AND (received_at, digest) < (?, ?)",
            (letter.sender, text_of(since), text_of(letter.received_at), letter.digest),
        ).fetchone()
        return int(row[0])

    def to_review(self, playbook: str, since: datetime) -> list[tuple[Letter, str]]:
        """Return the letters received since a moment that wait for a person, with the reason.

        What no regulation took is everybody's.
        """
        rows = self._db.query(
            "SELECT letter, why FROM letters WHERE state = 'review' AND received_at >= ?"
            " AND playbook IN (?, '') ORDER BY received_at, digest",
            [text_of(since), playbook],
        )
        return [(letter_of(row["letter"]), row["why"]) for row in rows]

    def named(self, digest: str) -> dict[str, Any] | None:
        """Return the only letter whose digest begins so, with what became of it."""
        if len(digest) < SHORT:
            return None
        found = list(
            self._db.query("SELECT * FROM letters WHERE digest GLOB ? LIMIT 2", [f"{digest}*"])
        )
        return found[0] if len(found) == 1 else None

    def quarantine(self, account: str, place: str, reason: str, raw: str, now: datetime) -> None:
        """Keep a letter that could not be read, by the digest of its raw bytes."""
        self._db.execute(
            "INSERT OR IGNORE INTO quarantine (at, kind, feed, file, line, reason, raw)"
            " VALUES (?, 'letter', ?, ?, 0, ?, ?)",
            (text_of(now), account, place, reason, raw),
        )

    def listing(self, state: str | None) -> list[dict[str, Any]]:
        """Return letters for a person to look at, newest first."""
        return list(
            self._db.query(
                "SELECT digest, received_at, sender, subject, state, what, why, task, seen FROM letters"
                " WHERE ? IS NULL OR state = ? ORDER BY received_at DESC",
                [state, state],
            )
        )

    def counts(self) -> dict[str, int]:
        """Count letters by what became of them."""
        rows = self._db.query("SELECT state, count(*) n FROM letters GROUP BY state")
        return {row["state"]: row["n"] for row in rows}
