"""Incidents, and the plans that answer them or a bad week."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

WHOLE = "total"
"""The object of an incident that is the whole territory of a playbook: a name of keys, not for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """An emergency, a crisis or a suspicion of one. ``facts`` holds when people said what.

    ``entered_at`` is the entry into the present mode; ``state`` is ``suspected``, ``open``,
    ``dismissed`` or ``closed``.
    """

    key: str
    playbook: str
    rule: str
    clause: str
    object: str
    mode: str
    state: str
    detected_at: datetime
    onset_at: datetime
    entered_at: datetime
    count: int = 0
    houses: tuple[str, ...] = ()
    why: str = ""
    life_threat: bool = False
    declared_by: str = ""
    solved_at: datetime | None = None
    closed_at: datetime | None = None
    facts: dict[str, datetime] = field(default_factory=dict)
    named: dict[str, str] = field(default_factory=dict)
    """Who holds a temporary role of this incident: the head of its staff or working group."""

    @property
    def cause(self) -> str:
        """Why it was opened, for texts that have named its object already."""
        return self.why.removeprefix(f"{self.object}: ").replace(f": {self.object}", "", 1)

    @property
    def is_open(self) -> bool:
        """Whether its mode lasts; a suspicion counts until it is dismissed."""
        return self.state in {"open", "suspected"}

    def since(self, name: str) -> datetime | None:
        """Return the moment that a rule counts from: entry, onset, or what was said or done."""
        fixed = {
            "detected": self.detected_at,
            "entered": self.entered_at,
            "onset": self.onset_at,
        }
        return fixed.get(name) or self.facts.get(name)

    def refs(self, roles: Sequence[str]) -> tuple[str, ...]:
        """Name the person beside each temporary role, so that another incident's is not meant."""
        return tuple(f"{r}:{self.named[r]}" if r in self.named else r for r in roles)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """A measure of a plan: what, by when, by whom, with which result (appendix 2, table 2)."""

    subject: str
    start: date | None = None
    due: date | None = None
    assignee: str = ""
    result: str = ""
    indicator: str = ""
    assessment: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A plan from its draft to its approval; ``task`` is the key of the draft task."""

    key: str
    playbook: str
    rule: str
    clause: str
    task: str
    state: str
    incident: str | None = None
    measures: tuple[Measure, ...] = ()
    approved_at: datetime | None = None
