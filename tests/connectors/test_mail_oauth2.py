"""Logging in with tokens: asked for, renewed before their end, given up when they are refused."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.connectors.mail.smtp import SmtpCourier, SmtpShape
from mcur.connectors.mail.tokens import Tokens, TokenShape
from mcur.connectors.ports import Barred, Unavailable
from tests.connectors.test_mail_smtp import LETTER
from tests.servers.dovecot import Dovecot
from tests.servers.ews import server as ews
from tests.servers.ews.server import ExchangeServer
from tests.servers.letters import NOON
from tests.servers.smtp import SmtpServer
from tests.servers.tls import make_certificates
from tests.servers.tokens import CLIENT, TokenServer

WHO = "mailbox in"


class Watch:
    """A watch that shows what the test says."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def giver() -> Iterator[TokenServer]:
    """Start a server that gives tokens."""
    server = TokenServer()
    yield server
    server.stop()


@pytest.fixture
def shape(giver: TokenServer, tmp_path: Path) -> TokenShape:
    """Describe the application."""
    return TokenShape(
        url=giver.url, client=CLIENT[0], secret=CLIENT[1], scope="mail.all", keep=tmp_path
    )


def test_an_application_asks_in_its_own_name(giver: TokenServer, shape: TokenShape) -> None:
    """RFC 6749, 4.4; the secret is shown nowhere."""
    token = Tokens(shape, Watch()).get(WHO)

    [asked] = giver.asked
    assert list(giver.good) == [token]
    assert (asked["grant_type"], asked["scope"]) == ("client_credentials", "mail.all")
    assert CLIENT[1] not in repr(shape)


def test_a_token_is_renewed_before_its_end(giver: TokenServer, shape: TokenShape) -> None:
    """Five minutes before an hour is over, or after four fifths of a short life; not sooner."""
    watch = Watch()
    tokens = Tokens(shape, watch)
    first = tokens.get(WHO)
    watch.seconds += 3299
    same = tokens.get(WHO)
    watch.seconds += 1
    giver.life = 100
    second = tokens.get(WHO)
    watch.seconds += 79
    still = tokens.get(WHO)
    watch.seconds += 1
    third = tokens.get(WHO)

    assert (same, still) == (first, second)
    assert len({first, second, third}) == 3


def test_a_refused_token_is_given_up_once(giver: TokenServer, shape: TokenShape) -> None:
    """Two threads that were refused with the same token ask for one new one."""
    tokens = Tokens(shape, Watch())
    old = tokens.get(WHO)
    tokens.forget(old)
    new = tokens.get(WHO)
    tokens.forget(old)

    assert tokens.get(WHO) == new
    assert len(giver.asked) == 2


def test_a_new_refresh_token_outlives_a_restart(giver: TokenServer, shape: TokenShape) -> None:
    """The old one is good no more; what the administrator gives anew counts before what was kept."""
    giver.rotates = True
    allowed = replace(shape, refresh="allowed-once")
    Tokens(allowed, Watch()).get(WHO)
    Tokens(allowed, Watch()).get(WHO)
    giver.refresh = "allowed-again"
    with pytest.raises(Barred, match="allow the application anew"):
        Tokens(allowed, Watch()).get(WHO)

    Tokens(replace(shape, refresh="allowed-again"), Watch()).get(WHO)

    kept = [file.stat().st_mode & 0o777 for file in shape.keep.iterdir()]
    assert kept == [0o600, 0o600]


def test_nobody_asks_who_could_not_keep_the_answer(giver: TokenServer, shape: TokenShape) -> None:
    """The server takes the old refresh token back: the new one must not be lost."""
    giver.rotates = True
    nowhere = replace(shape, refresh="allowed-once", keep=shape.keep / "nowhere")

    with pytest.raises(Barred, match=r"could not be kept in .*nowhere; run mcur as its own user"):
        Tokens(nowhere, Watch()).get(WHO)

    assert giver.asked == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_check_as_root_leaves_the_token_to_the_user_of_the_site(
    giver: TokenServer, shape: TokenShape
) -> None:
    """Whoever runs ``mcur check --connect`` must not shut the daemon out."""
    giver.rotates = True
    os.chown(shape.keep, 65534, 65534)
    Tokens(replace(shape, refresh="allowed-once"), Watch()).get(WHO)

    assert [file.stat().st_uid for file in shape.keep.iterdir()] == [65534]


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        ((503, {}), Unavailable, "HTTP 503"),
        ((429, {}), Unavailable, "HTTP 429"),
        ((400, {"error": "temporarily_unavailable"}), Unavailable, "temporarily_unavailable"),
        ((400, {"error": "invalid_scope"}), Barred, "check client, its secret and scope"),
        ((404, {}), Barred, "HTTP 404"),
        ((200, {"token": "?"}), Barred, "gave no token: token in its answer"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_what_passes_is_told_from_what_a_person_mends(
    giver: TokenServer, shape: TokenShape, answer: tuple[int, dict[str, object]],
    error: type[Exception], words: str,
) -> None:  # fmt: skip
    """RFC 6749, 5.2; the next question may be answered."""
    giver.faults.append(answer)
    tokens = Tokens(shape, Watch())

    with pytest.raises(error, match=words):
        tokens.get(WHO)

    assert tokens.get(WHO) in giver.good


def test_a_wrong_secret_is_named_and_not_shown(shape: TokenShape) -> None:
    """The sentence says whose it is."""
    with pytest.raises(Barred, match="refused a token to «mcur-app»") as caught:
        Tokens(replace(shape, secret="s3cr3t"), Watch()).get(WHO)

    assert "s3cr3t" not in str(caught.value)


def test_a_server_that_is_not_there_may_come_back(giver: TokenServer, shape: TokenShape) -> None:
    """Nothing has begun there."""
    giver.stop()

    with pytest.raises(Unavailable, match="gave no token") as caught:
        Tokens(shape, Watch()).get(WHO)

    assert not caught.value.reached


def test_the_certificate_of_the_token_server_is_checked(
    exchange: ExchangeServer, shape: TokenShape, tmp_path: Path
) -> None:
    """Against ``ca_file`` where there is one."""
    over_tls = replace(shape, url=exchange.token_url, client=ews.CLIENT[0], secret=ews.CLIENT[1])
    other = make_certificates(tmp_path).ca

    good = Tokens(replace(over_tls, ca_file=exchange.certificates.ca), Watch()).get(WHO)
    for ca_file in (None, other):
        with pytest.raises(Barred, match=r"is not trusted .* set ca_file to"):
            Tokens(replace(over_tls, ca_file=ca_file), Watch()).get(WHO)

    assert good in exchange.tokens


# --- at real servers ----------------------------------------------------------------------------


def tokens_at(server: Dovecot) -> Tokens:
    """Ask the server behind Dovecot."""
    return Tokens(
        TokenShape(url=server.tokens.url, client=CLIENT[0], secret=CLIENT[1]), time.monotonic
    )


@pytest.fixture
def mailbox(dovecot: Dovecot) -> Iterator[ImapMailbox]:
    """Open the robot's mailbox with tokens."""
    shape = ImapShape(
        host="127.0.0.1",
        port=dovecot.imap,
        security="none",
        login="robot",
        tokens=tokens_at(dovecot),
    )
    made = ImapMailbox(ImapDoor("in", shape, time.monotonic))
    yield made
    made.close()


@pytest.mark.server
def test_a_token_that_was_taken_back_costs_one_look(dovecot: Dovecot, mailbox: ImapMailbox) -> None:
    """The next look comes with another; who is refused with two good ones needs a person."""
    mailbox.fetch(None, NOON)
    mailbox.close()
    dovecot.tokens.good.clear()

    with pytest.raises(Unavailable, match="did not take its token"):
        mailbox.fetch(None, NOON)
    assert mailbox.fetch(None, NOON).letters == ()


@pytest.mark.server
def test_a_mailbox_that_takes_no_token_is_left_in_peace(
    dovecot: Dovecot, mailbox: ImapMailbox
) -> None:
    """Two refusals, then nobody knocks for an hour."""
    dovecot.tokens.life = 0

    with pytest.raises(Unavailable):
        mailbox.fetch(None, NOON)
    for _ in range(3):
        with pytest.raises(Barred, match="check address, user and scope"):
            mailbox.fetch(None, NOON)

    assert len(dovecot.tokens.asked) == 2


@pytest.mark.server
def test_a_server_without_xoauth2_is_named(smtp_server: SmtpServer, dovecot: Dovecot) -> None:
    """The relay's door has no login at all."""
    shape = SmtpShape(
        host="localhost",
        port=smtp_server.plain,
        security="none",
        login="robot@firm.test",
        tokens=tokens_at(dovecot),
    )

    with pytest.raises(Barred, match="does not offer XOAUTH2"):
        SmtpCourier("out", shape).send(LETTER)


@pytest.mark.server
def test_a_letter_leaves_with_a_token_and_with_the_next_one(
    smtp_server: SmtpServer, dovecot: Dovecot
) -> None:
    """A refused token costs one attempt, of which the server has seen no letter."""
    shape = SmtpShape(
        host="localhost",
        port=smtp_server.starttls,
        ca_file=dovecot.certificates.ca,
        login="robot@firm.test",
        tokens=tokens_at(dovecot),
    )
    courier = SmtpCourier("out", shape)
    courier.send(LETTER)
    dovecot.tokens.good.clear()

    with pytest.raises(Unavailable, match="did not take its token") as caught:
        courier.send(LETTER)
    courier.send(LETTER)

    assert not caught.value.reached
    assert len(smtp_server.letters) == 2
