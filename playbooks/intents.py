"""Intents: what a rule wants, with the reason.

An intent is either an **effect**, something that is done under a unique key (a task, a change of a
task, a letter, a document that is filed), or a **record**, something that we note for ourselves (a term, a report,
a flag). Both are committed in one transaction and neither is ever half done.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from mcur.playbooks.climbs import Climb
from mcur.playbooks.documents import Document
from mcur.playbooks.effects import (
    EFFECT as EFFECT,
    Channel as Channel,
    Cite as Cite,
    CreateTask as CreateTask,
    Effect as Effect,
    FetchFile as FetchFile,
    FileDocument as FileDocument,
    KeepCopy as KeepCopy,
    KeepPage as KeepPage,
    PassFile as PassFile,
    SendLetter as SendLetter,
    UpdateTask as UpdateTask,
)
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Measure
from mcur.playbooks.joining import JoinTask, TellJoined


class Outcome(StrEnum):
    """A rule fires, does not fire, or cannot be computed; absent is never zero."""

    FIRED = "fired"
    NOT_FIRED = "not_fired"
    NOT_COMPUTABLE = "not_computable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a rule found for an object on a day; stored when it changes, printed by ``explain``."""

    cite: Cite
    object: str
    day: date
    outcome: Outcome
    numbers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTerm:
    """A clock starts for an object. ``quiet`` terms wake no cycle of their own."""

    key: str
    cite: Cite
    object: str
    started_at: datetime
    due_at: datetime
    quiet: bool = True


class TermOutcome(StrEnum):
    """How a term ended."""

    MET = "met"
    BREACHED = "breached"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class EndTerm:
    """A term ended; ``ended_at`` is the moment of the fact, not of the cycle."""

    key: str
    cite: Cite
    outcome: TermOutcome
    ended_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveTerm:
    """A running term got another end."""

    key: str
    cite: Cite
    due_at: datetime


class ReportState(StrEnum):
    """Where a report stands."""

    DRAFTED = "drafted"
    HELD = "held"
    DECIDED = "decided"
    SENT = "sent"
    MISSED = "missed"
    GATED = "gated"
    """It would have left, but its channel is off or in the shadow."""
    RECEIVED = "received"
    """A report that somebody owes us came."""


LEFT = frozenset({ReportState.DECIDED, ReportState.SENT, ReportState.GATED})
"""States in which nothing keeps a report in the house any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepReport:
    """A report's snapshot in a state; ``day`` is the day it is due to leave.

    ``at`` is when somebody else's report came, where that was before it was read.
    """

    key: str
    cite: Cite
    rule: str
    day: date
    state: ReportState
    document: Document | None = None
    reviewed_by: str | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PrepareDraft:
    """A letter that waits for a person's word; ``owner`` is the role that releases it.

    ``task`` is the one on which it is shown to him.
    """

    key: str
    cite: Cite
    owner: str
    letter: SendLetter
    task: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseDraft:
    """A person let a waiting letter go; not ``released``: nobody did in time, and it cannot leave now."""

    key: str
    cite: Cite
    released: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RaiseFlag:
    """Something doubtful that a person should see; once per key. ``to`` names whom it warns."""

    key: str
    cite: Cite
    object: str
    text: str
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tell:
    """A line of the timeline that is neither a delivery nor another record."""

    key: str
    cite: Cite
    event: str
    to: tuple[str, ...] = ()
    subject: str | None = None
    late: bool | None = None
    data: dict[str, object] = field(default_factory=dict)
    occasion: str = ""
    """Told once for each occasion of its key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SortLetter:
    """What became of a letter, and why: ``review`` waits for a person, ``noted`` asks for nothing.

    An answer may be about many ``tasks``. ``what`` is the row of the table that it met, ``row`` its conditions; ``cite`` the rule that asked.
    """

    digest: str
    state: Literal["task", "answer", "review", "noted", "history"]
    why: str
    task: str | None = None
    tasks: tuple[str, ...] = ()
    what: str = ""
    row: tuple[str, ...] = ()
    cite: Cite | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeAct:
    """A person did something by letter; it is judged like any other act."""

    act: Act


@dataclass(frozen=True, slots=True, kw_only=True)
class Announced:
    """These tasks stand in a letter to their executor."""

    tasks: tuple[str, ...]
    executor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerAct:
    """What became of an act: taken, or refused with a sentence."""

    ident: str
    key: str
    do: str
    by: str
    """Name and position of who did it, as they were then."""
    cite: Cite
    refused: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteAbsence:
    """A person is away until a day; somebody stands in."""

    person: str
    first: date
    last: date
    substitute: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenIncident:
    """An incident begins; its own task follows under the same key."""

    key: str
    cite: Cite
    object: str
    mode: str
    state: Literal["open", "suspected"]
    detected_at: datetime
    onset_at: datetime
    count: int = 0
    houses: tuple[str, ...] = ()
    life_threat: bool = False
    declared_by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeIncident:
    """An incident got news: more appeals, another mode, a person's word, its end.

    ``fact`` names what a person said (``solved``, ``no_progress``); ``event`` is the timeline's;
    ``onset`` is known better now.
    """

    key: str
    cite: Cite
    event: Literal["updated", "closed", "escalated", "dismissed", ""]
    count: int | None = None
    houses: tuple[str, ...] | None = None
    state: str | None = None
    mode: str | None = None
    fact: str | None = None
    at: datetime | None = None
    named: dict[str, str] | None = None
    onset: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepPlan:
    """A plan in a state, with its measures where they are new."""

    key: str
    cite: Cite
    task: str
    state: Literal["drafted", "filled", "returned", "approved", "expired"]
    incident: str | None = None
    measures: tuple[Measure, ...] | None = None
    approved_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepExtension:
    """A request for another term, new or decided."""

    cite: Cite
    extension: Extension
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkDone:
    """Something was done once and needs no other trace (a day was closed)."""

    key: str


Record = (
    Finding
    | MarkDone
    | Climb
    | OpenIncident
    | ChangeIncident
    | KeepPlan
    | KeepExtension
    | StartTerm
    | EndTerm
    | MoveTerm
    | KeepReport
    | PrepareDraft
    | ReleaseDraft
    | RaiseFlag
    | Tell
    | SortLetter
    | TakeAct
    | Announced
    | JoinTask
    | TellJoined
    | AnswerAct
    | NoteAbsence
)
Intent = Effect | Record


def digest_of(*parts: str) -> str:
    """Return a short digest of facts, for keys that would be too long otherwise."""
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
