"""A table as an XLSX workbook: one sheet, to sort and to filter."""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from mcur.connectors.papers.grid import printable, spans
from mcur.playbooks.documents import Table

if TYPE_CHECKING:
    from xlsxwriter.format import Format  # type: ignore[import-untyped]
    from xlsxwriter.workbook import Workbook  # type: ignore[import-untyped]
    from xlsxwriter.worksheet import Worksheet  # type: ignore[import-untyped]

_LONGEST_CELL = 32_767
"""Characters that a cell may hold (ECMA-376 readers); a longer text would be left out in silence."""
_LONGEST_NAME = 31
_CHARACTERS = 18
"""Width of a column of weight 1; the widest is five times so wide."""


def to_xlsx(tables: Sequence[Table], title: str, made_at: datetime) -> bytes:
    """Write each table on a sheet, with frozen headings, widths and a filter; the same input, the same bytes.

    Every cell is a text, so that «=HYPERLINK(…)» in a citizen's words stays words. The row of
    column numbers is left to paper: under a filter it would be sorted among the rows.
    """
    from xlsxwriter.workbook import Workbook  # here: only who writes a workbook pays for it

    content = io.BytesIO()
    book = Workbook(content, {"in_memory": True})
    created = made_at.astimezone(UTC).replace(tzinfo=None)
    book.set_properties({"title": printable(title), "author": "mcur", "created": created})
    names: list[str] = []
    for table in tables:
        names.append(_sheet_name(table.caption or title, names))
        _fill(book, book.add_worksheet(names[-1]), table)
    book.close()
    return content.getvalue()


def _fill(book: Workbook, sheet: Worksheet, table: Table) -> None:
    head = book.add_format(
        {"bold": True, "text_wrap": True, "align": "center", "valign": "vcenter", "border": 1}
        | {"bg_color": "#EEF1F4"}
    )
    top = 1 if table.groups else 0
    _write_groups(sheet, table, head)
    for i, column in enumerate(table.columns):
        sheet.set_column(i, i, _CHARACTERS * min(column.weight, 5))
        sheet.write_string(top, i, printable(column.title), head)
    _write_rows(book, sheet, table, top + 1)
    sheet.freeze_panes(top + 1, 0)
    sheet.autofilter(top, 0, top + len(table.rows), len(table.columns) - 1)
    sheet.repeat_rows(0, top)
    sheet.set_landscape()
    sheet.set_paper(9)  # A4
    sheet.fit_to_pages(1, 0)


def _write_groups(sheet: Worksheet, table: Table, head: Format) -> None:
    if not table.groups:
        return
    for span in spans(table):
        first, last = span.columns[0], span.columns[-1]
        if first != last:
            sheet.merge_range(0, first, 0, last, "", head)
        sheet.write_string(0, first, printable(span.title), head)


def _write_rows(book: Workbook, sheet: Worksheet, table: Table, top: int) -> None:
    fits = [
        book.add_format({"text_wrap": True, "valign": "top", "border": 1, "align": column.align})
        for column in table.columns
    ]
    rows = table.rows or (((table.empty,) + ("",) * (len(fits) - 1),) if table.empty else ())
    for n, row in enumerate(rows, start=top):
        for i, value in enumerate(row):
            sheet.write_string(n, i, printable(value)[:_LONGEST_CELL], fits[i])


def _sheet_name(title: str, others: Sequence[str]) -> str:
    r"""Name a sheet: at most 31 characters, none of ``[]:*?/\``, no apostrophe at the ends, unlike the others."""
    name = re.sub(r"[\[\]:*?/\\\s]+", " ", printable(title))[:_LONGEST_NAME].strip(" '")
    name = name if name and name.casefold() != "history" else "Таблица"
    if name.casefold() in (other.casefold() for other in others):
        mark = f" {len(others) + 1}"
        name = name[: _LONGEST_NAME - len(mark)].rstrip() + mark
    return name
