"""Files that are exports, made on the spot."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]

from mcur.connectors.feeds.exports import read_export
from mcur.connectors.feeds.shape import FeedShape
from mcur.playbooks.facts import Appeal, Export

MOSCOW = ZoneInfo("Europe/Moscow")
HEADINGS = ("number", "received_at")
ECUR = (
    "Номер ЕЦУР", "Номер в источнике", "Дата (первого взятия в работу)", "Направление",
    "Синт. группа", "Факт", "Подтема", "Статус", "Куратор", "Исполнитель", "ОМСУ", "Источник",
    "Спам (да/нет)", "Тип сообщения", "Описание", "Адрес (формат)", "Район", "Населенный пункт",
    "Улица", "Дом", "ТУ/ТО", "Сектор", "УК", "Просрочка", "Есть повторы", "Кол-во повторов",
)  # fmt: skip
Row = Sequence[Any]


def naive(
    year: int, month: int, day: int, hour: int = 0, minute: int = 0, second: int = 0
) -> datetime:
    """Name a moment as a workbook does, without a zone."""
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001  that is the point


def a_shape(**named: Any) -> FeedShape:
    """Make a feed of Moscow time; the test names what matters."""
    return FeedShape(**{"id": "feed", "zone": MOSCOW, **named})


def read(folder: Path, name: str, content: bytes | str, **shape: Any) -> Export:
    """Write an export into the folder and read it."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return read_export(path, a_shape(**shape))


def read_cells(folder: Path, *values: Any, heading: str, **shape: Any) -> list[Appeal]:
    """Read appeals that differ in one column of a workbook, and have nothing else."""
    headings = (*HEADINGS, heading)
    rows = [(f"{n}", "17.11.2026 09:00", value) for n, value in enumerate(values, start=1)]
    export = read(folder, "cells.xlsx", xlsx([headings, *rows]), **shape)
    assert export.bad == ()
    return list(export.appeals)


def ecur_row(**named: Any) -> list[Any]:
    """Make a row of an ЕЦУР export that is in order; fields by their headings."""
    usual = {
        "Номер ЕЦУР": "E-1",
        "Номер в источнике": "7658034-1",
        "Дата (первого взятия в работу)": "17.11.2026 09:30",
        "Источник": "Добродел",
        "Адрес (формат)": "Одинцово, ул. Маршала Жукова, д. 10, кв. 5",
        "ОМСУ": "Одинцовский г.о.",
    }
    row = {**usual, **named}
    return [row.get(heading) for heading in ECUR]


def delimited(rows: Iterable[Row], delimiter: str = ",") -> str:
    """Write rows as delimited text."""
    text = io.StringIO()
    csv.writer(text, delimiter=delimiter).writerows(rows)
    return text.getvalue()


def xlsx(*sheets: Sequence[Row], epoch_1904: bool = False) -> bytes:
    """Write sheets of rows as a workbook; dates become cells with a format of dates."""
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "date_1904": epoch_1904})
    form = book.add_format({"num_format": "dd.mm.yyyy hh:mm"})
    for rows in sheets:
        sheet = book.add_worksheet()
        for at, row in enumerate(rows):
            for column, cell in enumerate(row):
                if isinstance(cell, date | datetime):
                    sheet.write_datetime(at, column, cell, form)
                elif isinstance(cell, str):
                    sheet.write_string(at, column, cell)
                else:
                    sheet.write(at, column, cell)
    book.close()
    return content.getvalue()
