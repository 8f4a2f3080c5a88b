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
)
from mcur.playbooks.documents import Document, Table
from mcur.playbooks.language import shorten

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_NARROW, _WIDE = 640, 1160
"""Widths of a letter in pixels; a wide one shrinks with its window."""
_MOST_COLUMNS_NARROW = 5
_MOST_COLUMNS_PHONE = 2
_MOST_COLUMNS_FIGURES, _FIGURE = 5, 7
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
    env.filters |= {"look": _look, "printable": printable}
    source = files("mcur.connectors.papers").joinpath("templates", "letter.html")
    return env.from_string(source.read_text(encoding="utf-8"))


def _widths(table: Table) -> list[str]:
    """Write the columns' shares of the width, exact to a tenth of a percent."""
    return [f"{share / 10:g}%" for share in shares(table, 1000)]


def _look(table: Table) -> str:
    """Name the classes by which a phone knows what to do with the table.

    ``stack``: rows become cards, for three columns have no room there any more; ``lists``: the
    cards of each group stand together.
    """
    if len(table.columns) <= _MOST_COLUMNS_PHONE or (table.rows and _is_of_figures(table)):
        return "grid"
    # An empty table becomes the one card that says so: its headings alone would be torn.
    return "grid stack lists" if table.rows and lists_side_by_side(table) else "grid stack"


def _is_of_figures(table: Table) -> bool:
    """Whether a name and a few short figures make a row: that fits on a phone as it stands."""
    figures = (value for row in table.rows for value in row[1:])
    return len(table.columns) <= _MOST_COLUMNS_FIGURES and all(len(v) <= _FIGURE for v in figures)


def _places(table: Table) -> list[tuple[int, bool]]:
    """Say for each column which group it is in, and whether it is the first there."""
    return [
        (n, column == span.columns[0])
        for n, span in enumerate(spans(table), start=1)
        for column in span.columns
    ]


def _lines(text: str) -> Markup:
    """Escape a text and keep its line breaks."""
    from markupsafe import Markup, escape

    return Markup("<br>").join(escape(line) for line in printable(text).split("\n"))
