"""A letter of ours becomes bytes that every mail program and gateway can read.

Lines end with CR LF and are short, everything is ASCII (RFC 5322, 2045), Russian stands in encoded
words (RFC 2047) and parameters (RFC 2231). Headers are encoded here and not by the standard
library's modern policy, which breaks long Message-IDs.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable
from email.encoders import encode_base64
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.policy import compat32
from email.utils import format_datetime
from urllib.parse import quote

from mcur.connectors.mail.charsets import one_line, readable
from mcur.connectors.mail.names import safe_name
from mcur.connectors.ports import MailFile, OutgoingLetter, Rejected

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@([A-Za-z0-9.-]{1,255})")
_ID = re.compile(r"<[!-;=?-~]{1,900}>")
_NESTING = {"message", "multipart"}  # must not be base64 (RFC 2045, 6.4), so they travel as bytes
_WORD_BYTES = 42  # bytes in one encoded word, which may have 75 characters (RFC 2047, 2)
_SECTION = 54  # characters in one section of a file name


def compose(letter: OutgoingLetter) -> bytes:
    """Write the letter out. Raises :class:`Rejected` for an address or an id that is none."""
    message = _body(letter)
    for name, value in _headers(letter):
        message[name] = value
    return message.as_bytes(policy=compat32.clone(linesep="\r\n"))


def address_of(address: str) -> str:
    """Return the address as it travels: a Cyrillic domain in its ASCII form (RFC 5891)."""
    local, _, domain = address.strip().rpartition("@")
    try:
        travels = f"{local}@{domain.encode('idna').decode('ascii')}"
    except UnicodeError:
        travels = ""
    if not _ADDRESS.fullmatch(travels):
        msg = f"«{one_line(address)}» is no e-mail address; correct it in the directory"
        raise Rejected(msg)
    return travels


def recipients(letter: OutgoingLetter) -> list[str]:
    """Return the addresses that the letter goes to, each once."""
    return list(dict.fromkeys(address_of(address) for _, address in letter.to + letter.cc))


def _headers(letter: OutgoingLetter) -> list[tuple[str, str]]:
    headers = [
        ("Date", format_datetime(letter.date)),
        ("From", _people([letter.sender])),
        ("To", _people(letter.to)),
        ("Cc", _people(letter.cc)),
        ("Reply-To", _people([letter.reply_to] if letter.reply_to else [])),
        ("Subject", _words(one_line(letter.subject))),
        ("Message-ID", _own_id(letter)),
        ("In-Reply-To", _foreign_ids([letter.in_reply_to or ""])),
        ("References", _foreign_ids(letter.references)),
        # A machine writes, so machines must not answer (RFC 3834, 5; the second is Exchange's).
        ("Auto-Submitted", "auto-generated"),
        ("X-Auto-Response-Suppress", "All"),
    ]
    if letter.urgent:
        headers += [("Importance", "high"), ("X-Priority", "1 (Highest)")]
    return [(name, value) for name, value in headers if value or name == "Subject"]


def _body(letter: OutgoingLetter) -> MIMEBase:
    """Text, or text and HTML, and the files beside them; the same letter gives the same bytes."""
    mark = hashlib.sha256(letter.message_id.encode()).hexdigest()[:32]
    body: MIMEBase = MIMEText(_lines(letter.text), "plain", "utf-8")
    if letter.html is not None:
        plain, html = body, MIMEText(_lines(letter.html), "html", "utf-8")
        body = MIMEMultipart("alternative", f"alternative-{mark}", [plain, html])
    if not letter.files:
        return body
    return MIMEMultipart("mixed", f"mixed-{mark}", [body, *(_file(file) for file in letter.files)])


def _file(file: MailFile) -> MIMEBase:
    main, _, sub = file.content_type.partition("/")
    if not re.fullmatch(r"[\w.+-]+/[\w.+-]+", file.content_type, re.ASCII) or main in _NESTING:
        main, sub = "application", "octet-stream"
    part = MIMEBase(main, sub)
    part.set_payload(file.content)
    encode_base64(part)
    name = safe_name(file.name) or "file"
    # Old programs look at the name of Content-Type and understand only encoded words there.
    part.replace_header("Content-Type", f'{main}/{sub}; name="{_words(name)}"')
    part["Content-Disposition"] = f"attachment; {_file_name(name)}"
    return part


def _file_name(name: str) -> str:
    """Write a file name in sections, so that no line gets long (RFC 2231, 3 and 4)."""
    if name.isascii():
        return f'filename="{name}"'
    coded = "utf-8''" + quote(name, safe="")
    cuts = re.findall(rf"(?:%..|[^%]){{1,{_SECTION // 3}}}", coded)
    return "; ".join(f"filename*{number}*={section}" for number, section in enumerate(cuts))


def _people(people: Iterable[tuple[str, str]]) -> str:
    return ", ".join(
        f"{_phrase(one_line(name))} <{address_of(address)}>"
        if one_line(name)
        else address_of(address)
        for name, address in people
    )


def _phrase(name: str) -> str:
    """Write a person's name: quoted where it is ASCII, else as encoded words."""
    if not name.isascii():
        return _words(name)
    return '"' + re.sub(r'(["\\])', r"\\\1", name) + '"'


def _words(text: str) -> str:
    """Write text as encoded words, none of which ends inside a letter (RFC 2047, 5)."""
    # «=?» in plain text would be read as the beginning of such a word.
    if text.isascii() and "=?" not in text:
        return text
    words, word = [], b""
    for char in text:
        if len(word + char.encode()) > _WORD_BYTES:
            words.append(word)
            word = b""
        word += char.encode()
    return " ".join(f"=?utf-8?B?{base64.b64encode(part).decode()}?=" for part in [*words, word])


def _own_id(letter: OutgoingLetter) -> str:
    """Return the Message-ID, which is the letter's key and must survive the way."""
    if not _ID.fullmatch(letter.message_id):
        msg = f"«{one_line(letter.message_id)}» is no Message-ID; it must look like <name@host>"
        raise Rejected(msg)
    return letter.message_id


def _foreign_ids(ids: Iterable[str]) -> str:
    """Return what other people's programs have called their letters, without broken ones."""
    return " ".join(ident for ident in ids if _ID.fullmatch(ident))


def _lines(text: str) -> str:
    return readable(text).replace("\n", "\r\n")
