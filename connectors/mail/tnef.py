"""What Outlook wraps into winmail.dat: the text and the files of a letter (MS-OXTNEF).

Only what people need is read: names and bytes of files, the text as plain or HTML. Whatever is
damaged raises :class:`ValueError`; the caller keeps the wrapped file then.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from mcur.connectors.mail.charsets import decode, one_line

SIGNATURE = 0x223E9F78
_FILES = 1000
_BODY, _PROPERTIES = 0x0002800C, 0x00069003
_FILE_BEGINS, _FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES = (
    0x00069002,
    0x00018010,
    0x0006800F,
    0x00069005,
)
_TEXT, _HTML, _DATA, _SHORT_NAME, _LONG_NAME = 0x1000, 0x1013, 0x3701, 0x3704, 0x3707
_STRING, _UNICODE, _BINARY, _OBJECT = 0x1E, 0x1F, 0x102, 0x0D
_FIXED = {
    0x02: 4,
    0x03: 4,
    0x04: 4,
    0x05: 8,
    0x06: 8,
    0x07: 8,
    0x0A: 4,
    0x0B: 4,
    0x14: 8,
    0x40: 8,
    0x48: 16,
}
_VARIABLE = {_STRING, _UNICODE, _BINARY, _OBJECT}
_MANY = 0x1000


@dataclass
class WrappedFile:
    """A file of a wrapped letter."""

    name: str = ""
    content: bytes = b""


@dataclass
class Wrapped:
    """What was wrapped: the text, the HTML where there is no text, the files."""

    text: str = ""
    html: str = ""
    files: list[WrappedFile] = field(default_factory=list)


def unwrap(data: bytes) -> Wrapped:
    """Read a winmail.dat. Raises :class:`ValueError` where it is none, or damaged."""
    try:
        return _unwrap(data)
    except (struct.error, IndexError) as exc:
        msg = "the file ends where more should stand"
        raise ValueError(msg) from exc


def _unwrap(data: bytes) -> Wrapped:
    if struct.unpack_from("<I", data)[0] != SIGNATURE:
        msg = "no signature of TNEF"
        raise ValueError(msg)
    found = Wrapped()
    for name, value in _attributes(data):
        if name == _FILE_BEGINS:
            if len(found.files) == _FILES:
                msg = f"more than {_FILES} files"
                raise ValueError(msg)
            found.files.append(WrappedFile())
        elif name in {_FILE_TITLE, _FILE_DATA, _FILE_PROPERTIES} and found.files:
            _to_file(found.files[-1], name, value)
        elif name == _BODY:
            found.text = found.text or _text(value)
        elif name == _PROPERTIES:
            said = dict(_properties(value))
            found.text = found.text or _said(said.get(_TEXT))
            found.html = _said(said.get(_HTML))
    return found


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the attributes of the stream: name and bytes."""
    at = 6
    while at + 9 <= len(data):
        _, name, length = struct.unpack_from("<BII", data, at)
        value = data[at + 9 : at + 9 + length]
        if len(value) < length:
            raise IndexError
        yield name, value
        at += 9 + length + 2


def _to_file(file: WrappedFile, name: int, value: bytes) -> None:
    if name == _FILE_TITLE:
        file.name = file.name or one_line(_text(value))
    elif name == _FILE_DATA:
        file.content = value
    else:
        said = dict(_properties(value))
        file.name = one_line(_said(said.get(_LONG_NAME) or said.get(_SHORT_NAME))) or file.name
        kind, content = said.get(_DATA, (0, b""))
        if content and not file.content:
            file.content = content[16:] if kind == _OBJECT else content


def _properties(data: bytes) -> Iterator[tuple[int, tuple[int, bytes]]]:
    """Yield the MAPI properties: number, kind and bytes of the first value."""
    (count,) = struct.unpack_from("<I", data)
    at = 4
    for _ in range(min(count, 4096)):
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= 0x8000:
            at = _after_name(data, at)
        first, at = _value(data, at, kind)
        yield number, (kind & ~_MANY, first)


def _after_name(data: bytes, at: int) -> int:
    """Return where the value of a named property begins: behind its set and its name or number."""
    (is_text,) = struct.unpack_from("<I", data, at + 16)
    if not is_text:
        return at + 24
    (length,) = struct.unpack_from("<I", data, at + 20)
    return at + 24 + _padded(length)


def _value(data: bytes, at: int, kind: int) -> tuple[bytes, int]:
    """Return the first value of a property and where the next property begins."""
    plain = kind & ~_MANY
    if plain not in _VARIABLE and plain not in _FIXED:
        msg = f"unknown kind of property {kind:#x}"
        raise ValueError(msg)
    count = 1
    if kind & _MANY or plain in _VARIABLE:
        (count,) = struct.unpack_from("<I", data, at)
        at += 4
    first = b""
    for n in range(count):
        length = _FIXED.get(plain, 0)
        if plain in _VARIABLE:
            (length,) = struct.unpack_from("<I", data, at)
            at += 4
        if at + length > len(data):
            raise IndexError
        first = data[at : at + length] if n == 0 else first
        at += _padded(length)
    return first, at


def _said(value: tuple[int, bytes] | None) -> str:
    if value is None:
        return ""
    kind, content = value
    if kind == _UNICODE:
        return content.decode("utf-16-le", "replace").rstrip("\0")
    return _text(content)


def _text(content: bytes) -> str:
    """Decode bytes that name no charset: Windows wrote them, and ends them with a zero."""
    return decode(content.rstrip(b"\0"), "windows-1251").text


def _padded(length: int) -> int:
    return length + -length % 4
