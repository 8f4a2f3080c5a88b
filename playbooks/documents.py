"""A document as content: what a report, a letter or a task says, before any writer sees it.

One document becomes HTML mail, plain text, DOCX or a tracker's markup; the writers stand in
``connectors/papers``. Shapes are frozen pydantic models, so that a snapshot is plain JSON.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paragraph(_Shape):
    """A paragraph. ``mark`` is a warning that must be seen, ``quiet`` a small remark."""

    kind: Literal["paragraph"] = "paragraph"
    text: str
    tone: Literal["plain", "lead", "mark", "quiet"] = "plain"


class Bullets(_Shape):
    """A list of short lines."""

    kind: Literal["bullets"] = "bullets"
    items: tuple[str, ...]


class Pairs(_Shape):
    """Names and values under each other («Адрес: …»)."""

    kind: Literal["pairs"] = "pairs"
    items: tuple[tuple[str, str], ...]


class Column(_Shape):
    """A column. ``number`` is printed in a row of its own under the headings, as forms have it."""

    title: str
    number: str | None = None
    weight: int = 1
    """Share of the width."""
    align: Literal["left", "right", "center"] = "left"


class Group(_Shape):
    """A heading over ``span`` neighbouring columns, «Новые (+5)»."""

    title: str
    span: int


class Table(_Shape):
    """A table; ``rows`` hold texts, where a line break stays a line break.

    ``groups`` is empty or covers all columns. ``empty`` is said in one row over the whole width
    where there are no rows.
    """

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    groups: tuple[Group, ...] = ()
    caption: str = ""
    empty: str = ""


class Heading(_Shape):
    """A heading inside the document."""

    kind: Literal["heading"] = "heading"
    text: str


Block = Annotated[Paragraph | Bullets | Pairs | Table | Heading, Field(discriminator="kind")]


class Document(_Shape):
    """A document from its title to its footer.

    ``lead`` are the lines of sense that stand first and make the mail's preview. ``landscape``
    asks a page writer for the wide page that a form of eight columns needs.
    """

    title: str = ""
    subtitle: str = ""
    lead: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    footer: tuple[str, ...] = ()
    landscape: bool = False


def plain(*lines: str) -> Document:
    """Make a document of paragraphs, for short notes."""
    return Document(blocks=tuple(Paragraph(text=line) for line in lines))
