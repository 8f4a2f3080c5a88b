"""Copies in an IMAP account: each letter once, in the folder that people know, or one made for it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

import pytest
from imapclient import IMAPClient  # type: ignore[import-untyped]

from mcur.connectors.mail.compose import compose
from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.connectors.mail.imap.sent import ImapSent
from mcur.connectors.ports import OutgoingLetter, Rejected, Unavailable
from tests.servers.dovecot import Dovecot
from tests.servers.letters import NOON, TEXT

pytestmark = pytest.mark.server

LETTER = OutgoingLetter(
    message_id="<mcur.0123456789abcdef@firm.test>",
    sender=("МЦУР", "robot@firm.test"),
    to=(("Глава", "head@firm.test"),),
    subject="Отчет 1",
    text=TEXT,
    date=NOON,
)
NAME, CONTENT = LETTER.message_id, compose(LETTER)


def sent(dovecot: Dovecot, folder: str = "", **changed: Any) -> ImapSent:
    """Keep copies in the robot's account."""
    shape = ImapShape(
        host="127.0.0.1", port=dovecot.imap, security="none", login="robot", password="robotpw"
    )
    door = ImapDoor("in", replace(shape, **changed), time.monotonic)
    return ImapMailbox(door).sent("courier (copies)", folder)


def kept(dovecot: Dovecot, folder: str) -> list[tuple[bytes, tuple[bytes, ...]]]:
    """Return the letters of a folder and their flags."""
    with IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as client:
        client.login("robot", "robotpw")
        client.select_folder(folder, readonly=True)
        found = client.fetch(client.search("ALL"), ["BODY.PEEK[]", "FLAGS"])
    return [(one[b"BODY[]"], one[b"FLAGS"]) for one in found.values()]


def prepare(dovecot: Dovecot, folder: str, *letters: bytes) -> None:
    """Make a folder with letters in it."""
    with IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False) as client:
        client.login("robot", "robotpw")
        client.create_folder(folder)
        for letter in letters:
            client.append(folder, letter)


@pytest.mark.parametrize("folder", ["", "Отправленные", "Служба/Копии & письма"])
def test_a_copy_is_kept_as_it_left_once_and_read(dovecot: Dovecot, folder: str) -> None:
    """In a folder that is made where it is missing."""
    copies = sent(dovecot, folder)
    assert copies.check() == []

    places = {copies.put(NAME, CONTENT), copies.put(NAME, CONTENT)}

    assert places == {folder or "Отправленные"}
    [(content, flags)] = kept(dovecot, folder or "Отправленные")
    assert content == CONTENT
    assert b"\\Seen" in flags


def test_a_folder_that_mail_programs_use_is_used(dovecot: Dovecot) -> None:
    """No second one is made beside it."""
    prepare(dovecot, "Sent")

    assert sent(dovecot).put(NAME, CONTENT) == "Sent"
    assert len(kept(dovecot, "Sent")) == 1


def test_a_copy_that_the_server_made_itself_is_enough(dovecot: Dovecot) -> None:
    """As Gmail does with what leaves by its SMTP, under headers of its own."""
    prepare(dovecot, "Отправленные", b"Received: by gate\r\n" + CONTENT)

    sent(dovecot, "Отправленные").put(NAME, CONTENT)

    assert len(kept(dovecot, "Отправленные")) == 1


def test_a_line_that_breaks_after_the_copy_makes_no_second_one(
    dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next attempt finds it."""
    append = IMAPClient.append

    def lost(*given: Any, **named: Any) -> None:
        append(*given, **named)
        msg = "connection reset by peer"
        raise ConnectionResetError(msg)

    with monkeypatch.context() as broken:
        broken.setattr(IMAPClient, "append", lost)
        with pytest.raises(Unavailable, match="did not answer as it should"):
            sent(dovecot).put(NAME, CONTENT)

    sent(dovecot).put(NAME, CONTENT)

    assert len(kept(dovecot, "Отправленные")) == 1


def test_a_wrong_password_is_said_in_a_sentence(dovecot: Dovecot) -> None:
    """By a check and by a copy."""
    copies = sent(dovecot, password="wrong")

    [said] = copies.check()
    with pytest.raises(Rejected, match="refused the login of «robot»"):
        copies.put(NAME, CONTENT)
    assert "check login and password" in said
