"""Streams of an Exchange server as a bell: no letter comes unheard, no trouble locks anything."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest

from mcur.connectors.mail.ews.bell import EwsBell
from mcur.connectors.mail.ews.mailbox import EwsMailbox
from mcur.connectors.ports import Barred, Unavailable
from tests.connectors.test_mail_ews import all_of, ids
from tests.connectors.test_mailbox_contract import numbered
from tests.servers.ews.server import Door, ExchangeServer, Fault
from tests.servers.fixtures_exchange import exchange_account
from tests.servers.letters import NOON


@pytest.fixture
def short(exchange: ExchangeServer) -> Iterator[None]:
    """Let a minute of a stream be a second."""
    before, exchange.streams.minute = exchange.streams.minute, 1
    yield
    exchange.streams.minute = before


def a_pair(exchange: ExchangeServer, door: Door = "basic") -> tuple[EwsMailbox, EwsBell]:
    """Make a mailbox and its bell."""
    exchange.forget(door)
    mailbox = EwsMailbox("in", exchange_account(exchange, door))
    return mailbox, mailbox.bell()


def later(work: Callable[[], object]) -> None:
    """Do it when the stream is open."""
    threading.Timer(0.3, work).start()


@pytest.mark.parametrize("door", ["basic", "ntlm", "oauth2"])
def test_it_rings_when_it_begins_and_when_a_letter_comes(
    exchange: ExchangeServer, door: Door
) -> None:
    """While it listens the mailbox is looked at and the courier sends: it has its own connection."""
    mailbox, bell = a_pair(exchange, door)
    _, cursor = all_of(mailbox)
    heard = bell.listen()
    assert next(heard)
    later(lambda: exchange.deliver("robot", [numbered(1)]))
    begun = time.monotonic()

    assert next(heard)
    assert time.monotonic() - begun < 2
    assert all_of(mailbox, cursor)[0] == ids(1)
    heard.close()  # type: ignore[attr-defined]  # a generator, as all bells are


def test_a_letter_between_two_streams_is_heard(exchange: ExchangeServer, short: None) -> None:
    """The time of a stream ends, and the next one begins with a ring, by the same subscription."""
    mailbox, bell = a_pair(exchange)
    bell._minutes = 1
    _, cursor = all_of(mailbox)
    rings = list(bell.listen())
    exchange.deliver("robot", [numbered(1)])

    assert rings == [True]
    assert next(bell.listen())
    assert all_of(mailbox, cursor)[0] == ids(1)
    assert exchange.calls.count("Subscribe") == 1


def test_streams_that_are_killed_cost_no_letter_and_no_connection(
    exchange: ExchangeServer,
) -> None:
    """Ten of them: there are three connections, and a look still finds one."""
    mailbox, bell = a_pair(exchange)
    _, cursor = all_of(mailbox)
    for number in range(10):
        heard = bell.listen()
        assert next(heard)
        later(lambda: exchange.faults.append(Fault(hangs_up=True)))
        with pytest.raises(Unavailable):
            for _ in heard:
                pass
        exchange.deliver("robot", [numbered(number)])
        found, cursor = all_of(mailbox, cursor)
        assert found == ids(number)

    assert exchange.calls.count("Subscribe") == 1


@pytest.mark.parametrize(
    "fault",
    [Fault(status=503), Fault(code="ErrorServerBusy", back_off=90_000), Fault(hangs_up=True)],
    ids=["503", "throttled", "dropped"],
)
def test_what_passes_is_unavailable(exchange: ExchangeServer, fault: Fault) -> None:
    """With the time that the server wants to be left alone."""
    mailbox, bell = a_pair(exchange)
    all_of(mailbox)
    exchange.faults.append(fault)

    with pytest.raises(Unavailable) as caught:
        for _ in bell.listen():
            pass

    if fault.back_off:
        assert caught.value.retry_after == timedelta(seconds=90)
    assert next(bell.listen())


def test_a_subscription_that_the_server_has_forgotten_is_made_anew(
    exchange: ExchangeServer,
) -> None:
    """As after its restart."""
    _, bell = a_pair(exchange)
    heard = bell.listen()
    next(heard)
    exchange.streams.subscriptions.clear()
    with pytest.raises(Unavailable, match="has forgotten"):
        next(heard)
    heard = bell.listen()
    next(heard)
    later(lambda: exchange.deliver("robot", [numbered(1)]))

    assert next(heard)
    assert exchange.calls.count("Subscribe") == 2
    heard.close()  # type: ignore[attr-defined]  # a generator, as all bells are


@pytest.mark.parametrize("door", ["basic", "ntlm"])
def test_mailbox_and_bell_knock_twice_and_never_again(exchange: ExchangeServer, door: Door) -> None:
    """The directory would lock the account."""
    exchange.forget(door)
    mailbox = EwsMailbox("in", exchange_account(exchange, door, password="wrong"))
    bell = mailbox.bell()

    for _ in range(3):
        with pytest.raises(Barred, match="restart mcur"):
            next(bell.listen())
        with pytest.raises(Barred, match="check login, password"):
            mailbox.fetch(None, NOON)

    assert exchange.logins == [False, False]


def test_a_throttled_server_never_makes_anybody_wait_for_ever(exchange: ExchangeServer) -> None:
    """Bell, look and courier at once while every second answer is «busy»: each comes back."""
    mailbox, bell = a_pair(exchange)
    _, cursor = all_of(mailbox)
    heard = bell.listen()
    next(heard)
    done: list[str] = []

    def look() -> None:
        for _ in range(15):
            exchange.faults += [Fault(code="ErrorServerBusy", back_off=1), Fault(status=503)]
            try:
                mailbox.fetch(cursor, NOON)
            except Unavailable:
                done.append("busy")
            else:
                done.append("well")

    threads = [threading.Thread(target=look, daemon=True) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)

    assert len(done) == 60
    exchange.faults.clear()
    assert all_of(mailbox, cursor)[0] == []
    heard.close()  # type: ignore[attr-defined]  # a generator, as all bells are
