"""Letters as they come in Russian offices, built byte by byte, and a place for their blobs."""

from __future__ import annotations

import base64
import hashlib
import quopri
from datetime import UTC, datetime

from mcur.connectors.mail.mime import parse
from mcur.connectors.ports import RawLetter
from mcur.playbooks.facts import Letter, LetterPlace

NOON = datetime(2026, 11, 18, 9, 0, tzinfo=UTC)
TEXT = (
    "Добрый день!\n\nПрошу устранить течь кровли по адресу: г. Одинцово, ул. Солнцева, д. 5, "
    "кв. 12.\nСрок до 20 ноября. Тел. 8 (495) 123-45-67.\n\nС уважением, Иванов И. И."
)
FILE_NAME = "Отчёт по заявкам за ноябрь 2026 года (очень длинное имя файла).xlsx"


class Blobs(dict[str, bytes]):
    """Blobs in memory."""

    def put(self, content: bytes) -> str:
        """Keep the bytes under their sha256."""
        digest = hashlib.sha256(content).hexdigest()
        self[digest] = content
        return digest

    def get(self, digest: str) -> bytes:  # type: ignore[override]  # as the port has it: no default
        """Return the bytes."""
        return self[digest]


def a_raw(data: bytes, *, uid: str = "1") -> RawLetter:
    """Make a fetched letter of bytes."""
    place = LetterPlace(account="test", folder="INBOX", uidvalidity=1, uid=uid)
    return RawLetter(place=place, received_at=NOON, size=len(data), raw=data)


def read(data: bytes, blobs: Blobs | None = None, *, trusted: str | None = None) -> Letter:
    """Parse bytes as the daemon does."""
    return parse(a_raw(data), Blobs() if blobs is None else blobs, trusted_authserv=trusted)


def a_letter(*headers: str | bytes, body: bytes = b"", subject: str = "Поручение") -> bytes:
    """Make a letter: given headers win over the usual ones."""
    given = [line if isinstance(line, bytes) else line.encode() for line in headers]
    names = {line.partition(b":")[0].lower() for line in given}
    usual = [
        b"From: " + word("Иванов Пётр") + b" <ivanov@mosreg.ru>",
        b"To: robot@firm.test",
        b"Subject: " + word(subject),
        b"Date: Wed, 18 Nov 2026 12:00:00 +0300",
        b"Message-ID: <one@mosreg.ru>",
        b"MIME-Version: 1.0",
    ]
    kept = [line for line in usual if line.partition(b":")[0].lower() not in names]
    return b"\r\n".join([*kept, *given, b"", body])


def word(text: str, charset: str = "utf-8") -> bytes:
    """Write an encoded word (RFC 2047)."""
    return b"=?%s?B?%s?=" % (charset.encode(), base64.b64encode(text.encode(charset, "replace")))


def a_text(text: str, charset: str, encoding: str) -> bytes:
    """Make a plain letter in a charset and a transfer encoding."""
    raw = text.replace("\n", "\r\n").encode(charset)
    body = {
        "base64": base64.encodebytes(raw).replace(b"\n", b"\r\n"),
        "quoted-printable": quopri.encodestring(raw),
        "8bit": raw,
    }[encoding]
    return a_letter(
        f"Content-Type: text/plain; charset={charset}",
        f"Content-Transfer-Encoding: {encoding}",
        b"Subject: " + word("Заявка на ремонт", charset),
        body=body,
    )


def a_part(content: bytes, *headers: str | bytes) -> bytes:
    """Make a part of a multipart."""
    lines = [line if isinstance(line, bytes) else line.encode() for line in headers]
    return b"\r\n".join([*lines, b"", content])


def a_multipart(*parts: bytes, kind: str = "mixed", boundary: str = "B0") -> bytes:
    """Make a letter of parts."""
    mark = b"--" + boundary.encode()
    body = b"".join(mark + b"\r\n" + part + b"\r\n" for part in parts) + mark + b"--\r\n"
    return a_letter(f'Content-Type: multipart/{kind}; boundary="{boundary}"', body=body)


def a_file(disposition: str | bytes, content: bytes = b"PK\x03\x04", kind: str = "") -> bytes:
    """Make a part that is a file; ``disposition`` is what follows «attachment»."""
    raw = disposition if isinstance(disposition, bytes) else disposition.encode()
    return a_part(
        base64.b64encode(content),
        kind or "Content-Type: application/octet-stream",
        b"Content-Disposition: attachment" + raw,
        "Content-Transfer-Encoding: base64",
    )
