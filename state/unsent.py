"""Letters of the outbox that should have left and have not."""

from __future__ import annotations

from datetime import datetime

from mcur.playbooks.intents import SendLetter
from mcur.playbooks.waiting import Unsent
from mcur.state.database import StateDatabase
from mcur.state.stamps import moment_of, text_of

_STATES = ("waiting", "claimed", "dead")
# An index serves where a question holds its very condition: by another one SQLite reads all that ever left.
_UNSENT = f"effect = 'send_letter' AND state IN {_STATES}"


def unsent(db: StateDatabase, playbook: str, until: datetime) -> list[Unsent]:
    """Return letters of a regulation that were decided until a moment, have not left, and were not told of."""
    rows = db.query(
        f"SELECT payload, created_at, why FROM outbox o INDEXED BY outbox_unsent WHERE {_UNSENT}"
        " AND playbook = ? AND channel <> 'service' AND created_at <= ? AND NOT EXISTS"
        " (SELECT 1 FROM keys k WHERE k.key = 'mail.undelivered:' || o.key) ORDER BY id",
        [playbook, text_of(until)],
    )
    found = []
    for row in rows:
        letter = SendLetter.model_validate_json(row["payload"])
        found.append(
            Unsent(
                key=letter.key, cite=letter.cite, channel=letter.channel,
                at=moment_of(row["created_at"]), to=letter.to, subject=letter.subject,
                windowed=letter.windowed, reason=row["why"],
            )
        )  # fmt: skip
    return found


def has_to_leave(db: StateDatabase, key: str) -> bool:
    """Whether a letter has yet to leave, or cannot."""
    row = db.execute("SELECT state FROM outbox WHERE key = ?", (key,)).fetchone()
    return row is not None and row[0] in _STATES
