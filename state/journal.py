"""The journal: append-only, each entry sealed to the one before.

It holds digests and references, never texts: what was done, when, by which clause, by whom (name
and position then), on which evidence. Clearing personal data elsewhere keeps the chain whole.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mcur.playbooks.intents import Cite
from mcur.state.database import StateDatabase
from mcur.state.rows import dump, plain_value
from mcur.state.stamps import text_of

GENESIS = "0" * 64
_HEAD = "journal_head"
_SEALED = ("seq", "at", "event", "playbook", "rule", "clause", "key", "by", "evidence", "digest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A thing that happened: one line of the timeline (contract, «Timeline»)."""

    at: datetime
    event: str
    cite: Cite
    key: str
    to: tuple[str, ...] | None = None
    cc: tuple[str, ...] | None = None
    subject: str | None = None
    late: bool | None = None
    data: dict[str, Any] = field(default_factory=dict)

    def to_dict(self, zone: ZoneInfo) -> dict[str, Any]:
        """Return the line as JSON has it, stamps in the playbook's zone."""
        line: dict[str, Any] = {
            "at": self.at.astimezone(zone).isoformat(timespec="seconds"),
            "event": self.event,
            "playbook": self.cite.playbook,
            "rule": self.cite.rule,
            "clause": self.cite.clause,
            "key": self.key,
        }
        said = {"to": self.to, "cc": self.cc, "subject": self.subject, "late": self.late}
        line.update(
            {k: list(v) if isinstance(v, tuple) else v for k, v in said.items() if v is not None}
        )
        line["why"] = self.cite.why
        data = {k: _shown(v, zone) for k, v in self.data.items() if v is not None}
        further = [c for c in self.cite.clauses if c != self.cite.clause]
        if further:
            data["clauses"] = further
        return line | {"data": data} if data else line


def append(db: StateDatabase, event: Event, *, by: str = "", evidence: str = "") -> None:
    """Seal an event into the journal; to be called inside the transaction of its cause."""
    last = db.execute("SELECT seq, hash FROM journal ORDER BY seq DESC LIMIT 1").fetchone()
    seq, previous = (last[0] + 1, last[1]) if last else (1, GENESIS)
    body = dump(
        {k: plain_value(v) for k, v in event.data.items()}
        | {"why": event.cite.why, "subject": event.subject}
    )
    entry = {
        "seq": seq,
        "at": text_of(event.at),
        "event": event.event,
        "playbook": event.cite.playbook,
        "rule": event.cite.rule,
        "clause": event.cite.clause,
        "key": event.key,
        "by": by,
        "evidence": evidence,
        "digest": hashlib.sha256(body.encode()).hexdigest(),
        "previous": previous,
    }
    entry["hash"] = _seal(entry)
    columns = ", ".join(entry)
    marks = ", ".join(f":{name}" for name in entry)
    db.conn.execute(f"INSERT INTO journal ({columns}) VALUES ({marks})", entry)
    # The head is kept apart: without it nobody could see that the last entries are gone.
    db.conn.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (_HEAD, f"{seq} {entry['hash']}"))


def last(db: StateDatabase, limit: int) -> list[dict[str, Any]]:
    """Return the newest entries, the oldest of them first."""
    rows = db.query("SELECT * FROM journal ORDER BY seq DESC LIMIT ?", [limit])
    return list(reversed(list(rows)))


def verify(db: StateDatabase) -> tuple[int, str | None]:
    """Walk the chain; return how many entries hold and, where it breaks, a sentence."""
    # Read before the walk: a running daemon may seal more meanwhile.
    head = db.execute("SELECT value FROM meta WHERE name = ?", (_HEAD,)).fetchone()
    newest, sealed = head[0].split() if head else ("0", "")
    previous, count = GENESIS, 0
    for entry in db.query("SELECT * FROM journal ORDER BY seq"):
        if entry["seq"] != count + 1:
            return count, f"entry {count + 1} is missing: the next one is {entry['seq']}"
        if entry["previous"] != previous or entry["hash"] != _seal(entry):
            return count, f"entry {entry['seq']} ({entry['event']}, {entry['at']}) was altered"
        previous = entry["hash"]
        count += 1
        if entry["seq"] == int(newest) and previous != sealed:
            return count - 1, f"entry {newest} was replaced"
    if count < int(newest):
        return count, f"entries {count + 1} to {newest} are missing at the end"
    return count, None


def _seal(entry: dict[str, Any]) -> str:
    sealed = dump([entry[name] for name in _SEALED] + [entry["previous"]])
    return hashlib.sha256(sealed.encode()).hexdigest()


def _shown(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).isoformat(timespec="seconds")
    return plain_value(value)
