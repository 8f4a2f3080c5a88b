"""IMAP when things go wrong: each failure has its kind and a sentence, and passes when it can."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import imapclient  # type: ignore[import-untyped]
import pytest

from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.connectors.mail.mime import Unreadable, parse
from mcur.connectors.mail.tls import Security
from mcur.connectors.ports import Rejected, Unavailable
from tests.servers.dovecot import Dovecot, free_port
from tests.servers.letters import NOON, Blobs, a_letter
from tests.servers.tap import Tap
from tests.servers.tls import make_certificates

pytestmark = pytest.mark.server


@pytest.fixture
def shape(dovecot: Dovecot) -> ImapShape:
    """Describe the robot's mailbox over plain IMAP."""
    return ImapShape(
        host="127.0.0.1",
        port=dovecot.imap,
        security="none",
        login="robot",
        password="robotpw",
        connect_timeout=2,
        read_timeout=10,
    )


@pytest.fixture
def opened() -> Iterator[Callable[[ImapShape], ImapMailbox]]:
    """Open mailboxes that are closed at the end."""
    mailboxes: list[ImapMailbox] = []

    def open_one(shape: ImapShape) -> ImapMailbox:
        mailboxes.append(ImapMailbox(ImapDoor("in", shape, time.monotonic)))
        return mailboxes[-1]

    yield open_one
    for mailbox in mailboxes:
        mailbox.close()


@pytest.fixture
def tap(dovecot: Dovecot) -> Iterator[Tap]:
    """Put a tap before Dovecot."""
    made = Tap(dovecot.imap)
    yield made
    made.close()


Opened = Callable[[ImapShape], ImapMailbox]


def test_the_password_is_shown_nowhere(shape: ImapShape) -> None:
    """Neither in the shape nor in a mailbox made of it."""
    assert "robotpw" not in repr(shape) + repr(ImapMailbox(ImapDoor("in", shape, time.monotonic)))


def test_a_wrong_password_needs_a_person(shape: ImapShape, opened: Opened) -> None:
    """Trying again would lock the account."""
    mailbox = opened(replace(shape, password="wrong"))

    with pytest.raises(Rejected, match="refused the login of «robot»") as caught:
        mailbox.fetch(None, NOON)

    assert str(caught.value).endswith("Authentication failed.); check login and password")
    assert mailbox.check() == [str(caught.value)]
    assert "wrong" not in str(caught.value)


def test_a_russian_password_is_a_password(shape: ImapShape, opened: Opened) -> None:
    """Right or wrong."""
    russian = replace(shape, login="officer", password="пароль")

    assert opened(russian).check() == []
    with pytest.raises(Rejected, match="refused the login of «officer»"):
        opened(replace(russian, password="слово")).fetch(None, NOON)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_is_not_trusted_names_ca_file(
    dovecot: Dovecot, shape: ImapShape, opened: Opened, security: Security, tmp_path: Path
) -> None:
    """Neither the system's authorities nor another authority vouch for the server."""
    port = dovecot.imaps if security == "tls" else dovecot.imap
    other = make_certificates(tmp_path).ca

    for ca_file in (None, other):
        mailbox = opened(replace(shape, security=security, port=port, ca_file=ca_file))
        with pytest.raises(Rejected, match=r"is not trusted .* set ca_file to"):
            mailbox.fetch(None, NOON)


def test_a_ca_file_that_is_none_is_named(shape: ImapShape, opened: Opened, tmp_path: Path) -> None:
    """Missing, and not a certificate."""
    (tmp_path / "bad.pem").write_text("no certificate")

    for name, words in {"none.pem": "is not there", "bad.pem": "cannot be used"}.items():
        with pytest.raises(Rejected, match=f"ca_file .*{name} {words}"):
            opened(replace(shape, security="tls", ca_file=tmp_path / name)).fetch(None, NOON)


def test_a_server_that_is_not_there_may_come_back(shape: ImapShape, opened: Opened) -> None:
    """Connection refused, and a name that nobody knows."""
    for changed in (replace(shape, port=free_port()), replace(shape, host="nowhere.invalid")):
        with pytest.raises(Unavailable, match="did not answer as it should"):
            opened(changed).fetch(None, NOON)


def test_a_server_that_speaks_something_else_is_told(
    dovecot: Dovecot, shape: ImapShape, opened: Opened
) -> None:
    """TLS to a plain port; a port that is not IMAP."""
    for changed in (
        replace(shape, security="tls", ca_file=dovecot.certificates.ca),
        replace(shape, port=dovecot.lmtp),
    ):
        with pytest.raises(Unavailable):
            opened(changed).fetch(None, NOON)


def test_a_server_without_starttls_is_not_trusted_with_a_password(
    dovecot: Dovecot, shape: ImapShape, opened: Opened, tap: Tap
) -> None:
    """Whoever took STARTTLS out of the greeting gets no password."""
    tap.hides = (b" STARTTLS",)
    secure = replace(shape, port=tap.port, security="starttls", ca_file=dovecot.certificates.ca)

    with pytest.raises(Rejected):
        opened(secure).fetch(None, NOON)

    assert b"robotpw" not in tap.said


def test_a_folder_that_is_missing_is_named(shape: ImapShape, opened: Opened) -> None:
    """The name is shown as the administrator wrote it."""
    mailbox = opened(replace(shape, folder="Поручения"))

    with pytest.raises(Rejected, match="cannot open folder «Поручения»"):
        mailbox.fetch(None, NOON)


def test_a_folder_made_anew_is_read_from_its_beginning(
    dovecot: Dovecot, shape: ImapShape, opened: Opened
) -> None:
    """Another UIDVALIDITY: old uids mean nothing any more."""
    mailbox = opened(replace(shape, folder="Поручения"))
    with imapclient.IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as person:
        person.login("robot", "robotpw")
        person.create_folder("Поручения")
        for number in range(3):
            person.append("Поручения", a_letter(f"Message-ID: <old{number}@x>"))
        before = mailbox.fetch(None, NOON)

        person.delete_folder("Поручения")
        person.create_folder("Поручения")
        person.append("Поручения", a_letter("Message-ID: <new@x>"))
        for _ in range(2):  # the connection on the folder that went may be gone with it
            try:
                after = mailbox.fetch(before.cursor, NOON)
                break
            except Unavailable:
                continue

    assert len(before.letters) == 3
    assert [parse(raw, Blobs()).message_id for raw in after.letters] == ["<new@x>"]
    assert json.loads(after.cursor)["uidvalidity"] != json.loads(before.cursor)["uidvalidity"]


def test_a_broken_connection_is_opened_again(
    dovecot: Dovecot, shape: ImapShape, opened: Opened
) -> None:
    """The server restarted between two polls: the second goes on where the first was."""
    mailbox = opened(shape)
    dovecot.inject("robot", a_letter("Message-ID: <1@x>"))
    first = mailbox.fetch(None, NOON)
    dovecot.kick("robot")
    dovecot.inject("robot", a_letter("Message-ID: <2@x>"))

    [raw] = mailbox.fetch(first.cursor, NOON).letters

    assert parse(raw, Blobs()).message_id == "<2@x>"


def test_a_server_that_freezes_is_left_in_time(shape: ImapShape, opened: Opened, tap: Tap) -> None:
    """The read timeout ends the wait; when the server thaws a new connection is made."""
    mailbox = opened(replace(shape, port=tap.port, read_timeout=0.3))
    mailbox.fetch(None, NOON)
    tap.frozen.set()

    with pytest.raises(Unavailable, match="timed out"):
        mailbox.fetch(None, NOON)

    tap.frozen.clear()
    assert mailbox.fetch(None, NOON).letters == ()
    assert tap.connections == 2


def test_an_idle_poll_asks_for_no_letter(
    dovecot: Dovecot, shape: ImapShape, opened: Opened, tap: Tap
) -> None:
    """2,000 old letters cost four short commands over a connection that is kept."""
    dovecot.fill("robot", [a_letter(f"Message-ID: <{number}@x>") for number in range(2000)])
    mailbox = opened(replace(shape, port=tap.port))
    batches = [mailbox.fetch(None, NOON)]
    while batches[-1].more:
        batches.append(mailbox.fetch(batches[-1].cursor, NOON))
    tap.said = b""

    idle = mailbox.fetch(batches[-1].cursor, NOON)

    assert [len(batch.letters) for batch in batches] == [200] * 10
    assert (idle.letters, idle.cursor) == ((), batches[-1].cursor)
    said = [line.split()[1] for line in tap.said.splitlines()]
    assert said == [b"NOOP", b"EXAMINE", b"NOOP", b"UID"]
    assert b"FETCH" not in tap.said
    assert tap.connections == 1


def test_a_folder_with_gaps_is_read_to_its_end(
    dovecot: Dovecot, shape: ImapShape, opened: Opened, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UIDs are asked for in windows; one that is empty leads to the next."""
    monkeypatch.setattr("mcur.connectors.mail.imap.mailbox._WINDOW", 2)
    for number in range(7):
        dovecot.inject("robot", a_letter(f"Message-ID: <{number}@x>"))
    with imapclient.IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as person:
        person.login("robot", "robotpw")
        person.select_folder("INBOX")
        person.delete_messages([3, 4, 5])
        person.expunge()
    mailbox = opened(shape)
    batches = [mailbox.fetch(None, NOON)]
    while batches[-1].more:
        batches.append(mailbox.fetch(batches[-1].cursor, NOON))

    found = [raw.place.uid for batch in batches for raw in batch.letters]

    assert found == ["1", "2", "6", "7"]
    assert [len(batch.letters) for batch in batches] == [2, 0, 1, 1]


def test_sixty_megabytes_stay_on_the_server(
    dovecot: Dovecot, shape: ImapShape, opened: Opened, tap: Tap
) -> None:
    """Only the headers travel."""
    dovecot.inject("robot", a_letter(body=b"x" * 76 + b"\r\n" + b"y" * 60 * 2**20))
    mailbox = opened(replace(shape, port=tap.port))

    [raw] = mailbox.fetch(None, NOON).letters

    letter = parse(raw, Blobs())
    assert (raw.raw, len(raw.head) < 2000) == (None, True)
    assert letter.flaws[0].startswith("письмо 60 МБ больше предела")
    assert b"BODY.PEEK[]" not in tap.said


def test_arrival_is_told_in_utc(dovecot: Dovecot, shape: ImapShape, opened: Opened) -> None:
    """INTERNALDATE bears an offset; stamps that leave are UTC."""
    with imapclient.IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as person:
        person.login("robot", "robotpw")
        moment = datetime.fromisoformat("2026-11-18T12:30:00+03:00")
        person.append("INBOX", a_letter(), msg_time=moment)

    [raw] = opened(shape).fetch(None, NOON).letters

    assert raw.received_at == datetime(2026, 11, 18, 9, 30, tzinfo=UTC)
    assert raw.received_at.utcoffset() == timedelta(0)


@pytest.mark.parametrize("missing", [(), (b" MOVE",), (b" MOVE", b" UIDPLUS")])
def test_a_letter_is_moved_by_whatever_the_server_can(
    dovecot: Dovecot, shape: ImapShape, opened: Opened, tap: Tap, missing: tuple[bytes, ...]
) -> None:
    """MOVE; else copy and remove exactly this letter; without UIDPLUS nobody's mail is expunged."""
    tap.hides = missing
    mailbox = opened(replace(shape, port=tap.port, settle="move:Обработано"))
    for number in range(2):
        dovecot.inject("robot", a_letter(f"Message-ID: <{number}@x>"))
    batch = mailbox.fetch(None, NOON)

    mailbox.settle([batch.letters[0].place])

    moved = opened(replace(shape, folder="Обработано")).fetch(None, NOON)
    left = opened(shape).fetch(None, NOON)
    assert [parse(raw, Blobs()).message_id for raw in moved.letters] == ["<0@x>"]
    assert len(left.letters) == (2 if len(missing) == 2 else 1)


def test_a_place_of_an_older_folder_is_not_settled(
    dovecot: Dovecot, shape: ImapShape, opened: Opened
) -> None:
    """The uid of another UIDVALIDITY would be another letter."""
    dovecot.inject("robot", a_letter())
    mailbox = opened(replace(shape, settle="move:Архив"))
    [raw] = mailbox.fetch(None, NOON).letters

    mailbox.settle([replace(raw.place, uidvalidity=raw.place.uidvalidity - 1)])

    assert len(mailbox.fetch(None, NOON).letters) == 1


def test_a_letter_that_the_server_cannot_read_holds_up_no_other(
    dovecot: Dovecot, shape: ImapShape, opened: Opened
) -> None:
    """Smaller and smaller batches find it; it is handed out without bytes, for the quarantine."""
    files = dovecot.base / "mail" / "robot" / "Maildir" / "new"
    dovecot.inject("robot", a_letter("Message-ID: <0@x>"))
    for file in files.iterdir():
        file.chmod(0)
    for number in range(1, 10):
        dovecot.inject("robot", a_letter(f"Message-ID: <{number}@x>"))
    mailbox = opened(shape)

    for _ in range(2):
        with pytest.raises(Unavailable, match="FETCH failed"):
            mailbox.fetch(None, NOON)
    [spoilt] = (first := mailbox.fetch(None, NOON)).letters
    good = mailbox.fetch(first.cursor, NOON)

    assert [first.more, len(good.letters), good.more] == [True, 9, False]
    with pytest.raises(Unreadable, match="письмо 1 почтовый сервер показывает, но"):
        parse(spoilt, Blobs())


def test_a_letter_that_was_deleted_is_no_error(
    dovecot: Dovecot, shape: ImapShape, opened: Opened
) -> None:
    """A person may delete at any moment: the rest is fetched, the cursor goes on."""
    for number in range(3):
        dovecot.inject("robot", a_letter(f"Message-ID: <{number}@x>"))
    mailbox = opened(shape)
    mailbox.check()
    with imapclient.IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as person:
        person.login("robot", "robotpw")
        person.select_folder("INBOX")
        person.delete_messages([3])
        person.expunge()

    batch = mailbox.fetch(None, NOON)

    assert len(batch.letters) == 2
    assert mailbox.fetch(batch.cursor, NOON).letters == ()
