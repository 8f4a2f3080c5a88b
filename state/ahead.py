"""What a clock that ran ahead noted as missed is not missed: it is due again when the clock is right."""

from __future__ import annotations

from datetime import datetime

from mcur.state.database import StateDatabase
from mcur.state.stamps import text_of


def forget_missed(db: StateDatabase, now: datetime) -> None:
    """Let reports and slots that were missed after ``now`` be due again.

    A report goes back to where it stood: held by a person, drafted, not begun, or waiting for a
    silent server. What has left has left, and what was told stays told.
    """
    db.execute(
        "UPDATE reports SET state = CASE WHEN EXISTS (SELECT 1 FROM acts a WHERE a.key = reports.key"
        " AND a.do = 'hold' AND a.state IN ('accepted', 'done')) THEN 'held' ELSE 'drafted' END"
        " WHERE state = 'missed' AND decided_at > ? AND document IS NOT NULL",
        (text_of(now),),
    )
    db.execute(
        "DELETE FROM reports WHERE state = 'missed' AND decided_at > ? AND document IS NULL",
        (text_of(now),),
    )
    still = "state = 'expired' AND done_at > :now AND not_after > :now"
    db.execute(
        "UPDATE reports SET state = 'decided' WHERE state = 'missed'"
        f" AND key IN (SELECT key FROM outbox WHERE {still})",
        {"now": text_of(now)},
    )
    db.execute(
        "UPDATE outbox SET state = 'waiting', next_at = :now, done_at = NULL, why = ''"
        f" WHERE {still}",
        {"now": text_of(now)},
    )
    db.execute(
        "DELETE FROM keys WHERE kind = 'mark' AND at > ? AND (key GLOB 'missed:*'"
        " OR EXISTS (SELECT 1 FROM keys m WHERE m.key = 'missed:' || keys.key))",
        (text_of(now),),
    )
