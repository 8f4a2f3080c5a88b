"""Cells: what they hold, as text without floats, control characters or surprises of size."""

from __future__ import annotations

import re
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from mcur.connectors.feeds.grid import Cell
from mcur.connectors.feeds.words import is_blank

LONGEST_TEXT = 32_000
LONGEST_NUMBER = 100
_DIGITS_OF_EXCEL = 10**15

_KEPT = {ord("\n"), ord("\t")}
_CONTROLS = dict.fromkeys([c for c in (*range(32), *range(127, 160)) if c not in _KEPT])
_CONTROLS |= {0xA0: " ", 0x2028: "\n", 0x2029: "\n", 0x200B: None, 0xFEFF: None}
# A carriage return as Excel writes it inside XML (ECMA-376, part 1, 22.9.2.19).
_RETURN = re.compile(r"_x000[dD]_|\r(?=\n)")
_LOST_DIGITS = re.compile(r"\d([.,]\d+)?[eE]\+\d+")
_POINT_ZERO = re.compile(r"(\d+)\.0+")


def text_of(cell: Cell) -> str:
    """Return the text of a cell, cleaned; empty where it stands for nothing («-», «null»)."""
    if isinstance(cell, str):
        text = cell.strip()
        if not text.isprintable():
            text = _clean(text)
        if len(text) > LONGEST_TEXT:
            text = text[: LONGEST_TEXT - 1] + "…"
        return "" if is_blank(text) else text
    return "" if cell is None else _written(cell)


@lru_cache(maxsize=8_192, typed=True)  # typed: 1, 1.0 and True are one key otherwise
def line_of(cell: Cell) -> str:
    """Return the text of a cell on one line, with single blanks."""
    return " ".join(text_of(cell).split())


def number_of(cell: Cell) -> str:
    """Return the number of an appeal: ``7658034.0`` of a workbook is ``7658034``.

    :raises ValueError: a spreadsheet has spoiled the number, or it is too long to be one.
    """
    if isinstance(cell, date):
        msg = f"«{cell}» was turned into a date by a spreadsheet; make the column text"
        raise ValueError(msg)  # noqa: TRY004  the value of a row, not the type of an argument
    text = line_of(cell).lstrip("№ ")
    if _LOST_DIGITS.fullmatch(text):
        msg = f"«{text}» has lost its digits in a spreadsheet; make the column text"
        raise ValueError(msg)
    if len(text) > LONGEST_NUMBER:
        msg = f"«{text[:40]}…» is longer than {LONGEST_NUMBER} characters"
        raise ValueError(msg)
    whole = _POINT_ZERO.fullmatch(text)
    return whole[1] if whole else text


def decimal_of(cell: Cell) -> Decimal | None:
    """Return an exact number, ``None`` where the cell holds none: «3,005» stays 3.005."""
    text = line_of(cell).replace(" ", "").replace(",", ".")
    try:
        value = Decimal(text)
    except InvalidOperation:
        return None
    return value if value.is_finite() else None


def _clean(text: str) -> str:
    text = _RETURN.sub("", text).replace("\r", "\n").translate(_CONTROLS)
    return text.encode("utf-8", errors="replace").decode("utf-8").strip()


def _written(cell: float | Decimal | date) -> str:
    """Write a value as a person would have typed it."""
    if isinstance(cell, bool):
        return "да" if cell else "нет"
    if isinstance(cell, datetime):
        return cell.strftime("%d.%m.%Y %H:%M:%S")
    if isinstance(cell, date):
        return cell.strftime("%d.%m.%Y")
    if not isinstance(cell, float):
        return str(cell)
    if cell.is_integer() and abs(cell) < _DIGITS_OF_EXCEL:
        return str(int(cell))
    return repr(cell)
