"""The outbox: everything outward, each under its unique key, until it is done or a person looks.

States: ``waiting``, ``claimed`` (a hand has it), ``held`` (by the fuse), ``done``, ``dead`` (rejected),
``expired`` (worth nothing any more), ``shadow`` and ``off`` (the channel is gated), ``dropped`` (on a
person's word).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from mcur.playbooks.intents import EFFECT, CreateTask, Effect, UpdateTask
from mcur.state.circuits import Circuits
from mcur.state.database import StateDatabase
from mcur.state.stamps import moment_of, moment_or_none, text_of, text_or_none
from mcur.state.tasks import token_of

DROPPABLE = ("held", "dead", "waiting")
"""States in which a row has not left and nobody has it in hand."""
_PARENT_WAITS = (
    "EXISTS (SELECT 1 FROM tasks t JOIN outbox p ON p.key = t.parent"
    " WHERE t.key = o.key AND p.destination = o.destination"
    " AND p.state IN ('waiting', 'claimed'))"
)
_MAY_CHANGE = (
    "(o.task IS NULL OR ("
    "EXISTS (SELECT 1 FROM tasks t WHERE t.key = o.task AND t.ident IS NOT NULL)"
    " AND NOT EXISTS (SELECT 1 FROM outbox p WHERE p.task = o.task AND p.id < o.id"
    " AND p.state IN ('waiting', 'claimed'))"
    " AND (EXISTS (SELECT 1 FROM tasks t WHERE t.key = o.task AND t.is_open = 1)"
    " OR NOT EXISTS (SELECT 1 FROM tasks c JOIN outbox p ON p.task = c.key"
    " WHERE c.parent = o.task AND p.state IN ('waiting', 'claimed')))))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A row on its way.

    ``doubt`` is 0 where it cannot have left, 1 where it may have (look before you repeat), 2 where
    a look found nothing and the other side was given time to finish what it had begun.
    """

    id: int
    key: str
    effect: Effect
    destination: str
    attempts: int
    doubt: int
    created_at: datetime
    not_after: datetime | None
    repeats: int


class Outbox:
    """Rows that leave the house. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db
        self.circuits = Circuits(db)

    def put(self, effect: Effect, destination: str, now: datetime) -> None:
        """Queue an effect; the same key a second time is nothing."""
        task = effect.task if isinstance(effect, UpdateTask) else None
        self._db.conn.execute(
            "INSERT OR IGNORE INTO outbox (key, token, effect, playbook, rule, clause, channel,"
            " destination, task, payload, urgent, state, next_at, not_after, created_at)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,'waiting',?,?,?)",
            (
                effect.key, token_of(effect.key), effect.effect, effect.cite.playbook,
                effect.cite.rule, effect.cite.clause, effect.channel, destination, task,
                effect.model_dump_json(), effect.urgent, text_of(now),
                text_or_none(effect.not_after), text_of(now),
            ),
        )  # fmt: skip
        if effect.urgent:
            self._hurry(effect)

    def _hurry(self, effect: Effect) -> None:
        """What an urgent row has to wait for is urgent too: its task and older changes, its parent."""
        ahead = effect.parent if isinstance(effect, CreateTask) else None
        if isinstance(effect, UpdateTask):
            ahead = effect.task
            older = "UPDATE outbox SET urgent = 1 WHERE state = 'waiting' AND task = ?"
            self._db.execute(older, (ahead,))
        while ahead is not None:
            row = self._db.execute(
                "UPDATE outbox SET urgent = 1 WHERE state = 'waiting' AND key = ?"
                " RETURNING payload ->> 'parent'",
                (ahead,),
            ).fetchone()
            ahead = row[0] if row else None

    def claim(self, destination: str, now: datetime, limit: int) -> list[Row]:
        """Take rows of a destination that are due, the urgent first.

        A change waits until its task has a number and until older changes of it are done; one that ends
        a task waits for the changes of its children, for trackers end no parent before them; a task
        waits for its parent in the same tracker, whose number it names, and comes next when that
        is made.
        """
        rows = list(
            self._db.query(
                "SELECT *, EXISTS (SELECT 1 FROM tasks t WHERE t.parent = o.key) leads"
                " FROM outbox o WHERE state = 'waiting' AND destination = ?"
                f" AND next_at <= ? AND {_MAY_CHANGE} AND NOT {_PARENT_WAITS}"
                " ORDER BY urgent DESC, id LIMIT ?",
                [destination, text_of(now), limit],
            )
        )
        parents = (number for number, row in enumerate(rows, start=1) if row["leads"])
        rows = rows[: next(parents, limit)]
        self._db.conn.executemany(
            "UPDATE outbox SET state = 'claimed', claimed_at = ?, attempts = attempts + 1"
            " WHERE id = ?",
            [(text_of(now), row["id"]) for row in rows],
        )
        return [_row(row) for row in rows]

    def is_open(self, destination: str, now: datetime) -> bool:
        """Whether a destination may be tried now."""
        row = self._db.execute(
            "SELECT open_until FROM circuits WHERE destination = ?", (destination,)
        ).fetchone()
        return row is None or row[0] <= text_of(now)

    def waits_for(self, destination: str) -> bool:
        """Whether something has yet to leave for a destination."""
        row = self._db.execute(
            "SELECT 1 FROM outbox WHERE state IN ('waiting', 'claimed') AND destination = ? LIMIT 1",
            (destination,),
        ).fetchone()
        return row is not None

    def waiting_for(self, destination: str) -> int:
        """Count what has yet to leave for a destination."""
        (count,) = self._db.execute(
            "SELECT count(*) FROM outbox WHERE state IN ('waiting', 'claimed') AND destination = ?",
            (destination,),
        ).fetchone()
        return int(count)

    def orphans(self) -> list[tuple[Row, str]]:
        """Return changes of tasks that will never be made, and how those ended: their channel is shut, or they were dropped."""
        rows = list(
            self._db.query(
                "SELECT o.*, c.state ended FROM outbox o JOIN outbox c ON c.key = o.task"
                " WHERE o.state = 'waiting' AND o.task > ''"
                " AND c.state IN ('shadow', 'off', 'dropped')"
                " ORDER BY o.task, o.id"
            )
        )
        return [(_row(row), row["ended"]) for row in rows]

    def done(self, row: Row, receipt: str, now: datetime, *, late: bool, repeated: bool) -> None:
        """Note that a row left; its destination answers again."""
        self._db.conn.execute(
            "UPDATE outbox SET state = 'done', done_at = ?, receipt = ?, late = ?, doubt = 0,"
            " repeats = repeats + ?, why = '' WHERE id = ?",
            (text_of(now), receipt, late, repeated, row.id),
        )

    def end(self, row: Row, state: str, why: str, now: datetime) -> None:
        """End a row without delivery: ``dead``, ``expired``, ``shadow``, ``off``."""
        self._db.execute(
            "UPDATE outbox SET state = ?, why = ?, done_at = ? WHERE id = ?",
            (state, why, text_of(now), row.id),
        )

    def wait(self, row: Row, until: datetime, why: str, *, doubt: int = 0) -> None:
        """Put a row back until a moment; ``doubt`` never falls before it is settled."""
        self._db.execute(
            "UPDATE outbox SET state = 'waiting', next_at = ?, why = ?, doubt = max(doubt, ?)"
            " WHERE id = ?",
            (text_of(until), why, doubt, row.id),
        )

    def put_off(self, row: Row, until: datetime, why: str) -> None:
        """Put a row back that may not leave before a moment; that was no attempt."""
        self._db.execute(
            "UPDATE outbox SET state = 'waiting', next_at = ?, why = ?, attempts = attempts - 1"
            " WHERE id = ?",
            (text_of(until), why, row.id),
        )

    def recover(self, now: datetime) -> int:
        """Begin anew: a new process tries at once whatever waits.

        Rows that a hand had may have left, so they come back in doubt; what was in doubt is
        looked for once more, for ``once --at`` may have moved the clock since. Return how many
        rows a hand had.
        """
        self.try_now(now)
        self._db.execute("UPDATE outbox SET doubt = 1 WHERE state = 'waiting' AND doubt > 1")
        return self._db.execute(
            "UPDATE outbox SET state = 'waiting', doubt = 1, next_at = ? WHERE state = 'claimed'",
            (text_of(now),),
        ).rowcount

    def expired(self, now: datetime) -> list[Row]:
        """Return waiting rows that are worth nothing any more; those in doubt are looked for first."""
        rows = self._db.query(
            "SELECT * FROM outbox WHERE state = 'waiting' AND not_after IS NOT NULL"
            " AND not_after <= ? AND doubt = 0 ORDER BY not_after, id",
            [text_of(now)],
        )
        return [_row(row) for row in rows]

    def lost_reports(self, now: datetime) -> list[Row]:
        """Return reports that were refused or dropped and whose day is over by now."""
        rows = self._db.query(
            "SELECT o.* FROM outbox o JOIN reports r USING (key) WHERE o.state IN ('dead', 'dropped')"
            " AND o.not_after <= ? AND r.state = 'decided' ORDER BY o.not_after, o.id",
            [text_of(now)],
        )
        return [_row(row) for row in rows]

    def next_at(self, now: datetime) -> datetime | None:
        """Return when something that waits is due next."""
        row = self._db.execute(
            "SELECT min(max(o.next_at, coalesce(c.open_until, o.next_at))) FROM outbox o"
            " LEFT JOIN circuits c USING (destination) WHERE o.state = 'waiting'"
            f" AND {_MAY_CHANGE} AND NOT {_PARENT_WAITS}"
        ).fetchone()
        found = moment_or_none(row[0])
        return None if found is None else max(found, now)

    def try_now(self, now: datetime, destination: str | None = None) -> None:
        """Forget every back-off: whatever waits is tried at once."""
        self._db.execute(
            "DELETE FROM circuits WHERE ? IS NULL OR destination = ?", (destination, destination)
        )
        self._db.execute(
            "UPDATE outbox SET next_at = ?, doubt = min(doubt, 1)"
            " WHERE state = 'waiting' AND next_at > ?"
            " AND (? IS NULL OR destination = ?)",
            (text_of(now), text_of(now), destination, destination),
        )

    def hold(self, keys: Collection[str]) -> None:
        """Hold rows back until a person lets them go."""
        self._db.conn.executemany(
            "UPDATE outbox SET state = 'held' WHERE key = ? AND state = 'waiting'",
            [(key,) for key in keys],
        )

    def retry(self, keys: Collection[str] | None, now: datetime) -> int:
        """Let held, dead and waiting rows go now; all of them, or those named.

        A task that the fuse held counts as decided when a person lets it go. A task or a change
        that was refused is looked for before it is made: a fault of ours may have come after that.
        """
        picked = "" if keys is None else f" AND key IN ({', '.join('?' * len(keys))})"
        self._db.execute("DELETE FROM circuits")
        self._db.execute(
            "UPDATE tasks SET decided_at = ?"
            f" WHERE key IN (SELECT key FROM outbox WHERE state = 'held'{picked})",
            (text_of(now), *(keys or ())),
        )
        return self._db.execute(
            "UPDATE outbox SET state = 'waiting', next_at = ?, attempts = 0, doubt ="
            " CASE WHEN state = 'dead' AND effect IN ('create_task', 'update_task') THEN 2"
            " ELSE min(doubt, 1) END"
            f" WHERE state IN ('held', 'dead', 'waiting'){picked}",
            (text_of(now), *(keys or ())),
        ).rowcount

    def drop(
        self,
        keys: Collection[str] | None,
        why: str,
        now: datetime,
        states: Collection[str] = DROPPABLE,
    ) -> int:
        """End rows for good on a person's word, those named or all in some states.

        They are kept as ``dropped``. A task that was never made is gone with its terms: nobody is
        told of it, no report counts it.
        """
        marks = ", ".join("?" * len(states))
        picked = "" if keys is None else f" AND key IN ({', '.join('?' * len(keys))})"
        count = self._db.execute(
            "UPDATE outbox SET state = 'dropped', why = ?, done_at = ?"
            f" WHERE state IN ({marks}){picked}",
            (why, text_of(now), *states, *(keys or ())),
        ).rowcount
        self._forget_unmade("'dropped'", now)
        return count

    def open_tasks(self, now: datetime) -> int:
        """The channel of tasks is open: what was only shown in shadow was never made, so it is gone."""
        return self._forget_unmade("'shadow', 'off'", now)

    def _forget_unmade(self, states: str, now: datetime) -> int:
        unmade = f"SELECT key FROM outbox WHERE state IN ({states}) AND effect = 'create_task'"
        count = self._db.execute(
            "UPDATE tasks SET gone_at = ?, is_open = 0, announce = 0"
            f" WHERE ident IS NULL AND gone_at IS NULL AND key IN ({unmade})",
            (text_of(now),),
        ).rowcount
        self._db.execute(
            f"UPDATE terms SET outcome = 'cancelled' WHERE outcome IS NULL AND object IN ({unmade})"
        )
        return count

    def counts(self) -> dict[str, int]:
        """Count rows by state, and those that were repeated with the same Message-ID."""
        rows = self._db.query("SELECT state, count(*) n FROM outbox GROUP BY state")
        found = {row["state"]: row["n"] for row in rows}
        found["repeated"] = self._db.execute(
            "SELECT coalesce(sum(repeats), 0) FROM outbox"
        ).fetchone()[0]
        return found

    def listing(self, states: Collection[str]) -> list[dict[str, Any]]:
        """Return rows for a person to look at, without their payload."""
        marks = ", ".join("?" * len(states))
        return list(
            self._db.query(
                "SELECT id, key, effect, destination, channel, state, attempts, next_at, not_after,"
                f" created_at, done_at, why FROM outbox WHERE state IN ({marks}) ORDER BY id",
                list(states),
            )
        )

    def delivered(self, playbook: str, first: datetime, last: datetime) -> dict[str, int]:
        """Count letters that left in [first, last), by channel."""
        rows = self._db.query(
            "SELECT channel, count(*) n FROM outbox WHERE playbook = ? AND state = 'done'"
            " AND effect = 'send_letter' AND done_at >= ? AND done_at < ? GROUP BY channel",
            [playbook, text_of(first), text_of(last)],
        )
        return {row["channel"]: row["n"] for row in rows}

    def readers(self, first: datetime, last: datetime) -> Counter[str]:
        """Count the letters of [first, last) by reader."""
        rows = self._db.query(
            "SELECT payload FROM outbox WHERE effect = 'send_letter' AND state = 'done'"
            " AND done_at >= ? AND done_at < ?",
            [text_of(first), text_of(last)],
        )
        found: Counter[str] = Counter()
        for row in rows:
            letter = json.loads(row["payload"])
            found.update([*letter["to"], *letter["cc"]])
        return found

    def of_task(self, key: str) -> list[dict[str, Any]]:
        """Return the changes of a task, in their order."""
        return list(self._db.query("SELECT * FROM outbox WHERE task = ? ORDER BY id", [key]))

    def key_of_token(self, token: str) -> str | None:
        """Return the key behind the token of a Message-ID."""
        row = self._db.execute("SELECT key FROM outbox WHERE token = ?", (token,)).fetchone()
        return row[0] if row else None

    def get(self, key: str) -> dict[str, Any] | None:
        """Return a row as it stands, for ``explain``."""
        return next(iter(self._db.query("SELECT * FROM outbox WHERE key = ?", [key])), None)


def _row(row: dict[str, Any]) -> Row:
    return Row(
        id=row["id"],
        key=row["key"],
        effect=EFFECT.validate_json(row["payload"]),
        destination=row["destination"],
        attempts=row["attempts"] + 1,
        doubt=row["doubt"],
        created_at=moment_of(row["created_at"]),
        not_after=moment_or_none(row["not_after"]),
        repeats=row["repeats"],
    )
