"""Flags: what a person should see, told once under each key."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mcur.playbooks.intents import RaiseFlag
from mcur.state.journal import Event
from mcur.state.stamps import text_of

if TYPE_CHECKING:
    from mcur.state.store import State


def keep(state: State, flag: RaiseFlag, now: datetime) -> None:
    """Keep a flag and tell of it; the same key a second time is nothing."""
    cite = flag.cite
    known = state.db.conn.execute(
        "INSERT OR IGNORE INTO keys VALUES (?,'flag',?)", (flag.key, text_of(now))
    )
    if not known.rowcount:
        return
    state.db.execute(
        "INSERT INTO flags VALUES (?,?,?,?,?,?,?)",
        (flag.key, cite.playbook, cite.rule, cite.clause, flag.object, flag.text, text_of(now)),
    )
    data = {"object": flag.object, "text": flag.text}
    state.tell(
        Event(at=now, event="flag.raised", cite=cite, key=flag.key, to=flag.to or None, data=data)
    )
