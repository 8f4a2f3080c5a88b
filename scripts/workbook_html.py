"""Print the first sheet of a workbook as HTML, as a reader sees it in a spreadsheet."""

from __future__ import annotations

import sys
from pathlib import Path

import openpyxl

from mcur.connectors.papers.html import to_html
from mcur.playbooks.documents import Column, Document, Table


def html_of(path: Path) -> str:
    """Return the sheet as a page: its first row is the headings."""
    heads, *rows = openpyxl.load_workbook(path).worksheets[0].iter_rows(values_only=True)
    table = Table(
        columns=tuple(
            Column(title=str(head), weight=3 if n == 1 else 2) for n, head in enumerate(heads)
        ),
        rows=tuple(tuple("" if value is None else str(value) for value in row) for row in rows),
    )
    return to_html(Document(title=path.stem, blocks=(table,)))


if __name__ == "__main__":
    print(html_of(Path(sys.argv[1])))
