"""A document as plain text: for mail clients without HTML, for journals and for search."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest

from mcur.connectors.papers.grid import lists_side_by_side, numbers, printable, spans
from mcur.playbooks.documents import Block, Bullets, Document, Heading, Pairs, Paragraph, Table

_WIDEST = 76
"""Columns of characters that an aligned table may take; a mail client folds longer lines."""
_MOST_COLUMNS = 3


def to_text(doc: Document) -> str:
    """Write the document as plain text, blocks parted by empty lines; ends with a line break.

    A table of at most three short columns stays a table, any other becomes «label: value» lines.
    Nothing is folded or cut.
    """
    head = [_underlined(doc.title, "="), doc.subtitle, "\n".join(doc.lead)]
    tail = ["-- \n" + "\n".join(doc.footer)] if doc.footer else []
    parts = [*head, *(_block(block) for block in doc.blocks), *tail]
    return "\n\n".join(printable(part).rstrip("\n") for part in parts if part) + "\n"


def _block(block: Block) -> str:
    match block:
        case Heading():
            return _underlined(block.text, "-")
        case Paragraph():
            return _hung("! ", block.text) if block.tone == "mark" else block.text
        case Bullets():
            return "\n".join(_hung("– ", item) for item in block.items)
        case Pairs():
            return "\n".join(_labelled(name, value) for name, value in block.items)
        case Table():
            return _table(block)


def _underlined(text: str, line: str) -> str:
    return f"{text}\n{line * min(len(text), _WIDEST)}" if text else ""


def _hung(mark: str, text: str) -> str:
    """Set a mark before the first line and hang the others under its text."""
    return mark + text.replace("\n", "\n" + " " * len(mark))


def _labelled(name: str, value: str) -> str:
    return f"{name}: " + value.replace("\n", "\n  ")


def _table(table: Table) -> str:
    if not table.rows:
        return "\n".join(filter(None, (table.caption, table.empty)))
    if lists_side_by_side(table):
        body = _lists(table)
    else:
        body = _aligned(table) or _cards(table, range(len(table.columns)), grouped=True)
    return "\n\n".join(filter(None, (table.caption, body)))


def _lists(table: Table) -> str:
    """Write each group as a list of its own: its title, then its rows."""
    return "\n\n".join(
        f"{_underlined(span.title, '-')}\n{_cards(table, span.columns, grouped=False) or 'нет'}"
        for span in spans(table)
    )


def _cards(table: Table, columns: range, *, grouped: bool) -> str:
    """Write each row as lines «label: value»; empty cells and empty rows say nothing.

    In a table of two columns the first is the label of the second, the heading included.
    """
    names = _names(table, grouped=grouped)
    if len(names) == 2:
        return "\n\n".join(_labelled(*pair) for pair in (names, *table.rows) if any(pair))
    cards = (
        "\n".join(_labelled(names[i], row[i]) for i in columns if row[i].strip())
        for row in table.rows
    )
    return "\n\n".join(filter(None, cards))


def _names(table: Table, *, grouped: bool) -> list[str]:
    """Name the columns with their group and their number in the form («гр.» is «графа»)."""
    return [
        (f"{span.title}, " if grouped and span.title else "")
        + table.columns[i].title
        + (f" (гр. {table.columns[i].number})" if table.columns[i].number else "")
        for span in spans(table)
        for i in span.columns
    ]


def _aligned(table: Table) -> str:
    """Write a narrow table in columns; an empty text where it would not be narrow."""
    if len(table.columns) > _MOST_COLUMNS or table.groups:
        return ""
    titles = [column.title for column in table.columns]
    above = [titles, *filter(None, [numbers(table)])]
    widths = [
        max(len(line) for cell in cells for line in (cell.split("\n")))
        for cells in zip(*above, *table.rows, strict=True)
    ]
    if sum(widths) + 2 * (len(widths) - 1) > _WIDEST:
        return ""
    rule = "  ".join("-" * width for width in widths)
    lines = [_row(table, cells, widths) for cells in (*above, *table.rows)]
    return "\n".join([*lines[: len(above)], rule, *lines[len(above) :]])


def _row(table: Table, cells: Iterable[str], widths: list[int]) -> str:
    """Write one row; a cell of several lines makes the row as high as it needs."""
    layers = zip_longest(*(cell.split("\n") for cell in cells), fillvalue="")
    fit = [{"left": "<", "right": ">", "center": "^"}[column.align] for column in table.columns]
    return "\n".join(
        "  ".join(f"{c:{f}{w}}" for c, f, w in zip(layer, fit, widths, strict=True)).rstrip()
        for layer in layers
    )
