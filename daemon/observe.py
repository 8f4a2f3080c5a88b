"""Observers: what is outside comes in, stored with its cursor before anything else happens.

A look may run in a pool thread and touches no database; keeping runs in the thread that owns it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

import structlog

from mcur.connectors.mail.mime import Unreadable
from mcur.connectors.ports import (
    Barred,
    ConnectorError,
    MailBatch,
    Mailbox,
    RawLetter,
    Unavailable,
)
from mcur.playbooks.facts import Letter, LetterPlace
from mcur.state.store import State
from mcur.state.systems import LISTENING

PATIENCE = 5
"""A look that is out for so many of its periods hangs: each connector ends its waits long before."""
LEAST_PATIENCE = timedelta(minutes=5)
REST = timedelta(seconds=30)
"""A look that failed is repeated after so long where its poll comes later: a bell may have rung for it."""

AHEAD = 16 * 2**20
"""Bytes of a batch beside which the next one may lie in memory."""

log = structlog.get_logger()


class Source(Protocol):
    """Something that is looked at again and again."""

    name: str
    every: timedelta

    def look(self, cursor: str | None, now: datetime) -> Any:
        """Ask the outside; raises what connectors raise."""
        ...

    def keep(self, found: Any, state: State, now: datetime) -> bool:
        """Store what was found with its cursor; return whether there is more at once."""
        ...

    def settle(self, found: Any) -> None:
        """Tell the outside that it is stored; a courtesy."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """What one look into a mailbox brought."""

    letters: tuple[Letter, ...]
    unreadable: tuple[tuple[LetterPlace, str, str], ...]
    cursor: str
    more: bool


Reading = Callable[[Sequence[RawLetter]], Iterable[Letter | Exception]]
"""Parses letters in their order; what went wrong with one stands in its place."""


@dataclass(slots=True, kw_only=True)
class MailSource:
    """A mailbox; ``read`` parses its letters, ``translate`` shows stamps of the machine in the program's time.

    ``taker`` names the regulation that takes a letter which answers nothing of ours.
    """

    name: str
    every: timedelta
    mailbox: Mailbox
    blobs: Any
    read: Reading
    translate: Callable[[datetime], datetime]
    taker: Callable[[Letter], str]
    unproven: str = "assignments"
    _ahead: MailBatch | None = None
    _ahead_of: str | None = None

    def look(self, cursor: str | None, now: datetime) -> Post:
        """Fetch and parse what is new; of a full mailbox fetch the next batch while one is parsed."""
        batch, self._ahead = self._ahead if self._ahead_of == cursor else None, None
        batch = batch or self.mailbox.fetch(cursor, now)
        if not batch.more or sum(raw.size for raw in batch.letters) > AHEAD:
            return self._read(batch, now)
        with ThreadPoolExecutor(1) as pool:
            ahead = pool.submit(self.mailbox.fetch, batch.cursor, now)
            post = self._read(batch, now)
        # What went wrong with the next batch is told by the look that asks for it again.
        self._ahead = None if ahead.exception() else ahead.result()
        self._ahead_of = batch.cursor
        return post

    def _read(self, batch: MailBatch, now: datetime) -> Post:
        """Parse letters; one that cannot be read is kept raw."""
        letters: list[Letter] = []
        unreadable = []
        for raw, letter in zip(batch.letters, self.read(batch.letters), strict=True):
            if isinstance(letter, Exception):
                digest = self.blobs.put(raw.raw or raw.head)
                unreadable.append((raw.place, _why_unreadable(letter, raw.place), digest))
                continue
            received = min(self.translate(letter.received_at), now)
            proven, taker = self._proven(letter), self.taker(letter)
            letters.append(
                replace(letter, received_at=received, authenticated=proven, playbook=taker)
            )
        kept = [digest for letter in letters for digest in _digests(letter)]
        self.blobs.secure([*kept, *(digest for _, _, digest in unreadable)])
        return Post(
            letters=tuple(letters),
            unreadable=tuple(unreadable),
            cursor=batch.cursor,
            more=batch.more,
        )

    def _proven(self, letter: Letter) -> bool | None:
        """What the own server said of a sender; where it said nothing, what the site holds of that."""
        if letter.authenticated is not None:
            return letter.authenticated
        return {"nothing": False, "decisions": True}.get(self.unproven)

    def keep(self, found: Post, state: State, now: datetime) -> bool:
        """Store the letters with the cursor."""
        with state.atomic():
            for place, why, digest in found.unreadable:
                state.letters.quarantine(
                    place.account, f"{place.folder}/{place.uid}", why, digest, now
                )
            added = state.take_letters(found.letters, (self.name, found.cursor), now)
        if added or found.unreadable:
            log.info("letters", mailbox=self.name, new=added, unreadable=len(found.unreadable))
        return found.more

    def settle(self, found: Post) -> None:
        """Mark or move what is stored."""
        places = [letter.place for letter in found.letters]
        places += [place for place, _, _ in found.unreadable]
        if places:
            self.mailbox.settle(places)


class Observers:
    """All sources of a site, looked at in pool threads, kept in the thread of the database."""

    def __init__(self, sources: Sequence[Source], state: State, pool: Executor) -> None:
        self._sources = {source.name: source for source in sources}
        self._state = state
        self._pool = pool
        self._flying: dict[str, Future[Any]] = {}
        self._settling: dict[str, Future[None]] = {}
        self._again: set[str] = set()
        self._begun: dict[str, datetime] = {}
        self._hanging: set[str] = set()
        self._resting: dict[str, tuple[datetime, datetime]] = {}
        self.unreachable: dict[str, Exception] = {}
        self.when_back: Callable[[], None] = lambda: None
        """Called from a pool thread when a look, or what follows it, is over."""
        self.when_shut: Callable[[str, str, datetime], None] = lambda _source, _why, _now: None
        """Called when a look is not let in, each time."""

    @property
    def sources(self) -> Sequence[Source]:
        """All sources."""
        return tuple(self._sources.values())

    def look_at_all(self, now: datetime) -> None:
        """Look at everything once, all of what is there, and keep it (one cycle)."""
        waiting = set(self._sources)
        while waiting:
            for name in sorted(waiting):
                self.ask(name, now)
            wait(self._flying.values())
            self.collect(now)
            wait(self._settling.values())
            waiting = set(self.impatient(now))

    def ask(self, name: str, now: datetime) -> None:
        """Start a look, unless the last one is still out: a connector is never used twice at once.

        A server that asked for peace has it until then.
        """
        settling = self._settling.get(name)
        if name in self._flying or (settling and not settling.done()) or self._rests(name, now):
            return
        self._again.discard(name)
        self._begun[name] = now
        cursor = self._state.cursor(name)
        self._flying[name] = self._pool.submit(self._sources[name].look, cursor, now)
        self._flying[name].add_done_callback(lambda _: self.when_back())

    def owe(self, name: str) -> None:
        """Have a look begun from now on: one that is out may have passed what a bell has rung for."""
        self._again.add(name)

    def collect(self, now: datetime) -> bool:
        """Keep what came back; return whether anything did."""
        done = sorted(name for name, future in self._flying.items() if future.done())
        self._hanging.difference_update(done)
        kept = [name for name in done if self._keep(name, self._flying.pop(name), now)]
        if kept:
            with self._state.atomic():
                for name in kept:
                    self._answered(name, now)
        self._note_hanging(now)
        return bool(done)

    def _note_hanging(self, now: datetime) -> None:
        """Say of a look, or of what follows it, that it does not come back: nobody else would."""
        settling = {name for name, future in self._settling.items() if not future.done()}
        for name in (self._flying.keys() | settling) - self._hanging:
            since = self._begun[name].astimezone(UTC)
            if now - since <= max(PATIENCE * self._sources[name].every, LEAST_PATIENCE):
                continue
            self._hanging.add(name)
            why = f"hangs: the look of {since:%Y-%m-%d %H:%M} UTC has not come back; restart mcur"
            self.unreachable[name] = Unavailable(why)
            if self._state.note_health(name, now, why):
                log.error("hangs", source=name, since=str(since))

    def impatient(self, now: datetime) -> list[str]:
        """Name the sources that have more to give at once, and those whose last look failed."""
        return sorted(name for name in self._again if not self._rests(name, now))

    def _rests(self, name: str, now: datetime) -> bool:
        since, until = self._resting.get(name, (now, now))
        return since <= now < until  # a clock that was set back ends it

    def _keep(self, name: str, future: Future[Any], now: datetime) -> bool:
        """Keep what a look brought, and only then let its source move it away."""
        source = self._sources[name]
        try:
            found = future.result()
            more = source.keep(found, self._state, now)
        except Exception as exc:  # noqa: BLE001  (a fault of ours in one source stops no other)
            self._trouble(source, exc, now)
            return False
        if more:
            self._again.add(name)
        self._begun[name] = now
        self._settling[name] = self._pool.submit(_settle, source, found)
        self._settling[name].add_done_callback(lambda _: self.when_back())
        return True

    def _answered(self, name: str, now: datetime) -> None:
        self.unreachable.pop(name, None)
        if self._state.note_health(name, now, None):
            log.info("answers again", source=name)

    def note_bell(self, name: str, now: datetime, why: str | None) -> None:
        """Note that the bell of a source listens (``why`` is ``None``) or is silent."""
        if self._state.note_health(f"{name}{LISTENING}", now, why):
            if why is None:
                log.info("listens", source=name)
            else:
                log.warning("polled only", source=name, why=why)

    def _trouble(self, source: Source, cause: Exception, now: datetime) -> None:
        why = str(cause)
        if not isinstance(cause, ConnectorError):
            why = f"a fault of mcur itself, {type(cause).__name__}: {cause}"
            log.error("fault", source=source.name, exc_info=cause)
        self.unreachable[source.name] = cause
        if isinstance(cause, Barred):
            self.when_shut(source.name, why, now)
        elif isinstance(cause, Unavailable):
            until = now + (cause.retry_after or min(source.every, REST))
            self._resting[source.name] = (now, until)
            self._again.add(source.name)
        if self._state.note_health(source.name, now, why):
            log.warning("no answer", source=source.name, why=why)


def _digests(letter: Letter) -> Iterator[str]:
    """Name all that is kept of a letter."""
    yield letter.raw
    yield from (file.digest for file in letter.attachments)


def _why_unreadable(cause: Exception, place: LetterPlace) -> str:
    if isinstance(cause, Unreadable):
        return str(cause)
    log.error("fault", mailbox=place.account, letter=place.uid, exc_info=cause)
    return f"a fault of mcur itself, {type(cause).__name__}: {cause}"


def _settle(source: Source, found: Any) -> None:
    """Run in a pool thread; what was stored stays stored, whatever the other side says."""
    try:
        source.settle(found)
    except ConnectorError as exc:
        log.warning("stored, but not marked there", source=source.name, why=str(exc))
    except Exception:  # a fault of ours after storing: nobody waits for this thread's answer
        log.exception("fault", source=source.name)
