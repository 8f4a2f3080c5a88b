"""Workbooks: XLSX and XLS through python-calamine, values only."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError

from mcur.connectors.feeds.archive import inspect_workbook
from mcur.connectors.feeds.grid import Cell, Grid, Line
from mcur.connectors.ports import Rejected

ZIP = b"PK\x03\x04"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""First bytes of a compound file: XLS, or an XLSX under a password."""

_SECTOR = 512
_BOF = b"\x09\x08\x10\x00\x00\x06\x05\x00"
_DATE_MODE = 0x22
_EOF = 0x0A


def workbook_grids(content: bytes, sheet: str | None = None) -> list[Grid]:
    """Return the sheets of a workbook, or the one that the feed names.

    :raises Rejected: the file is no workbook, is damaged, guarded by a password or a zip bomb.
    """
    epoch_1904 = inspect_workbook(content) if content.startswith(ZIP) else _xls_epoch_1904(content)
    book = _open(content)
    names = [name for name in book.sheet_names if sheet in {None, name}]
    if not names:
        msg = f"has no sheet {sheet!r}, which the feed names; it has {', '.join(book.sheet_names)}"
        raise Rejected(msg)

    @lru_cache(maxsize=1)  # sheets are large: one at a time, and not twice
    def load(name: str) -> CalamineSheet:
        with _translated():
            return book.get_sheet_by_name(name)

    return [
        Grid(name=name, lines=partial(_lines, load, name), epoch_1904=epoch_1904) for name in names
    ]


def _open(content: bytes) -> CalamineWorkbook:
    with _translated():
        return CalamineWorkbook.from_filelike(io.BytesIO(content))


@contextmanager
def _translated() -> Iterator[None]:
    """Turn the errors of the library into ours."""
    try:
        yield
    except PasswordError as exc:
        msg = "is guarded by a password; save it without one"
        raise Rejected(msg) from exc
    except CalamineError as exc:
        msg = f"is not a workbook or is damaged: {exc}"
        raise Rejected(msg) from exc


def _lines(load: Callable[[str], CalamineSheet], name: str) -> Iterator[Line]:
    for number, cells in enumerate(load(name).iter_rows(), start=1):
        yield Line(number, [c if isinstance(c, str | float | int) else _cell(c) for c in cells])


def _cell(value: date | time | timedelta) -> Cell:
    """Make a cell of a value that only workbooks have.

    Excel keeps stamps as fractions of a day: 09:30 may come back as 09:29:59.9999.
    """
    if isinstance(value, datetime):
        return (value + timedelta(microseconds=500_000)).replace(microsecond=0)
    return str(value) if isinstance(value, time | timedelta) else value


def _xls_epoch_1904(content: bytes) -> bool:
    """Read the DATEMODE record of a BIFF8 workbook ([MS-XLS] 2.4.77); no other library says it.

    The workbook's stream begins at a sector with a BOF record, the record stands near its start.
    """
    for at in range(0, len(content), _SECTOR):
        if content.startswith(_BOF, at):
            return _date_mode(content, at)
    return False


def _date_mode(content: bytes, at: int) -> bool:
    while at + 6 <= len(content):
        kind = int.from_bytes(content[at : at + 2], "little")
        size = int.from_bytes(content[at + 2 : at + 4], "little")
        if kind == _DATE_MODE:
            return content[at + 4] == 1
        if kind == _EOF:
            return False
        at += 4 + size
    return False
