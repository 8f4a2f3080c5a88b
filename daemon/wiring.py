"""Wiring: state, connectors and what stands between them, put together to a site."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from mcur.connectors.mail.apart import Reader
from mcur.connectors.mail.mime import parse
from mcur.connectors.mail.readers import Readers
from mcur.connectors.papers.cabinet import FolderCabinet
from mcur.connectors.ports import Bell, Cabinet, Courier, Mailbox, RawLetter, Tracker
from mcur.daemon import administrator, books, outside
from mcur.daemon.books import load_playbooks
from mcur.daemon.clock import Clock, must_be_plausible
from mcur.daemon.copies import COPIES
from mcur.daemon.dispatch import Dispatcher
from mcur.daemon.feeding import FeedSource
from mcur.daemon.following import TrackerSource
from mcur.daemon.hands import CABINET as CABINET, MAILED, Destination
from mcur.daemon.observe import MailSource, Observers, Reading, Source
from mcur.daemon.receipts import SETTLE
from mcur.daemon.render import Desk
from mcur.daemon.settings import Settings
from mcur.daemon.settings_connectors import FeedSettings
from mcur.daemon.settings_values import Gate, GateMode
from mcur.playbooks import owning
from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Letter, TaskKind
from mcur.playbooks.intents import Channel
from mcur.playbooks.playbook import Playbook
from mcur.state.blobs import BlobStore
from mcur.state.store import State
from mcur.state.systems import LISTENING

COURIER = "courier"
OUT = "out"
"""The folder of a site for documents that are mailed to nobody (contract, «Site folder»)."""
INLINE = 8
"""How many hands a destination has where they take no time: so many rows go in one transaction."""


class InlineExecutor(Executor):
    """Runs a job where it is submitted; for the virtual clock, where nothing takes time."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Run now and return the finished future."""
        future: Future[Any] = Future()
        try:
            future.set_result(fn(*args, **kwargs))
        except Exception as exc:  # noqa: BLE001  (what a thread pool does: the caller gets it)
            future.set_exception(exc)
        return future


@dataclass(slots=True, kw_only=True)
class Site:
    """A site at work: everything that one cycle needs."""

    settings: Settings
    playbooks: tuple[Playbook, ...]
    state: State
    directory: Directory
    clock: Clock
    observers: Observers
    dispatcher: Dispatcher
    destinations: Mapping[str, Destination]
    pools: Sequence[Executor] = ()
    readers: Sequence[Readers] = ()
    """What reads letters in processes of their own."""
    bells: Mapping[str, Bell] = field(default_factory=dict)
    """What listens, by the name of its source; only the daemon does, no single cycle."""
    _live: datetime | None = field(default=None)

    def live_from(self) -> datetime:
        """Return the moment the site went live: configured, or the first start."""
        if self._live is None:
            known = self.state.live_from(self.settings.live.since)
            if known is None:
                must_be_plausible(self.clock)
            self._live = known or self.state.go_live(self.clock.now())
        return self._live

    def route(self, what: str) -> str:
        """Name the destination of a ``letter``, a ``document``, a file for a ``feed:ID`` or a kind of task."""
        if what.startswith("feed:"):
            return what.replace("feed:", MAILED, 1)
        if what in {"letter", "document"}:
            return COURIER if what == "letter" else CABINET
        tracker = self.settings.tracker_for(TaskKind(what))
        return f"tracker:{tracker.id}" if tracker else "tracker:"

    def tell_of_shut_door(self, source: str, why: str, now: datetime) -> None:
        """Write to the administrator, once a day, that a source lets nobody in."""
        if to := self.directory.administrator:
            told = administrator.of_shut_door(
                to, self.playbooks, source, why, now, is_written_to=source in self.destinations
            )
            with self.state.atomic():
                self.state.outbox.put(told, COURIER, now)

    def systems(self) -> set[str]:
        """Name what the site keeps the health of."""
        looked_at = {source.name for source in self.observers.sources}
        listening = {f"{name}{LISTENING}" for name in self.bells}
        taking = {destination.health for destination in self.destinations.values()}
        return looked_at | listening | taking

    def close(self) -> None:
        """Let everything go; a hand that is still out is not waited for."""
        for pool in self.pools:
            pool.shutdown(wait=False, cancel_futures=True)
        for reader in self.readers:
            reader.close()
        self.state.close()


def open_site(settings: Settings, clock: Clock, *, source: str = "mcur.toml") -> Site:
    """Open a site with its real connectors."""
    playbooks = load_playbooks(settings, source)
    state = State(settings.state.path)
    zone, home = playbooks[0].calendar.zone, settings.state.path.parent
    trackers = {t.id: outside.tracker(t, settings, state.blobs, zone) for t in settings.trackers}
    mailboxes = [(m.id, outside.mailbox(m, settings.mail, home)) for m in settings.mailboxes]
    site = assemble(
        settings,
        playbooks,
        state,
        clock,
        feeds=[(f, outside.feed(f, place_of(f, settings, playbooks))) for f in settings.feeds],
        mailboxes=mailboxes,
        trackers=trackers,
        courier=outside.courier(settings.courier, home),
        cabinet=FolderCabinet(CABINET, settings.folder / OUT),
        copies=_copies(settings, dict(mailboxes)),
        threads=True,
    )
    wanted = {m.id for m in settings.mailboxes if m.push}
    bells = {f"mail:{name}": one.bell() for name, one in mailboxes if name in wanted}
    site.bells = {name: bell for name, bell in bells.items() if bell is not None}
    return site


def assemble(
    settings: Settings,
    playbooks: tuple[Playbook, ...],
    state: State,
    clock: Clock,
    *,
    feeds: Sequence[tuple[FeedSettings, Any]],
    mailboxes: Sequence[tuple[str, Mailbox]],
    trackers: Mapping[str, Tracker],
    courier: Courier,
    cabinet: Cabinet,
    copies: Cabinet | None = None,
    threads: bool,
) -> Site:
    """Put the parts of a site together."""
    directory = settings.directory()
    desk = Desk(settings, playbooks, state, directory)
    destinations = {
        COURIER: _hands(COURIER, 1, threads, courier=courier),
        **_trackers(settings, trackers, threads=threads),
        **_folders(cabinet, copies, [shape for shape, _ in feeds], threads=threads),
    }

    looking = _pool(max(1, len(feeds) + len(mailboxes) + len(trackers)), threads)
    site = Site(
        settings=settings,
        playbooks=playbooks,
        state=state,
        directory=directory,
        clock=clock,
        observers=Observers([], state, looking),
        dispatcher=Dispatcher(
            state,
            desk,
            destinations,
            partial(_gate, settings),
            clock.now,
            # Under the virtual clock delivering takes no time: nothing is still on its way.
            settle=SETTLE if threads else timedelta(0),
            pace=settings.mail.pace,
        ),
        destinations=destinations,
        pools=[looking, *(d.executor for d in destinations.values())],
    )
    kept = state.blobs.hasty() if threads else state.blobs
    reads = _reads(site, [name for name, _ in mailboxes], kept, apart=threads)
    sources = _sources(site, feeds, mailboxes, trackers, reads, kept)
    site.observers = Observers(sources, state, looking)
    site.observers.when_shut = site.tell_of_shut_door
    return site


def _copies(settings: Settings, mailboxes: Mapping[str, Mailbox]) -> Cabinet | None:
    shape = settings.copying
    return outside.copies(shape, mailboxes[shape.copies]) if shape else None


def _gate(settings: Settings, channel: Channel) -> Gate:
    """Return the gate of a channel; words to the administrator pass all."""
    return Gate(GateMode.ON) if channel is Channel.SERVICE else settings.gate(channel)


def _folders(
    cabinet: Cabinet, copies: Cabinet | None, feeds: Sequence[FeedSettings], *, threads: bool
) -> dict[str, Destination]:
    """Return the folders into which documents, mailed exports and copies of letters are put."""
    named = {
        f"{MAILED}{shape.id}": shape.path
        for shape in feeds
        if shape.mailed_from or shape.expected_by
    }
    cabinets: dict[str, Cabinet] = {CABINET: cabinet}
    cabinets |= {name: FolderCabinet(name, path) for name, path in named.items()}
    if copies is not None:
        cabinets[COPIES] = copies
    return {name: _hands(name, 1, threads, cabinet=one) for name, one in cabinets.items()}


def _trackers(
    settings: Settings, trackers: Mapping[str, Tracker], *, threads: bool
) -> dict[str, Destination]:
    widths = {t.id: getattr(t, "pool", 1) for t in settings.trackers}
    return {
        f"tracker:{name}": _hands(
            f"tracker:{name}",
            widths.get(name, 1),
            threads,
            tracker=one,
            wiki=getattr(one, "wiki", None),
        )
        for name, one in trackers.items()
    }


def _hands(name: str, width: int, threads: bool, **at_what: Any) -> Destination:
    """Return a destination; hands that take no time are back before the next is needed."""
    return Destination(name, _pool(width, threads), width if threads else INLINE, **at_what)


def _reads(
    site: Site, mailboxes: Sequence[str], blobs: BlobStore, *, apart: bool
) -> dict[str, Reading]:
    """Return what reads the letters of each mailbox: ``apart`` in a process of its own."""
    authserv = site.settings.mail.authserv or None
    if apart:
        site.readers = [Readers(partial(Reader, blobs, authserv)) for _ in mailboxes]
        return dict(zip(mailboxes, site.readers, strict=True))
    return dict.fromkeys(mailboxes, partial(_read_here, blobs, authserv))


def _read_here(
    blobs: BlobStore, authserv: str | None, raws: Sequence[RawLetter]
) -> Iterator[Letter | Exception]:
    for raw in raws:
        try:
            yield parse(raw, blobs, trusted_authserv=authserv)
        except Exception as exc:  # noqa: BLE001  (one letter never holds up the mailbox)
            yield exc


def _sources(
    site: Site,
    feeds: Sequence[tuple[FeedSettings, Any]],
    mailboxes: Sequence[tuple[str, Mailbox]],
    trackers: Mapping[str, Tracker],
    reads: Mapping[str, Reading],
    blobs: BlobStore,
) -> list[Source]:
    mail, every = site.settings.mail, partial(books.pause, site.settings, site.playbooks)
    found: list[Source] = [
        FeedSource(
            name=f"feed:{shape.id}",
            every=every("feeds"),
            feed=one,
            scope=str(shape.scope) if shape.scope else None,
            playbooks=readers_of(shape, site.playbooks),
            live_from=site.live_from,
            administrator=site.directory.administrator,
        )
        for shape, one in feeds
    ]
    found += [
        MailSource(
            name=f"mail:{name}",
            every=every("mail"),
            mailbox=one,
            blobs=blobs,
            read=reads[name],
            unproven=mail.unproven,
            translate=site.clock.translate,
            taker=_taker(site, name),
        )
        for name, one in mailboxes
    ]
    found += [
        TrackerSource(
            name=f"tracker:{name}",
            every=every("redmine"),
            roll_call=site.settings.poll.roll_call,
            tracker=one,
            playbooks=site.playbooks,
            directory=site.directory,
            live_from=site.live_from,
        )
        for name, one in trackers.items()
    ]
    return found


def _taker(site: Site, mailbox: str) -> Callable[[Letter], str]:
    """Return what names the regulation that takes a letter of a mailbox."""
    named = next((m.playbook for m in site.settings.mailboxes if m.id == mailbox), "")
    return partial(
        owning.letter_taker,
        playbooks=site.playbooks,
        directory=site.directory,
        mailbox=named,
        recipients={k.casefold(): v for k, v in site.settings.mail.recipients.items()},
    )


def _pool(width: int, threads: bool) -> Executor:
    return ThreadPoolExecutor(max_workers=width) if threads else InlineExecutor()


def readers_of(shape: FeedSettings, playbooks: Sequence[Playbook]) -> list[Playbook]:
    """Return the regulations that read a feed: those it names, else all."""
    return [p for p in playbooks if not shape.playbooks or p.id in shape.playbooks]


def place_of(shape: FeedSettings, settings: Settings, playbooks: Sequence[Playbook]) -> str:
    """Name where the rows of a feed lie that do not say it (contract, "the canonical table").

    The feed's own place, the site's, or that of the one regulation that reads it: «ул. Мира, 5» and
    «Руза, ул. Мира, 5» must be one house. Of several regulations each has such a row.
    """
    readers = readers_of(shape, playbooks)
    own = readers[0].own_municipality if len(readers) == 1 else ""
    return shape.municipality or settings.municipality or own
