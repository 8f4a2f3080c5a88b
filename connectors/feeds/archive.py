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
from collections.abc import Iterator

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
_OVERLAP = 1 << 10
_MAIN = "xl/workbook.xml"
_SHEET = re.compile(r"xl/(?:worksheets|chartsheets|dialogsheets|macrosheets)/[^/]+\.xml", re.I)
_EPOCH_1904 = re.compile(rb"<(?:\w+:)?workbookPr\b[^>]*\bdate1904=[\"'](?:1|true|on)[\"']", re.I)
# A cell with something in it, and where it stands; «<c r="B2" s="1"/>» is a format and no more.
_CELL = re.compile(
    rb"<(?:\w+:)?c\s[^>]*?\br=[\"']([A-Za-z]{1,3})(\d{1,7})[\"'][^>]*(?<!/)>(?:[^<]|<[^/])"
)


def inspect_workbook(content: bytes) -> bool:
    """Measure the archive of a workbook; return whether its days count from 1904.

    :raises Rejected: it is no workbook, it is damaged, or it would unpack to more than we take.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _check_directory(archive)
            names = {name.lower(): name for name in archive.namelist()}
            if _MAIN not in names:
                msg = "is an archive but not a workbook: it holds no xl/workbook.xml"
                raise Rejected(msg)
            for name in archive.namelist():
                _check_part(archive, name)
            return bool(_EPOCH_1904.search(archive.read(names[_MAIN])))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as exc:
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
    is_sheet = bool(_SHEET.fullmatch(name))
    width = height = 0
    for chunk in _chunks(archive, name):
        if is_sheet:
            width, height = _used(chunk, width, height)
    if width * height > MOST_CELLS:
        msg = (
            f"has a sheet ({name}) that reaches to row {height} and column {width}: "
            f"more than {MOST_CELLS} cells; delete what stands far from the table"
        )
        raise Rejected(msg)


def _chunks(archive: zipfile.ZipFile, name: str) -> Iterator[bytes]:
    """Read a part in chunks that overlap: a cell cut by one is whole in the next."""
    with archive.open(name) as part:
        tail = b""
        while block := part.read(_CHUNK):
            yield tail + block
            tail = block[-_OVERLAP:]


def _used(chunk: bytes, width: int, height: int) -> tuple[int, int]:
    cells = _CELL.findall(chunk)
    if not cells:
        return width, height
    columns = {letters for letters, _ in cells}
    height = max(height, *(int(row) for row in {row for _, row in cells}))
    return max(width, *(_column(letters) for letters in columns)), height


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
