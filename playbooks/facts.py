"""Facts: what was observed, in the shapes that rules see.

Everything here is frozen and free of I/O. Connectors make these values, state keeps them, rules
read them. Stamps are aware; a value that nobody gave is ``None``, never zero.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING

from mcur.playbooks.filenames import parted
from mcur.playbooks.letters import (
    Attachment as Attachment,
    Bounce as Bounce,
    Letter as Letter,
    LetterPlace as LetterPlace,
)
from mcur.playbooks.mirrored import Mirrored

if TYPE_CHECKING:  # its library is slow to load, and who reads letters needs none of it
    from mcur.playbooks.documents import Document


class AppealStatus(StrEnum):
    """States of an appeal in the source system (canonical table of the contract)."""

    NEW = "new"
    ACCEPTED = "accepted"
    IN_WORK = "in_work"
    DEFERRED = "deferred"
    RETURNED = "returned"
    MODERATION = "moderation"
    CLOSED = "closed"
    REJECTED = "rejected"

    @property
    def is_open(self) -> bool:
        """Whether somebody still has to work on the appeal."""
        return self not in {AppealStatus.CLOSED, AppealStatus.REJECTED}


class MessageType(StrEnum):
    """A proposal makes no task; a problem does."""

    PROBLEM = "problem"
    PROPOSAL = "proposal"


@dataclass(frozen=True, slots=True, kw_only=True)
class Appeal:
    """One row of the canonical table, unique by ``(source, number)``.

    ``house`` is the address normalised to the house, ``None`` where no house was recognised.
    ``status`` is ``None`` where the export says nothing that we understand.
    ``extra`` keeps what the export said beside the canonical fields («Номер ЕЦУР»).
    """

    source: str
    number: str
    received_at: datetime
    municipality: str | None = None
    block: str | None = None
    category: str | None = None
    subcategory: str | None = None
    address: str | None = None
    house: str | None = None
    text: str | None = None
    status: AppealStatus | None = None
    status_changed_at: datetime | None = None
    accepted_at: datetime | None = None
    closed_at: datetime | None = None
    returned_at: datetime | None = None
    deferred_until: datetime | None = None
    due_at: datetime | None = None
    repeat_of: str | None = None
    repeat: bool | None = None
    executor: str | None = None
    spam: bool = False
    message_type: MessageType = MessageType.PROBLEM
    on_control: bool | None = None
    controller: str | None = None
    public_comment: str | None = None
    reopen_comment: str | None = None
    category_index: Decimal | None = None
    origin: str | None = None
    withdrawn_at: datetime | None = None
    extra: dict[str, str] = field(default_factory=dict)

    @property
    def is_open(self) -> bool:
        """Whether the appeal still asks for work; an unknown status counts as open."""
        if self.withdrawn_at is not None:
            return False
        return self.status is None or self.status.is_open

    @property
    def is_repeat(self) -> bool:
        """Whether the citizen asks again, by mark or by the number of the earlier appeal."""
        return bool(self.repeat) or self.repeat_of is not None

    @property
    def topic(self) -> str | None:
        """The finest topic that the row has."""
        return self.subcategory or self.category or self.block


class TaskStatus(StrEnum):
    """States of a task, whatever the tracker calls them."""

    NEW = "new"
    IN_WORK = "in_work"
    ON_CONTROL = "on_control"
    EXTENSION_REQUESTED = "extension_requested"
    DONE = "done"
    RETURNED = "returned"
    REFUSED = "refused"
    CLOSED = "closed"
    REJECTED = "rejected"

    @property
    def is_open(self) -> bool:
        """Whether the task still asks for work; a refusal has not solved anything."""
        return self not in {TaskStatus.CLOSED, TaskStatus.REJECTED}


class TaskKind(StrEnum):
    """What a task is for; trackers are routed by it."""

    EXECUTOR = "executor"
    ASSIGNMENT = "assignment"
    PLAN = "plan"
    MEASURE = "measure"
    INCIDENT = "incident"
    CALL = "call"
    CHECKLIST = "checklist"
    REVIEW = "review"
    DAY = "day"
    QUESTION = "question"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note on a task, or a change of it, by a person in the tracker.

    ``ident`` is the tracker's own id of the entry, unique within the task. ``changes`` holds
    our names of what was changed: ``status``, ``due_at``, ``assignee``, ``measures``, ``causes``,
    ``prevention``, ``attachment``, ``called_at``, ``duplicates`` (a number); values are texts, an empty text means cleared.
    """

    ident: str
    at: datetime
    author: str
    text: str = ""
    changes: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSeen:
    """A task as its tracker shows it now. ``notes`` holds every entry of its history.

    ``ident`` is the tracker's number of the task («812»). ``key`` is ours, ``None`` for a task
    that somebody made by hand. ``own`` of a note cannot be known here: ``author`` is a login, and
    the connector leaves out entries that this daemon wrote itself.
    """

    tracker: str
    ident: str
    key: str | None
    project: str
    subject: str
    status: TaskStatus
    author: str
    assignee: str | None = None
    due_at: datetime | None = None
    created_at: datetime
    updated_at: datetime
    closed_at: datetime | None = None
    parent: str | None = None
    measures: str | None = None
    causes: str | None = None
    prevention: str | None = None
    text: str = ""
    kind: TaskKind | None = None
    url: str = ""
    notes: tuple[Note, ...] = ()
    attachments: tuple[str, ...] = ()
    """Names of the files on the task."""
    ignored: tuple[str, ...] = ()
    """Sentences on what the tracker left out when it made this task; only a create fills it."""
    edited: frozenset[str] = frozenset()
    """What a change of ours left as somebody had made it since the last look."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LastLook:
    """What a tracker showed of a task when it was last read, as far as people change it, too."""

    status: TaskStatus
    assignee: str | None
    due_at: datetime | None
    measures: str | None
    causes: str | None
    prevention: str | None

    def edited(self, seen: TaskSeen) -> frozenset[str]:
        """Name what the tracker shows otherwise by now: edits that nobody has read yet."""
        names = (one.name for one in fields(self))
        return frozenset(name for name in names if getattr(self, name) != getattr(seen, name))


@dataclass(frozen=True, slots=True, kw_only=True)
class BadRow:
    """A row of an export that could not be taken, or a whole file: where and why."""

    file: str
    line: int | None
    reason: str
    raw: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """One export as read: its rows in the order of the file, and what was refused.

    ``is_empty`` says that the export itself says «no appeals»: a workbook or file with headings
    and no row. ``made_at`` is when the export was made (file time where it does not say).
    """

    feed: str
    file: str
    digest: str
    made_at: datetime
    appeals: tuple[Appeal, ...]
    bad: tuple[BadRow, ...] = ()
    form: str = ""
    """Which form was recognised: ``canonical``, ``ecur``, …, ``mapping``, ``outages``, ``inspections``."""
    mirrored: tuple[Mirrored, ...] = ()
    """Rows of an export of outages or inspections, which has no appeals."""

    @property
    def is_empty(self) -> bool:
        """Whether the export is there and has no row at all, good or bad."""
        return not self.appeals and not self.mirrored and not self.bad


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealChange:
    """An appeal that is new to us or changed since the last decision.

    ``first`` is the first sight of it; ``history`` says that it was received before the site went
    live, so that it counts but makes nothing. ``changed`` names canonical fields.
    """

    appeal: Appeal
    first: bool
    history: bool
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """A task as we know it, from the moment it was decided. Stamps are ours, in UTC.

    ``assignee`` is a role, ``executor:NAME``, a login nobody here owns, or ``None``.
    ``history`` marks what stood in the tracker before the site went live.
    """

    key: str
    playbook: str
    kind: TaskKind
    rule: str
    clause: str
    project: str
    subject: str
    status: TaskStatus
    assignee: str | None = None
    executor: str | None = None
    """Name of the executor, also while the officer has the task in hand."""
    author: str = ""
    tracker: str = ""
    ident: str | None = None
    url: str = ""
    due_at: datetime | None = None
    decided_at: datetime
    created_at: datetime | None = None
    accepted_at: datetime | None = None
    done_at: datetime | None = None
    closed_at: datetime | None = None
    changed_at: datetime | None = None
    """When a person, or a fact, last changed something that a report would tell."""
    measures: str | None = None
    causes: str | None = None
    prevention: str | None = None
    source: str | None = None
    number: str | None = None
    letter: str | None = None
    address: str | None = None
    topic: str | None = None
    parent: str | None = None
    reopen_count: int = 0
    announce: bool = False
    history: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """A running or ended clock."""

    key: str
    playbook: str
    rule: str
    clause: str
    object: str
    started_at: datetime
    due_at: datetime
    outcome: str | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """What a person did, wherever it came from: tracker, command line, letter, scenario.

    ``by`` is a role id, ``executor:NAME``, or ``?`` and an unknown login; ``key`` is what it was
    done to. ``ident`` is unique, so that the same deed seen twice is one act.
    """

    ident: str
    at: datetime
    by: str
    do: str
    key: str | None = None
    text: str = ""
    person: str = ""
    origin: str = "cli"
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> tuple[str, ...]:
        """Names of the files that came with it."""
        return parted(self.fields.get("attachments", ""))


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report of a day as state keeps it; ``day`` is the day it is due to leave."""

    key: str
    playbook: str
    rule: str
    day: date
    state: str
    document: Document | None = None
    decided_at: datetime | None = None
    reviewed_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportRead:
    """An export of a feed as it was read, or the ``fault`` of a file that is none."""

    file: str
    made_at: datetime
    rows: int = 0
    new: int = 0
    quarantined: int = 0
    fault: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """When an outside system last answered; ``down_since`` is ``None`` while it does."""

    system: str
    last_success: datetime | None = None
    down_since: datetime | None = None
    why: str = ""
