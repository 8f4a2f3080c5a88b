"""What came back from a destination is kept: receipts, and why there is none.

Runs in the thread of the database. A row that may have left is looked for before it is repeated, one
that nobody can deliver is put before a person, and of each destination it is known whether it answers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from datetime import datetime, timedelta
from typing import Any

import structlog

from mcur.connectors.ports import (
    Barred,
    ConnectorError,
    LostRace,
    NotYet,
    PartlySent,
    Rejected,
    Unavailable,
)
from mcur.daemon import attached, hands, telling
from mcur.daemon.copies import COPIES, copy_of
from mcur.daemon.hands import CABINET, Delivered, Destination, InDoubt, TooLate
from mcur.daemon.render import Addressed, Desk, Filed
from mcur.playbooks.intents import (
    Channel,
    CreateTask,
    FetchFile,
    FileDocument,
    KeepCopy,
    KeepPage,
    PassFile,
    SendLetter,
    UpdateTask,
)
from mcur.state import flags, systems
from mcur.state.journal import Event
from mcur.state.opening import is_unusable
from mcur.state.outbox import Row
from mcur.state.store import State

SETTLE = timedelta(seconds=10)
"""How long a server may still be busy with a request whose answer nobody waited for.

Measured on a Redmine of two processes: 0.1 s alone, 4 s with sixty clients that write at once; and
the looks before and after the wait queue behind that request.
"""
PARENTS = timedelta(minutes=1)
"""How often it is tried to end a task under which others are still open."""

WORTH_TELLING = timedelta(minutes=15)
"""A silence of mail that somebody may have noticed: its end is told."""
SILENT = (PassFile, FetchFile, KeepCopy, KeepPage)
"""Nothing is told of these: a feed tells of what it reads, of a copy and a page all was told before."""

log = structlog.get_logger()


class Receipts:
    """Keeps what the hands bring back, a row at a time."""

    def __init__(
        self,
        state: State,
        desk: Desk,
        destinations: Mapping[str, Destination],
        clock: Callable[[], datetime],
        settle: timedelta,
    ) -> None:
        self._state = state
        self._desk = desk
        self._destinations = destinations
        self._clock = clock
        self._settle_time = settle
        self.unreachable: dict[str, Exception] = {}

    def settle(
        self, destination: Destination, row: Row, prepared: Any, future: Future[Delivered]
    ) -> None:
        """Take what a hand brought back of a row, or what it met."""
        now = self._clock()
        try:
            delivered = future.result()
        except (InDoubt, NotYet, LostRace) as exc:
            self._put_back(row, exc, now)
        except TooLate as exc:
            with self._state.atomic():
                self._state.expire(row, str(exc), now)
        except Unavailable as exc:
            self._silent(destination, row, exc, now)
        except Barred as exc:
            self._barred(destination, row, exc, now)
        except PartlySent as exc:
            self._done(destination, row, prepared, Delivered(receipt=exc.said), now)
            with self._state.atomic():
                self._tell_administrator(row, "partly", destination.name, str(exc), now)
        except Exception as exc:  # noqa: BLE001  (refused, or a fault of ours in this one row)
            self._refused(destination, row, exc, now)
        else:
            out = len(destination.flying)
            destination.restraint.answered(delivered.took, destination.width, out)
            self._done(destination, row, prepared, delivered, now)

    def _put_back(self, row: Row, cause: InDoubt | NotYet | LostRace, now: datetime) -> None:
        """Wait: for what may be there already, what has to end before, what was written meanwhile."""
        pause = PARENTS if isinstance(cause, NotYet) else self._settle_time
        doubtful = isinstance(cause, InDoubt)
        why = "may have been made: looking" if doubtful else str(cause)
        with self._state.atomic():
            self._state.outbox.wait(row, now + pause, why, doubt=2 if doubtful else 0)

    def _done(
        self, destination: Destination, row: Row, prepared: Any, back: Delivered, now: datetime
    ) -> None:
        """Keep a receipt. One that cannot be kept is a matter of its row, not of the daemon."""
        try:
            self._keep_receipt(destination, row, prepared, back, now)
        except Exception as exc:  # a fault of ours in this one row; a broken state stops the daemon
            if is_unusable(exc):
                raise
            self.bury(row, exc, now)

    def _refused(self, destination: Destination, row: Row, cause: Exception, now: datetime) -> None:
        if isinstance(cause, Rejected):
            with self._state.atomic():
                self._answered(destination, now)
        self.bury(row, cause, now)

    def _answered(self, destination: Destination, now: datetime) -> None:
        """Note that a destination is there, whatever it said."""
        if self._state.outbox.circuits.close(destination.name):
            log.info("answers again", destination=destination.name)
        if destination.courier is not None:
            self._tell_recovered(destination, now)
        self._state.note_health(destination.health, now, None)
        self.unreachable.pop(destination.health, None)

    def _tell_recovered(self, destination: Destination, now: datetime) -> None:
        """Tell the administrator that letters leave again: one notice, however many had to wait."""
        since = systems.down_since(self._state.db, destination.health)
        if since is None or now - since < WORTH_TELLING:
            return
        waiting = self._state.outbox.waiting_for(destination.name)
        told = self._desk.recovered(destination.name, since, waiting, now)
        if told is not None:
            self._state.outbox.put(told, destination.name, now)

    def _keep_receipt(
        self, destination: Destination, row: Row, prepared: Any, back: Delivered, now: datetime
    ) -> None:
        late = isinstance(prepared, Addressed | Filed) and prepared.late
        with self._state.atomic():
            self._state.outbox.done(row, back.receipt, now, late=late, repeated=back.repeated)
            self._answered(destination, now)
            self._keep(row, back, now)
            if isinstance(prepared, Addressed):
                self._follow(row, prepared, now)
            if why := "; ".join(back.seen.ignored if back.seen else ()):
                self._tell_administrator(row, "left_out", row.destination, why, now)
            if not isinstance(row.effect, SILENT):
                self._state.tell(
                    self.event(row, prepared, back, now),
                    evidence=f"{destination.name} {back.receipt}",
                )
            if isinstance(row.effect, CreateTask) and row.effect.rings:
                self._state.tell(telling.call_requested(row.effect, now))

    def _keep(self, row: Row, back: Delivered, now: datetime) -> None:
        match row.effect:
            case CreateTask() if back.seen:
                self._state.tasks.made(row.key, back.seen)
                flag = attached.missing(row.effect, back.seen, self._desk.playbook(row.effect))
                if flag is not None:
                    flags.keep(self._state, flag, now)
            case UpdateTask() if back.seen:
                self._state.tasks.wrote(row.effect, back.seen)
            case SendLetter(channel=Channel.REPORTS) | FileDocument():
                self._state.report_left(row.key)
            case KeepCopy(digest=digest):
                self._state.blobs.drop(digest)
            case FetchFile():
                passed = hands.passed_on(row.effect, self._state.blobs.put(back.content))
                self._state.outbox.put(passed, f"{hands.MAILED}{passed.feed}", now)

    def _follow(self, row: Row, letter: Addressed, now: datetime) -> None:
        """Queue what follows a letter that left: its copy, and the papers that were too big for it."""
        if isinstance(row.effect, SendLetter) and COPIES in self._destinations:
            copy = copy_of(row.effect, letter.letter, self._state.blobs)
            self._state.outbox.put(copy, COPIES, now)
        for paper in letter.left_out:
            self._state.outbox.put(paper, CABINET, now)

    def _silent(self, destination: Destination, row: Row, why: Unavailable, now: datetime) -> None:
        destination.restraint.strained(destination.width, len(destination.flying))
        with self._state.atomic():
            circuit = self._state.outbox.circuits.open(
                destination.name, str(why), now, why.retry_after
            )
            until = circuit.open_until
            doubt = 0
            if why.reached:
                # The wait before the next attempt is the time that a tracker is given.
                looks_once = isinstance(row.effect, SendLetter) or until - now < SETTLE
                doubt = 1 if looks_once else 2
            self._state.outbox.wait(row, until, str(why), doubt=max(doubt, row.doubt))
        if self._is_news(destination, why, now):
            log.warning("no answer", destination=destination.name, key=row.key, why=str(why))

    def _barred(self, destination: Destination, row: Row, cause: Barred, now: datetime) -> None:
        why = str(cause)
        with self._state.atomic():
            circuit = self._state.outbox.circuits.open(
                destination.name, why, now, timedelta(minutes=5)
            )
            self._state.outbox.wait(row, circuit.open_until, why, doubt=row.doubt)
            self._tell_administrator(row, "barred", destination.name, why, now)
        if self._is_news(destination, cause, now):
            log.error("the door is shut", destination=destination.name, why=why)

    def _is_news(self, destination: Destination, why: ConnectorError, now: datetime) -> bool:
        """Note that a destination is closed to us; what flew with the first row says nothing new."""
        known = self.unreachable.get(destination.health)
        self._state.note_health(destination.health, now, str(why))
        self.unreachable[destination.health] = why
        return type(known) is not type(why)

    def bury(self, row: Row, cause: Exception, now: datetime) -> None:
        """End a row that was refused, or that this program cannot handle: a person must look."""
        why = str(cause)
        if not isinstance(cause, Rejected):
            why = f"a fault of mcur itself, {type(cause).__name__}: {cause}"
            log.error("fault", key=row.key, exc_info=cause)
        with self._state.atomic():
            self._state.outbox.end(row, "dead", why, now)
            self._tell_administrator(row, "dead", row.destination, why, now)
        log.error("refused", key=row.key, destination=row.destination, why=why)

    def _tell_administrator(
        self, row: Row, what: str, destination: str, why: str, now: datetime
    ) -> None:
        letter = self._desk.to_administrator(row.effect, what, destination, why, now)
        is_service = isinstance(row.effect, SendLetter) and row.effect.channel is Channel.SERVICE
        if letter is not None and not is_service:
            self._state.outbox.put(letter, "courier", now)

    def event(self, row: Row, prepared: Any, back: Delivered, now: datetime) -> Event:
        """Tell of what a row did out there."""
        task = (
            self._state.tasks.get(row.effect.task) if isinstance(row.effect, UpdateTask) else None
        )
        return telling.delivered(row.effect, prepared, back.seen, task, now)
