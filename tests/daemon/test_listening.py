"""Bells wake the loop, trouble at one is quiet, and what rang during a look is looked at again."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from mcur.connectors.ports import Barred, Unavailable
from mcur.daemon.books import load_playbooks
from mcur.daemon.listening import Listeners
from mcur.daemon.observe import Observers
from mcur.daemon.service import Loop
from mcur.daemon.status import gather
from mcur.daemon.wakes import Alarm
from mcur.state.store import State
from tests.daemon.test_observe import Place
from tests.fakes import MORNING, Stand, settings_of, write_letter

Words = list[bool | Exception]


@dataclass
class Said:
    """A bell that says what the test wrote for each time that somebody listens; then it is still.

    ``lasts`` are the seconds of each time that ends by itself.
    """

    name: str = "in"
    turns: list[Words] = field(default_factory=list)
    begun: list[float] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)
    lasts: float | None = None

    def listen(self) -> Iterator[bool]:
        """Say the words of this turn."""
        self.begun.append(time.monotonic())
        for word in self.turns.pop(0) if self.turns else []:
            if isinstance(word, Exception):
                raise word
            yield word
        if self.lasts is not None:
            self.over.wait(self.lasts)
            return
        while not self.over.wait(0.01):
            yield False


@pytest.fixture
def attended() -> Iterator[Callable[..., tuple[Listeners, Alarm]]]:
    """Attend to bells; all is stopped at the end."""
    made: list[tuple[Listeners, tuple[Said, ...]]] = []

    def attend(*bells: Said, steady: float = 60) -> tuple[Listeners, Alarm]:
        alarm = Alarm()
        named = {bell.name: bell for bell in bells}
        listeners = Listeners(named, alarm.ring, first=0.02, steady=steady)
        made.append((listeners, bells))
        listeners.start()
        return listeners, alarm

    yield attend
    for listeners, bells in made:
        listeners.stop()
        for bell in bells:
            bell.over.set()


Attended = Callable[..., tuple[Listeners, Alarm]]


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait a little."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 5
        time.sleep(0.005)


def test_a_bell_that_rings_ends_the_sleep(attended: Attended) -> None:
    """At once, with the name of what is to be looked at; a still one lets the loop sleep."""
    _, alarm = attended(Said(turns=[[False, True, True]]))
    begun = time.monotonic()
    names = alarm.sleep(5)
    took = time.monotonic() - begun
    time.sleep(0.05)
    alarm.sleep(0)

    assert (names, took < 1) == ({"in"}, True)
    assert alarm.sleep(0.05) == set()


def test_a_bell_in_trouble_is_begun_anew_later_and_later(attended: Attended) -> None:
    """Half a second at last where the first pause was 20 ms: nobody hammers a server."""
    bell = Said(turns=[[True, Unavailable("gone")] for _ in range(6)])
    attended(bell)
    wait_for(lambda: len(bell.begun) == 6)

    gaps = [after - before for before, after in zip(bell.begun, bell.begun[1:], strict=False)]
    assert all(gap >= 0.02 * 2**n for n, gap in enumerate(gaps))


def test_a_bell_that_ends_by_itself_is_begun_anew_and_nobody_hears_of_it(
    attended: Attended,
) -> None:
    """A stream has its time; only one that ends at once, again and again, has to wait longer."""
    long, short = Said("long", lasts=0.05), Said("short", lasts=0.0)
    listeners, _ = attended(long, short, steady=0.04)
    wait_for(lambda: len(long.begun) == 8 and len(short.begun) >= 4)

    assert listeners.news() == {}
    assert len(short.begun) < len(long.begun)


def test_a_server_that_wants_peace_gets_it(attended: Attended) -> None:
    """Its own word counts where it is longer."""
    busy = Unavailable("busy", retry_after=timedelta(milliseconds=300))
    bell = Said(turns=[[busy]])
    attended(bell)
    wait_for(lambda: len(bell.begun) == 2)

    assert bell.begun[1] - bell.begun[0] >= 0.3


@pytest.mark.parametrize("trouble", [Barred("no IDLE"), RuntimeError("a fault")])
def test_a_bell_that_cannot_ring_is_left_alone_and_said(
    attended: Attended, trouble: Exception
) -> None:
    """The other bells ring on."""
    bad, good = Said("bad", [[trouble]]), Said("good", [[True]])
    listeners, alarm = attended(bad, good)
    news: dict[str, str | None] = {}

    def both() -> bool:
        news.update(listeners.news())
        return len(news) == 2

    wait_for(both)

    assert alarm.sleep(1) == {"good"}
    assert str(trouble) in str(news["bad"])
    assert news["good"] is None
    time.sleep(0.1)
    assert len(bad.begun) == 1


def test_the_last_word_of_a_bell_counts(attended: Attended) -> None:
    """It was gone and listens again."""
    bell = Said(turns=[[True, Unavailable("gone")], [True]])
    listeners, _ = attended(bell)
    wait_for(lambda: len(bell.begun) == 2)
    time.sleep(0.05)

    assert listeners.news() == {"in": None}
    assert listeners.news() == {}


def test_a_stopped_bell_is_not_begun_anew(attended: Attended) -> None:
    """It ends at its next sign of life."""
    bell = Said()
    listeners, _ = attended(bell)
    wait_for(lambda: bool(bell.begun))
    listeners.stop()
    wait_for(lambda: not [t for t in threading.enumerate() if t.name == "bell in"])

    assert len(bell.begun) == 1


def test_a_signal_ends_the_sleep_whenever_it_comes() -> None:
    """Also between two steps of going to sleep, where a handler that waits would wait for ever."""
    alarm, hits = Alarm(), 0
    before = signal.signal(signal.SIGUSR1, lambda *_: alarm.ring())

    def send() -> None:
        for _ in range(1000):
            time.sleep(0.0003)
            os.kill(os.getpid(), signal.SIGUSR1)

    sender = threading.Thread(target=send)
    sender.start()
    begun = time.monotonic()
    while sender.is_alive():
        alarm.sleep(2)
        hits += 1
    sender.join()
    signal.signal(signal.SIGUSR1, before)

    assert hits > 10
    assert time.monotonic() - begun < 20


def test_what_rang_during_a_look_is_looked_at_again(tmp_path: Path) -> None:
    """The look that is out may have passed the letter that the bell rang for."""
    state = State(tmp_path / "mcur.db")
    open_ = threading.Event()
    backs: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        slow = Place("mail:in", lambda: open_.wait(5))
        observers = Observers([slow], state, pool)
        observers.when_back = lambda: backs.append(1)
        observers.ask("mail:in", MORNING)
        observers.owe("mail:in")
        observers.ask("mail:in", MORNING)
        during = observers.impatient(MORNING)
        open_.set()
        wait_for(lambda: observers.collect(MORNING) or bool(slow.kept))
        wait_for(lambda: bool(slow.settled))
        observers.ask("mail:in", MORNING)
        wait_for(lambda: observers.collect(MORNING))
    state.close()

    assert during == ["mail:in"]
    assert len(slow.kept) == 2
    assert observers.impatient(MORNING) == []
    assert len(backs) == 4


def test_a_ring_brings_a_letter_without_its_poll(stand: Stand) -> None:
    """The loop looks at the mailbox that rang, and at once."""
    loop = Loop(stand.site)
    for _ in range(3):
        loop.turn()
    write_letter(stand.folder / "mail/in", "one", at=MORNING)
    loop.turn()
    before = stand.state.letters.counts()
    loop.alarm.ring("mail:inbox")
    loop.sleep()
    loop.turn()
    loop.turn()

    assert sum(before.values()) == 0
    assert sum(stand.state.letters.counts().values()) == 1


def test_status_says_whether_a_mailbox_is_listened_to(tmp_path: Path) -> None:
    """On, silent and why, or switched off; a silent bell is no outage of the mailbox."""
    boxes = [
        {"id": name, "kind": "imap", "host": "localhost", "user": "u", **more}
        for name, more in {"one": {}, "two": {}, "three": {"push": False}}.items()
    ]
    settings = settings_of(tmp_path, mailboxes=boxes)
    state = State(tmp_path / "mcur.db")
    state.note_health("mail:one (bell)", MORNING, None)
    state.note_health("mail:two (bell)", MORNING, "mail.test knows no IDLE")

    shown = gather(settings, load_playbooks(settings), state, MORNING)["connectors"]
    systems = state.systems()
    state.close()

    assert shown["mail:one (bell)"] == "on, last heard 2026-11-18 08:00"
    assert shown["mail:two (bell)"] == (
        "silent since 2026-11-18 08:00, polled every 120 s: mail.test knows no IDLE"
    )
    assert shown["mail:three (bell)"] == "off by push = false, polled every 120 s"
    assert systems == []
