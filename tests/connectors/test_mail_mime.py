"""Letters as Russian offices send them are read whole, whatever their programs did to them."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from urllib.parse import quote

import pytest

from mcur.connectors.mail.mime import Unreadable, digest_of, parse
from tests.servers.letters import (
    FILE_NAME,
    TEXT,
    Blobs,
    a_file,
    a_letter,
    a_multipart,
    a_part,
    a_raw,
    a_text,
    read,
    word,
)

CHARSETS = ("windows-1251", "koi8-r", "utf-8", "iso-8859-5")
ENCODINGS = ("base64", "quoted-printable", "8bit")
PLAIN = a_part(TEXT.encode(), "Content-Type: text/plain; charset=utf-8")


@pytest.mark.parametrize("charset", CHARSETS)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_russian_letter_is_read_in_its_charset(charset: str, encoding: str) -> None:
    """Every charset of Russian mail in every transfer encoding."""
    letter = read(a_text(TEXT, charset, encoding))

    assert (letter.text, letter.subject) == (TEXT, "Заявка на ремонт")
    assert (letter.sender, letter.sender_name) == ("ivanov@mosreg.ru", "Иванов Пётр")
    assert letter.flaws == ()


@pytest.mark.parametrize("declared", ["x-mac-cyrillic", "mac-cyrillic"])
def test_a_charset_with_another_name_is_known(declared: str) -> None:
    """Old Macs name their charset as no library does."""
    data = a_letter(
        f"Content-Type: text/plain; charset={declared}", body=TEXT.encode("mac_cyrillic")
    )

    assert read(data).text == TEXT


@pytest.mark.parametrize("declared", ["DEFAULT_CHARSET", '""', "unknown-8bit", "hex", "us-ascii"])
@pytest.mark.parametrize("actual", ["utf-8", "cp1251", "koi8-r"])
def test_a_charset_that_says_nothing_is_guessed_and_the_guess_is_told(
    declared: str, actual: str
) -> None:
    """UTF-8 is recognised strictly, windows-1251 and koi8-r by their letters."""
    data = a_letter(f"Content-Type: text/plain; charset={declared}", body=TEXT.encode(actual))

    letter = read(data)

    assert letter.text == TEXT
    assert [flaw.partition(",")[0] for flaw in letter.flaws] == [
        "кодировка письма не указана или указана неверно"
    ]


@pytest.mark.parametrize(
    ("declared", "actual"),
    [
        ("utf-8", "cp1251"),
        ("iso-8859-1", "cp1251"),
        ("windows-1251", "utf-8"),
        ("koi8-r", "cp1251"),
        ("windows-1251", "koi8-r"),
        ("utf-16", "cp1251"),
    ],
)
def test_a_wrong_charset_does_not_spoil_the_text(declared: str, actual: str) -> None:
    """What the bytes clearly are wins over what the header says."""
    data = a_letter(f"Content-Type: text/plain; charset={declared}", body=TEXT.encode(actual))

    assert read(data).text == TEXT


def test_german_in_latin_1_stays_german() -> None:
    """Single high bytes among Latin letters are no Russian."""
    data = a_letter(
        "Content-Type: text/plain; charset=iso-8859-1", body="Größe für Müller".encode("latin-1")
    )

    assert read(data).text == "Größe für Müller"


def test_one_spoilt_byte_leaves_the_rest_readable() -> None:
    """A gateway that cut inside a letter costs one sign, not the text."""
    spoilt = TEXT.encode().replace("кровли".encode(), "кров".encode() + b"\xd0" + "ли".encode())

    letter = read(a_letter("Content-Type: text/plain; charset=utf-8", body=spoilt))

    assert letter.text == TEXT.replace("кровли", "кров\ufffdли")


def test_controls_and_nul_disappear_from_texts() -> None:
    """Nothing that nobody can see gets into the tracker."""
    letter = read(a_letter("Subject: A\x00B\x07\tC", body="да\x00 нет\x1b\r\nконец".encode()))

    assert (letter.subject, letter.text) == ("AB C", "да нет\nконец")


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        (word("Заявка", "cp1251"), "Заявка"),
        ("Заявка №5".encode("cp1251"), "Заявка №5"),
        ("Заявка №5".encode(), "Заявка №5"),
        (b"=?utf-8?B?0JfQsNGP?=\r\n =?utf-8?B?0LLQutCw?=", "Заявка"),
        (b"=?utf-8?B?0JfQsNGP0A==?= =?utf-8?B?stC60LA=?=", "Заявка"),
        (b"=?UTF-8?q?=D0=A7=D1=82=D0=BE??= 5", "Что? 5"),
        (b"=?koi8-r?Q?=FE=D4=CF?=20=CE=C5?=", "Что? не"),
        (b"RE: =?utf-8*ru?B?0LTQsA==?= [5]", "RE: да [5]"),
        (b"=?nonsense?B?5OA=?=", "да"),
        (b"=?utf-8?B?", "=?utf-8?B?"),
        (b"", ""),
    ],
)
def test_a_subject_is_decoded_however_it_was_written(raw: bytes, text: str) -> None:
    """RFC 2047 as it is, and as it is broken."""
    assert read(a_letter(b"Subject: " + raw)).subject == text


def named(how: str) -> bytes:
    """Write the disposition with the long name in one of the ways that are met."""
    coded = quote(FILE_NAME)
    cuts = ["utf-8''" + coded[:60]] + [coded[at : at + 60] for at in range(60, len(coded), 60)]
    words = b"\r\n ".join(word(FILE_NAME[at : at + 20], "koi8-r") for at in range(0, 80, 20))
    return {
        "continued": ";\r\n".join(
            ["", *(f" filename*{number}*={cut}" for number, cut in enumerate(cuts))]
        ).encode(),
        "windows-1251": f"; filename*=windows-1251''{quote(FILE_NAME.encode('cp1251'))}".encode(),
        "words": b'; filename="' + words + b'"',
        "raw cp1251": b'; filename="' + FILE_NAME.encode("cp1251") + b'"',
        "raw koi8-r": b'; filename="' + FILE_NAME.encode("koi8-r") + b'"',
        "raw utf-8": b"; filename=" + FILE_NAME.encode(),
        "both": f"; filename=report.xlsx; filename*=utf-8''{coded}".encode(),
        "path": b'; filename="C:\\Docs\\' + FILE_NAME.encode("cp1251") + b'"',
    }[how]


@pytest.mark.parametrize(
    "how",
    ["continued", "windows-1251", "words", "raw cp1251", "raw koi8-r", "raw utf-8", "both", "path"],
)
def test_a_file_keeps_its_russian_name(how: str) -> None:
    """RFC 2231 with and without continuations, RFC 2047 in a parameter, raw bytes, a path."""
    blobs = Blobs()

    letter = read(a_multipart(PLAIN, a_file(named(how), b"content")), blobs)

    [file] = letter.attachments
    assert file.name == FILE_NAME
    assert (blobs[file.digest], file.size) == (b"content", 7)
    assert letter.text == TEXT


def test_a_name_cannot_lead_out_of_a_folder_or_pretend() -> None:
    """Slashes, marks of direction and endless names are taken out."""
    bad = ["/etc/passwd", "акт\u202efdp.exe", "a/b.txt", "..", "x" * 500 + ".pdf"]
    parts = [a_file(f"; filename*=utf-8''{quote(name, safe='')}") for name in bad]

    names = [file.name for file in read(a_multipart(*parts)).attachments]

    assert names[:4] == ["passwd", "актfdp.exe", "a_b.txt", "вложение-4.bin"]
    assert (len(names[4]), names[4][-4:]) == (120, ".pdf")


def test_of_two_alternatives_the_plain_text_is_read() -> None:
    """HTML beside a plain text says the same."""
    html = a_part(b"<p>other</p>", "Content-Type: text/html")

    assert read(a_multipart(PLAIN, html, kind="alternative")).text == TEXT


def test_html_is_read_where_there_is_no_plain_text() -> None:
    """Lines, lists, cells, links and quotes survive; scripts and styles do not."""
    empty = a_part(b" \r\n", "Content-Type: text/plain")
    html = (
        "<html><head><style>p{}</style><title>t</title><!-- <p>x</p> --></head><body><p>Адрес:&nbsp;Солнцева,"
        " 5<br>кв. 12</p><ul><li>раз<li>два</ul><table><tr><td>А</td> <td>Б</table><o:p></o:p><SCRIPT>x('<p>')</script>"
        '<a href="https://firm.test/1">здесь</a><blockquote>было<br>давно</blockquote>'
    )
    part = a_part(html.encode(), "Content-Type: text/html; charset=utf-8")

    letter = read(a_multipart(empty, part, kind="alternative"))

    assert letter.text == (
        "Адрес: Солнцева, 5\nкв. 12\n\n- раз\n- два\nА\tБ\n"
        "здесь (https://firm.test/1)\n> было\n> давно"
    )


def test_inline_images_and_texts_with_names_are_files() -> None:
    """A photo inside the letter is evidence; a text with a name is not said in the letter."""
    image = a_part(b"\x89PNG", 'Content-Type: image/png; name="фото.png"', "Content-ID: <1>")
    note = a_part(b"inside", "Content-Type: text/plain", "Content-Disposition: attachment")
    log = a_part(b"log", 'Content-Type: text/plain; name="a.log"', "Content-Disposition: inline")

    letter = read(a_multipart(PLAIN, image, note, log, kind="related"))

    assert [file.name for file in letter.attachments] == ["фото.png", "вложение-2.txt", "a.log"]
    assert letter.text == TEXT


def test_a_forwarded_letter_is_kept_as_it_is_and_can_be_read() -> None:
    """An order that is forwarded as an attachment is an order."""
    inner = a_text(TEXT, "koi8-r", "base64").replace(b"<one@", b"<inner@")
    blobs = Blobs()
    note = a_part("Прошу в работу".encode(), "Content-Type: text/plain; charset=utf-8")

    letter = read(a_multipart(note, a_part(inner, "Content-Type: message/rfc822")), blobs)

    [file] = letter.attachments
    assert (file.name, file.content_type) == ("Заявка на ремонт.eml", "message/rfc822")
    assert blobs[file.digest] == inner
    assert letter.text == (
        "Прошу в работу\n\n---------- Пересылаемое сообщение ----------\n"
        "От: Иванов Пётр <ivanov@mosreg.ru>\nДата: Wed, 18 Nov 2026 12:00:00 +0300\n"
        f"Кому: robot@firm.test\nТема: Заявка на ремонт\n\n{TEXT}"
    )


def test_letters_inside_letters_end_somewhere() -> None:
    """A hundred letters inside each other are opened as deep as people send them, and told."""
    data = a_letter(body=b"the innermost")
    for _ in range(100):
        data = a_letter("Content-Type: message/rfc822", body=data)

    letter = read(data)

    assert len(letter.attachments) == 1
    assert letter.flaws == (
        "части письма вложены друг в друга слишком глубоко, последние не раскрыты",
    )


def test_an_empty_letter_is_a_letter() -> None:
    """A letter may be all in its subject."""
    letter = read(a_letter())

    assert (letter.subject, letter.text, letter.attachments) == ("Поручение", "", ())


def test_identity_is_the_message_id_or_else_all_of_the_letter() -> None:
    """The same letter from a Maildir and by IMAP is one letter; its raw bytes are kept."""
    with_id = a_letter("Message-ID:\r\n <one@mosreg.ru> ", body=b"a\r\nb")
    without = a_letter(body=b"a\r\nb").replace(b"Message-ID: <one@mosreg.ru>\r\n", b"")
    blobs = Blobs()

    letter = read(with_id, blobs)

    assert letter.message_id == "<one@mosreg.ru>"
    assert letter.digest == hashlib.sha256(b"<one@mosreg.ru>").hexdigest()
    assert blobs[letter.raw] == with_id
    assert digest_of(without) == digest_of(without.replace(b"\r\n", b"\n"))
    assert digest_of(without) != digest_of(without + b"c")


def test_the_thread_of_a_letter_is_known() -> None:
    """In-Reply-To and References lead to our own letters."""
    letter = read(a_letter("In-Reply-To: <a@x> (tomorrow)", "References: <a@x>\r\n <b@y>,<c@z>"))

    assert letter.in_reply_to == "<a@x>"
    assert letter.references == ("<a@x>", "<b@y>", "<c@z>")


@pytest.mark.parametrize(
    "header",
    [
        "Auto-Submitted: auto-replied (vacation)",
        "X-Autoreply: yes",
        "X-Auto-Response-Suppress: All",
        "Precedence: bulk",
        "Precedence: auto_reply",
        "Return-Path: <>",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
    ],
)
def test_letters_of_machines_are_marked(header: str) -> None:
    """Auto-replies and bounces are no answers (RFC 3834)."""
    assert read(a_letter(header)).auto


@pytest.mark.parametrize("header", ["Auto-Submitted: no", "Return-Path: <a@b.ru>", "X-A: b"])
def test_letters_of_people_are_not_marked(header: str) -> None:
    """A person's letter may say that it is one."""
    assert not read(a_letter(header)).auto


def test_a_letter_over_the_limit_is_a_letter_with_a_flaw() -> None:
    """Its headers are there, and what is missing is said."""
    big = replace(a_raw(a_letter()), raw=None, head=a_letter(), size=60 * 2**20)

    letter = parse(big, Blobs())

    assert (letter.subject, letter.sender, letter.text) == ("Поручение", "ivanov@mosreg.ru", "")
    assert letter.flaws == (
        "письмо 60 МБ больше предела, прочитаны только заголовки; "
        "само письмо осталось в почтовом ящике",
    )


def test_damage_on_the_way_costs_as_little_as_possible() -> None:
    """A lost end of a multipart, a footer under base64, a header where none should be."""
    whole = a_multipart(PLAIN, a_file("; filename=a.bin", b"content"))
    footed = whole.replace(b"Y29udGVudA==", b"Y29udGVudA==\r\n--\r\nchecked by X")

    for data in (whole.removesuffix(b"--B0--\r\n"), footed, b"\r\n\r\nFrom me\r\n" + whole):
        letter = read(data)
        assert letter.text == TEXT
        assert letter.attachments[0].size >= 7


def test_a_text_that_follows_its_headers_without_a_line_between_is_read() -> None:
    """Some scripts forget the blank line; a header written on two lines is no such text."""
    glued = b"From: a@b.ru\r\nSubject: x\r\nfirst line\r\n\r\nsecond"
    broken = a_letter("X-Long: one", body=b"text").replace(b"X-Long: one", b"X-Long: o\r\n ne")

    assert read(glued).text == "first line\n\nsecond"
    assert read(broken).text == "text"


def test_a_boundary_may_bear_a_charset() -> None:
    """RFC 2231 for a parameter that needs it least."""
    data = a_multipart(PLAIN).replace(b'boundary="B0"', b"boundary*=us-ascii'en'B%30")

    assert read(data).text == TEXT


def test_bombs_cost_little_time() -> None:
    """Headers and boundaries made to be slow are read in a moment or refused with a reason."""
    bombs = [
        a_letter(b"Content-Type: text/plain" + b";" * 3_000_000),
        a_letter(b"Content-Type: text/plain" + b"; a*0" * 600_000),
        a_letter(b"Subject: " + b"=?utf-8?q?" * 300_000),
        a_letter(b"From: " + b"(" * 3_000_000),
        a_letter(b"To: " + b"a@b.ru, " * 300_000),
        b"X: y\r\n" * 500_000,
        a_letter(b"Content-Type: text/html", body=b"<div>" * 200_000),
        a_letter(b"Content-Type: text/html", body=b"<a href=x><b><table>" * 50_000),
        a_letter(b"Content-Type: text/html", body=b"<!-- <title <style " * 100_000),
        a_letter(
            b"Content-Type: text/html", body=b"&#" + b"9" * 1_000_000 + b";" + b" " * 1_000_000
        ),
        a_letter(b"Content-Type: text/plain", body=b"\xff\xd0" * 1_000_000),
    ]

    for bomb in bombs:
        started = time.process_time()
        assert read(bomb).digest
        assert time.process_time() - started < 3, bomb[:300]


def test_a_letter_of_thousands_of_parts_is_refused_with_its_reason() -> None:
    """Nobody sends that; the caller keeps the bytes in quarantine."""
    with pytest.raises(Unreadable, match="в письме больше 1000 частей"):
        read(a_multipart(*[a_part(b"x")] * 5000))


def test_no_bytes_are_no_letter() -> None:
    """A file of nothing is refused with its reason."""
    with pytest.raises(Unreadable, match="письмо 1 пустое"):
        read(b"\r\n \r\n")
