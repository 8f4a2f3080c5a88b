"""One export on its way into the tables: what is new, what changed, what entered which group."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from mcur.playbooks.directory import fold
from mcur.playbooks.facts import Appeal, AppealStatus, Export
from mcur.state.database import StateDatabase
from mcur.state.hours import part_of
from mcur.state.rows import appeal_of, appeal_to_dict, dump
from mcur.state.stamps import hour_of, moment_of, text_of, text_or_none

SECOND = timedelta(seconds=1)
_TRUE_WORDS = frozenset({"да", "1", "true", "yes"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What reading one export changed; ``repeated`` rows were known and unchanged."""

    rows: int
    new: int
    changed: int
    repeated: int
    vanished: int
    quarantined: int
    history: int = 0


def corrections_of(db: StateDatabase, source: str, number: str) -> dict[str, Any]:
    """Return what people corrected on an appeal, by field."""
    rows = db.query(
        "SELECT field, value FROM corrections WHERE source = ? AND number = ?", [source, number]
    )
    return {row["field"]: json.loads(row["value"]) for row in rows}


class Entries:
    """Entries and their hourly counters, written together."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db
        self._rows: dict[tuple[str, str, str], list[str]] = {}

    def add(self, what: str, at: str, source: str, number: str) -> None:
        """Note that an appeal entered a group."""
        self._rows.setdefault((what, source, number), []).append(at)

    def remove(self, what: str, source: str, number: str) -> None:
        """Take an entry back, written already or still waiting."""
        self._rows.pop((what, source, number), None)
        rows = self._db.execute(
            "DELETE FROM entries WHERE what = ? AND source = ? AND number = ? RETURNING at",
            (what, source, number),
        ).fetchall()
        self._count(Counter((what, hour_of(at)) for (at,) in rows), -1)

    def rewritten(self, source: str, number: str) -> None:
        """Note that an appeal is another one now: what was counted of its entries is no more."""
        rows = self._db.execute(
            "SELECT DISTINCT what, substr(at, 1, 13) FROM entries WHERE source = ? AND number = ?",
            (source, number),
        )
        self._db.conn.note_written(part_of(what, hour) for what, hour in rows.fetchall())

    def flush(self) -> None:
        """Write what was noted, each entry once."""
        counts: Counter[tuple[str, str]] = Counter()
        for (what, source, number), moments in self._rows.items():
            for at in moments:
                row = (what, at, source, number)
                cursor = self._db.conn.execute(
                    "INSERT OR IGNORE INTO entries VALUES (?,?,?,?)", row
                )
                if cursor.rowcount:
                    counts[what, hour_of(at)] += 1
        self._count(counts, 1)
        self._rows.clear()

    def _count(self, counts: Counter[tuple[str, str]], sign: int) -> None:
        self._db.conn.executemany(
            "INSERT INTO counters VALUES (?,?,?) ON CONFLICT (what, hour) DO UPDATE SET n = n + excluded.n",
            [(what, hour, sign * n) for (what, hour), n in counts.items()],
        )
        self._db.conn.note_written(part_of(what, hour) for what, hour in counts)


_COLUMNS = (
    "source", "number", "feed", "digest", "row", "received_at", "municipality", "status", "is_open",
    "spam", "due_at", "closed_at", "overdue_at", "executor", "house", "topic", "history",
    "first_seen_at", "export", "vanished_at", "block", "category", "subcategory", "origin",
    "repeat",
)  # fmt: skip
_UPSERT = f"INSERT OR REPLACE INTO appeals ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"


_FEW = 500
"""How many numbers one look-up names; SQLite once took no more than 999 values."""


class Batch:
    """One export on its way into the tables."""

    def __init__(
        self, db: StateDatabase, export: Export, live_from: datetime, now: datetime
    ) -> None:
        self._db = db
        self._feed = export.feed
        self._live_from = live_from
        self._now = now
        self._moment = text_of(min(export.made_at, now))
        self._known = self._digests({(a.source, a.number) for a in export.appeals})
        self._corrected = {
            (r["source"], r["number"]) for r in db.query("SELECT source, number FROM corrections")
        }
        self._first_export = not db.execute(
            "SELECT 1 FROM exports WHERE feed = ? LIMIT 1", (export.feed,)
        ).fetchone()
        self.export_id: int = db.execute("SELECT coalesce(max(id), 0) + 1 FROM exports").fetchone()[
            0
        ]
        self.seen: set[tuple[str, str]] = set()
        self._entries = Entries(db)
        self._counts: Counter[str] = Counter()
        self._indices: dict[tuple[str, str], tuple[datetime, str]] = {}

    @classmethod
    def of_correction(cls, db: StateDatabase, row: dict[str, Any], now: datetime) -> Batch:
        """Make a batch for one row that a person corrected."""
        export = Export(feed=row["feed"], file="", digest="", made_at=now, appeals=())
        batch = cls(db, export, now, now)
        batch._corrected.add((row["source"], row["number"]))
        return batch

    def take(self, appeals: Sequence[Appeal]) -> None:
        """Write what is new or changed; what vanished and came back is itself again.

        Of several rows with one number the last stands: it would flicker with each import else.
        """
        back: list[tuple[str, str]] = []
        standing = {(appeal.source, appeal.number): appeal for appeal in appeals}
        self._counts["repeated"] += len(appeals) - len(standing)
        for key, appeal in standing.items():
            self.seen.add(key)
            self._index(appeal)
            row = dump(appeal_to_dict(appeal))
            digest = hashlib.blake2b(row.encode(), digest_size=16).hexdigest()
            known = self._known.get(key)
            if known is None:
                self._insert(appeal, row, digest)
                self._known[key] = (digest, False)
            elif known[0] != digest:
                self._change(appeal, row, digest)
                self._known[key] = (digest, False)
            else:
                self._counts["repeated"] += 1
                if known[1]:
                    back.append(key)
        self._db.conn.executemany(
            "UPDATE appeals SET vanished_at = NULL WHERE source = ? AND number = ?", back
        )

    def _index(self, appeal: Appeal) -> None:
        """Keep each category's index from its newest row here, each municipality by itself."""
        if appeal.category is None or appeal.category_index is None:
            return
        place = (appeal.municipality or "", fold(appeal.category))
        known = self._indices.get(place)
        if known is None or known[0] <= appeal.received_at:
            self._indices[place] = (appeal.received_at, str(appeal.category_index))

    def rewrite(self, row: dict[str, Any], field: str) -> None:
        """Write a row anew after the correction of a field."""
        imported = appeal_of(json.loads(row["row"]))
        self._store(imported, row["row"], row["digest"], row)
        self._db.conn.execute(
            "UPDATE appeals SET export = ?, vanished_at = ? WHERE source = ? AND number = ?",
            (row["export"], row["vanished_at"], row["source"], row["number"]),
        )
        self._freshen(imported, first=False, changed=(field,))

    def finish(self, *, vanished: int, quarantined: int) -> Read:
        """Flush the entries and say what was done."""
        self._entries.flush()
        # The same row with the same index is no news: what a person closed stays closed.
        self._db.conn.executemany(
            "INSERT INTO indices VALUES (?,?,?,?,?,1) ON CONFLICT (municipality, category)"
            " DO UPDATE SET fresh = CASE WHEN value = excluded.value AND received_at = excluded.received_at THEN fresh"
            " ELSE 1 END, value = excluded.value, export = excluded.export,"
            " received_at = excluded.received_at",
            [
                (*place, value, self.export_id, text_of(at))
                for place, (at, value) in self._indices.items()
            ],
        )
        counts = self._counts
        rows = counts["new"] + counts["changed"] + counts["repeated"]
        return Read(
            rows=rows,
            new=counts["new"],
            changed=counts["changed"],
            repeated=counts["repeated"],
            vanished=vanished,
            quarantined=quarantined,
            history=counts["history"],
        )

    def _digests(self, keys: set[tuple[str, str]]) -> dict[tuple[str, str], tuple[str, bool]]:
        """Look up what the export names, and no more: the history only grows."""
        found: dict[tuple[str, str], tuple[str, bool]] = {}
        for source in {source for source, _ in keys}:
            numbers = sorted(number for own, number in keys if own == source)
            for first in range(0, len(numbers), _FEW):
                few = numbers[first : first + _FEW]
                rows = self._db.execute(
                    "SELECT number, digest, vanished_at FROM appeals WHERE source = ?"
                    f" AND number IN ({', '.join('?' * len(few))})",
                    (source, *few),
                )
                found.update(((source, n), (d, v is not None)) for n, d, v in rows)
        return found

    def _insert(self, appeal: Appeal, row: str, digest: str) -> None:
        self._counts["new"] += 1
        self._store(appeal, row, digest, None)

    def _change(self, appeal: Appeal, row: str, digest: str) -> None:
        found = self._db.query(
            "SELECT * FROM appeals WHERE source = ? AND number = ?", [appeal.source, appeal.number]
        )
        self._counts["changed"] += 1
        self._store(appeal, row, digest, next(iter(found)))

    def _store(self, imported: Appeal, row: str, digest: str, old: dict[str, Any] | None) -> None:
        before = self._effective(json.loads(old["row"])) if old else None
        after = self._effective(json.loads(row)) if self._is_corrected(imported) else imported
        changed = self._history(old, json.loads(row)) if old else ()
        overdue_at = self._overdue(after, old)
        self._enter(before, after)
        if old:
            self._entries.rewritten(after.source, after.number)
        history = bool(old["history"]) if old else after.received_at < self._live_from
        self._counts["history"] += history and old is None
        self._db.conn.execute(
            _UPSERT,
            (
                after.source, after.number, self._feed, digest, row, text_of(after.received_at),
                after.municipality, after.status, after.is_open, after.spam,
                text_or_none(after.due_at), text_or_none(after.closed_at), overdue_at,
                after.executor, after.house, after.topic, history,
                old["first_seen_at"] if old else text_of(self._now), self.export_id, None,
                after.block, after.category, after.subcategory, after.origin, after.is_repeat,
            ),
        )  # fmt: skip
        self._freshen(after, first=old is None, changed=changed)

    def _is_corrected(self, appeal: Appeal) -> bool:
        return (appeal.source, appeal.number) in self._corrected

    def _effective(self, row: dict[str, Any]) -> Appeal:
        if (row["source"], row["number"]) in self._corrected:
            row |= corrections_of(self._db, row["source"], row["number"])
        return appeal_of(row)

    def _history(self, old: dict[str, Any], new: dict[str, Any]) -> tuple[str, ...]:
        before = json.loads(old["row"])
        changed = tuple(
            name for name in sorted({*before, *new}) if before.get(name) != new.get(name)
        )
        self._db.conn.executemany(
            "INSERT INTO appeal_history (source, number, at, export, field, old, new)"
            " VALUES (?,?,?,?,?,?,?)",
            [
                (
                    new["source"], new["number"], text_of(self._now), self.export_id, name,
                    _text(before.get(name)), _text(new.get(name)),
                )
                for name in changed
            ],
        )  # fmt: skip
        return changed

    def _freshen(self, appeal: Appeal, *, first: bool, changed: tuple[str, ...]) -> None:
        row = None if first else self._fresh(appeal)
        names = sorted({*changed, *(json.loads(row[1]) if row else ())})
        self._db.conn.execute(
            "INSERT OR REPLACE INTO fresh_appeals VALUES (?,?,?,?)",
            (appeal.source, appeal.number, bool(first or (row and row[0])), dump(names)),
        )

    def _fresh(self, appeal: Appeal) -> Any:
        return self._db.execute(
            "SELECT first, changed FROM fresh_appeals WHERE source = ? AND number = ?",
            (appeal.source, appeal.number),
        ).fetchone()

    def _enter(self, before: Appeal | None, after: Appeal) -> None:
        if before is None:
            self._add("new", after, after.received_at)
        if after.is_repeat and not (before and before.is_repeat):
            self._add("repeat", after, None if before else after.received_at)
        was = before.status if before else None
        if after.status is was:
            return
        match after.status:
            case AppealStatus.DEFERRED:
                self._add("deferred", after, after.status_changed_at)
            case AppealStatus.RETURNED:
                self._add("returned", after, after.returned_at or after.status_changed_at)
            case AppealStatus.CLOSED | AppealStatus.REJECTED:
                self._add("closed", after, after.closed_at or after.status_changed_at)

    def _add(self, what: str, appeal: Appeal, at: datetime | None) -> None:
        """Enter a group at its stamp; without one at the export, at first import on arrival.

        The first export of a feed says nothing about when old rows changed.
        """
        if at is None:
            at = appeal.received_at if self._first_export else moment_of(self._moment)
        self._entries.add(what, text_of(at), appeal.source, appeal.number)

    def _overdue(self, appeal: Appeal, old: dict[str, Any] | None) -> str | None:
        """Return when the appeal became overdue; a retraction leaves the group again."""
        known = old["overdue_at"] if old else None
        at = self._overdue_moment(appeal, known)
        if known and at != known:
            self._entries.remove("overdue", appeal.source, appeal.number)
        if at and at != known:
            self._entries.add("overdue", at, appeal.source, appeal.number)
        return at

    def _overdue_moment(self, appeal: Appeal, known: str | None) -> str | None:
        if appeal.due_at is None:
            marked = appeal.extra.get("overdue_mark", "").strip().casefold() in _TRUE_WORDS
            first = text_of(appeal.received_at) if self._first_export else self._moment
            return (known or first) if marked else None
        at = text_of(appeal.due_at + SECOND)
        if appeal.closed_at is not None:
            return at if appeal.closed_at > appeal.due_at else None
        if not appeal.is_open:
            return known
        return at if appeal.due_at < self._now else None


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else dump(value)
