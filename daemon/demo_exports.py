"""The exports of the demo: one table of invented appeals, shown as two systems print it at an hour.

An export is cumulative: all that was received by its hour, in the state of that hour.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from mcur.connectors.papers.xlsx import to_xlsx
from mcur.playbooks.documents import Column, Group, Table

ZONE = ZoneInfo("Europe/Moscow")
Row = dict[str, str]

_SOURCES = {"eds": "ЕДС", "mp": "Мобильное приложение", "pos": "ПОС"}
_ECUR = (
    "Номер ЕЦУР", "Источник", "Номер в источнике", "Дата (первого взятия в работу)", "ОМСУ",
    "Адрес (формат)", "Направление", "Синт. группа", "Подтема", "Описание", "Исполнитель",
    "Статус", "Дата статуса", "Принято исполнителем", "Отложено до", "Срок", "Есть повторы",
)  # fmt: skip
_DOBRODEL = (
    "Номер в Доброделе", "Дата жалобы", "Район", "Тематика", "Категория", "Адрес",
    "Текст обращения", "Исполнитель", "Статус в Доброделе", "Дата статуса",
    "Принято исполнителем", "Отложено до", "Дата ответа по Доброделу", "Повтор обращения",
)  # fmt: skip
_STATES = ("accepted", "deferred", "returned", "closed")
_WORDS = {
    "": ("Новая", "Не принято"),
    "accepted": ("В работе", "В работе"),
    "deferred": ("Отложена", "Отложено"),
    "returned": ("Возвращена на доработку", "Возвращено на доработку"),
    "closed": ("Закрыта", "Решено"),
}


def read_appeals(text: str) -> list[Row]:
    """Read the table of appeals; every cell is a text, stamps are Moscow time."""
    return list(csv.DictReader(io.StringIO(text)))


def moment_of(text: str) -> datetime:
    """Read a stamp of the table."""
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def write_ecur(appeals: Iterable[Row], path: Path, at: datetime) -> None:
    """Write the export of ЕЦУР at an hour: a workbook with a title above its headings."""
    title = f"Заявки ЕЦУР, Одинцовский городской округ, на {at:%d.%m.%Y %H:%M}"
    table = Table(
        columns=tuple(Column(title=heading) for heading in _ECUR),
        groups=(Group(title=title, span=len(_ECUR)),),
        rows=tuple(_ecur_cells(row, at) for row in _seen(appeals, at, ecur=True)),
    )
    path.write_bytes(to_xlsx((table,), "Заявки", at))


def write_dobrodel(appeals: Iterable[Row], path: Path, at: datetime, misprint: Row) -> None:
    """Write the export of «Добродел» at an hour: CSV in cp1251 with semicolons.

    ``misprint`` is a cell that somebody filled in wrongly: ``number`` of the row, what was
    ``shown`` as its date, ``until`` when.
    """
    with path.open("w", encoding="cp1251", newline="") as file:
        lines = csv.writer(file, delimiter=";")
        lines.writerow(_DOBRODEL)
        for row in _seen(appeals, at, ecur=False):
            cells = _dobrodel_cells(row, at)
            if row["number"] == misprint["number"] and at < moment_of(misprint["until"]):
                cells[1] = misprint["shown"]
            lines.writerow(cells)


def _seen(appeals: Iterable[Row], at: datetime, *, ecur: bool) -> Iterator[Row]:
    for row in appeals:
        if (row["source"] != "dobrodel") is ecur and moment_of(row["received"]) <= at:
            yield row


def _state(row: Row, at: datetime) -> tuple[str, str]:
    """Return the state at an hour and when it began."""
    reached = [(row[name], name) for name in _STATES if row[name] and moment_of(row[name]) <= at]
    began, name = max(reached, default=("", ""))
    return name, began


def _address(row: Row) -> str:
    house = f"д. {row['house']}" if row["house"] else ""
    return ", ".join(filter(None, (row["settlement"], row["street"], house)))


def _ecur_cells(row: Row, at: datetime) -> tuple[str, ...]:
    state, began = _state(row, at)
    accepted = row["accepted"] if state else ""
    until = row["until"] if state == "deferred" else ""
    return (
        f"20{row['number']}", _SOURCES[row["source"]], row["number"], _printed(row["received"]),
        "Одинцовский г.о.", _address(row), _direction(row), row["category"], row["subcategory"],
        row["text"], row["executor"], _WORDS[state][0], _printed(began), _printed(accepted),
        _printed(until), _printed(row["due"]), "Да" if row["repeat_of"] else "Нет",
    )  # fmt: skip


def _direction(row: Row) -> str:
    return "ЖКХ" if row["category"] == "МКД" else "Благоустройство и дороги"


def _dobrodel_cells(row: Row, at: datetime) -> list[str]:
    state, began = _state(row, at)
    stamps = (row["received"], began, row["accepted"] if state else "")
    received, changed, taken = (_printed(text) for text in stamps)
    until = _printed(row["until"]) if state == "deferred" else ""
    return [
        row["number"], received, "Одинцовский г.о.", row["category"], row["subcategory"],
        _address(row), row["text"], row["executor"], _WORDS[state][1], changed, taken, until,
        _printed(row["due"]), row["repeat_of"],
    ]  # fmt: skip


def _printed(text: str) -> str:
    return f"{datetime.fromisoformat(text):%d.%m.%Y %H:%M}" if text else ""
