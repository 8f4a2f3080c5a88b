"""What the hands do: one delivery each, in a pool thread, with no database at hand.

A row in doubt may have left before a crash or a silence, so it is looked for before it is repeated.
"""

from __future__ import annotations

from concurrent.futures import Executor, Future
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from mcur.connectors.ports import (
    Cabinet,
    Courier,
    NewTask,
    Page,
    Rejected,
    TaskChange,
    Tracker,
    Wiki,
)
from mcur.daemon.clock import stopwatch
from mcur.daemon.render import Addressed, Filed, Wanted
from mcur.daemon.restraint import Restraint
from mcur.playbooks.facts import TaskSeen
from mcur.playbooks.intents import FetchFile, PassFile
from mcur.state.outbox import Row
from mcur.state.systems import WRITING

MAILED = "mailed:"
"""Begins the name of a feed's folder as a destination."""


CABINET = "documents"
"""The site's folder of documents as a destination."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """What a hand brought back."""

    receipt: str
    seen: TaskSeen | None = None
    repeated: bool = False
    content: bytes = b""
    """Of a file that was fetched."""
    took: float = 0.0
    """Seconds."""


class InDoubt(Exception):
    """A look found nothing yet; the other side may still be at it."""


class TooLate(Exception):
    """A row that may have left in time was not found there, and is worth nothing any more."""


@dataclass(slots=True)
class Destination:
    """Where rows go: a tracker, the courier or the cabinet, with its pool."""

    name: str
    executor: Executor
    width: int
    tracker: Tracker | None = None
    wiki: Wiki | None = None
    courier: Courier | None = None
    cabinet: Cabinet | None = None
    flying: dict[Future[Delivered], tuple[Row, Any]] = field(default_factory=dict)
    restraint: Restraint = field(default_factory=Restraint)

    def free(self) -> int:
        """Return how many rows may be claimed now.

        A hand that comes back finds its next row waiting: while all of the pool may be used, so many
        are claimed ahead, in batches.
        """
        allowed = self.restraint.allows(self.width)
        if allowed < self.width:
            return max(0, allowed - len(self.flying))
        free = 2 * self.width - len(self.flying)
        return free if free >= self.width else 0

    @property
    def health(self) -> str:
        """Its name in the table of health: a tracker may be read well and take nothing."""
        return self.name if self.tracker is None else f"{self.name}{WRITING}"


Prepared = NewTask | TaskChange | Addressed | Filed | Page | Wanted
"""A row as a connector takes it."""


def deliver(destination: Destination, row: Row, prepared: Prepared, now: datetime) -> Delivered:
    """Deliver one prepared row, or find that it was delivered; raises what connectors raise."""
    begun = stopwatch()
    return replace(_deliver(destination, row, prepared, now), took=stopwatch() - begun)


def _deliver(destination: Destination, row: Row, prepared: Prepared, now: datetime) -> Delivered:
    if isinstance(prepared, Addressed):
        return _send(destination.courier, row, prepared, now)
    if isinstance(prepared, Filed):
        return _file(destination.cabinet, row, prepared)
    if isinstance(prepared, Page):
        return _keep(destination.wiki, row, prepared)
    if destination.tracker is None:
        msg = f"deliver {row.key}: {destination.name} is no tracker"
        raise Rejected(msg)
    if isinstance(prepared, Wanted):
        content = destination.tracker.file(prepared.ident, prepared.name)
        return Delivered(receipt=prepared.ident, content=content)
    if isinstance(prepared, NewTask):
        return _create(destination.tracker, row, prepared, now)
    return _change(destination.tracker, row, prepared, now)


def _create(tracker: Tracker, row: Row, task: NewTask, now: datetime) -> Delivered:
    if row.doubt:
        found = tracker.find([task.key], now).get(task.key)
        if found is not None:
            return Delivered(receipt=found.ident, seen=found)
        if row.doubt == 1:
            raise InDoubt
    seen = tracker.create(task, now)
    return Delivered(receipt=seen.ident, seen=seen)


def _change(tracker: Tracker, row: Row, change: TaskChange, now: datetime) -> Delivered:
    if row.doubt and change.note is not None:
        if tracker.has_note(change.ident, change.token):
            return Delivered(receipt=change.ident)
        if row.doubt == 1:
            raise InDoubt
    if row.not_after is not None and row.not_after <= now:
        msg = "its time is over"
        raise TooLate(msg)
    seen = tracker.update(change, now)
    return Delivered(receipt=seen.ident, seen=seen)


def passed_on(fetched: FetchFile, digest: str) -> PassFile:
    """Want a fetched export put where its feed looks for exports; the same file twice is one."""
    return PassFile(
        key=f"{fetched.key}:{digest[:16]}",
        cite=fetched.cite,
        feed=fetched.feed,
        name=f"{digest[:8]}-{fetched.name}",
        digest=digest,
    )


def _keep(wiki: Wiki | None, row: Row, page: Page) -> Delivered:
    """Bring a page up to date; what it says already is not written again, so nobody looks first."""
    if wiki is None:
        msg = f"keep {row.key}: this tracker has no page for managers any more"
        raise Rejected(msg)
    return Delivered(receipt=wiki.keep(page))


def _file(cabinet: Cabinet | None, row: Row, prepared: Filed) -> Delivered:
    """Put a document away; after a crash again, in place of itself."""
    if cabinet is None:
        msg = f"file {row.key}: there is no folder for documents"
        raise Rejected(msg)
    return Delivered(receipt=cabinet.put(prepared.file.name, prepared.file.content))


def _send(courier: Courier | None, row: Row, prepared: Addressed, now: datetime) -> Delivered:
    if courier is None:
        msg = f"send {row.key}: there is no courier"
        raise Rejected(msg)
    left = courier.sent(prepared.letter.message_id) if row.doubt else False
    if left:
        return Delivered(receipt="had left")
    if row.not_after is not None and row.not_after <= now:
        perhaps = "; it may have left all the same" if left is None else ""
        msg = f"its day is over{perhaps}"
        raise TooLate(msg)
    return Delivered(receipt=courier.send(prepared.letter), repeated=left is None)
