"""Playing a scenario: the same cycle, outbox, dispatcher and connectors, under a virtual clock."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mcur.connectors.embedded import EmbeddedTracker
from mcur.connectors.feeds.exports import read_export
from mcur.connectors.feeds.folder import FileFeed
from mcur.connectors.feeds.shape import FeedShape
from mcur.connectors.mail.files import FileCourier, FilesShape
from mcur.connectors.mail.maildir import MaildirMailbox, MaildirShape
from mcur.connectors.papers.cabinet import FolderCabinet
from mcur.connectors.ports import Rejected
from mcur.daemon import books, cycle, outside, settings, wiring
from mcur.daemon.books import load_playbooks
from mcur.daemon.clock import VirtualClock
from mcur.daemon.scenario import AUTHSERV, ZONE, Scenario, ScenarioError
from mcur.daemon.settings import Settings, SettingsError
from mcur.daemon.settings_connectors import EmbeddedSettings, FeedSettings, TrackerSettings
from mcur.daemon.wiring import Site
from mcur.daemon.world import Behind, Outages, World, feed_id
from mcur.playbooks.directory import fold
from mcur.playbooks.playbook import Playbook
from mcur.state.journal import Event
from mcur.state.store import State

NOBODY = frozenset(
    [
        "omsu_persons",
        "gzhi_persons",
        "wg",
        "hq",
        "hq_head",
        "executor",
        "uo",
        "uk",
        "controller",
        "applicant",
        "residents",
    ]
)
"""Roles that are nobody until the scenario names somebody (contract, «Scenario»)."""
_EXECUTOR = frozenset({"executor", "исполнитель", "уо", "ук"})
TRUSTED = (
    ("*@mingos.mosreg.ru", "mingos"),
    ("*@gzhi.mosreg.ru", "gzhi"),
    ("*@*.mosreg.ru", "cur"),
    ("*@mosreg.ru", "cur"),
)


class Simulation:
    """One scenario on its way through time.

    Its site is made of the scenario in ``folder``, or is ``site``: one of embedded parts that is
    there already.
    """

    def __init__(
        self, scenario: Scenario, folder: Path, source: str, site: Settings | None = None
    ) -> None:
        self._scenario = scenario
        self._folder = folder
        self._source = source
        self._own_site = site is not None
        self._settings = site or site_settings(scenario, folder, source)
        self._clock = VirtualClock(scenario.start)
        self._world = World(scenario, folder)
        self._outages = Outages(scenario, self._clock.now)
        self._listeners: list[Callable[[Event], None]] = []
        self.site = self._open()

    def listen(self, listener: Callable[[Event], None]) -> None:
        """Let somebody hear what happens, across restarts."""
        self._listeners.append(listener)
        self.site.state.listeners.append(listener)

    def play(self) -> None:
        """Go from the start to the end, stopping where the contract says."""
        with _rare_collections():
            self._play()

    def _play(self) -> None:
        now = self._scenario.start
        named = sorted(self._scenario.moments())
        restarts = {d.end for d in self._scenario.down}
        ends = {o.end for o in self._scenario.outage}
        while now <= self._scenario.until:
            self._clock.moment = now
            if now in restarts:
                self._restart()
            self._world.drop(self.site, now)
            if not self._scenario.is_down(now):
                if now in ends:
                    self.site.dispatcher.forget_backoff(now)
                self._cycle(now)
            now = self._next(now, named)

    def close(self) -> None:
        """Let the site go; what lived in memory is written down."""
        self.site.close()
        for tracker in self._made.values():
            if isinstance(tracker, EmbeddedTracker):
                tracker.close()

    def _cycle(self, now: datetime) -> None:
        self.site.observers.look_at_all(now)
        cycle.decide_without(self.site, now, {})
        self.site.dispatcher.drain(patience=timedelta(0), pause=_no_pause)
        if self._world.drop_late(self.site):
            cycle.decide_without(self.site, now, {})
            self.site.dispatcher.drain(patience=timedelta(0), pause=_no_pause)

    def _next(self, now: datetime, named: list[datetime]) -> datetime:
        polls = (now - self._scenario.start) // self._scenario.poll + 1
        moments = [self._scenario.start + polls * self._scenario.poll]
        moments += [m for m in named if m > now][:1]
        if not self._scenario.is_down(now):
            moments.append(cycle.next_wake(self.site, now))
        return min(moments)

    def _restart(self) -> None:
        self.close()
        self.site = self._open()
        self.site.state.listeners.extend(self._listeners)

    def _open(self) -> Site:
        state = State(self._settings.state.path, lasting=self._own_site)
        with state.atomic():
            state.outbox.recover(self._clock.now())
        self._made = self._trackers(state)
        mailbox = MaildirMailbox("inbox", MaildirShape(path=self._folder / "mail" / "in"))
        courier = FileCourier(
            "courier", FilesShape(folder=self._folder / "mail" / "out", lasting=self._own_site)
        )
        playbooks = load_playbooks(self._settings, self._source)
        return wiring.assemble(
            self._settings,
            playbooks,
            state,
            self._clock,
            feeds=[
                (f, self._behind(self._feed(f, playbooks), "feed")) for f in self._settings.feeds
            ],
            mailboxes=[("inbox", self._behind(mailbox, "mail_in"))],
            trackers={name: self._behind(t, "redmine") for name, t in self._made.items()},
            courier=self._behind(courier, "mail_out"),
            cabinet=FolderCabinet(wiring.CABINET, self._folder / wiring.OUT),
            threads=False,
        )

    def _trackers(self, _state: State) -> dict[str, Any]:
        """Return the trackers by their names: embedded ones, whatever the site's own are."""
        return {
            t.id: EmbeddedTracker(self._tracker_file(t), t.id, lasting=self._own_site)
            for t in self._settings.trackers
        }

    def _tracker_file(self, shape: TrackerSettings) -> Path:
        """A site's own file; trackers of a scenario, whatever their kind, need not name one."""
        if self._own_site and isinstance(shape, EmbeddedSettings):
            return shape.path
        return self._folder / "state" / f"{shape.id}.db"

    def _feed(self, shape: FeedSettings, playbooks: Sequence[Playbook]) -> FileFeed:
        place = wiring.place_of(shape, self._settings, playbooks)
        return FileFeed(outside.feed_shape(shape, place), shape.path, written=lambda _path: False)

    def _behind(self, inner: Any, system: str) -> Any:
        return Behind(inner, system, self._outages)


def timeline_of(play: Scenario, folder: Path, source: str) -> list[dict[str, Any]]:
    """Play a scenario in a folder and return what happened, as the timeline has it."""
    folder.mkdir(parents=True, exist_ok=True)
    simulation = Simulation(play, folder, source)
    zones = {p.id: p.calendar.zone for p in simulation.site.playbooks}
    lines: list[dict[str, Any]] = []

    def hear(event: Event) -> None:
        lines.append(event.to_dict(zones[event.cite.playbook]))

    simulation.listen(hear)
    try:
        simulation.play()
    finally:
        simulation.close()
    return lines


def site_settings(scenario: Scenario, folder: Path, source: str) -> Settings:
    """Return the site of a scenario: the default cast, and the scenario's own tables over it."""
    own = dict(scenario.site)
    people = list(own.pop("people", []))
    cast = [*people, *_cast(scenario, people)]
    executors = list(own.pop("executors", []))
    live = {"from": scenario.start, **dict.fromkeys(settings.CHANNELS, "on")}
    data: dict[str, Any] = {
        "name": "МЦУР",
        "playbooks": list(scenario.playbooks),
        "administrator": "administrator@mcur.invalid",
        "mail": {
            "address": "mcur@mosreg.ru",
            "name": "МЦУР",
            "trusted": [{"from": glob, "as": kind} for glob, kind in TRUSTED],
            "authserv": AUTHSERV,
            "unproven": "decisions",  # letters count as authenticated, unless one says it is not
            "pace": 0,  # delivering takes no virtual time
            **own.pop("mail", {}),
        },
        "mailboxes": [{"id": "inbox", "kind": "maildir", "path": "mail/in"}],
        "courier": {"kind": "files", "path": "mail/out"},
        "state": {"path": "state/mcur.db"},
        "feeds": _feeds(scenario),
        "set": scenario.values,
        "people": cast,
        "executors": [*executors, *_executors(scenario, executors, cast)],
        **own,
        "live": {**live, **own.get("live", {})},
    }
    for name in ("feeds", "mail/in/new", "mail/in/cur", "mail/in/tmp", "mail/out", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    if (scenario.folder / books.OWN).is_dir():
        shutil.copytree(scenario.folder / books.OWN, folder / books.OWN, dirs_exist_ok=True)
    for feed in data["feeds"]:
        (folder / feed["path"]).mkdir(parents=True, exist_ok=True)
    try:
        return settings.build(
            data, folder=folder, known_playbooks=books.known_needs(scenario.folder), source=source,
            prefix="site", on_disk=False,
        )  # fmt: skip
    except SettingsError as exc:
        raise ScenarioError(str(exc)) from exc


def _cast(scenario: Scenario, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    held = {role for p in people for role in (p.get("role"), *p.get("roles", ())) if role}
    held |= {role.partition("@")[0] for role in held}
    needs = books.known_needs(scenario.folder)
    roles = {r for name in scenario.playbooks if name in needs for r in needs[name].roles}
    titles: dict[str, str] = {}
    for name in scenario.playbooks:
        titles |= books.titles_of(name, scenario.folder)
    cast = [
        {"role": r, "name": titles.get(r, r), "email": f"{r}@mosreg.ru", "login": r}
        for r in sorted(roles - NOBODY - held)
    ]
    return [*cast, *_named_people(scenario, [*people, *cast])]


def _named_people(scenario: Scenario, known: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Yield who is nobody until an act names him: the head of a staff, a substitute."""
    taken = {fold(str(p.get(name, ""))) for p in known for name in ("name", "role", "email")}
    acts = (act.model_extra or {} for act in scenario.act)
    named = (fields.get(name) for fields in acts for name in ("head", "substitute"))
    for n, name in enumerate(dict.fromkeys(str(name) for name in named if name), start=1):
        if fold(name) not in taken:
            yield {"name": name, "email": f"named-{n}@mosreg.ru"}


def _executors(
    scenario: Scenario, known: list[dict[str, Any]], cast: list[dict[str, Any]]
) -> list[dict[str, Any]]:
    taken = {fold(str(n)) for e in known for n in (e.get("name", ""), *e.get("aliases", ()))}
    taken |= {fold(str(p.get(name, ""))) for p in cast for name in ("name", "role", "email")}
    names = {fold(name): name for name in _named_executors(scenario)}
    return [
        {"name": names[folded], "email": f"executor-{n}@executors.invalid"}
        for n, folded in enumerate(sorted(names.keys() - taken), start=1)
    ]


def _named_executors(scenario: Scenario) -> Iterator[str]:
    """Yield every executor that a row, a file or a measure of a plan in the scenario names."""
    rows = [*scenario.rows(), *(row for f in scenario.feed for row in f.rows or ())]
    for row in rows:
        yield from (str(v) for k, v in row.items() if fold(k) in _EXECUTOR and v)
    for feed in scenario.feed:
        if feed.file is not None and feed.kind == "appeals":
            yield from _executors_in(scenario.folder / feed.file, feed.source)
    for act in scenario.act:
        named = (m.get("assignee") for m in (act.model_extra or {}).get("measures") or ())
        yield from (str(name).removeprefix("executor:") for name in named if name)


def _executors_in(path: Path, source: str) -> Iterator[str]:
    try:
        export = read_export(path, FeedShape(id=source, zone=ZONE))
    except Rejected:
        return  # the cycle that reads it says what is wrong
    yield from (appeal.executor for appeal in export.appeals if appeal.executor)


def _feeds(scenario: Scenario) -> list[dict[str, Any]]:
    named: set[tuple[str, str | None, str]] = {
        (str(r["source"]), None, "appeals") for r in scenario.rows()
    }
    named |= {(feed.source, feed.scope, feed.kind) for feed in scenario.feed}
    found = []
    for source, scope, kind in sorted(named, key=str):
        ident = feed_id(source, scope, kind)
        feed = {"id": ident, "source": source, "kind": kind, "path": f"feeds/{ident}"}
        found.append({**feed, "scope": scope} if scope else feed)
    return found


@contextmanager
def _rare_collections() -> Iterator[None]:
    """Look for cycles of garbage less often: a week makes millions of objects and few cycles."""
    before = gc.get_threshold()
    gc.set_threshold(20_000, 20, 20)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def _no_pause(_seconds: float) -> None:
    """Virtual time does not pass while delivering."""
