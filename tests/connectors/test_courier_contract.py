"""What every courier does: by SMTP over STARTTLS and TLS, by Exchange, as files; letters are read."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from mcur.connectors.mail.ews.courier import EwsCourier
from mcur.connectors.mail.files import FileCourier, FilesShape
from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.connectors.mail.mime import parse
from mcur.connectors.mail.smtp import SmtpCourier, SmtpShape
from mcur.connectors.mail.tokens import Tokens, TokenShape
from mcur.connectors.ports import Courier, MailFile, OutgoingLetter, Rejected
from mcur.playbooks.facts import Letter
from tests.fakes import SwitchedCourier
from tests.servers.ews.server import Door, ExchangeServer
from tests.servers.fixtures_exchange import exchange_account
from tests.servers.letters import FILE_NAME, NOON, TEXT, Blobs, a_raw
from tests.servers.smtp import SmtpServer
from tests.servers.tokens import CLIENT

LETTER = OutgoingLetter(
    message_id="<report.odintsovo-1204.O-2.2026-11-18@mcur.firm.test>",
    sender=("МЦУР Одинцово", "robot@firm.test"),
    to=(("Глава городского округа", "head@firm.test"),),
    cc=(("", "officer@firm.test"),),
    subject="Отчет 1 на 18.11.2026: «Обращения жителей», 12 новых (+5), подробности во вложении",
    text=f"{TEXT}\n.\n..две точки\n",
    html=f"<p>{TEXT}</p>",
    files=(MailFile(name=FILE_NAME, content_type="application/pdf", content=bytes(range(256))),),
    date=NOON,
    in_reply_to="<question@firm.test>",
    references=("<question@firm.test>",),
    urgent=True,
)


@dataclass
class Side:
    """A courier, and what the head has got."""

    courier: Courier
    received: Callable[[], list[tuple[Letter, Blobs]]]
    remembers: bool


@pytest.fixture(
    params=[
        "files",
        "switched",
        pytest.param("starttls", marks=pytest.mark.server, id="smtp-starttls"),
        pytest.param("tls", marks=pytest.mark.server, id="smtp-tls"),
        pytest.param("none", marks=pytest.mark.server, id="smtp-relay"),
        pytest.param("xoauth2", marks=pytest.mark.server, id="smtp-oauth2"),
        pytest.param("basic", id="ews-basic"),
        pytest.param("ntlm", id="ews-ntlm"),
        pytest.param("oauth2", id="ews-oauth2"),
    ]
)
def side(request: pytest.FixtureRequest, tmp_path: Path) -> Side:
    """Give each courier in turn; nothing has been sent."""
    if request.param in {"files", "switched"}:
        return files_side(tmp_path / "out", switched=request.param == "switched")
    if request.param in {"basic", "ntlm", "oauth2"}:
        return ews_side(request.getfixturevalue("exchange"), request.param)
    server: SmtpServer = request.getfixturevalue("smtp_server")
    app = TokenShape(url=server.dovecot.tokens.url, client=CLIENT[0], secret=CLIENT[1])
    shape = SmtpShape(
        host="localhost",
        port=getattr(server, {"none": "plain", "xoauth2": "tls"}.get(request.param, request.param)),
        security="tls" if request.param == "xoauth2" else request.param,
        tokens=Tokens(app, time.monotonic) if request.param == "xoauth2" else None,
        ca_file=server.dovecot.certificates.ca,
        login=None if request.param == "none" else "robot@firm.test",
        password="robotpw",
    )
    return Side(SmtpCourier("out", shape), lambda: inbox_of_head(server), remembers=False)


def files_side(folder: Path, *, switched: bool) -> Side:
    """Make a courier of files; the folder is not there yet."""

    def received() -> list[tuple[Letter, Blobs]]:
        files = sorted(folder.glob("*"))
        return [(parse(a_raw(file.read_bytes()), blobs := Blobs()), blobs) for file in files]

    kind = SwitchedCourier if switched else FileCourier
    return Side(kind("out", FilesShape(folder=folder)), received, remembers=True)


def ews_side(server: ExchangeServer, door: Door) -> Side:
    """Make a courier of the Exchange server, logged in by one of its ways."""
    server.forget(door)

    def received() -> list[tuple[Letter, Blobs]]:
        inbox = server.firm.box("head@firm.test").well_known["inbox"]
        return [(parse(a_raw(item.raw), blobs := Blobs()), blobs) for item in inbox.items]

    return Side(EwsCourier("out", exchange_account(server, door)), received, remembers=True)


def inbox_of_head(server: SmtpServer) -> list[tuple[Letter, Blobs]]:
    """Read the head's INBOX with our own mailbox."""
    port = server.dovecot.imap
    shape = ImapShape(host="127.0.0.1", port=port, security="none", login="head", password="headpw")
    mailbox = ImapMailbox(ImapDoor("head", shape, time.monotonic))
    letters = mailbox.fetch(None, NOON).letters
    mailbox.close()
    return [(parse(raw, blobs := Blobs()), blobs) for raw in letters]


def test_a_letter_arrives_as_it_was_written(side: Side) -> None:
    """Russian names, subject, text and file come through; it is known to be a machine's."""
    said = side.courier.send(LETTER)

    [(letter, blobs)] = side.received()
    [file] = letter.attachments
    assert said
    assert (letter.message_id, letter.subject) == (LETTER.message_id, LETTER.subject)
    assert (letter.sender_name, letter.sender) == LETTER.sender
    assert (letter.to, letter.cc) == (("head@firm.test",), ("officer@firm.test",))
    assert letter.text == LETTER.text.strip()
    assert (file.name, blobs[file.digest]) == (FILE_NAME, bytes(range(256)))
    assert (letter.in_reply_to, letter.references) == (LETTER.in_reply_to, LETTER.references)
    assert letter.auto
    assert letter.flaws == ()


def test_a_courier_that_works_says_nothing(side: Side) -> None:
    """``check`` connects, logs in and sends nothing."""
    assert side.courier.check() == []
    assert side.received() == []


def test_a_repeat_is_the_same_letter(side: Side) -> None:
    """Whoever gets it twice can see that it is one; a courier that remembers sends it once."""
    before = side.courier.sent(LETTER.message_id)
    side.courier.send(LETTER)
    side.courier.send(replace(LETTER, subject="rendered anew"))
    after = side.courier.sent(LETTER.message_id)

    digests = [letter.digest for letter, _ in side.received()]
    assert len(set(digests)) == 1
    assert len(digests) == (1 if side.remembers else 2)
    assert (before, after) == ((False, True) if side.remembers else (None, None))


def test_a_letter_that_cannot_leave_is_refused_before_it_is_sent(side: Side) -> None:
    """A bad address in the directory needs a person."""
    with pytest.raises(Rejected, match="«head» is no e-mail address"):
        side.courier.send(replace(LETTER, to=(("Глава", "head"),)))

    assert side.received() == []
