"""A raw letter becomes a :class:`~mcur.playbooks.facts.Letter`.

A plain function of bytes: it keeps no state, so that it can be moved into a process of its own.
What cannot be read as it should is said in ``flaws``, in Russian, for staff; nothing is dropped.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from mimetypes import guess_type

from mcur.connectors.mail.bounces import bounce_of
from mcur.connectors.mail.charsets import decode, one_line, readable
from mcur.connectors.mail.htmltext import text_of_html
from mcur.connectors.mail.names import file_name, letter_name, safe_name
from mcur.connectors.mail.parts import DEEPEST, TOO_DEEP, Headers, Part, Unreadable, cut, split
from mcur.connectors.mail.people import authenticated, people
from mcur.connectors.mail.tnef import unwrap
from mcur.connectors.ports import Blobs, RawLetter
from mcur.playbooks.facts import Attachment, Letter

__all__ = ["Unreadable", "digest_of", "parse"]

_ID = re.compile(r"<[^<>\s]{1,990}>")
_IDS = 200
_TEXT = 1_000_000
"""Characters of text that rules and people get to see; the raw letter keeps all."""
_NESTED = "части письма вложены друг в друга слишком глубоко, последние не раскрыты"
_WRAPPED = {"application/ms-tnef", "application/vnd.ms-tnef"}
_AUTOMATIC_PRECEDENCE = {"bulk", "junk", "auto_reply"}
# Programs that set none of the headers of RFC 3834; who answers such a letter has «RE:» before it.
_AUTOMATIC_SUBJECT = re.compile(
    r"(?:автоматический ответ|автоответ(?:чик)?|вне офиса|нет на работе"
    r"|auto(?:matic)?[ -]?reply|out of (?:the )?office(?: autoreply)?)[ \t]*(?::|$)",
    re.IGNORECASE,
)


def parse(raw: RawLetter, blobs: Blobs, *, trusted_authserv: str | None = None) -> Letter:
    """Read a letter; its bytes and its attachments go into the blobs.

    ``trusted_authserv`` is the name by which our own mail server signs its
    Authentication-Results. Raises :class:`Unreadable` where the bytes are no letter at all.
    """
    data = raw.head if raw.raw is None else raw.raw
    if raw.raw is None and not raw.head:
        msg = f"письмо {raw.place.uid} почтовый сервер показывает, но прочитать не даёт"
        raise Unreadable(msg)
    if not data.strip():
        msg = f"письмо {raw.place.uid} пустое: в нём нет ни заголовков, ни текста"
        raise Unreadable(msg)
    reading = _Reading(blobs, count(1))
    if raw.raw is None:
        root = Part(Headers(split(data)[0]), b"")
        reading.flaws.append(_too_big(raw.size))
    else:
        root = cut(data, reading.numbers)
        reading.take(root)
    return _letter(raw, data, root, reading, trusted_authserv)


def digest_of(data: bytes) -> str:
    """Return the identity of a letter: sha256 of its Message-ID, or of its headers and body.

    Line ends do not count: a Maildir keeps LF where IMAP gives CR LF.
    """
    message_id = _message_id(Headers(split(data)[0]))
    basis = message_id.encode() if message_id else data.replace(b"\r\n", b"\n")
    return hashlib.sha256(basis).hexdigest()


def _letter(
    raw: RawLetter, data: bytes, root: Part, reading: _Reading, trusted: str | None
) -> Letter:
    headers = root.headers
    sender_name, sender = next(iter(people(headers, "from")), ("", ""))
    if not sender:
        reading.flaws.append("в письме не указан адрес отправителя")
    if len({address for _, address in people(headers, "from")}) > 1:
        reading.flaws.append("в поле «От» несколько адресов, взят первый")
    if headers.is_cut:
        reading.flaws.append("заголовки письма необычно длинные и прочитаны не полностью")
    in_reply_to = _ids(headers, "in-reply-to")
    text = reading.text()
    bounce = bounce_of(root, sender, text)
    return Letter(
        digest=digest_of(data),
        message_id=_message_id(headers),
        place=raw.place,
        sender=sender,
        sender_name=sender_name,
        to=tuple(address for _, address in people(headers, "to")),
        cc=tuple(address for _, address in people(headers, "cc")),
        subject=headers.text("subject"),
        text=text,
        received_at=raw.received_at,
        in_reply_to=in_reply_to[0] if in_reply_to else None,
        references=_ids(headers, "references"),
        auto=bounce is not None or _is_automatic(headers),
        authenticated=authenticated(headers, trusted),
        attachments=tuple(reading.attachments),
        raw=reading.blobs.put(data),
        flaws=tuple(dict.fromkeys(reading.flaws)),
        bounce=bounce,
    )


@dataclass
class _Reading:
    """What was found so far on the way through the parts of one letter."""

    blobs: Blobs
    numbers: Iterator[int]
    texts: list[str] = field(default_factory=list)
    attachments: list[Attachment] = field(default_factory=list)
    flaws: list[str] = field(default_factory=list)

    def take(self, part: Part, depth: int = 0) -> None:
        """Take a part and those inside it, in their order."""
        if part.kind == "multipart/alternative" and part.is_multipart:
            self._take_alternative(part, depth)
        elif part.is_multipart:
            for child in part.children:
                self.take(child, depth)
        elif _is_text(part):
            self.texts.append(self._text(part))
        elif part.kind in {"message/rfc822", "message/global"}:
            self._take_letter(part, depth)
        elif part.kind not in _WRAPPED or not self._unwrap(part):
            self._attach(file_name(part, len(self.attachments) + 1), part.kind, part.content())

    def text(self) -> str:
        """Return the texts one after the other, at most as long as people can use."""
        whole = "\n\n".join(text for text in self.texts if text)
        if len(whole) > _TEXT:
            self.flaws.append("текст письма очень длинный, показано только начало")
        return whole[:_TEXT]

    def _take_alternative(self, part: Part, depth: int) -> None:
        """Take one of the texts: the plain one, unless it is empty; and whatever is no text."""
        readings = [(child, _Reading(self.blobs, self.numbers)) for child in part.children]
        for child, reading in readings:
            reading.take(child, depth)
            self.attachments += reading.attachments
            self.flaws += reading.flaws
        self.texts.append(next((text for _, reading in readings if (text := reading.text())), ""))

    def _take_letter(self, part: Part, depth: int) -> None:
        """Keep an attached letter as a file and show its text, so that an order can be read."""
        content = part.content()
        inner = Headers(split(content)[0])
        self._attach(letter_name(part, inner.text("subject")), "message/rfc822", content)
        if depth >= DEEPEST:
            self.flaws.append(_NESTED)
            return
        reading = _Reading(self.blobs, self.numbers)
        reading.take(cut(content, self.numbers, depth=depth + 1), depth + 1)
        self.texts.append(f"{_forwarded(inner)}\n\n{reading.text()}".strip())
        self.flaws += reading.flaws

    def _unwrap(self, part: Part) -> bool:
        """Take what Outlook wrapped into winmail.dat; whether there was anything that could be read."""
        try:
            found = unwrap(part.content())
        except ValueError:
            return False
        text = found.text or (text_of_html(found.html) if found.html else "")
        if not any(self.texts):
            self.texts.append(readable(text).strip())
        for file in found.files:
            name = safe_name(file.name) or f"вложение {len(self.attachments) + 1}"
            kind = guess_type(name)[0] or "application/octet-stream"
            self._attach(name, kind, file.content)
        return bool(found.files or text)

    def _text(self, part: Part) -> str:
        reading = decode(part.content(), part.parameters.get("charset"))
        if not reading.as_declared:
            self.flaws.append(
                "кодировка письма не указана или указана неверно, "
                f"текст прочитан как {_charset_name(reading.charset)}"
            )
        text = text_of_html(reading.text) if part.kind == "text/html" else reading.text
        return readable(text).strip()

    def _attach(self, name: str, kind: str, content: bytes) -> None:
        digest = self.blobs.put(content)
        self.attachments.append(
            Attachment(name=name, content_type=kind, size=len(content), digest=digest)
        )
        if kind == TOO_DEEP:
            self.flaws.append(_NESTED)
        if not content:
            self.flaws.append(f"вложение «{name}» пустое")
        if kind in _WRAPPED:
            self.flaws.append(f"вложение «{name}» в формате Outlook, его содержимое не раскрыто")


def _is_text(part: Part) -> bool:
    """Whether a part is words to read here, not a file."""
    # A multipart without a part is what a sender made of a plain text by mistake.
    if part.kind not in {"text/plain", "text/html"} and not part.kind.startswith("multipart/"):
        return False
    shown_as_file = part.headers.token("content-disposition") == "attachment"
    return not shown_as_file and not file_name(part, None)


def _forwarded(headers: Headers) -> str:
    """Head the text of an attached letter as mail programs head a forwarded one."""
    lines = [("От", "from"), ("Дата", "date"), ("Кому", "to"), ("Тема", "subject")]
    said = [f"{title}: {text}" for title, name in lines if (text := headers.text(name))]
    return "\n".join(["---------- Пересылаемое сообщение ----------", *said])


def _too_big(size: int) -> str:
    megabytes = f"{size / 2**20:.0f}"
    return (
        f"письмо {megabytes} МБ больше предела, прочитаны только заголовки; "
        "само письмо осталось в почтовом ящике"
    )


def _charset_name(codec: str) -> str:
    return {"cp1251": "windows-1251", "cp1252": "windows-1252"}.get(codec, codec)


def _message_id(headers: Headers) -> str | None:
    """Return the Message-ID with its brackets; as it stands where it has none."""
    text = one_line(headers.raw("message-id").decode("utf-8", "replace"))
    found = _ID.search(text)
    return (found[0] if found else text) or None


def _ids(headers: Headers, name: str) -> tuple[str, ...]:
    text = headers.raw(name).decode("utf-8", "replace")
    return tuple(one_line(found) for found in _ID.findall(text)[-_IDS:])


def _is_automatic(headers: Headers) -> bool:
    """Whether a machine wrote the letter: an auto-reply, a bounce, a mailing (RFC 3834)."""
    submitted = headers.token("auto-submitted")
    return (
        submitted not in {"", "no"}
        or bool(headers.raw("x-autoreply"))
        or bool(headers.raw("x-autorespond"))
        or headers.token("x-auto-response-suppress") not in {"", "none"}
        or headers.token("precedence") in _AUTOMATIC_PRECEDENCE
        or headers.raw("return-path") == b"<>"
        or headers.token("content-type") == "multipart/report"
        or _AUTOMATIC_SUBJECT.match(headers.text("subject")) is not None
    )
