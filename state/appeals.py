"""Appeals: upsert by number with history, what entered which group when, what falls due."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache, partial
from typing import Any, Literal

from mcur.playbooks.addresses import house_of
from mcur.playbooks.counting import Takes
from mcur.playbooks.facts import Appeal, AppealChange, BadRow, Export
from mcur.state.database import StateDatabase
from mcur.state.hours import over_hours
from mcur.state.imports import SECOND, Batch, Entries, Read
from mcur.state.rows import appeal_of, dump
from mcur.state.stamps import hour_of, moment_of, text_of

Correctable = Literal["category", "subcategory", "address", "executor", "spam"]
"""The fields that a person's word settles (contract, «Appeals»)."""


class Appeals:
    """The appeals of a site. All writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def record(
        self, export: Export, *, scope: str | None, live_from: datetime, now: datetime
    ) -> Read:
        """Take an export: unchanged rows cost nothing, zero rows overwrite nothing."""
        batch = Batch(self._db, export, live_from, now)
        batch.take(export.appeals)
        vanished = self._vanish(export, scope, batch.seen, now) if export.appeals else 0
        quarantined = keep_bad(self._db, export.feed, export.bad, now)
        done = batch.finish(vanished=vanished, quarantined=quarantined)
        self._db.execute(
            "INSERT INTO exports (id, feed, file, digest, form, made_at, read_at, rows, new, changed,"
            " repeated, vanished, quarantined) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)",
            (
                batch.export_id, export.feed, export.file, export.digest, export.form,
                text_of(export.made_at), text_of(now), done.rows, done.new, done.changed,
                done.repeated, done.vanished, done.quarantined,
            ),
        )  # fmt: skip
        return done

    def read_last(self, feed: str, digest: str) -> Read | None:
        """Say what a second reading of the newest export would; ``None`` if this is not the one."""
        row = self._db.execute(
            "SELECT rows, quarantined FROM exports"
            " WHERE id = (SELECT max(id) FROM exports) AND feed = ? AND digest = ?",
            (feed, digest),
        ).fetchone()
        if row is None:
            return None
        rows, bad = row
        return Read(rows=rows, new=0, changed=0, repeated=rows, vanished=0, quarantined=bad)

    def settle_due(self, now: datetime) -> int:
        """Let what fell due by now enter the group of the overdue; return how many did."""
        rows = list(
            self._db.query(
                "SELECT source, number, due_at FROM appeals"
                " WHERE is_open = 1 AND overdue_at IS NULL AND due_at < ?",
                [text_of(now)],
            )
        )
        entries = Entries(self._db)
        for row in rows:
            at = text_of(moment_of(row["due_at"]) + SECOND)
            entries.add("overdue", at, row["source"], row["number"])
            self._db.execute(
                "UPDATE appeals SET overdue_at = ? WHERE source = ? AND number = ?",
                (at, row["source"], row["number"]),
            )
        entries.flush()
        return len(rows)

    def correct(
        self,
        source: str,
        number: str,
        field: Correctable,
        value: str | bool,
        *,
        by: str,
        now: datetime,
    ) -> bool:
        """Keep a person's correction of a field: it wins over every later import.

        An address brings its house along. Return whether the appeal is known.
        """
        row = self._row(source, number)
        if row is None:
            return False
        values: dict[str, Any] = {field: value}
        if field == "address":
            values["house"] = house_of(str(value), row["municipality"])
        self._db.conn.executemany(
            "INSERT OR REPLACE INTO corrections VALUES (?,?,?,?,?,?)",
            [(source, number, name, dump(v), by, text_of(now)) for name, v in values.items()],
        )
        batch = Batch.of_correction(self._db, row, now)
        batch.rewrite(row, field)
        batch.finish(vanished=0, quarantined=0)
        return True

    def fresh(self) -> list[AppealChange]:
        """Return what is new or changed since the last decision, the oldest first."""
        rows = list(
            # CROSS: from the few that are fresh to their appeals; SQLite would read all appeals.
            self._db.query(
                "SELECT a.source, a.number, a.row, a.history, f.first, f.changed"
                " FROM fresh_appeals f CROSS JOIN appeals a USING (source, number)"
                " ORDER BY a.received_at, a.source, a.number"
            )
        )
        appeals = self._all_effective({(row["source"], row["number"]): row["row"] for row in rows})
        return [
            AppealChange(
                appeal=appeal,
                first=bool(row["first"]),
                history=bool(row["history"]),
                changed=tuple(json.loads(row["changed"])),
            )
            for row, appeal in zip(rows, appeals, strict=True)
        ]

    def get(self, source: str, number: str) -> Appeal | None:
        """Return an appeal with its corrections."""
        row = self._row(source, number)
        return None if row is None else self._effective(row)

    def entered(self, what: str, first: datetime, last: datetime) -> list[Appeal]:
        """Return the appeals that entered a group in [first, last), in that order, each once."""
        hours = partial(self._entered, what)
        return list(over_hours(self._db, what, first, last, "entered", hours, _each_once))

    def _entered(self, what: str, begin: str, end: str) -> dict[tuple[str, str], Appeal]:
        rows = self._db.execute(
            "SELECT a.source, a.number, a.row FROM entries e JOIN appeals a USING (source, number)"
            " WHERE e.what = ? AND e.at >= ? AND e.at < ? ORDER BY e.at, e.source, e.number",
            (what, begin, end),
        )
        found = {(source, number): row for source, number, row in rows}
        return dict(zip(found, self._all_effective(found), strict=True))

    def count_entered(self, what: str, first: datetime, last: datetime) -> int:
        """Count entries in [first, last) from the hourly counters."""
        whole_first = hour_of(text_of(first + timedelta(hours=1) - timedelta(microseconds=1)))
        whole_last = hour_of(text_of(last))
        if whole_first >= whole_last:
            return self._count(what, text_of(first), text_of(last))
        middle = self._db.execute(
            "SELECT coalesce(sum(n), 0) FROM counters WHERE what = ? AND hour >= ? AND hour < ?",
            (what, whole_first, whole_last),
        ).fetchone()[0]
        head = self._count(what, text_of(first), f"{whole_first}:00:00.000000Z")
        tail = self._count(what, f"{whole_last}:00:00.000000Z", text_of(last))
        return int(middle) + head + tail

    def stock(self, takes: Takes | None = None) -> dict[str, int]:
        """Count what is known by status; ``open``, ``overdue`` and ``repeat`` count open ones.

        ``takes`` chooses by municipality, block and category; without it all count.
        """
        found: Counter[str] = Counter(open=0, overdue=0)
        rows = self._db.query(
            "SELECT municipality, block, category, status, is_open, count(*) n,"
            " sum(overdue_at IS NOT NULL) late, sum(repeat) again FROM appeals"
            " WHERE spam = 0 AND vanished_at IS NULL"
            " GROUP BY municipality, block, category, status, is_open"
        )
        for row in rows:
            place = (row["municipality"], row["block"], row["category"])
            if takes is not None and not takes(*place):
                continue
            found[row["status"] or "unknown"] += row["n"]
            if row["is_open"]:
                found.update(open=row["n"], overdue=row["late"], repeat=row["again"])
        return dict(found)

    def listing(self, *, overdue: bool, now: datetime, limit: int) -> Iterator[dict[str, Any]]:
        """Yield appeals for a person to look at; overdue ones are late now or were closed late."""
        late = (
            "WHERE due_at IS NOT NULL AND due_at < coalesce(closed_at, ?)"
            if overdue
            else "WHERE ? != ''"
        )
        yield from self._db.query(
            "SELECT source, number, received_at, status, topic, house, executor, due_at, closed_at,"
            f" is_open, vanished_at FROM appeals {late} ORDER BY received_at DESC LIMIT ?",
            [text_of(now), limit],
        )

    def _row(self, source: str, number: str) -> dict[str, Any] | None:
        rows = self._db.query(
            "SELECT * FROM appeals WHERE source = ? AND number = ?", [source, number]
        )
        return next(iter(rows), None)

    def _effective(self, row: dict[str, Any]) -> Appeal:
        return self._all_effective({(row["source"], row["number"]): row["row"]})[0]

    def _all_effective(self, rows: Mapping[tuple[str, str], str]) -> list[Appeal]:
        """Return appeals with their corrections; ``rows`` are as stored, by source and number."""
        corrected = self._db.remembered("corrections", self._corrected)
        return [_appeal(row, corrected.get(ident, "{}")) for ident, row in rows.items()]

    def _corrected(self) -> dict[tuple[str, str], str]:
        """Return what people corrected, by appeal: its fields as JSON."""
        rows = self._db.execute(
            "SELECT source, number, json_group_object(field, json(value)) FROM corrections"
            " GROUP BY source, number"
        )
        return {(source, number): fields for source, number, fields in rows}

    def _count(self, what: str, first: str, last: str) -> int:
        return int(
            self._db.execute(
                "SELECT count(*) FROM entries WHERE what = ? AND at >= ? AND at < ?",
                (what, first, last),
            ).fetchone()[0]
        )

    def _vanish(
        self, export: Export, scope: str | None, seen: set[tuple[str, str]], now: datetime
    ) -> int:
        """Mark rows of this feed that the export should hold and does not."""
        if scope is None:
            return 0
        rows = self._db.query(
            "SELECT source, number FROM appeals"
            " WHERE feed = ? AND vanished_at IS NULL AND received_at >= ? AND received_at <= ?",
            [export.feed, _scope_start(scope, export), text_of(export.made_at)],
        )
        gone = [(r["source"], r["number"]) for r in rows if (r["source"], r["number"]) not in seen]
        self._db.conn.executemany(
            "UPDATE appeals SET vanished_at = ? WHERE source = ? AND number = ?",
            [(text_of(now), *key) for key in gone],
        )
        return len(gone)


def _each_once(hours: Sequence[Mapping[tuple[str, str], Appeal]]) -> tuple[Appeal, ...]:
    found: dict[tuple[str, str], Appeal] = {}
    for hour in hours:
        found |= hour
    return tuple(found.values())


@lru_cache(maxsize=20_000)
def _appeal(row: str, corrected: str) -> Appeal:
    """Read an appeal with its corrections; a day's reports and rules ask for the same ones."""
    return appeal_of(json.loads(row) | json.loads(corrected))


def keep_bad(db: StateDatabase, feed: str, bad: Iterable[BadRow], now: datetime) -> int:
    """Put refused rows into quarantine, each once; return how many this export had."""
    rows = [("row", feed, b.file, b.line, b.reason, b.raw) for b in bad]
    db.conn.executemany(
        "INSERT OR IGNORE INTO quarantine (at, kind, feed, file, line, reason, raw)"
        " VALUES (?,?,?,?,?,?,?)",
        [(text_of(now), *row) for row in rows],
    )
    return len(rows)


def _scope_start(scope: str, export: Export) -> str:
    if scope == "cumulative":
        first = min(a.received_at for a in export.appeals)
    elif scope == "day":
        first = export.made_at.replace(hour=0, minute=0, second=0, microsecond=0)
    else:
        first = export.made_at - timedelta(days=int(scope.removeprefix("window:").rstrip("d")))
    return text_of(first)
