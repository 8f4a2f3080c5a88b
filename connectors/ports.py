"""What the daemon needs of the outside world, and the two errors at the border.

A connector translates every exception of its library into :class:`Unavailable` (the same request
may succeed later) or :class:`Rejected` (a human must look). Nobody here retries: the outbox does.
Every call takes the cycle's ``now`` where stamps matter: a connector measures the skew between its
server's clock and ``now`` and hands out stamps in our time; cursors stay in the server's time.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol

from mcur.playbooks.facts import (
    Attachment,
    Export,
    LastLook,
    LetterPlace,
    TaskKind,
    TaskSeen,
    TaskStatus,
)

if TYPE_CHECKING:  # its library is slow to load, and who reads letters needs none of it
    from mcur.playbooks.documents import Document


class ConnectorError(Exception):
    """Something outside did not go as asked; the message is a verb phrase for a person."""


class Unavailable(ConnectorError):
    """The other side did not answer; the same request may succeed later.

    ``reached`` is ``False`` where the request certainly never came to the other side: nothing was
    begun there, and nobody has to look before the request is repeated.
    """

    def __init__(
        self, what: str, *, retry_after: timedelta | None = None, reached: bool = True
    ) -> None:
        super().__init__(what)
        self.retry_after = retry_after
        self.reached = reached


class LostRace(Unavailable):
    """Another change of the same thing came first: nothing was written, and the other side is well.

    The same request succeeds when it is made anew, on what stands there then.
    """


class Rejected(ConnectorError):
    """The other side refused and will refuse again: a human must look."""


class NotYet(ConnectorError):
    """The other side takes this only after something else there has ended; nothing was written."""


class Barred(Rejected):
    """The door itself is shut: key, password, certificate, project.

    Nothing will pass until the administrator mends it, so the rows wait instead of dying one by one.
    """


class Blobs(Protocol):
    """Bytes under their sha256; connectors read attachments from here and put new ones."""

    def put(self, content: bytes) -> str:
        """Keep the bytes and return their digest (hex)."""
        ...

    def get(self, digest: str) -> bytes:
        """Return the bytes; ``KeyError`` where they are not kept."""
        ...


# --- appeals -------------------------------------------------------------------------------------


class AppealFeed(Protocol):
    """A place where exports appear."""

    name: str

    def waiting(self) -> list[Path]:
        """List the exports that are there and complete, oldest first."""
        ...

    def read(self, path: Path) -> Export:
        """Read one export whole; a file that is no export raises :class:`Rejected`."""
        ...

    def settle(self, path: Path, *, failed: bool) -> None:
        """Move an export that was stored (or refused) out of the way."""
        ...


# --- trackers ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTask:
    """A task to be made, ready for any tracker.

    ``assignee`` is a login of this tracker or ``None``. ``fields`` are the values of our custom
    fields by their names here (``clause``, ``source``, ``number``, ``address``, ``category``,
    ``subcategory``, ``measures``, ``result``, ``indicator``); a tracker that has no such field
    leaves them out, for everything important stands in ``body`` as well. ``block`` is whose field it
    is in, where that is known; a tracker may keep a project for each.
    """

    key: str
    kind: TaskKind
    project: str
    block: str = ""
    subject: str
    body: Document
    assignee: str | None = None
    start: datetime | None = None
    due_at: datetime | None = None
    parent: str | None = None
    """``ident`` of the parent in this tracker."""
    urgent: bool = False
    fields: dict[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    status: TaskStatus = TaskStatus.NEW


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChange:
    """A change of a task; ``None`` leaves a value as it is. ``note`` is plain text or a document.

    ``token`` is the key of the effect: after a crash the tracker is asked whether a note with it
    is already there, so the connector writes it where people do not stumble over it.
    """

    ident: str
    token: str
    note: Document | None = None
    subject: str | None = None
    body: Document | None = None
    status: TaskStatus | None = None
    assignee: str | None = None
    due_at: datetime | None = None
    fields: dict[str, str] = field(default_factory=dict)
    attachments: tuple[Attachment, ...] = ()
    last_look: LastLook | None = None
    """What was read of the task last before this is written; what differs by then nobody has read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """A page of a wiki as it shall stand; ``picture`` is a PNG under it, ``caption`` its words."""

    title: str
    document: Document
    picture: bytes
    caption: str


class Wiki(Protocol):
    """Where pages for readers stand. What people wrote on them stays."""

    def keep(self, page: Page) -> str:
        """Make the page say this and return which version of it does; nothing is written twice."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerChanges:
    """What changed since a cursor. ``more`` asks to be called again at once."""

    tasks: tuple[TaskSeen, ...]
    cursor: str
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskLost:
    """A task that stands no more where the tracker's tasks stand.

    It was deleted, or is hidden from us, or was moved: ``seen`` is how it stands where it is now.
    """

    ident: str
    how: Literal["deleted", "hidden", "moved"]
    seen: TaskSeen | None = None


class Tracker(Protocol):
    """Where tasks live. Stamps in and out are in our time, see the module's first words."""

    name: str

    def create(self, task: NewTask, now: datetime) -> TaskSeen:
        """Make the task and return it as it stands there. Never looks first: the caller does."""
        ...

    def update(self, change: TaskChange, now: datetime) -> TaskSeen:
        """Change the task, read it back; :class:`Rejected` names what the tracker ignored.

        What it has no place for at all is left out and stands in ``ignored``, as after ``create``.
        """
        ...

    def find(self, keys: Collection[str], now: datetime) -> dict[str, TaskSeen]:
        """Return those of the tasks that are there, by key (look before repeat)."""
        ...

    def has_note(self, ident: str, token: str) -> bool:
        """Whether the change with this token was already written."""
        ...

    def file(self, ident: str, name: str) -> bytes:
        """Return the newest file of that name that a person put on a task."""
        ...

    def changes(self, cursor: str | None, now: datetime) -> TrackerChanges:
        """Return tasks changed since the cursor, each whole; ``None`` starts from the beginning."""
        ...

    def lost(self, idents: Collection[str], now: datetime) -> tuple[TaskLost, ...]:
        """Return those of the tasks that ``changes`` will never tell of again, some at a time.

        It costs next to nothing where none is lost. Empty: none is.
        """
        ...

    def check(self) -> list[str]:
        """Log in and say in sentences what is missing here; empty when all is well."""
        ...


# --- mail ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class RawLetter:
    """A letter as fetched: its place, its arrival and its bytes.

    ``raw`` is ``None`` where the letter is over the size limit: ``size`` says how big it is and
    ``head`` holds its header block, so that nothing disappears unnoticed.
    """

    place: LetterPlace
    received_at: datetime
    size: int
    raw: bytes | None
    head: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailBatch:
    """Letters after a cursor, oldest first. ``more`` asks to be called again at once."""

    letters: tuple[RawLetter, ...]
    cursor: str
    more: bool = False


class Bell(Protocol):
    """Listens where letters arrive. It never says what came: a look at the mailbox finds out."""

    name: str

    def listen(self) -> Iterator[bool]:
        """Yield ``True`` when a look is worth while; ``False``, now and then, while all is still.

        The first ``True`` says that it listens. Raises what connectors raise; then, and where it
        ends by itself, it is begun anew.
        """
        ...


class Mailbox(Protocol):
    """Where letters arrive. Nothing is flagged, moved or marked before it is stored."""

    name: str

    def fetch(self, cursor: str | None, now: datetime) -> MailBatch:
        """Return letters that came after the cursor; bodies only of what is new."""
        ...

    def settle(self, places: Iterable[LetterPlace]) -> None:
        """Tell the mailbox that these letters are stored (keep, or move to a folder)."""
        ...

    def bell(self) -> Bell | None:
        """Return what listens to this mailbox; ``None`` where it can only be polled."""
        ...

    def check(self) -> list[str]:
        """Log in and say in sentences what is wrong; empty when all is well."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class MailFile:
    """A file that leaves with a letter."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingLetter:
    """A letter ready to leave. Addresses are ``(name, address)``; ``message_id`` has its brackets."""

    message_id: str
    sender: tuple[str, str]
    to: tuple[tuple[str, str], ...]
    cc: tuple[tuple[str, str], ...] = ()
    subject: str
    text: str
    html: str | None = None
    files: tuple[MailFile, ...] = ()
    date: datetime
    reply_to: tuple[str, str] | None = None
    in_reply_to: str | None = None
    references: tuple[str, ...] = ()
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Refusal:
    """A recipient whom the server did not take, and its words."""

    address: str
    code: int
    words: str

    @property
    def passes(self) -> bool:
        """Whether a later attempt may succeed (RFC 5321, 4.2.1: 4yz)."""
        return 400 <= self.code < 500

    def __str__(self) -> str:
        return f"{self.address} ({self.code} {self.words})"


class PartlySent(Rejected):
    """The letter has left for some recipients and was refused for ``refused``.

    It is a :class:`Rejected`, so that nobody repeats it as a whole: those who got it would get it
    twice. Who wants to repeat it sends a letter with the same Message-ID to ``refused`` alone.
    """

    def __init__(self, what: str, refused: tuple[Refusal, ...], said: str) -> None:
        super().__init__(what)
        self.refused = refused
        self.said = said


class Cabinet(Protocol):
    """Keeps documents that nobody gets by mail."""

    name: str

    def put(self, name: str, content: bytes) -> str:
        """Keep a document whole under its name, in place of what had it, and return where it lies."""
        ...


class Courier(Protocol):
    """Takes letters out of the house."""

    name: str

    def send(self, letter: OutgoingLetter) -> str:
        """Hand the letter over and return what the other side said (its queue id, a path)."""
        ...

    def sent(self, message_id: str) -> bool | None:
        """Whether the letter has left already; ``None`` where the courier cannot know."""
        ...

    def check(self) -> list[str]:
        """Log in and say in sentences what is wrong; empty when all is well."""
        ...
