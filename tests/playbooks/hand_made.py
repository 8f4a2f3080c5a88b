"""Facts made by hand: plain attributes answer what rules ask, and decisions become facts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

from mcur.playbooks.counting import Tally
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Act, Appeal, AppealChange, Task, Term
from mcur.playbooks.incidents import Incident, Plan
from mcur.playbooks.inquiry import Facts
from mcur.playbooks.intents import (
    ChangeIncident,
    EndTerm,
    Intent,
    MarkDone,
    OpenIncident,
    StartTerm,
)
from mcur.playbooks.load import parse
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.registry import LAYERS

MOSCOW = ZoneInfo("Europe/Moscow")
HEAD = """
id = "{id}"
title = "Проба"
[roles]
mcur_resp = "ответственный сотрудник"
mcur_head = "руководитель"
deputy_head = "заместитель главы"
okrug_head = "глава"
[projects]
incident = "Ситуации"
plan = "Согласование"
measure = "Управление"
checklist = "Управление"
"""


def at(text: str) -> datetime:
    """Read «17 14:40» as a moment of November 2026 in Moscow."""
    day, _, clock = text.partition(" ")
    stamp = f"2026-11-{int(day):02}T{clock or '00:00'}"
    return datetime.fromisoformat(stamp).replace(tzinfo=MOSCOW)


LONG_AGO = at("1")


def some(n: int, **given: Any) -> Tally:
    """Return a tally of ``n`` appeals in which only what is given matters."""
    blank: dict[str, Any] = dict.fromkeys(
        ("municipality", "block", "category", "subcategory", "house", "origin")
    )
    return Tally(**blank | {"source": "eds", "n": n} | given)


@dataclass
class Known:
    """What is known by hand. ``counts`` holds the tallies of a day of November 2026."""

    counts: dict[int, list[Tally]] = field(default_factory=dict)
    days_with_data: set[int] = field(default_factory=set)
    index: Mapping[str, str] = field(default_factory=dict)
    acts: list[Act] = field(default_factory=list)
    plans: dict[str, Plan] = field(default_factory=dict)
    live_from: datetime = LONG_AGO
    directory: Directory = field(default_factory=Directory)
    fresh: set[int] = field(default_factory=set)
    kept: dict[str, Incident] = field(default_factory=dict)
    terms: dict[str, Term] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)

    def tallies(self, first: datetime, last: datetime, *, by_house: bool = True) -> Sequence[Tally]:
        """Return the tallies of the days that begin in [first, last)."""
        found: list[Tally] = []
        while first < last:
            found += self.counts.get(first.astimezone(MOSCOW).day, [])
            first += timedelta(days=1)
        return found

    def has_data(self, first: datetime, last: datetime) -> bool:
        """Whether a day that begins in [first, last) has data."""
        days = {*self.days_with_data, *self.counts}
        return any(first <= at(str(day)) < last for day in days)

    def indices(
        self, covers: Callable[[str | None], bool], *, fresh: bool
    ) -> Mapping[str, Decimal]:
        """Return the indices."""
        return {name: Decimal(value) for name, value in self.index.items()}

    def fresh_appeals(self) -> Sequence[AppealChange]:
        """Return one appeal for each day that has news."""
        return [
            AppealChange(
                appeal=Appeal(source="eds", number=str(day), received_at=at(f"{day} 12:00")),
                first=True,
                history=False,
            )
            for day in sorted(self.fresh)
        ]

    def accepted_acts(self) -> Sequence[Act]:
        """Return the acts."""
        return self.acts

    def acts_on(self, key: str) -> Sequence[Act]:
        """Return the acts on something."""
        return [act for act in self.acts if act.key == key]

    def knows(self, key: str) -> bool:
        """Whether a key was decided."""
        return key in self.keys

    def incident(self, key: str) -> Incident | None:
        """Return an incident."""
        return self.kept.get(key)

    def incidents(self, playbook: str) -> Sequence[Incident]:
        """Return what is open."""
        return [incident for incident in self.kept.values() if incident.is_open]

    def plan(self, key: str) -> Plan | None:
        """Return a plan."""
        return self.plans.get(key)

    def term(self, key: str) -> Term | None:
        """Return a term."""
        return self.terms.get(key)

    def tasks(self, *_: object, **__: object) -> Sequence[Task]:
        """Return no task."""
        return []

    def last_cycle(self) -> datetime | None:
        """Return no cycle before this one."""
        return None

    def task(self, key: str) -> Task | None:
        """Return no task."""
        return None

    def take(self, intent: Intent) -> None:
        """Let what was decided be a fact, as state does."""
        key = getattr(intent, "key", None)
        if key is not None:
            self.keys.add(key)
        match intent:
            case OpenIncident():
                self.kept[intent.key] = _incident(intent)
            case ChangeIncident():
                self.kept[intent.key] = _changed(self.kept[intent.key], intent)
            case StartTerm():
                self.terms[intent.key] = _term(intent)
            case EndTerm():
                known = self.terms[intent.key]
                self.terms[intent.key] = replace(
                    known, outcome=intent.outcome, ended_at=intent.ended_at
                )
            case MarkDone():
                pass


def decided(known: Known, playbook: str, rules: str, now: str, **values: Any) -> list[Intent]:
    """Run the rules of a small playbook over the facts at a moment; return all they want."""
    said = {f"{playbook}.{path.replace('__', '.')}": value for path, value in values.items()}
    book = parse(HEAD.format(id=playbook) + rules, "test.toml", said)
    case = Case(cast(Facts, known), book, at(now))
    found = []
    for kind in LAYERS:
        for rule in book.enabled(kind.name):
            for intent in kind.decide(rule, case):
                known.take(intent)
                found.append(intent)
    return found


def of(kind: type[Any], intents: Iterable[Intent]) -> list[Any]:
    """Return the intents of a kind."""
    return [intent for intent in intents if isinstance(intent, kind)]


def _incident(intent: OpenIncident) -> Incident:
    return Incident(
        key=intent.key,
        playbook=intent.cite.playbook,
        rule=intent.cite.rule,
        clause=intent.cite.clause,
        object=intent.object,
        mode=intent.mode,
        state=intent.state,
        detected_at=intent.detected_at,
        onset_at=intent.onset_at,
        entered_at=intent.detected_at,
        count=intent.count,
        houses=intent.houses,
        why=intent.cite.why,
        declared_by=intent.declared_by,
    )


def _changed(known: Incident, intent: ChangeIncident) -> Incident:
    news: dict[str, Any] = {"count": intent.count, "state": intent.state, "houses": intent.houses}
    if intent.fact and intent.at:
        news["facts"] = {intent.fact: intent.at} | known.facts
    return replace(known, **{name: value for name, value in news.items() if value is not None})


def _term(intent: StartTerm) -> Term:
    return Term(
        key=intent.key,
        playbook=intent.cite.playbook,
        rule=intent.cite.rule,
        clause=intent.cite.clause,
        object=intent.object,
        started_at=intent.started_at,
        due_at=intent.due_at,
    )


def close(known: Known, key: str) -> None:
    """Let a person have closed an incident."""
    known.kept[key] = replace(known.kept[key], state="closed")
