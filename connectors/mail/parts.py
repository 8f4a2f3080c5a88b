"""A letter as a tree of parts: slices of its bytes, cut at headers and boundaries.

The standard library's parser is not used here on purpose: its headers cost the square of their
length, it recurses as deep as a sender wishes, it raises on one real letter in two hundred, and
it does not keep the bytes of an attached letter. Cutting is all that is needed (RFC 2045, 2046).
"""

from __future__ import annotations

import binascii
import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import unquote_to_bytes

from mcur.connectors.mail.charsets import russian
from mcur.connectors.mail.words import parameters, unworded
from mcur.connectors.ports import ConnectorError

HEADER_BLOCK = 256 * 1024
"""Bytes of a header block that are read; the rest of a longer one is left out."""
_VALUE = 32 * 1024
_HEADERS = 500
DEEPEST = 20
"""How deep parts and attached letters may stand inside each other."""
TOO_DEEP = "application/x-nested-too-deep"
"""Kind of a multipart that was not cut any more."""
_PARTS = 1000

_KIND = re.compile(r"[\w.+-]+/[\w.+-]+", re.ASCII)
_BLANK = re.compile(rb"(?>\r\n|\n|\r)(?>\r\n|\n|\r)")
_UU_BEGINS = re.compile(rb"(?m)^begin [0-7]{3,4} [^\r\n]*(?:\r\n|\n|\r)")
# The first line of a part after a boundary that the headers do not name.
_FOREIGN = re.compile(rb"(?m)^--([^\r\n]{1,70}?)[ \t]*\r?\nContent-[a-z-]{4,20}:", re.IGNORECASE)
_FIELD = re.compile(rb"(?m)^([!-9;-~]{1,76})[ \t]*:((?:[^\r\n]*(?:\r\n?|\n)(?=[ \t]))*[^\r\n]*)")


class Unreadable(ConnectorError):
    """The bytes are no letter that a person could have sent; keep them in quarantine."""


class Headers:
    """The headers of a part, in their order, as bytes; names in lower case."""

    def __init__(self, block: bytes) -> None:
        self.is_cut = len(block) > HEADER_BLOCK
        found = _FIELD.finditer(block[:HEADER_BLOCK])
        self.fields = [
            (match[1].decode("ascii").lower(), re.sub(rb"[\r\n]+", b" ", match[2])[:_VALUE].strip())
            for match, _ in zip(found, range(_HEADERS), strict=False)
        ]

    def all(self, name: str) -> list[bytes]:
        """Return the values of every header of this name, topmost first."""
        return [value for known, value in self.fields if known == name]

    def raw(self, name: str) -> bytes:
        """Return the topmost value, or nothing."""
        return next(iter(self.all(name)), b"")

    def text(self, name: str) -> str:
        """Return the topmost value decoded for people."""
        value = self.raw(name)
        return unworded(value) if value.isascii() else unworded(value, self.charset())

    def charset(self) -> str | None:
        """Return the Russian charset of the text below, if it has one: raw bytes here are of it, too."""
        return russian(parameters(self.raw("content-type")).get("charset"))

    def token(self, name: str) -> str:
        """Return the first word of a value in lower case («text/html», «attachment»)."""
        first = self.raw(name).partition(b";")[0]
        return first.decode("ascii", "replace").strip().lower()


@dataclass(frozen=True, slots=True)
class Part:
    """A part: its headers, its body as sent, and the parts inside a multipart."""

    headers: Headers
    body: bytes
    children: tuple[Part, ...] = ()
    kind: str = "text/plain"
    parameters: dict[str, str] = field(default_factory=dict)

    @property
    def is_multipart(self) -> bool:
        """Whether the part has parts of its own; a multipart without any is a text."""
        return bool(self.children)

    def content(self) -> bytes:
        """Return the body without its transfer encoding; damaged base64 as far as it goes."""
        match self.headers.token("content-transfer-encoding"):
            case "base64":
                return _from_base64(self.body)
            case "quoted-printable":
                return binascii.a2b_qp(self.body)
            case "x-uuencode" | "uuencode" | "x-uue" | "uue":
                return _from_uuencode(self.body)
            case _:
                return self.body

    def walk(self) -> Iterator[Part]:
        """Yield this part and all inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


def cut(data: bytes, numbers: Iterator[int] | None = None, *, depth: int = 0) -> Part:
    """Cut a letter into its parts; a part that stands too deep stays whole (:data:`TOO_DEEP`).

    ``depth`` is that of the letter inside other letters, ``numbers`` counts the parts of all of
    them. Raises :class:`Unreadable` for thousands of parts.
    """
    return _cut(data, depth, "text/plain", count(1) if numbers is None else numbers)


def _cut(data: bytes, depth: int, default: str, numbers: Iterator[int]) -> Part:
    if next(numbers) > _PARTS:
        msg = f"в письме больше {_PARTS} частей: так пишут только вредоносные программы"
        raise Unreadable(msg)
    block, body = split(data)
    headers = Headers(block)
    kind = headers.token("content-type")
    if not _KIND.fullmatch(kind):
        kind = default
    children: tuple[Part, ...] = ()
    if kind.startswith("multipart/") and depth >= DEEPEST:
        kind = TOO_DEEP
    elif kind.startswith("multipart/"):
        inner = "message/rfc822" if kind == "multipart/digest" else "text/plain"
        slices = _slices(body, boundary_of(headers))
        children = tuple(_cut(piece, depth + 1, inner, numbers) for piece in slices)
    return Part(headers, body, children, kind, parameters(headers.raw("content-type")))


def split(data: bytes) -> tuple[bytes, bytes]:
    """Split at the first blank line. Bytes that do not begin with a header are all body."""
    # An mbox line or blank lines before the headers are remains of somebody's storage.
    data = re.sub(rb"\A(?:[ \t]*\r?\n)*(?:>?From [^\r\n]*\r?\n)?", b"", data, count=1)
    if _FIELD.match(data) is None:
        return b"", data
    end = _BLANK.search(data)
    if end is None:
        return _without_blank(data, b"")
    return _without_blank(data[: end.start()], data[end.end() :])


def _without_blank(block: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Give back to the body what stands after the last header, where no blank line parts them."""
    if len(block) > HEADER_BLOCK:
        return block, body
    end = max((match.end() for match in _FIELD.finditer(block)), default=0)
    stray = block[end:].lstrip()
    return block[:end], (stray + b"\r\n\r\n" + body if stray else body)


def boundary_of(headers: Headers) -> bytes:
    """Return the boundary as bytes: it is compared, never shown."""
    found = re.search(
        rb"""boundary(\*)?\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s;"]+))""",
        headers.raw("content-type"),
        re.IGNORECASE,
    )
    if found is None:
        return b""
    value: bytes = found[2] or found[3] or b""
    # Some programs write even this one with a charset and a language (RFC 2231, 4).
    return unquote_to_bytes(value.split(b"'", 2)[-1]) if found[1] else value.strip()


def _slices(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield the parts of a multipart; where its boundary stands nowhere, by the one that does."""
    found = iter(_between(body, boundary))
    first = next(found, None)
    if first is not None:
        yield first
        yield from found
    elif (foreign := _FOREIGN.search(body)) is not None:
        yield from _between(body, foreign[1])


def _between(body: bytes, boundary: bytes) -> Iterator[bytes]:
    """Yield what stands between boundary lines; the last one may have been lost on the way."""
    if not boundary:
        return
    line = re.compile(
        rb"(?:\A|\r\n|\n|\r)--" + re.escape(boundary) + rb"(--)?[ \t]*(?=\r|\n|\Z)(?:\r\n|\n|\r)?"
    )
    start: int | None = None
    position = 0
    while (match := line.search(body, position)) is not None:
        if start is not None:
            yield body[start : match.start()]
        if match[1]:
            return
        start = match.end()
        # The line end after one boundary may be the one before the next.
        position = max(match.end() - 1, match.start() + 1)
    if start is not None:
        yield body[start:]


def _from_base64(body: bytes) -> bytes:
    """Decode as much as there is: mail gateways add footers, senders forget the padding."""
    letters = re.sub(rb"[^A-Za-z0-9+/]", b"", body.partition(b"=\n--")[0])
    usable = len(letters) - (len(letters) % 4 == 1)
    return binascii.a2b_base64(letters[:usable] + b"=" * (-usable % 4))


def _from_uuencode(body: bytes) -> bytes:
    """Decode between «begin 644 name» and «end»; a spoilt line costs itself."""
    begun = _UU_BEGINS.search(body)
    if begun is None:
        return body
    found: list[bytes] = []
    for line in body[begun.end() :].splitlines():
        if line.strip() == b"end":
            break
        # Old encoders pad a line beyond its length, gateways cut the spaces at its end.
        wanted = 1 + (((line[0] - 32) & 63) + 2) // 3 * 4 if line else 0
        with contextlib.suppress(binascii.Error):
            found.append(binascii.a2b_uu(line[:wanted].ljust(wanted)))
    return b"".join(found)
