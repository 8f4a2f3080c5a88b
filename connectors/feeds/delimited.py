"""Delimited text: which encoding, which delimiter, and rows that survive a stray quotation mark."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from functools import partial

from mcur.connectors.feeds.grid import Cell, Grid, Line
from mcur.connectors.ports import Rejected

_DELIMITERS = (";", ",", "\t")
_BOM = b"\xef\xbb\xbf"
_WIDE = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_STRAY_NULS = 3
_HIGH = re.compile(rb"[\x80-\xff]")
_CYRILLIC_PAIR = re.compile(rb"[\xd0\xd1][\x80-\xbf]")


def delimited_grids(content: bytes, *, encoding: str | None, delimiter: str | None) -> list[Grid]:
    """Return the readings of a text, one for each delimiter that it may have.

    :raises Rejected: the text is in an encoding that is not taken.
    """
    text = decode(content, encoding)
    lines = list(io.StringIO(text, newline=""))
    return [
        Grid(name=repr(sign), lines=partial(_rows, lines, sign))
        for sign in ([delimiter] if delimiter else _DELIMITERS)
    ]


def decode(content: bytes, encoding: str | None = None) -> str:
    """Decode UTF-8 with or without its mark, or Windows-1251; or what the feed names.

    :raises Rejected: the text is UTF-16 or UTF-32, or is not in the encoding that the feed names.
    """
    if encoding:
        return _decode_as(content, encoding)
    if content.startswith(_WIDE) or content[:200].count(0) > _STRAY_NULS:
        msg = "is in UTF-16 or UTF-32; save it as «CSV UTF-8» or as Windows-1251"
        raise Rejected(msg)
    if content.startswith(_BOM):
        return content[len(_BOM) :].decode("utf-8", errors="replace")
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        return content.decode("utf-8" if _looks_utf8(content) else "cp1251", errors="replace")


def _decode_as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding).removeprefix("\ufeff")
    except (LookupError, UnicodeError) as exc:
        msg = f"is not text in {encoding}, the encoding that the feed names: {exc}"
        raise Rejected(msg) from exc


def _looks_utf8(content: bytes) -> bool:
    """Whether a text with a few broken bytes is UTF-8 all the same: nearly all are pairs."""
    high = len(_HIGH.findall(content))
    return 2 * len(_CYRILLIC_PAIR.findall(content)) > 0.9 * high


def _rows(lines: list[str], delimiter: str) -> Iterator[Line]:
    """Read rows by the strict rules; a line that breaks them is read alone, and the next follows.

    A quotation mark that nobody closed would otherwise swallow the rest of the file.
    """
    start = 0
    while start < len(lines):
        rest = map(lines.__getitem__, range(start, len(lines)))
        reader = csv.reader(rest, delimiter=delimiter, strict=True)
        read = 0
        try:
            for cells in reader:
                yield Line(start + read + 1, list[Cell](cells))
                read = reader.line_num
        except csv.Error as exc:
            yield _alone(start + read, lines[start + read], delimiter, exc)
            read += 1
        start += read


def _alone(at: int, line: str, delimiter: str, why: csv.Error) -> Line:
    """Read one line by the lax rules: «ООО "Ромашка"» with its marks not doubled is common."""
    try:
        cells = next(csv.reader([line], delimiter=delimiter))
    except csv.Error:
        return Line(at + 1, [line], flaw=f"cannot be cut into cells: {why}")
    unclosed = bool(cells) and cells[-1].endswith(("\n", "\r"))
    return Line(
        at + 1, list[Cell](cells), flaw="a quotation mark is not closed" if unclosed else ""
    )
