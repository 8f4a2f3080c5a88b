"""Maildirs and letters as files when the disk is not as it should be."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from mcur.connectors.mail.files import FileCourier, FilesShape
from mcur.connectors.mail.maildir import MaildirMailbox, MaildirShape
from mcur.connectors.ports import OutgoingLetter, Unavailable
from tests.servers.letters import NOON, a_letter

LETTER = OutgoingLetter(
    message_id="<one@mcur.firm.test>",
    sender=("", "robot@firm.test"),
    to=(("", "head@firm.test"),),
    subject="Отчет 1: «Срок / итоги» на 18.11.2026",
    text="да",
    date=NOON,
)


@pytest.fixture
def maildir(tmp_path: Path) -> Path:
    """Make an empty Maildir."""
    for name in ("tmp", "new", "cur"):
        (tmp_path / name).mkdir()
    return tmp_path


def names(path: Path, cursor: str | None = None) -> list[str]:
    """Fetch and return the identities."""
    mailbox = MaildirMailbox("in", MaildirShape(path=path))
    return [raw.place.uid for raw in mailbox.fetch(cursor, NOON).letters]


def test_a_letter_that_is_being_written_is_not_seen(maildir: Path) -> None:
    """Only whole letters stand in new/ and cur/; links, pipes and dot files are none."""
    (maildir / "tmp" / "1.a").write_bytes(a_letter())
    (maildir / "new" / ".hidden").write_bytes(a_letter())
    (maildir / "new" / "link").symlink_to(maildir / "tmp" / "1.a")
    os.mkfifo(maildir / "new" / "pipe")
    (maildir / "cur" / "2.b:2,S").write_bytes(a_letter())

    assert names(maildir) == ["2.b"]


def test_a_letter_that_a_person_moves_is_the_same_letter(maildir: Path) -> None:
    """Its identity is the name before «:»."""
    (maildir / "new" / "1.a").write_bytes(a_letter())
    mailbox = MaildirMailbox("in", MaildirShape(path=maildir))
    cursor = mailbox.fetch(None, NOON).cursor
    (maildir / "new" / "1.a").rename(maildir / "cur" / "1.a:2,RS")

    assert mailbox.fetch(cursor, NOON).letters == ()


def test_letters_that_are_gone_leave_the_cursor(maildir: Path) -> None:
    """The cursor is as long as the Maildir is full."""
    (maildir / "new" / "1.a").write_bytes(a_letter())
    mailbox = MaildirMailbox("in", MaildirShape(path=maildir))
    cursor = mailbox.fetch(None, NOON).cursor
    (maildir / "new" / "1.a").unlink()

    assert json.loads(mailbox.fetch(cursor, NOON).cursor) == {"known": ""}


def test_an_idle_poll_looks_at_no_file(maildir: Path) -> None:
    """2,000 old letters cost two listings: their files may even be closed to us."""
    for number in range(2000):
        (maildir / "cur" / f"{number}.a:2,S").write_bytes(b"")
    mailbox = MaildirMailbox("in", MaildirShape(path=maildir))
    cursor = mailbox.fetch(None, NOON).cursor
    while (batch := mailbox.fetch(cursor, NOON)).letters:
        cursor = batch.cursor
    started = time.process_time()

    for _ in range(10):
        assert mailbox.fetch(cursor, NOON) == batch

    assert time.process_time() - started < 1
    assert len(cursor) < 25_000


def test_what_is_missing_is_said(tmp_path: Path) -> None:
    """``check`` tells a missing folder from a folder that is no Maildir."""
    nowhere = MaildirMailbox("in", MaildirShape(path=tmp_path / "no"))
    empty = MaildirMailbox("in", MaildirShape(path=tmp_path))

    assert nowhere.check() == [
        f"mailbox in: {tmp_path / 'no'} is not there; make it, or correct path"
    ]
    assert empty.check() == [
        f"mailbox in: {tmp_path} is not a Maildir, it has no folder new, cur, tmp; "
        "make it, or correct path"
    ]
    with pytest.raises(Unavailable, match="No such file or directory"):
        nowhere.fetch(None, NOON)


def test_a_letter_is_a_file_that_people_recognise(tmp_path: Path) -> None:
    """A stable part, a readable part, nothing left beside it."""
    path = Path(FileCourier("out", FilesShape(folder=tmp_path / "a" / "out")).send(LETTER))

    assert path.name == "d923fea76c58d908-Отчет-1-Срок-итоги-на-18-11-2026.eml"
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "out").write_text("")
    courier = FileCourier("out", FilesShape(folder=tmp_path / "out"))

    assert courier.check()[0].startswith(f"courier out: {tmp_path / 'out'} is closed to this user")
    with pytest.raises(Unavailable, match="courier out: write to"):
        courier.send(LETTER)
