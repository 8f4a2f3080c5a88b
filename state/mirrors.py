"""What other systems keep and we mirror, outages and inspections: upsert by number, with history.

A row that lacks a field leaves the known value: exports of a change name only what has changed. A cell
that is there and empty takes it back. What a row first carries is entered at its own stamp of change, else at the moment of the export.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from mcur.playbooks.facts import Export
from mcur.playbooks.mirrored import (
    AppealStep,
    Inspection,
    Mirrored,
    MirrorKind,
    Outage,
    OutageSeen,
)
from mcur.state.appeals import keep_bad
from mcur.state.database import StateDatabase
from mcur.state.imports import Read
from mcur.state.rows import dump, plain_value
from mcur.state.stamps import moment_of, text_of

if TYPE_CHECKING:
    from mcur.state.store import State

_STAMPS = frozenset(
    f.name for shape in (Outage, Inspection) for f in fields(shape) if f.name.endswith("_at")
)


class Mirrors:
    """The tables of what is only mirrored."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def record(self, export: Export, *, scope: str | None, now: datetime) -> Read:
        """Take an export of outages or inspections; what it should hold and does not is marked."""
        kind = export.form
        stamp = min(export.made_at, now)
        known = (
            {r["number"]: r for r in self._db.query(f"SELECT * FROM {kind}")}
            if export.mirrored
            else {}
        )
        done = {"new": 0, "changed": 0, "repeated": 0}
        for row in export.mirrored:
            done[self._upsert(kind, export.feed, row, known.get(row.number), stamp)] += 1
        vanished = self._vanish(kind, export, now) if scope and export.mirrored else 0
        bad = keep_bad(self._db, export.feed, export.bad, now)
        self._db.execute(
            "INSERT INTO mirror_exports (kind, feed, file, digest, made_at, read_at, rows, quarantined)"
            " VALUES (?,?,?,?,?,?,?,?)",
            (
                kind, export.feed, export.file, export.digest, text_of(export.made_at), text_of(now),
                len(export.mirrored), bad,
            ),
        )  # fmt: skip
        return Read(rows=len(export.mirrored), vanished=vanished, quarantined=bad, **done)

    def fresh_outages(self) -> list[OutageSeen]:
        """Return outages that are new or changed since the last decision."""
        return self._outages("fresh = 1 ORDER BY number", [])

    def outages_since(self, moment: datetime) -> list[OutageSeen]:
        """Return outages that begin or end at a moment or later."""
        return self._outages("last_at >= ? ORDER BY number", [text_of(moment)])

    def inspections(self, campaign: str) -> list[Inspection]:
        """Return the inspections of a campaign whose rows are still there."""
        rows = self._db.query(
            "SELECT row FROM inspections WHERE campaign = ? AND vanished_at IS NULL ORDER BY number",
            [campaign],
        )
        return [Inspection(**_values(row["row"])) for row in rows]

    def last_export(self, kind: MirrorKind) -> datetime | None:
        """Return when the newest export of a kind was made; ``None`` where there was none."""
        row = self._db.execute(
            "SELECT max(made_at) FROM mirror_exports WHERE kind = ?", (kind,)
        ).fetchone()
        return moment_of(row[0]) if row[0] else None

    def settle(self) -> None:
        """End the freshness of what was decided on."""
        self._db.execute("UPDATE outages SET fresh = 0 WHERE fresh = 1")

    # --- rows -----------------------------------------------------------------------------------------

    def _upsert(
        self,
        kind: str,
        feed: str,
        row: Mirrored,
        old: dict[str, Any] | None,
        stamp: datetime,
    ) -> str:
        said = {n: plain_value(v) for n, v in asdict(row).items() if v is not None}
        del said["cleared"]
        before = json.loads(old["row"]) if old else {}
        after = {n: v for n, v in (before | said).items() if n not in row.cleared}
        changed = [n for n in sorted(before | after) if before.get(n) != after.get(n)]
        if old and not changed and old["vanished_at"] is None:
            return "repeated"
        at = text_of(getattr(row, "changed_at", None) or stamp)
        entered = (json.loads(old["entered"]) if old else {}) | dict.fromkeys(changed, at)
        entered = {name: stamp_ for name, stamp_ in entered.items() if name in after}
        earlier = json.loads(old["before"]) if old else {}
        earlier |= {name: before[name] for name in changed if name in before}
        last = max(
            filter(None, (after.get("start_at"), after.get("end_at"), after.get("planned_at"))),
            default=at,
        )
        self._db.execute(
            f"INSERT OR REPLACE INTO {kind} (number, feed, row, entered, before, first_at, last_at,"
            " campaign, fresh, vanished_at) VALUES (?,?,?,?,?,?,?,?,1,NULL)",
            (
                row.number, feed, dump(after), dump(entered), dump(earlier),
                old["first_at"] if old else at, last, after.get("campaign"),
            ),
        )  # fmt: skip
        self._db.conn.executemany(
            "INSERT INTO mirror_history (kind, number, at, field, old, new) VALUES (?,?,?,?,?,?)",
            [
                (kind, row.number, at, n, _text(before.get(n)), _text(after.get(n)))
                for n in changed
                if old
            ],
        )
        return "changed" if old else "new"

    def _vanish(self, kind: str, export: Export, now: datetime) -> int:
        """Mark rows of this feed that lie ahead and are not in the export any more."""
        seen = {row.number for row in export.mirrored}
        rows = self._db.query(
            f"SELECT number FROM {kind} WHERE feed = ? AND vanished_at IS NULL AND last_at >= ?",
            [export.feed, text_of(export.made_at)],
        )
        gone = [row["number"] for row in rows if row["number"] not in seen]
        self._db.conn.executemany(
            f"UPDATE {kind} SET vanished_at = ?, fresh = 1 WHERE number = ?",
            [(text_of(now), number) for number in gone],
        )
        return len(gone)

    def _outages(self, where: str, values: Sequence[str]) -> list[OutageSeen]:
        rows = self._db.query(f"SELECT * FROM outages WHERE {where}", values)
        return [
            OutageSeen(
                outage=Outage(**_values(row["row"])),
                first_at=moment_of(row["first_at"]),
                entered={n: moment_of(at) for n, at in json.loads(row["entered"]).items()},
                before=json.loads(row["before"]),
                gone=row["vanished_at"] is not None,
            )
            for row in rows
        ]


def _values(row: str) -> dict[str, Any]:
    return {n: moment_of(v) if n in _STAMPS else v for n, v in json.loads(row).items()}


def _text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else dump(value)


class MirrorAnswers:
    """The part of the answers that rules about mirrored things ask for."""

    _state: State
    _db: StateDatabase

    def fresh_outages(self) -> Sequence[OutageSeen]:
        """Return outages that are new or changed since the last decision."""
        return self._state.mirrors.fresh_outages()

    def outages_since(self, moment: datetime) -> Sequence[OutageSeen]:
        """Return outages that begin or end at a moment or later."""
        return self._state.mirrors.outages_since(moment)

    def inspections(self, campaign: str) -> Sequence[Inspection]:
        """Return the inspections of a campaign."""
        return self._state.mirrors.inspections(campaign)

    def last_export(self, kind: MirrorKind) -> datetime | None:
        """Return when the newest export of outages or inspections was made."""
        return self._state.mirrors.last_export(kind)

    def steps_of(self, source: str, number: str) -> Sequence[AppealStep]:
        """Return what the exports changed on an appeal, step by step; the first is its first row."""
        found = self._db.execute(
            "SELECT row, first_seen_at FROM appeals WHERE source = ? AND number = ?",
            (source, number),
        ).fetchone()
        if found is None:
            return ()
        changes: dict[tuple[int, str], dict[str, str | None]] = {}
        for row in self._db.query(
            "SELECT at, export, field, old FROM appeal_history WHERE source = ? AND number = ?"
            " ORDER BY id",
            [source, number],
        ):
            changes.setdefault((row["export"], row["at"]), {})[row["field"]] = row["old"]
        after = {name: str(_text(value)) for name, value in json.loads(found[0]).items()}
        steps: list[AppealStep] = []
        for number_, ((_, at), olds) in reversed(list(enumerate(changes.items(), start=1))):
            before = {n: v for n, v in (after | olds).items() if v is not None}
            steps.append(AppealStep(number=number_, at=moment_of(at), before=before, after=after))
            after = before
        steps.append(AppealStep(number=0, at=moment_of(found[1]), before={}, after=after))
        return steps[::-1]
