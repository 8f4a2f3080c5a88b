"""IDLE as a bell at a real server: no letter comes unheard, no trouble is loud or for ever."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace

import imapclient  # type: ignore[import-untyped]
import pytest

from mcur.connectors.mail.imap.bell import ImapBell
from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.connectors.ports import Barred, Unavailable
from tests.servers.dovecot import Dovecot
from tests.servers.letters import NOON, a_letter
from tests.servers.tap import Tap

pytestmark = pytest.mark.server


@pytest.fixture
def tap(dovecot: Dovecot) -> Iterator[Tap]:
    """Put a tap before Dovecot."""
    made = Tap(dovecot.imap)
    yield made
    made.close()


@pytest.fixture
def shape(dovecot: Dovecot, tap: Tap) -> ImapShape:
    """Describe the robot's mailbox behind the tap."""
    return ImapShape(
        host="127.0.0.1",
        port=tap.port,
        security="none",
        login="robot",
        password="robotpw",
        connect_timeout=2,
        read_timeout=5,
    )


def a_door(shape: ImapShape) -> ImapDoor:
    """Make the door of a mailbox."""
    return ImapDoor("in", shape, time.monotonic)


def until_it_rings(heard: Iterator[bool]) -> float:
    """Listen until the bell rings; return how many seconds that took."""
    begun = time.monotonic()
    while not next(heard):
        assert time.monotonic() - begun < 10, "the bell does not ring"
    return time.monotonic() - begun


def until_it_ends(heard: Iterator[bool]) -> float:
    """Listen until the bell gives up; return how many seconds that took."""
    begun = time.monotonic()
    for _ in heard:
        assert time.monotonic() - begun < 10, "the bell does not end"
    return time.monotonic() - begun


@pytest.mark.parametrize("security", ["none", "tls"])
def test_it_rings_when_it_begins_and_when_a_letter_comes(
    dovecot: Dovecot, shape: ImapShape, security: str
) -> None:
    """Between them it says twice a second that all is still."""
    if security == "tls":
        shape = replace(shape, port=dovecot.imaps, security="tls", ca_file=dovecot.certificates.ca)
    heard = ImapBell(a_door(shape)).listen()
    first = next(heard)
    still = [next(heard), next(heard)]
    dovecot.inject("robot", a_letter())

    assert (first, still) == (True, [False, False])
    assert until_it_rings(heard) < 1


@pytest.mark.parametrize("security", ["none", "tls"])
def test_no_letter_comes_unheard(dovecot: Dovecot, shape: ImapShape, security: str) -> None:
    """Forty letters at odd moments, IDLE begun anew all the time: who looks at each ring has all."""
    if security == "tls":
        shape = replace(shape, port=dovecot.imaps, security="tls", ca_file=dovecot.certificates.ca)
    door = a_door(shape)
    chance = random.Random(7)

    def post() -> None:
        for number in range(40):
            dovecot.inject("robot", a_letter(f"Message-ID: <{number}@x>"))
            time.sleep(chance.random() / 10)

    found, cursor, last = 0, None, 0.0
    with closing(ImapMailbox(door)) as mailbox:
        gate = threading.Thread(target=post)
        gate.start()
        for rung in ImapBell(door, renewed=0.2).listen():
            if rung:
                batch = mailbox.fetch(cursor, NOON)
                found, cursor = found + len(batch.letters), batch.cursor
            last = last or (0.0 if gate.is_alive() else time.monotonic())
            if found == 40 or (last and time.monotonic() - last > 3):
                break
        gate.join()

    assert found == 40


def test_a_letter_just_before_idle_is_heard(dovecot: Dovecot, shape: ImapShape) -> None:
    """The server tells of it together with «+ idling», where nobody polls: twenty of twenty."""
    with closing(ImapMailbox(a_door(shape))) as mailbox:
        cursor = mailbox.fetch(None, NOON).cursor
        for number in range(20):
            dovecot.inject("robot", a_letter(f"Message-ID: <{number}@x>"))
            heard = ImapBell(a_door(shape)).listen()
            assert until_it_rings(heard) < 1
            batch = mailbox.fetch(cursor, NOON)
            cursor = batch.cursor
            assert len(batch.letters) == 1


def test_a_session_that_is_ended_ends_the_bell_at_once(dovecot: Dovecot, shape: ImapShape) -> None:
    """The server says BYE; it is told once and not a thousand times a second."""
    heard = ImapBell(a_door(shape)).listen()
    next(heard)
    threading.Timer(0.2, lambda: dovecot.kick("robot")).start()

    with pytest.raises(Unavailable, match="has ended IDLE"):
        until_it_ends(heard)


def test_a_connection_that_is_cut_ends_the_bell(tap: Tap, shape: ImapShape) -> None:
    """Without a word: imapclient would answer at once and for ever that nothing came."""
    heard = ImapBell(a_door(shape)).listen()
    next(heard)
    tap.cut()

    with pytest.raises(Unavailable) as caught:
        assert until_it_ends(heard) < 1.5
    assert "did not answer as it should" in str(caught.value)


def test_a_frozen_server_is_left_when_idle_is_begun_anew(tap: Tap, shape: ImapShape) -> None:
    """It does not answer DONE: the bell waits for seconds and no longer."""
    heard = ImapBell(a_door(shape), renewed=0.6, answer=0.5).listen()
    next(heard)
    tap.frozen.set()
    begun = time.monotonic()

    with pytest.raises(Unavailable, match="timed out"):
        until_it_ends(heard)

    assert time.monotonic() - begun < 3


def test_idle_is_begun_anew_on_the_same_connection(tap: Tap, shape: ImapShape) -> None:
    """Each time with the folder opened anew, and with a ring."""
    heard = ImapBell(a_door(shape), renewed=0.6).listen()
    rings = [next(heard) for _ in range(7)].count(True)

    commands = [line.split()[-1] for line in tap.said.splitlines()]
    assert rings >= 2
    assert tap.connections == 1
    assert commands.count(b"IDLE") == rings
    assert commands.count(b"DONE") >= rings - 1


def test_a_folder_made_anew_is_listened_to(dovecot: Dovecot, shape: ImapShape) -> None:
    """Its old self may go unnoticed until IDLE is begun anew; then letters ring again."""
    bell = ImapBell(a_door(replace(shape, folder="Поручения")), renewed=0.5)
    with imapclient.IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as person:
        person.login("robot", "robotpw")
        person.create_folder("Поручения")
        heard = bell.listen()
        next(heard)
        person.delete_folder("Поручения")
        person.create_folder("Поручения")
        for _ in range(3):
            try:
                until_it_rings(heard)
            except Unavailable:
                heard = bell.listen()
        put_into("Поручения", person)

        assert until_it_rings(heard) < 2


def put_into(folder: str, person: imapclient.IMAPClient) -> None:
    """Append a letter; Dovecot fails once where another session has yet to let the old folder go."""
    try:
        person.append(folder, a_letter())
    except imapclient.exceptions.IMAPClientError as exc:
        assert "SERVERBUG" in str(exc)  # noqa: PT017  (any other answer is a fault of the test)
        person.append(folder, a_letter())


def test_a_wrong_password_is_tried_twice_by_mailbox_and_bell_together(
    tap: Tap, shape: ImapShape
) -> None:
    """And once more when the hour is over: directories forget, and passwords are mended."""
    now = [0.0]
    door = ImapDoor("in", replace(shape, password="wrong"), lambda: now[0])
    mailbox, bell = ImapMailbox(door), ImapBell(door)

    def knock() -> None:
        for _ in range(3):
            with pytest.raises(Barred, match="check login and password"):
                mailbox.fetch(None, NOON)
            with pytest.raises(Barred, match="check login and password"):
                next(bell.listen())

    knock()
    first = tap.said.count(b"LOGIN")
    now[0] = 3601
    knock()

    assert (first, tap.said.count(b"LOGIN")) == (2, 3)
    assert "nobody tries for an hour" in mailbox.check()[0]


def test_a_server_without_idle_is_polled(tap: Tap, shape: ImapShape) -> None:
    """That is no fault: it is said once, and the mailbox works."""
    tap.hides = (b" IDLE",)

    with pytest.raises(Barred, match="knows no IDLE"):
        next(ImapBell(a_door(shape)).listen())

    with closing(ImapMailbox(a_door(shape))) as mailbox:
        assert mailbox.fetch(None, NOON).letters == ()
