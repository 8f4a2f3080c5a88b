"""What tests of the daemon stand on: a site in a folder, its people, and parts that can fail.

Nothing here pretends: the tracker and the courier are the embedded ones with a switch in front, the
clock is turned by hand, everything else is what a real site has. The switched parts pass the
contract suites with the switch off.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Callable, Collection, Iterable, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from mcur.connectors.embedded import EmbeddedTracker
from mcur.connectors.mail.files import FileCourier, FilesShape
from mcur.connectors.papers.cabinet import FolderCabinet
from mcur.connectors.ports import NewTask, OutgoingLetter, TaskChange, Tracker
from mcur.daemon import cycle, outside, wiring
from mcur.daemon.books import known_needs, load_playbooks
from mcur.daemon.clock import VirtualClock
from mcur.daemon.settings import Settings, build
from mcur.daemon.site_template import site_text
from mcur.daemon.wiring import Site
from mcur.playbooks.facts import Appeal, AppealStatus, Export, TaskSeen
from mcur.playbooks.intents import Cite
from mcur.state.journal import Event
from mcur.state.store import State

MOSCOW = ZoneInfo("Europe/Moscow")
MORNING = datetime(2026, 11, 18, 8, 0, tzinfo=MOSCOW)
"""A Wednesday, before the first report of the day."""
CITE = Cite(playbook="odintsovo-1204", rule="appeals", clause="2.1", why="выгрузка")
EXECUTOR = {
    "name": "ООО «Жилсервис»",
    "email": "uk@firm.test",
    "topics": ["МКД", "Отопление"],
}


class Switch:
    """Breaks what stands behind it: ``fault`` is raised before an operation, or after its effect."""

    def __init__(self) -> None:
        self.before: Callable[[str], None] = _nothing
        self.after: Callable[[str], None] = _nothing

    def fail(self, error: BaseException | None, *, late: bool = False) -> None:
        """Raise this error in every operation from now on; ``late``: the effect has happened."""

        def strike(_operation: str) -> None:
            if error is not None:
                raise error

        self.before = _nothing if late else strike
        self.after = strike if late else _nothing

    def mend(self) -> None:
        """Let everything through again."""
        self.before = self.after = _nothing


def _nothing(_operation: str) -> None:
    return


class SwitchedTracker(EmbeddedTracker):
    """The embedded tracker behind a switch."""

    def __init__(self, path: Path, name: str = "embedded") -> None:
        super().__init__(path, name)
        self.switch = Switch()

    def create(self, task: NewTask, now: datetime) -> TaskSeen:
        """Make the task."""
        self.switch.before("create")
        made = super().create(task, now)
        self.switch.after("create")
        return made

    def update(self, change: TaskChange, now: datetime) -> TaskSeen:
        """Change the task."""
        self.switch.before("update")
        changed = super().update(change, now)
        self.switch.after("update")
        return changed

    def find(self, keys: Collection[str], now: datetime) -> dict[str, TaskSeen]:
        """Look for tasks."""
        self.switch.before("find")
        return super().find(keys, now)


class SwitchedCourier(FileCourier):
    """The courier of files behind a switch; ``forgetful``: as SMTP, it cannot know what has left."""

    def __init__(self, name: str, shape: FilesShape, *, forgetful: bool = False) -> None:
        super().__init__(name, shape)
        self.switch = Switch()
        self.forgetful = forgetful
        self.sent_ids: list[str] = []

    def send(self, letter: OutgoingLetter) -> str:
        """Send the letter."""
        self.switch.before("send")
        said = super().send(letter)
        self.sent_ids.append(letter.message_id)
        self.switch.after("send")
        return said

    def sent(self, message_id: str) -> bool | None:
        """Say whether it has left, if that can be known."""
        return None if self.forgetful else super().sent(message_id)


class SentFolder:
    """The folder of sent letters behind a switch: it looks before it appends, as a real one."""

    def __init__(self) -> None:
        self.name = "courier (copies)"
        self.switch = Switch()
        self.letters: dict[str, bytes] = {}
        self.appended = 0

    def put(self, name: str, content: bytes) -> str:
        """Keep a copy under its Message-ID."""
        self.switch.before("put")
        if name not in self.letters:
            self.letters[name] = content
            self.appended += 1
        self.switch.after("put")
        return "Отправленные"


class Stand:
    """A site at work under a clock turned by hand, with all that a test wants to look at."""

    threads = False
    """Whether hands and looks have threads of their own, as in the daemon."""

    def __init__(
        self,
        folder: Path,
        now: datetime = MORNING,
        copies: SentFolder | None = None,
        **tables: Any,
    ) -> None:
        self.folder = folder
        self.copies = copies
        self.clock = VirtualClock(now)
        self.settings = settings_of(folder, **tables)
        self.tracker = SwitchedTracker(folder / "state" / "tracker.db")
        self.courier = SwitchedCourier("courier", FilesShape(folder=folder / "mail" / "out"))
        self.events: list[Event] = []
        self.site = self._assemble()

    def trackers(self) -> dict[str, Tracker]:
        """Return the trackers of the site by their names."""
        return {t.id: self.tracker for t in self.settings.trackers}

    def _assemble(self) -> Site:
        settings, home = self.settings, self.folder
        playbooks = load_playbooks(settings)
        site = wiring.assemble(
            settings,
            playbooks,
            State(settings.state.path),
            self.clock,
            feeds=[
                (f, outside.feed(f, wiring.place_of(f, settings, playbooks)))
                for f in settings.feeds
            ],
            mailboxes=[(m.id, outside.mailbox(m, settings.mail, home)) for m in settings.mailboxes],
            trackers=self.trackers(),
            courier=self.courier,
            cabinet=FolderCabinet(wiring.CABINET, self.folder / wiring.OUT),
            copies=self.copies,
            threads=self.threads,
        )
        site.state.listeners.append(self.events.append)
        return site

    @property
    def state(self) -> State:
        """The state of the site."""
        return self.site.state

    @property
    def now(self) -> datetime:
        """Where the hand of the clock stands."""
        return self.clock.now()

    def restart(self) -> None:
        """Stop the site and open it again, as after a crash."""
        self.site.close()
        self.site = self._assemble()
        with self.state.atomic():
            self.state.outbox.recover(self.now)

    def decide(self) -> None:
        """Decide without looking around and without delivering."""
        assert cycle.decide(self.site, self.now) == {}

    def deliver(self) -> None:
        """Deliver what is due now."""
        while self.site.dispatcher.step(self.now):
            pass

    def cycle(self, at: datetime | None = None) -> None:
        """Run a whole cycle, at a moment."""
        if at is not None:
            self.clock.moment = at
        self.site.live_from()
        self.site.observers.look_at_all(self.now)
        self.decide()
        self.deliver()

    def pass_time(self, **by: float) -> None:
        """Turn the clock on."""
        self.clock.moment += timedelta(**by)

    def take(self, *appeals: Appeal, scope: str | None = None, **export: Any) -> None:
        """Take an export of these appeals."""
        self.state.take_export(
            an_export(*appeals, **{"made_at": self.now, **export}),
            scope=scope,
            live_from=self.site.live_from(),
            now=self.now,
            cite=CITE,
        )

    def letters(self) -> list[Path]:
        """List the letters that have left."""
        return sorted((self.folder / "mail" / "out").glob("*.eml"))

    def told(self, event: str) -> list[Event]:
        """List what was told of one kind of event."""
        return [e for e in self.events if e.event == event]

    def close(self) -> None:
        """Put it away."""
        self.site.close()
        self.tracker.close()


def site_tables(**tables: Any) -> dict[str, Any]:
    """Return the tables of a new site, with an executor and an administrator of the tests' own."""
    text = site_text(["odintsovo-1204"], "letter", known_needs())
    made: dict[str, Any] = tomllib.loads(text)
    return made | {"executors": [EXECUTOR], "administrator": "admin@firm.test"} | tables


def settings_of(folder: Path, **tables: Any) -> Settings:
    """Make the settings of a site in a folder, and the folders that it needs."""
    for name in ("feeds", "mail/in/new", "mail/in/cur", "mail/in/tmp", "mail/out", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    return build(site_tables(**tables), folder=folder, known_playbooks=known_needs())


def an_appeal(number: object = 1, **fields: Any) -> Appeal:
    """Make an appeal of this morning that one executor serves; a test names what matters to it."""
    values: dict[str, Any] = {
        "source": "dobrodel",
        "number": str(number),
        "received_at": MORNING,
        "category": "МКД",
        "subcategory": "Отсутствие отопления",
        "address": "Одинцово, ул. Солнцева, д. 5",
        "status": AppealStatus.NEW,
        "executor": "ООО «Жилсервис»",
    }
    return Appeal(**values | fields)


def some_appeals(count: int, **fields: Any) -> list[Appeal]:
    """Make appeals with numbers from 1 on."""
    return [an_appeal(n, **fields) for n in range(1, count + 1)]


def an_export(*appeals: Appeal, **fields: Any) -> Export:
    """Make an export as a reader of files gives it."""
    values: dict[str, Any] = {
        "feed": "export",
        "file": "export.csv",
        "digest": "d" * 64,
        "made_at": MORNING,
        "appeals": appeals,
        "form": "canonical",
    }
    return Export(**values | fields)


def write_csv(path: Path, rows: Iterable[Mapping[str, str]], *, at: datetime | None = None) -> Path:
    """Write rows as a CSV with our own headings; all rows have the fields of the first."""
    listed = list(rows)
    lines = [";".join(listed[0]), *(";".join(row.values()) for row in listed)]
    path.write_text("\n".join(lines) + "\n", "utf-8")
    if at is not None:
        os.utime(path, (at.timestamp(), at.timestamp()))
    return path


def write_letter(
    inbox: Path,
    name: str,
    *,
    at: datetime,
    subject: str = "Задание",
    text: str = "Текст",
    sender: str = "duty@cur.mosreg.ru",
) -> Path:
    """Put a letter into a Maildir, with the file's time."""
    head = f"From: {sender}\nTo: mcur@mcur.example\nMessage-ID: <{name}@firm.test>\n"
    kind = "MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n"
    path = inbox / "new" / name
    path.write_bytes(
        f"{head}Subject: {subject}\nDate: {at:%a, %d %b %Y %H:%M:%S %z}\n{kind}\n{text}\n".encode()
    )
    os.utime(path, (at.timestamp(), at.timestamp()))
    return path
