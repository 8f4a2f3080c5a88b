"""A document as HTML mail that Outlook and a phone render.

Outlook lays pages out with Word's engine: only tables, widths and inline styles are safe there. A
phone reads the style block: rows of a wide table become cards with a label on each value. Nothing
is loaded from outside and no link is made out of content.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from mcur.connectors.papers.grid import labels, numbers, printable, shares, spans
from mcur.playbooks.documents import Document, Table

if TYPE_CHECKING:
    from jinja2 import Template
    from markupsafe import Markup

_NARROW, _WIDE = 640, 1080
_MOST_COLUMNS_NARROW = 5
_MOST_COLUMNS_PHONE = 2
_PREVIEW = 140
"""Characters that mail clients show beside the subject."""


def to_html(doc: Document) -> str:
    """Write the document as a complete HTML page for a letter; every value is escaped."""
    widest = max((len(b.columns) for b in doc.blocks if isinstance(b, Table)), default=0)
    wide = doc.landscape or widest > _MOST_COLUMNS_NARROW
    return _template().render(
        doc=doc, width=_WIDE if wide else _NARROW, preview=" ".join(doc.lead)[:_PREVIEW]
    )


@cache
def _template() -> Template:
    from jinja2 import Environment, StrictUndefined  # here: a command that writes no mail is quick

    env = Environment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    env.filters |= {"lines": _lines, "shares": lambda table: shares(table, 100)}
    env.filters |= {"spans": spans, "labels": labels, "numbers": numbers, "stacks": _stacks}
    source = files("mcur.connectors.papers").joinpath("templates", "letter.html")
    return env.from_string(source.read_text(encoding="utf-8"))


def _stacks(table: Table) -> bool:
    """Whether rows become cards on a phone: three columns have no room there any more."""
    return len(table.columns) > _MOST_COLUMNS_PHONE and bool(table.rows)


def _lines(text: str) -> Markup:
    """Escape a text and keep its line breaks."""
    from markupsafe import Markup, escape

    return Markup("<br>").join(escape(line) for line in printable(text).split("\n"))
