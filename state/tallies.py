"""Answers about incidents, plans and the counts of days, for the rules of growth."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from mcur.playbooks.climbs import Climb
from mcur.playbooks.counting import Tally
from mcur.playbooks.facts import Act, ExportRead, Letter, Task, TaskStatus
from mcur.playbooks.incidents import Incident, Plan
from mcur.state.climbs import Climbs
from mcur.state.database import StateDatabase
from mcur.state.hours import over_hours
from mcur.state.rows import act_of, letter_of
from mcur.state.stamps import moment_of, text_of
from mcur.state.unheard import Unheard

if TYPE_CHECKING:
    from mcur.state.store import State


def _together(hours: Sequence[Sequence[Tally]]) -> tuple[Tally, ...]:
    """Add up the counts of hours."""
    found: dict[tuple[str | None, ...], int] = {}
    for tally in (tally for hour in hours for tally in hour):
        found[tally[:-1]] = found.get(tally[:-1], 0) + tally.n
    return tuple(Tally._make((*shared, n)) for shared, n in found.items())


def _one_after_another(hours: Sequence[Sequence[Tally]]) -> tuple[Tally, ...]:
    return tuple(tally for hour in hours for tally in hour)


class GrowthAnswers:
    """The part of the answers that rules of growth and emergencies ask for."""

    _state: State
    _db: StateDatabase

    def tallies(self, first: datetime, last: datetime, *, by_house: bool = True) -> Sequence[Tally]:
        """Return the counts of what came in [first, last).

        They are counted by the hour and the hours are remembered: what comes now changes one.
        """
        house = "a.house" if by_house else "NULL"
        # Hardly a house comes twice a day: there is nothing to add up.
        join = _one_after_another if by_house else _together
        question, counted = ("tallies", by_house), partial(self._counted, house)
        return over_hours(self._db, "new", first, last, question, counted, join)

    def _counted(self, house: str, begin: str, end: str) -> list[Tally]:
        rows = self._db.execute(
            f"SELECT a.municipality, a.block, a.category, a.subcategory, {house}, a.source,"
            " a.origin, count(*) n FROM entries e JOIN appeals a USING (source, number)"
            " WHERE e.what = 'new' AND e.at >= ? AND e.at < ? AND a.spam = 0"
            " GROUP BY 1, 2, 3, 4, 5, 6, 7",
            (begin, end),
        )
        return [Tally._make(row) for row in rows]

    def indices(
        self, covers: Callable[[str | None], bool], *, fresh: bool
    ) -> Mapping[str, Decimal]:
        """Return the newest index of each category, folded; ``fresh``: only what just came."""
        rows = self._db.query(
            "SELECT * FROM indices WHERE fresh >= ? ORDER BY export, received_at", [fresh]
        )
        ours = (row for row in rows if covers(row["municipality"] or None))
        return {row["category"]: Decimal(row["value"]) for row in ours}

    def climbs(self, playbook: str, rule: str) -> Sequence[Climb]:
        """Return the climbs of a ladder that have not ended, the oldest first."""
        return Climbs(self._db).running(playbook, rule)

    def climbs_of(self, playbook: str, rule: str, object_: str) -> Sequence[Climb]:
        """Return every climb of a ladder on an object, the oldest first."""
        return Climbs(self._db).of(playbook, rule, object_)

    def unheard(
        self, playbook: str, statuses: Collection[TaskStatus], after: datetime, until: datetime
    ) -> Sequence[Task]:
        """Return executors' tasks in these states whose last news came in (after, until]."""
        return Unheard(self._db).between(playbook, statuses, after, until)

    def answers(self, key: str) -> Sequence[Letter]:
        """Return the letters that answered a task, or a letter about it, the oldest first."""
        rows = self._db.query(
            "SELECT letter FROM letters WHERE state = 'answer' AND (task = :key OR digest IN"
            " (SELECT digest FROM answered WHERE task = :key)) ORDER BY received_at",
            {"key": key},
        )
        return [letter_of(row["letter"]) for row in rows]

    def incident(self, key: str) -> Incident | None:
        """Return an incident by its key."""
        return self._state.incidents.get(key)

    def incidents(self, playbook: str) -> Sequence[Incident]:
        """Return the incidents whose mode lasts, the oldest first."""
        return self._state.incidents.running(playbook)

    def incidents_ended(self, playbook: str, since: datetime) -> Sequence[Incident]:
        """Return the incidents that a person closed at or after a moment, the oldest first."""
        return self._state.incidents.ended(playbook, since)

    def plan(self, key: str) -> Plan | None:
        """Return a plan by its key, or by the key of its draft task."""
        return self._state.incidents.plan(key)

    def finding(
        self, playbook: str, rule: str, object_: str, day: date
    ) -> Mapping[str, str] | None:
        """Return the numbers that a rule found for an object on a day."""
        row = self._db.execute(
            "SELECT numbers FROM findings WHERE playbook = ? AND rule = ? AND object = ? AND day = ?",
            (playbook, rule, object_, day.isoformat()),
        ).fetchone()
        found: Mapping[str, str] | None = json.loads(row[0]) if row else None
        return found

    def findings(self, playbook: str, rule: str, day: date) -> Sequence[tuple[str, str, str]]:
        """Return what a rule found on a day: object, outcome and reason, by object."""
        rows = self._db.execute(
            "SELECT object, outcome, why FROM findings WHERE playbook = ? AND rule = ? AND day = ?"
            " ORDER BY object",
            (playbook, rule, day.isoformat()),
        )
        return [(name, outcome, why) for name, outcome, why in rows.fetchall()]

    def newest_exports(self) -> Mapping[str, datetime]:
        """Return by feed of appeals when its newest export was made; a feed that never gave one is not there."""
        rows = self._db.query("SELECT feed, max(made_at) made_at FROM exports GROUP BY feed")
        return {row["feed"]: moment_of(row["made_at"]) for row in rows}

    def exports_read(self, feed: str, since: datetime) -> Sequence[ExportRead]:
        """Return what was read of a feed and made since a moment, files that are no export too; the oldest first."""
        rows = self._db.query(
            "SELECT file, made_at, rows, new, quarantined, '' fault FROM exports"
            " WHERE feed = :feed AND made_at >= :since UNION ALL"
            " SELECT file, at, 0, 0, 0, reason FROM quarantine"
            " WHERE kind = 'file' AND feed = :feed AND at >= :since ORDER BY made_at",
            {"feed": feed, "since": text_of(since)},
        )
        return [ExportRead(**row | {"made_at": moment_of(row["made_at"])}) for row in rows]

    def acts_on(self, key: str) -> Sequence[Act]:
        """Return the accepted acts on something, in their order."""
        rows = self._db.remembered(("acts on", key), lambda: self._state.acts_on(key))
        return [act_of(row) for row in rows if row["state"] in {"accepted", "done"}]
