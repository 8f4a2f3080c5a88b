"""The shape between a file and its meaning: numbered rows of cells.

Every reader (delimited text, workbook, JSON) hands out grids; a file may have several, for its
sheets or its possible delimiters, and the first in which headings are recognised is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

Cell = str | int | float | Decimal | bool | datetime | date | None
"""What a cell may hold; floats come from workbooks only and stand for the digits of their repr."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row: its number as a person counts in the file or sheet, and its cells.

    ``flaw`` says why the row could not be read; its cells then hold what is there.
    """

    number: int
    cells: list[Cell]
    flaw: str = ""


@dataclass(frozen=True, slots=True)
class Grid:
    """Rows of one sheet (or reading) of a file. ``lines`` may be asked for again.

    ``epoch_1904`` says that serial numbers of days count from 1904-01-01 (Excel on old Macs).
    ``says_nothing`` marks a form that needs no headings to say «no appeals»: an empty JSON list.
    ``sparse`` marks one whose rows may leave names out: there ``None`` is nothing said, no empty cell.
    """

    name: str
    lines: Callable[[], Iterator[Line]]
    epoch_1904: bool = False
    says_nothing: bool = False
    sparse: bool = False


def show(cells: list[Cell], limit: int = 500) -> str:
    """Write a row for a person who looks for it in the file."""
    text = " | ".join("" if cell is None else str(cell) for cell in cells).rstrip(" |")
    return text if len(text) <= limit else text[: limit - 1] + "…"
