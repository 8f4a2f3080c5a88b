"""Incidents and plans: kept in the transaction of the decision that made them."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from mcur.playbooks.incidents import Incident, Measure, Plan
from mcur.playbooks.intents import ChangeIncident, KeepPlan, OpenIncident
from mcur.state.database import StateDatabase
from mcur.state.rows import dump
from mcur.state.stamps import moment_of, moment_or_none, text_of, text_or_none


class Incidents:
    """The incidents and plans of a site. Writing happens inside the caller's transaction."""

    def __init__(self, db: StateDatabase) -> None:
        self._db = db

    def open(self, intent: OpenIncident) -> bool:
        """Keep a new incident; return whether it was new."""
        cursor = self._db.conn.execute(
            "INSERT OR IGNORE INTO incidents (key, playbook, rule, clause, object, mode, state,"
            " detected_at, onset_at, entered_at, count, houses, why, life_threat, declared_by, facts)"
            " VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,'{}')",
            (
                intent.key, intent.cite.playbook, intent.cite.rule, intent.cite.clause,
                intent.object, intent.mode, intent.state, text_of(intent.detected_at),
                text_of(intent.onset_at), text_of(intent.detected_at), intent.count,
                dump(list(intent.houses)), intent.cite.why, intent.life_threat,
                intent.declared_by,
            ),
        )  # fmt: skip
        return bool(cursor.rowcount)

    def change(self, intent: ChangeIncident) -> Incident | None:
        """Keep news of an incident and return it as it stands now."""
        known = self.get(intent.key)
        if known is None:
            return None
        values = _news(known, intent)
        sets = ", ".join(f"{name} = :{name}" for name in values)
        self._db.conn.execute(
            f"UPDATE incidents SET {sets} WHERE key = :key",
            values | {"key": intent.key},
        )
        return self.get(intent.key)

    def get(self, key: str) -> Incident | None:
        """Return an incident by its key."""
        query = "SELECT * FROM incidents WHERE key = ?"
        return self._db.remembered(
            ("incident", key),
            lambda: next((_incident(row) for row in self._db.query(query, [key])), None),
        )

    def running(self, playbook: str) -> list[Incident]:
        """Return the incidents whose mode lasts, the oldest first."""
        query = (
            "SELECT * FROM incidents WHERE playbook = ? AND state IN ('open', 'suspected')"
            " ORDER BY detected_at, key"
        )
        return self._db.remembered(
            ("running", playbook),
            lambda: [_incident(row) for row in self._db.query(query, [playbook])],
        )

    def ended(self, playbook: str, since: datetime) -> list[Incident]:
        """Return the incidents that were closed at or after a moment, the oldest first."""
        rows = self._db.query(
            "SELECT * FROM incidents WHERE playbook = ? AND state = 'closed' AND closed_at >= ?"
            " ORDER BY detected_at, key",
            [playbook, text_of(since)],
        )
        return [_incident(row) for row in rows]

    def listing(self, *, open_only: bool) -> list[dict[str, Any]]:
        """Return incidents for a person to look at."""
        where = "WHERE state IN ('open', 'suspected')" if open_only else ""
        return list(
            self._db.query(
                "SELECT key, rule, object, mode, state, count, detected_at, closed_at, why"
                f" FROM incidents {where} ORDER BY detected_at"
            )
        )

    def keep_plan(self, intent: KeepPlan) -> None:
        """Keep a plan in its state; measures stay where none are brought."""
        measures = None if intent.measures is None else dump([_row(m) for m in intent.measures])
        self._db.execute(
            "INSERT INTO plans (key, playbook, rule, clause, task, state, incident, measures,"
            " approved_at) VALUES (?,?,?,?,?,?,?,coalesce(?, '[]'),?) ON CONFLICT (key) DO UPDATE SET"
            " state = excluded.state, measures = coalesce(?, measures),"
            " approved_at = coalesce(excluded.approved_at, approved_at)",
            (
                intent.key, intent.cite.playbook, intent.cite.rule, intent.cite.clause,
                intent.task, intent.state, intent.incident, measures,
                text_or_none(intent.approved_at), measures,
            ),
        )  # fmt: skip

    def plan(self, key: str) -> Plan | None:
        """Return a plan by its key, or by the key of its draft task."""
        rows = self._db.query("SELECT * FROM plans WHERE key = ? OR task = ?", [key, key])
        return next((_plan(row) for row in rows), None)


def _news(known: Incident, intent: ChangeIncident) -> dict[str, Any]:
    """Say which columns a change sets; the first word on a fact counts."""
    at = text_or_none(intent.at)
    facts = {name: text_of(moment) for name, moment in known.facts.items()}
    if intent.fact and at:
        facts.setdefault(intent.fact, at)
    ended = at if intent.event in {"closed", "dismissed"} else None
    said: dict[str, Any] = {
        "count": intent.count,
        "why": intent.cite.why if _tells_why(known, intent) else None,
        "houses": None if intent.houses is None else dump(list(intent.houses)),
        "mode": intent.mode,
        "entered_at": at if intent.mode else None,
        "onset_at": text_or_none(intent.onset),
        "state": intent.state,
        "solved_at": facts.get("solve"),
        "named": dump(known.named | intent.named) if intent.named else None,
        "closed_at": ended,
    }
    return {"facts": dump(facts)} | {k: v for k, v in said.items() if v is not None}


def _tells_why(known: Incident, intent: ChangeIncident) -> bool:
    """Growth is why an incident lasts until it is worse; then it is what made it so."""
    is_worse = known.entered_at != known.detected_at
    return intent.mode is not None or (intent.count is not None and not is_worse)


def _incident(row: dict[str, Any]) -> Incident:
    stamps = {n: moment_of(row[n]) for n in ("detected_at", "onset_at", "entered_at")}
    ends = {n: moment_or_none(row[n]) for n in ("solved_at", "closed_at")}
    facts = {name: moment_of(at) for name, at in json.loads(row["facts"]).items()}
    houses = tuple(json.loads(row["houses"]))
    shaped = {"facts": facts, "houses": houses, "life_threat": bool(row["life_threat"])}
    shaped["named"] = json.loads(row["named"])
    return Incident(**row | stamps | ends | shaped)


def _plan(row: dict[str, Any]) -> Plan:
    measures = tuple(_measure(m) for m in json.loads(row["measures"]))
    return Plan(**row | {"measures": measures, "approved_at": moment_or_none(row["approved_at"])})


def _row(measure: Measure) -> dict[str, Any]:
    return {k: v.isoformat() if isinstance(v, date) else v for k, v in asdict(measure).items()}


def _measure(row: dict[str, Any]) -> Measure:
    days = {n: date.fromisoformat(row[n]) if row[n] else None for n in ("start", "due")}
    return Measure(**row | days)
