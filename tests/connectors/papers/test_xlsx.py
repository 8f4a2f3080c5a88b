"""XLSX: every cell a text, ready to sort and to filter."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import openpyxl  # type: ignore[import-untyped]
import pytest
from openpyxl.worksheet.worksheet import Worksheet  # type: ignore[import-untyped]

from mcur.connectors.papers.xlsx import to_xlsx
from mcur.playbooks.documents import Column, Document, Table

AT = datetime(2026, 11, 18, 6, 50, tzinfo=UTC)


def sheet(table: Table, title: str = "Отчет") -> Worksheet:
    """Write a table and read its sheet back."""
    return openpyxl.load_workbook(io.BytesIO(to_xlsx((table,), title, AT))).active


def table_of(doc: Document) -> Table:
    """Return the first table of a document."""
    return next(block for block in doc.blocks if isinstance(block, Table))


@pytest.mark.parametrize("rows", [1, 2, 5, 21])
def test_every_cell_is_written_once(report_1: Callable[[int], Document], rows: int) -> None:
    """Groups and headings first, then the rows as they are."""
    table = table_of(report_1(rows))

    read = [[value or "" for value in row] for row in sheet(table).iter_rows(values_only=True)]

    assert read[0][::2] == [
        "Новые (+5)",
        "Повторные (+6)",
        "Отложенные (+10)",
        "Просроченные (+20)",
    ]
    assert read[1] == ["Проблема", "Принятые меры"] * 4
    assert read[2:] == [list(row) for row in table.rows]


def test_the_headings_are_frozen_and_filtered(
    executor_letter: Document, report_1: Callable[[int], Document]
) -> None:
    """Under groups the filter stands in the row of headings."""
    plain, grouped = sheet(table_of(executor_letter)), sheet(table_of(report_1(3)))

    assert (plain.freeze_panes, plain.auto_filter.ref) == ("A2", "A1:D12")
    assert (grouped.freeze_panes, grouped.auto_filter.ref) == ("A3", "A2:H5")
    assert sorted(str(merged) for merged in grouped.merged_cells.ranges) == [
        "A1:B1",
        "C1:D1",
        "E1:F1",
        "G1:H1",
    ]
    assert plain.column_dimensions["C"].width > plain.column_dimensions["A"].width


@pytest.mark.parametrize(
    "value",
    [
        "=1+1",
        '=HYPERLINK("http://evil.example")',
        "+7",
        "-1",
        "@SUM(A1)",
        "\t=2",
        "\r=3",
        "007",
        "http://x.example",
    ],
)
def test_no_word_of_a_citizen_becomes_a_formula(value: str) -> None:
    """A text stays a text, whatever it begins with; numbers keep their zeros."""
    cell = sheet(Table(columns=(Column(title="Текст"),), rows=((value,),)))["A2"]

    assert cell.data_type == "s"
    assert cell.value.strip() == value.strip()
    assert cell.hyperlink is None


def test_an_empty_table_says_so(empty_report: Document) -> None:
    """The sheet is never blank."""
    assert sheet(table_of(empty_report))["A2"].value == "Проблемных вопросов нет."


def test_a_text_that_no_cell_can_hold_is_cut_not_lost() -> None:
    """The library would leave it out in silence."""
    cell = sheet(Table(columns=(Column(title="Текст"),), rows=(("я" * 40_000,),)))["A2"]

    assert len(cell.value) == 32_767


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Отчет 1", "Отчет 1"),
        ("Отчет [1]: меры/сроки?*", "Отчет 1 меры сроки"),
        ("'Отчет'", "Отчет"),
        ("О" * 40, "О" * 31),
        ("", "Таблица"),
        ("History", "Таблица"),
    ],
)
def test_a_sheet_has_a_name_that_excel_takes(title: str, expected: str) -> None:
    """31 characters, none of the forbidden; the properties keep the title as it is."""
    book = openpyxl.load_workbook(
        io.BytesIO(to_xlsx((Table(columns=(Column(title="x"),), rows=()),), title, AT))
    )

    assert book.sheetnames == [expected]
    assert (book.properties.title or "") == title
    assert book.properties.creator == "mcur"
    assert book.properties.created == AT.replace(tzinfo=None)


def test_the_same_table_gives_the_same_bytes(report_1: Callable[[int], Document]) -> None:
    """Only another stamp or another content makes another file."""
    table = table_of(report_1(5))
    first = to_xlsx((table,), "Отчет 1", AT)

    assert to_xlsx((table,), "Отчет 1", AT) == first
    assert to_xlsx((table,), "Отчет 1", AT + timedelta(seconds=1)) != first
