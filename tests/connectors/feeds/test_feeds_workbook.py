"""Workbooks: XLSX and XLS, their traps, and what is no workbook."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl  # type: ignore[import-untyped]
import pytest
import xlwt  # type: ignore[import-untyped]

from mcur.connectors.feeds.archive import MOST_ENTRIES
from mcur.connectors.ports import Rejected
from tests.connectors.feeds.making import HEADINGS, MOSCOW, naive, read, read_cells, xlsx

NINE = naive(2026, 11, 17, 9, 30, 1)
AWARE = NINE.replace(tzinfo=MOSCOW)


def xls(*rows: tuple[Any, ...], epoch_1904: bool = False) -> bytes:
    """Write a workbook of Excel 97."""
    book = xlwt.Workbook()
    book.dates_1904 = epoch_1904
    sheet = book.add_sheet("Лист1")
    form = xlwt.easyxf(num_format_str="dd.mm.yyyy hh:mm")
    for at, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write(
                at, column, cell, form if isinstance(cell, datetime) else xlwt.Style.default_style
            )
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def archive(**parts: bytes) -> bytes:
    """Make a zip archive."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as made:
        for name, part in parts.items():
            made.writestr(name, part)
    return content.getvalue()


def repacked(content: bytes, **parts: bytes) -> bytes:
    """Replace parts of a workbook, or add them."""
    with zipfile.ZipFile(io.BytesIO(content)) as made:
        return archive(**{**{n: made.read(n) for n in made.namelist()}, **parts})


def flipped(content: bytes, *, after: bytes) -> bytes:
    """Break some bytes of a part of an archive."""
    at = content.index(after) + len(after) + 40
    return content[:at] + bytes(255 - byte for byte in content[at : at + 4]) + content[at + 4 :]


@pytest.mark.parametrize("epoch_1904", [False, True])
@pytest.mark.parametrize("write", [lambda rows, e: xlsx(rows, epoch_1904=e), lambda rows, e: xls(*rows, epoch_1904=e)], ids=["xlsx", "xls"])  # fmt: skip
def test_dates_and_serials_count_from_the_workbooks_own_epoch(
    tmp_path: Path, write: Any, epoch_1904: bool
) -> None:
    """A date cell and a bare serial number are the same moment, in 1900 and 1904 books."""
    serial = 46343.395844907406 - (1462 if epoch_1904 else 0)
    rows = [HEADINGS, ("1", NINE), ("2", serial), ("3", str(serial).replace(".", ","))]

    export = read(tmp_path, "export.xlsx", write(rows, epoch_1904))

    assert [a.received_at for a in export.appeals] == [AWARE] * 3


def test_numbers_come_without_floats(tmp_path: Path) -> None:
    """Excel keeps 3.005 and 7658034 as doubles; what a person typed comes back."""
    rows = [
        (*HEADINGS, "category_index", "executor"),
        (7658034, NINE, 3.005, 12),
        ("7658034-1", NINE, "3,005", True),
    ]

    one, two = read(tmp_path, "export.xlsx", xlsx(rows)).appeals

    assert [one.number, two.number] == ["7658034", "7658034-1"]
    assert one.category_index == two.category_index == Decimal("3.005")
    assert [one.executor, two.executor] == ["12", "да"]


@pytest.mark.parametrize("number", [7658034765803476580, "7,65803E+18"])
def test_a_number_that_lost_its_digits_is_quarantined(tmp_path: Path, number: Any) -> None:
    """Two appeals would become one."""
    export = read(tmp_path, "export.xlsx", xlsx([HEADINGS, (number, NINE)]))

    assert "lost its digits" in export.bad[0].reason


def test_a_number_that_became_a_date_is_quarantined(tmp_path: Path) -> None:
    """Excel makes «5-1» the fifth of January."""
    export = read(tmp_path, "export.xlsx", xlsx([HEADINGS, (naive(2026, 1, 5), NINE)]))

    assert "turned into a date" in export.bad[0].reason


def test_values_of_formulas_are_taken(tmp_path: Path) -> None:
    """A formula is not a text: its value is; an error has none."""
    content = io.BytesIO()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*HEADINGS, "executor", "text"])
    sheet.append(["1", NINE, "=1/0", "a_x000D_\nb"])
    book.save(content)

    [appeal] = read(tmp_path, "export.xlsx", content.getvalue()).appeals

    assert appeal.executor is None
    assert appeal.text == "a\nb"


def test_the_first_sheet_with_known_headings_is_taken(tmp_path: Path) -> None:
    """A cover sheet and a pivot stand before the table."""
    content = xlsx([("Сводка",), ("МКД", 12)], [], [HEADINGS, ("1", NINE)], [HEADINGS, ("2", NINE)])

    export = read(tmp_path, "export.xlsx", content)

    assert [a.number for a in export.appeals] == ["1"]


def test_the_feed_may_name_its_sheet(tmp_path: Path) -> None:
    """A sheet that is not there is said with those that are."""
    content = xlsx([HEADINGS, ("1", NINE)], [HEADINGS, ("2", NINE)])

    export = read(tmp_path, "export.xlsx", content, sheet="Sheet2")

    assert [a.number for a in export.appeals] == ["2"]
    with pytest.raises(Rejected, match=r"no sheet 'Май'.*Sheet1, Sheet2"):
        read(tmp_path, "export.xlsx", content, sheet="Май")


def test_a_table_that_begins_elsewhere_keeps_its_line_numbers(tmp_path: Path) -> None:
    """Blank rows and columns before the table are counted as Excel counts them."""
    rows = [(), (), (None, None, *HEADINGS), (None, None, "1", NINE), (None, None, None, NINE)]

    export = read(tmp_path, "export.xlsx", xlsx(rows))

    assert len(export.appeals) == 1
    assert [b.line for b in export.bad] == [5]


def test_the_same_content_has_the_same_digest(tmp_path: Path) -> None:
    """The digest is of the bytes, whatever the name."""
    content = xlsx([HEADINGS, ("1", NINE)])

    one = read(tmp_path, "one.xlsx", content)
    two = read(tmp_path, "two.xlsx", content)

    assert one.digest == two.digest
    assert one.made_at.tzinfo is not None


def test_a_workbook_under_another_name_is_read(tmp_path: Path) -> None:
    """The first bytes decide: exports are often misnamed."""
    assert len(read(tmp_path, "export.xls", xlsx([HEADINGS, ("1", NINE)])).appeals) == 1
    assert len(read(tmp_path, "export.csv", xls(HEADINGS, ("1", NINE))).appeals) == 1


BOOK = xlsx([HEADINGS, ("1", NINE)])
NO_WORKBOOKS = {
    "text": (b"number,received_at\n1,17.11.2026\n", "is not a workbook"),
    "web page": (b"<html><table><tr><td>1</td></tr></table>", "is a web page"),
    "xml": (b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>', "is a web page or XML"),
    "nothing": (b"", "is not a workbook"),
    "other archive": (archive(readme=b"x"), "is an archive without xl/workbook.xml"),
    "cut archive": (BOOK[: len(BOOK) // 2], "is not a workbook or is damaged"),
    "broken part": (flipped(BOOK, after=b"xl/worksheets/sheet1.xml"), "is damaged"),
    "empty compound file": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "is not a workbook"),
    "many parts": (repacked(BOOK, **{f"x{n}": b"" for n in range(MOST_ENTRIES)}), "parts"),
    "bomb": (repacked(BOOK, **{"xl/media/a": bytes(400_000_000)}), "would unpack to 4000"),
    "tight bomb": (repacked(BOOK, **{"xl/sharedStrings.xml": bytes(60_000_000)}), "zip bomb"),
}


@pytest.mark.parametrize(("content", "why"), NO_WORKBOOKS.values(), ids=NO_WORKBOOKS)
def test_what_is_no_workbook_is_refused_with_its_reason(
    tmp_path: Path, content: bytes, why: str
) -> None:
    """The sentence names the file and what is wrong with it."""
    with pytest.raises(Rejected, match=f"^read export.xlsx: the file .*({why})"):
        read(tmp_path, "export.xlsx", content)


def test_a_cell_far_from_the_table_is_refused_and_not_laid_out(tmp_path: Path) -> None:
    """The reader would ask for half a terabyte, and the process would end."""
    content = io.BytesIO()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    sheet.cell(1_048_576, 16_384).value = "x"
    book.save(content)

    with pytest.raises(Rejected, match="reaches to row 1048576 and column 16384"):
        read(tmp_path, "export.xlsx", content.getvalue())


FAR = {
    "other order": b'<c t="n" r="XFD1048576"><v>1</v></c>',
    "blanks": b'<c\n r = "XFD1048576" ><v>1</v></c>',
    "prefix": b'<x:c xmlns:x="x" r="XFD1048576"><v>1</v></x:c>',
    "sign in a value": b'<c x=">" r="XFD1048576"><v>1</v></c>',
    "no places": b"<c><v>1</v></c>" * 16_384,
}


@pytest.mark.parametrize("cell", FAR.values(), ids=FAR)
def test_a_far_cell_cannot_hide(tmp_path: Path, cell: bytes) -> None:
    """However it is written, and wherever the part lies."""
    sheet = b'<worksheet><sheetData><row r="1048576">' + cell + b"</row></sheetData></worksheet>"

    for name in ("xl/worksheets/sheet1.xml", "xl/other.bin"):
        with pytest.raises(Rejected, match="reaches to row 1048576 and column 16384"):
            read(tmp_path, "export.xlsx", repacked(BOOK, **{name: sheet}))


def test_a_sheet_that_does_not_say_places_is_read(tmp_path: Path) -> None:
    """Some programs leave them out: cells then follow each other."""
    cells = b'<c t="inlineStr"><is><t>%s</t></is></c>'
    rows = [cells % b"number" + cells % b"received_at", cells % b"1" + cells % b"17.11.2026"]
    sheet = (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>'
        + b"".join(b"<row>" + row + b"</row>" for row in rows)
        + b"</sheetData></worksheet>"
    )

    export = read(tmp_path, "e.xlsx", repacked(BOOK, **{"xl/worksheets/sheet1.xml": sheet}))

    assert [a.number for a in export.appeals] == ["1"]


def test_an_entry_that_lies_about_its_size_is_refused(tmp_path: Path) -> None:
    """The directory says a hundred bytes, the part holds fifty million."""
    honest = repacked(BOOK, **{"xl/sharedStrings.xml": bytes(50_000_000)})
    lying = honest.replace((50_000_000).to_bytes(4, "little"), (100).to_bytes(4, "little"))

    with pytest.raises(Rejected, match="is damaged"):
        read(tmp_path, "export.xlsx", lying)


def test_blank_formatted_cells_below_the_table_do_no_harm(tmp_path: Path) -> None:
    """Somebody formatted whole columns: the sheet ends where its values end."""
    content = io.BytesIO()
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(HEADINGS)
    sheet.append(["1", NINE])
    sheet.cell(1_048_576, 16_384).number_format = "0.00"
    book.save(content)

    assert len(read(tmp_path, "export.xlsx", content.getvalue()).appeals) == 1


def test_stamps_are_exact_to_the_second(tmp_path: Path) -> None:
    """Excel keeps fractions of a day: 09:30:01 comes back as such, not as 09:30:00.999999."""
    stamps = [naive(2026, 11, 17, 9, 30, second) for second in range(60)]

    appeals = read_cells(tmp_path, *stamps, heading="closed_at")

    assert [a.closed_at for a in appeals] == [s.replace(tzinfo=MOSCOW) for s in stamps]
