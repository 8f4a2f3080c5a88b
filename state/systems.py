"""How the outside systems do: when each last answered, and since when one does not."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime

from mcur.playbooks.facts import Health
from mcur.state.database import StateDatabase
from mcur.state.stamps import moment_or_none, text_of

WRITING = " (writing)"
"""Ends the name under which the health of a tracker is kept as one that takes what we write."""

LISTENING = " (bell)"
"""Ends the name under which is kept how the bell of a mailbox does: without it nothing is down."""

COPYING = " (copies)"
"""Ends the name under which is kept how the folder of sent letters does: letters leave without it."""


def note(db: StateDatabase, system: str, now: datetime, why: str | None) -> bool:
    """Note that a system answered (``why`` is ``None``) or not; return whether that is news."""
    row = db.execute(
        "SELECT down_since, last_success FROM health WHERE system = ?", (system,)
    ).fetchone()
    was_down = bool(row and row[0])
    if why is None and row == (None, text_of(now)):
        return False  # several letters of one moment: the first has said it
    if why is None:
        db.conn.execute(
            "INSERT INTO health (system, last_success) VALUES (?, ?) ON CONFLICT (system)"
            " DO UPDATE SET last_success = excluded.last_success, down_since = NULL, why = ''",
            (system, text_of(now)),
        )
    else:
        db.conn.execute(
            "INSERT INTO health (system, down_since, why) VALUES (?, ?, ?)"
            " ON CONFLICT (system) DO UPDATE SET why = excluded.why,"
            " down_since = coalesce(down_since, excluded.down_since)",
            (system, text_of(now), why),
        )
    return was_down is (why is None)


def down_since(db: StateDatabase, system: str) -> datetime | None:
    """Return since when a system has been silent."""
    row = db.execute("SELECT down_since FROM health WHERE system = ?", (system,)).fetchone()
    return moment_or_none(row[0]) if row else None


def known(db: StateDatabase) -> list[Health]:
    """Return how each system does."""
    return [
        Health(
            system=r["system"],
            last_success=moment_or_none(r["last_success"]),
            down_since=moment_or_none(r["down_since"]),
            why=r["why"],
        )
        for r in db.query("SELECT * FROM health ORDER BY system")
    ]


def as_wholes(rows: Sequence[Health], waits_for: Callable[[str], bool]) -> list[Health]:
    """Make one of a tracker that is read and one that takes what we write.

    It is down where either is; the second only as long as something waits for it. Bells are none:
    their mailboxes are polled all the same. Nor are copies of what left: no figure rests on them.
    """
    found = {one.system: one for one in rows if not one.system.endswith((LISTENING, COPYING))}
    for name in [name for name in found if name.endswith(WRITING)]:
        writing, system = found.pop(name), name.removesuffix(WRITING)
        read = found.get(system, replace(writing, system=system, down_since=None))
        both = (read, writing) if waits_for(system) else (read,)
        since = [one.down_since for one in both if one.down_since]
        found[system] = replace(read, down_since=min(since, default=None))
    return [found[name] for name in sorted(found)]


def forget_others(db: StateDatabase, names: Collection[str]) -> None:
    """Forget the systems that a site does not have any more: they would be down for ever."""
    marks = ", ".join("?" * len(names))
    db.execute(f"DELETE FROM health WHERE system NOT IN ({marks})", tuple(names))
