"""A document as HTML mail that Outlook and a phone render.

Outlook lays pages out with Word's engine: only tables, widths and inline styles are safe there. A
phone reads the style block: rows of a wide table become cards with a label on each value. Nothing
is loaded from outside and no link is made out of content.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from mcur.connectors.papers.grid import (
    labels,
    lists_side_by_side,
    numbers,
    printable,
    shares,
    spans,
    typeset,
)
from mcur.playbooks.documents import Document, Pairs, Table
from mcur.playbooks.language import shorten

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_NARROW, _WIDE = 640, 1160
"""Widths of a letter in pixels; a wide one shrinks with its window."""
_MOST_COLUMNS_NARROW = 5
_MOST_COLUMNS_PHONE = {0: 5, 1: 5, 2: 3}
"""How many columns stand side by side on a phone, by the number of those that hold words."""
_FIGURE = 7
"""Characters of a short figure."""
_CARDS_BELOW, _CARDS_BELOW_WIDE = 600, 800
"""Widths of the window below which rows become cards, else words of a form would be torn."""
_PREVIEW = 140
"""Characters that mail clients show beside the subject."""


def to_html(doc: Document) -> str:
    """Write the document as a complete HTML page for a letter; every value is escaped."""
    widest = max((len(b.columns) for b in doc.blocks if isinstance(b, Table)), default=0)
    crowded = widest > _MOST_COLUMNS_NARROW
    return _template().render(
        doc=doc,
        width=_WIDE if crowded or doc.landscape else _NARROW,
        crowded=crowded,
        cards_below=_CARDS_BELOW_WIDE if crowded else _CARDS_BELOW,
        preview=shorten(printable(" ".join(doc.lead)), _PREVIEW),
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # here: a command that writes no mail is quick

    env = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters |= {"lines": _lines, "widths": _widths}
    env.filters |= {"labels": labels, "numbers": numbers, "spans": spans, "places": _places}
    env.filters |= {"names": _names_width, "look": _look, "printable": printable}
    source = files("mcur.connectors.papers").joinpath("templates", "letter.html")
    return env.from_string(source.read_text(encoding="utf-8"))


def _widths(table: Table) -> list[str]:
    """Write the columns' shares of the width, exact to a tenth of a percent."""
    return [f"{share / 10:g}%" for share in shares(table, 1000)]


def _look(table: Table) -> str:
    """Name the classes by which a phone knows what to do with the table.

    ``stack``: rows become cards, for three columns have no room there any more; ``figures``: those
    of a card stand in lines; ``lists``: the cards of each group stand together.
    """
    wordy = _wordy_columns(table)
    if len(table.columns) <= _MOST_COLUMNS_PHONE.get(wordy, 2):
        return "grid"
    if wordy <= 1:
        return "grid stack figures"
    # An empty table becomes the one card that says so: its headings alone would be torn.
    return "grid stack lists" if table.rows and lists_side_by_side(table) else "grid stack"


def _wordy_columns(table: Table) -> int:
    """Count the columns that hold more than short figures: a phone has room for few of them."""
    if not table.rows:
        return len(table.columns)
    return sum(max(map(len, values)) > _FIGURE for values in zip(*table.rows, strict=True))


def _names_width(pairs: Pairs) -> int:
    """Return the share of the names' column in percent: short figures leave room for long names."""
    return 62 if all(len(value) <= _FIGURE for _, value in pairs.items) else 32


def _places(table: Table) -> list[tuple[int, bool]]:
    """Say for each column which group it is in, and whether it is the first there."""
    return [
        (n, column == span.columns[0])
        for n, span in enumerate(spans(table), start=1)
        for column in span.columns
    ]


def _lines(text: str) -> Markup:
    """Escape a text and keep its line breaks; an arrow of two signs is not torn at a line's end."""
    from markupsafe import Markup, escape

    whole = typeset(text)
    return Markup("<br>").join(escape(line) for line in whole.split("\n"))
