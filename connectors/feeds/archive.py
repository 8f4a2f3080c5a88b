"""What must be known of a workbook's archive before it is opened: is it one, is it a bomb.

An XLSX file is a zip archive of XML (ECMA-376, part 2). Its reader takes what the archive says at
its word and lays a sheet out from corner to corner: a file of a few kilobytes can ask for half a
terabyte, and that ends the process, not the reading. So the archive is measured first.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from xml.parsers import expat

from mcur.connectors.ports import Rejected

MOST_ENTRIES = 5_000
MOST_BYTES = 300_000_000
"""Most bytes that all parts of a workbook may unpack to."""
MOST_RATIO = 250
"""Most bytes unpacked from one packed, for archives that unpack to more than 20 MB."""
MOST_CELLS = 12_000_000
"""Most cells from the first to the last used corner of a sheet (about 400 MB when read)."""

_SMALL = 20_000_000
_CHUNK = 1 << 20
_OVERLAP = 1 << 14
_MAIN = "xl/workbook.xml"
# How XML begins, in the encodings that it may have: any part may turn out to be a sheet.
_XML = (b"<", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")
_EPOCH_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904=[\"'](?:1|true|on)[\"']", re.I)
# A cell with something in it, and where it stands; «<c r="B2" s="1"/>» is a format and no more.
# Where a cell does not say its place in the usual way, both groups are empty.
_CELL = re.compile(
    rb"<(?:[\w.-]+:)?c(?:\s(?:[^<>]*?\br=[\"']([A-Za-z]{1,3})(\d{1,7})[\"'])?[^<>]*)?(?<!/)>(?:[^<]|<[^/])"
)
_PLACE = re.compile(r"([A-Za-z]{1,3})(\d+)")


def inspect_workbook(content: bytes) -> bool:
    """Measure the archive of a workbook; return whether its days count from 1904.

    :raises Rejected: it is no workbook, it is damaged, or it would unpack to more than we take.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_directory(archive)
            names = {name.lower(): name for name in archive.namelist()}
            if _MAIN not in names:
                msg = "is an archive without xl/workbook.xml, so no XLSX; save it as XLSX"
                raise Rejected(msg)
            for name in archive.namelist():
                _check_part(archive, name)
            return bool(_EPOCH_1904.search(archive.read(names[_MAIN])))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
        # zipfile's words for a packing that it does not know and for a password that it has not.
        msg = f"is not a workbook or is damaged: {exc}"
        raise Rejected(msg) from exc


def _check_directory(archive: zipfile.ZipFile) -> None:
    entries = archive.infolist()
    unpacked = sum(entry.file_size for entry in entries)
    packed = sum(entry.compress_size for entry in entries) or 1
    if len(entries) > MOST_ENTRIES:
        msg = f"has {len(entries)} parts; a workbook of up to {MOST_ENTRIES} is taken"
    elif unpacked > MOST_BYTES:
        msg = f"would unpack to {unpacked} bytes; up to {MOST_BYTES} are taken"
    elif unpacked > _SMALL and unpacked / packed > MOST_RATIO:
        msg = f"would unpack to {unpacked // packed} times its size: it looks like a zip bomb"
    else:
        return
    raise Rejected(msg)


def _check_part(archive: zipfile.ZipFile, name: str) -> None:
    """Unpack one part: zipfile stops at the size that the directory gave and checks the sum.

    A part that is larger than its entry says therefore fails here as damaged.
    """
    with archive.open(name) as part:
        is_xml = part.read(100).lstrip().startswith(_XML)
        while part.read(_CHUNK):
            pass
    if not is_xml:
        return
    width, height = _corner(archive, name) or _exact_corner(archive, name)
    if width * height > MOST_CELLS:
        msg = (
            f"has a sheet ({name}) that reaches to row {height} and column {width}: "
            f"more than {MOST_CELLS} cells; delete what stands far from the table"
        )
        raise Rejected(msg)


def _corner(archive: zipfile.ZipFile, name: str) -> tuple[int, int] | None:
    """Find the last used column and row of a sheet; ``None`` where it is written unusually."""
    columns, rows = {b""}, {b"0"}
    with archive.open(name) as part:
        tail = b""
        while block := part.read(_CHUNK):
            if not tail and not block.lstrip().startswith(b"<"):
                return None
            for letters, row in _CELL.findall(tail + block):
                columns.add(letters)
                rows.add(row)
            tail = block[-_OVERLAP:]  # a cell cut by one chunk is whole in the next
    if b"" in rows:
        return None
    return max(map(_column, columns)), max(map(int, rows))


def _exact_corner(archive: zipfile.ZipFile, name: str) -> tuple[int, int]:
    """Find the last corner by the letter of XML: slower, but nothing hides from it."""
    width = height = row = column = 0

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal width, height, row, column
        kind, place = tag.rpartition(":")[2], attributes.get("r", "")
        if kind == "row":
            row, column = int(place) if place.isdigit() else row + 1, 0
        elif kind == "c":
            found = _PLACE.fullmatch(place)
            column = _column(found[1].encode()) if found else column + 1
            width, height = max(width, column), max(height, int(found[2]) if found else row)

    parser = expat.ParserCreate()
    parser.StartElementHandler = start
    with archive.open(name) as part:
        try:
            parser.ParseFile(part)
        except expat.ExpatError as exc:
            msg = f"is damaged: {name} is not XML: {exc}"
            raise Rejected(msg) from exc
    return width, height


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
