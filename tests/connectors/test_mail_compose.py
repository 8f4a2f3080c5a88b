"""What we write, other programs read: judged by the standard library's own parser."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta, timezone
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

import pytest

from mcur.connectors.mail.compose import compose, recipients
from mcur.connectors.ports import MailFile, OutgoingLetter, Rejected
from tests.servers.letters import FILE_NAME, NOON, TEXT

LETTER = OutgoingLetter(
    message_id="<report.odintsovo-1204.O-2.2026-11-18@mcur.firm.test>",
    sender=("МЦУР Одинцово", "robot@firm.test"),
    to=(("Глава, городской округ", "head@firm.test"), ("", "officer@firm.test")),
    subject="Отчет 1: " + "обращения жителей Одинцовского городского округа " * 4,
    text=TEXT,
    html="<p>Добрый день!</p>",
    files=(MailFile(name=FILE_NAME, content_type="application/pdf", content=b"%PDF" * 100),),
    date=NOON.astimezone(timezone(timedelta(hours=3))),
)


def judged(letter: OutgoingLetter) -> EmailMessage:
    """Read a letter with a parser that is not ours."""
    return message_from_bytes(compose(letter), policy=default)


def test_a_letter_is_read_elsewhere_as_it_was_meant() -> None:
    """Names, subject, texts and file in Russian."""
    message = judged(LETTER)

    plain, html = message.get_body(("plain",)), message.get_body(("html",))
    [file] = message.iter_attachments()
    assert message["Subject"] == " ".join(LETTER.subject.split())
    assert message["From"].addresses[0].display_name == "МЦУР Одинцово"
    assert [who.addr_spec for who in message["To"].addresses] == recipients(LETTER)
    assert message["To"].addresses[0].display_name == "Глава, городской округ"
    assert plain is not None
    assert plain.get_content().replace("\r\n", "\n") == TEXT
    assert html is not None
    assert html.get_content() == "<p>Добрый день!</p>"
    assert (file.get_filename(), file.get_content()) == (FILE_NAME, b"%PDF" * 100)
    assert message.defects == []


def test_the_bytes_pass_every_gateway() -> None:
    """ASCII, CR LF at every end, no line over 78 characters but ids; the same each time."""
    content = compose(LETTER)

    lines = content.split(b"\r\n")
    assert content.isascii()
    assert not any(b"\n" in line or b"\r" in line for line in lines)
    assert max(map(len, lines)) <= 78
    assert content == compose(LETTER)


def test_machines_are_asked_not_to_answer() -> None:
    """RFC 3834 and what Exchange looks at; the thread is kept; urgent is seen to be."""
    letter = replace(
        LETTER,
        urgent=True,
        reply_to=("Робот", "robot@firm.test"),
        in_reply_to="<a@x>",
        references=("<a@x>", "broken\r\nBcc: evil@x.ru", "<b@" + "y" * 200 + ">"),
    )

    message = judged(letter)

    assert message["Auto-Submitted"] == "auto-generated"
    assert message["X-Auto-Response-Suppress"] == "All"
    assert (message["Importance"], message["X-Priority"]) == ("high", "1 (Highest)")
    assert message["Date"] == "Wed, 18 Nov 2026 12:00:00 +0300"
    assert message["Message-ID"] == LETTER.message_id
    assert (message["In-Reply-To"], message["Bcc"]) == ("<a@x>", None)
    assert message["References"].split() == ["<a@x>", "<b@" + "y" * 200 + ">"]
    assert message["Reply-To"].addresses[0].addr_spec == "robot@firm.test"


def test_nothing_of_a_text_becomes_a_header() -> None:
    """Subjects and names come from letters and the directory: line breaks in them are spaces."""
    evil = "Тема\r\nBcc: evil@x.ru\r\n\r\n<script>"
    file = MailFile(name=evil, content_type="text/html\r\nX: y", content=b"")
    letter = replace(LETTER, subject=evil, to=((evil, "head@firm.test"),), files=(file,))

    message = judged(letter)

    assert (message["Bcc"], message["X"]) == (None, None)
    assert message["Subject"] == "Тема Bcc: evil@x.ru <script>"
    [attached] = message.iter_attachments()
    assert attached.get_content_type() == "application/octet-stream"


def test_what_cannot_be_written_is_left_out() -> None:
    """Halves of characters and NUL come with bad exports; they must not stop a report."""
    message = judged(replace(LETTER, subject="а\ud800б", text="в\x00г\ud800", html=None, files=()))

    assert (message["Subject"], message.get_content()) == ("аб", "вг")


def test_plain_words_that_look_encoded_stay_words() -> None:
    """A subject may quote an encoded word, a name may hold quotes."""
    letter = replace(LETTER, subject="=?utf-8?B?0LQ=?=", sender=('John "J" \\ Doe', "j@firm.test"))

    message = judged(letter)

    assert message["Subject"] == "=?utf-8?B?0LQ=?="
    assert message["From"].addresses[0].display_name == 'John "J" \\ Doe'


def test_a_cyrillic_domain_travels_in_its_ascii_form() -> None:
    """«одинцово.рф» is «xn--…» on the way."""
    letter = replace(LETTER, to=(("", "glava@одинцово.рф"),), cc=(("", "glava@одинцово.рф"),))

    assert recipients(letter) == ["glava@xn--b1admucdb5d.xn--p1ai"]
    assert judged(letter)["To"].addresses[0].domain == "xn--b1admucdb5d.xn--p1ai"


@pytest.mark.parametrize(
    "address",
    ["", "head", "head@", "a b@x.ru", "a@x.ru>\r\nBcc: b@x.ru", "глава@x.ru", "a@x..ru", "a@@x.ru"],
)
def test_an_address_that_is_none_is_named(address: str) -> None:
    """A human must correct the directory."""
    with pytest.raises(Rejected, match="is no e-mail address; correct it in the directory"):
        compose(replace(LETTER, cc=(("", address),)))


def test_a_broken_id_of_our_own_is_named() -> None:
    """The Message-ID is the key of the letter."""
    with pytest.raises(Rejected, match="«report 1» is no Message-ID"):
        compose(replace(LETTER, message_id="report 1"))


def test_a_long_name_of_a_file_ends_with_a_whole_word() -> None:
    """Not in the middle of one."""
    name = "Еженедельный план мероприятий по снижению количества обращений " * 3 + ".docx"
    letter = replace(LETTER, files=(replace(LETTER.files[0], name=name),))

    [file] = judged(letter).iter_attachments()

    said = file.get_filename() or ""
    stem, _, ending = said.rpartition(".")
    assert (len(said) <= 120, ending) == (True, "docx")
    assert name.startswith(f"{stem} ")
