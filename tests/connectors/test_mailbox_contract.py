"""What every mailbox does: a Maildir, a real Dovecot over plain IMAP and TLS, an Exchange server."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import pytest

from mcur.connectors.mail.ews.mailbox import EwsMailbox
from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.connectors.mail.maildir import MaildirMailbox, MaildirShape
from mcur.connectors.mail.mime import parse
from mcur.connectors.mail.tls import Security
from mcur.connectors.mail.tokens import Tokens, TokenShape
from mcur.connectors.ports import MailBatch, Mailbox
from tests.servers.davmail import DavMail
from tests.servers.dovecot import Dovecot
from tests.servers.ews.server import Door, ExchangeServer
from tests.servers.fixtures_exchange import exchange_account
from tests.servers.letters import NOON, TEXT, Blobs, a_file, a_multipart, a_part, a_text
from tests.servers.tokens import CLIENT

LIMIT = 100_000


@dataclass
class Side:
    """A mailbox, and how letters get into it and out of it."""

    mailbox: Mailbox
    deliver: Callable[[list[bytes]], None]
    waiting: Callable[[], int]
    """How many letters nobody has marked or moved."""

    def poll(self, cursor: str | None = None) -> MailBatch:
        """Fetch once."""
        return self.mailbox.fetch(cursor, NOON)

    def all(self, cursor: str | None = None) -> list[MailBatch]:
        """Fetch until there is no more."""
        batches = [self.poll(cursor)]
        while batches[-1].more:
            batches.append(self.poll(batches[-1].cursor))
        return batches


@pytest.fixture(
    params=[
        "maildir",
        pytest.param("none", marks=pytest.mark.server, id="imap"),
        pytest.param("starttls", marks=pytest.mark.server, id="imap-starttls"),
        pytest.param("tls", marks=pytest.mark.server, id="imap-tls"),
        pytest.param("xoauth2", marks=pytest.mark.server, id="imap-oauth2"),
        pytest.param("davmail", marks=pytest.mark.server, id="imap-davmail-ews"),
        pytest.param("basic", id="ews-basic"),
        pytest.param("ntlm", id="ews-ntlm"),
        pytest.param("oauth2", id="ews-oauth2"),
    ]
)
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Side]:
    """Give each mailbox in turn, empty."""
    if request.param == "maildir":
        yield maildir_side(tmp_path)
        return
    if request.param in {"basic", "ntlm", "oauth2"}:
        yield ews_side(request.getfixturevalue("exchange"), request.param)
        return
    if request.param == "davmail":
        made = davmail_side(request.getfixturevalue("davmail"))
    else:
        made = imap_side(request.getfixturevalue("dovecot"), request.param)
    yield made
    assert isinstance(made.mailbox, ImapMailbox)
    made.mailbox.close()


def maildir_side(folder: Path) -> Side:
    """Make a Maildir; delivery renames from tmp/ to new/, as it should."""
    for name in ("tmp", "new", "cur"):
        (folder / name).mkdir()
    count = iter(range(100_000))

    def deliver(letters: list[bytes]) -> None:
        for letter in letters:
            number = next(count)
            file = folder / "tmp" / f"{1_000_000_000 + number}.M1P1.host"
            file.write_bytes(letter)
            os.utime(file, (NOON.timestamp() + number, NOON.timestamp() + number))
            file.rename(folder / "new" / file.name)

    shape = MaildirShape(path=folder, size_limit=LIMIT)
    return Side(MaildirMailbox("in", shape), deliver, lambda: len(list((folder / "new").iterdir())))


def imap_side(server: Dovecot, how: Security | Literal["xoauth2"]) -> Side:
    """Make an IMAP mailbox; delivery goes through Dovecot's LMTP."""
    app = TokenShape(url=server.tokens.url, client=CLIENT[0], secret=CLIENT[1])
    shape = ImapShape(
        host="localhost",
        port=server.imaps if how in {"tls", "xoauth2"} else server.imap,
        security="tls" if how == "xoauth2" else how,
        tokens=Tokens(app, time.monotonic) if how == "xoauth2" else None,
        ca_file=server.certificates.ca,
        login="robot",
        password="robotpw",
        settle="move:Обработано & архив",
        size_limit=LIMIT,
    )
    inbox = server.base / "mail" / "robot" / "Maildir"

    def waiting() -> int:
        # Dovecot moves letters to cur/ when a folder is opened; «:2,» is a name without flags.
        names = [file.name for part in ("new", "cur") for file in (inbox / part).iterdir()]
        return sum(name.endswith(":2,") or ":" not in name for name in names)

    return Side(
        ImapMailbox(ImapDoor("in", shape, time.monotonic)),
        lambda letters: server.inject_many("robot", letters),
        waiting,
    )


def ews_side(server: ExchangeServer, door: Door) -> Side:
    """Make a mailbox on the Exchange server, logged in by one of its ways."""
    server.forget(door)
    account = exchange_account(server, door)
    mailbox = EwsMailbox("in", account, settle="move:Обработано & архив", size_limit=LIMIT)
    box = server.firm.box("robot@firm.test")
    return Side(
        mailbox,
        lambda letters: server.deliver("robot", letters),
        lambda: len(box.well_known["inbox"].items),
    )


def davmail_side(gateway: DavMail) -> Side:
    """Make an IMAP mailbox whose server is DavMail, and Exchange behind it."""
    shape = ImapShape(
        host="127.0.0.1",
        port=gateway.imap,
        security="none",
        login="robot",
        password="robotpw",
        settle="move:Обработано & архив",
        size_limit=LIMIT,
    )
    inbox = gateway.exchange.firm.box("robot@firm.test").well_known["inbox"]
    return Side(
        ImapMailbox(ImapDoor("in", shape, time.monotonic)),
        lambda letters: gateway.exchange.deliver("robot", letters),
        lambda: len(inbox.items),
    )


def numbered(number: int) -> bytes:
    """Make a letter of its own id."""
    return a_text(f"{TEXT}\n{number}", "utf-8", "base64").replace(b"<one@", b"<%d@" % number)


def test_an_empty_mailbox_is_well(side: Side) -> None:
    """Nothing is there, nothing is wrong, and there is a cursor to go on from."""
    batch = side.poll()

    assert side.mailbox.check() == []
    assert (batch.letters, batch.more) == ((), False)
    assert side.poll(batch.cursor).cursor == batch.cursor


def test_a_letter_is_read_back_as_it_was_sent(side: Side) -> None:
    """Russian subject, name, text and attachment come through; nothing is marked."""
    part = a_part(TEXT.encode("koi8-r"), "Content-Type: text/plain; charset=koi8-r")
    side.deliver([a_multipart(part, a_file(b'; filename="' + "Акт.pdf".encode("cp1251") + b'"'))])

    [raw] = side.poll().letters
    letter = parse(raw, Blobs())

    assert (letter.subject, letter.sender_name, letter.text) == ("Поручение", "Иванов Пётр", TEXT)
    assert [file.name for file in letter.attachments] == ["Акт.pdf"]
    assert (letter.place.account, letter.place.folder) == ("in", "INBOX")
    assert letter.received_at.utcoffset() == timedelta(0)
    assert side.waiting() == 1


def test_only_what_is_new_is_fetched(side: Side) -> None:
    """A letter is handed out once for a cursor, and again for an older one."""
    side.deliver([numbered(1), numbered(2)])
    first = side.poll()
    side.deliver([numbered(3)])

    second = side.poll(first.cursor)

    assert [len(first.letters), len(second.letters)] == [2, 1]
    assert parse(second.letters[0], Blobs()).message_id == "<3@mosreg.ru>"
    assert side.poll(second.cursor) == MailBatch(letters=(), cursor=second.cursor)
    assert side.poll(first.cursor).letters == second.letters


def test_the_same_letter_twice_is_two_places_and_one_identity(side: Side) -> None:
    """A repeated Message-ID is for the ledger to know."""
    side.deliver([numbered(1), numbered(1)])

    one, two = (parse(raw, Blobs()) for raw in side.poll().letters)

    assert one.digest == two.digest
    assert one.place.uid != two.place.uid


def test_a_letter_over_the_limit_comes_without_its_body(side: Side) -> None:
    """It is announced with its size and its headers, and the next one is not held up."""
    side.deliver([a_text("я" * LIMIT, "utf-8", "8bit"), numbered(2)])

    big, small = side.poll().letters

    letter = parse(big, Blobs())
    assert (big.raw, big.size > LIMIT, small.raw is not None) == (None, True, True)
    assert (letter.subject, letter.message_id) == ("Заявка на ремонт", "<one@mosreg.ru>")
    assert len(letter.flaws) == 1


def test_settled_letters_are_out_of_the_way_and_do_not_come_again(side: Side) -> None:
    """Stored letters are moved or marked; settling twice, or what is gone, harms nothing."""
    side.deliver([numbered(1), numbered(2)])
    batch = side.poll()
    places = [raw.place for raw in batch.letters]

    side.mailbox.settle(places[:1])
    side.mailbox.settle(places[:1])
    side.mailbox.settle([])

    assert side.waiting() == 1
    assert side.poll(batch.cursor).letters == ()


def test_many_letters_come_in_batches_in_their_order(side: Side) -> None:
    """A first day costs bounded memory, and no letter is left out or doubled."""
    side.deliver([numbered(number) for number in range(220)])

    batches = side.all()

    letters = [parse(raw, Blobs()) for batch in batches for raw in batch.letters]
    assert [len(batch.letters) for batch in batches] == [200, 20]
    assert [letter.message_id for letter in letters] == [f"<{n}@mosreg.ru>" for n in range(220)]
