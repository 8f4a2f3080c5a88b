"""Tasks that their tracker shows no more: noted once, until it shows them again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from mcur.state.database import StateDatabase
from mcur.state.stamps import text_of


def followed(db: StateDatabase, tracker: str) -> list[str]:
    """Return the numbers of the tasks that a tracker should show, closed ones too."""
    rows = db.execute(
        "SELECT ident FROM tasks t WHERE tracker = ? AND ident IS NOT NULL"
        " AND NOT EXISTS (SELECT 1 FROM keys WHERE key = 'lost:' || t.key)",
        (tracker,),
    )
    return [row[0] for row in rows]


def note(db: StateDatabase, key: str, now: datetime) -> bool:
    """Note that a task is not shown any more; return whether that is news."""
    noted = db.execute(
        "INSERT OR IGNORE INTO keys VALUES (?,'lost',?)", (f"lost:{key}", text_of(now))
    )
    return bool(noted.rowcount)


def give_up_number(db: StateDatabase, key: str, tracker: str, ident: str) -> None:
    """Take a number from the task that had it before ``key``: its issue must have been deleted.

    A Redmine over SQLite gives the highest number once more. What is left, the number and an
    asterisk, is in no tracker.
    """
    db.execute(
        "UPDATE tasks SET ident = ident || '*' WHERE tracker = ? AND ident = ? AND key != ?",
        (tracker, ident, key),
    )


def shown_again(db: StateDatabase, tracker: str, idents: Iterable[str]) -> None:
    """Forget of these tasks that they were not shown."""
    if db.execute("SELECT 1 FROM keys WHERE key >= 'lost:' AND key < 'lost;' LIMIT 1").fetchone():
        db.conn.executemany(
            "DELETE FROM keys WHERE key IN"
            " (SELECT 'lost:' || key FROM tasks WHERE tracker = ? AND ident = ?)",
            [(tracker, ident) for ident in idents],
        )
