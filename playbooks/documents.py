"""A document as content: what a report, a letter or a task says, before any writer sees it.

One document becomes HTML mail, plain text, DOCX or a tracker's markup; the writers stand in
``connectors/papers``. Shapes are frozen pydantic models, so that a snapshot is plain JSON.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator


class _Shape(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Paragraph(_Shape):
    """A paragraph. ``mark`` is a warning that must be seen, ``quiet`` a small remark."""

    kind: Literal["paragraph"] = "paragraph"
    text: str
    tone: Literal["plain", "lead", "mark", "quiet"] = "plain"


class Summary(_Shape):
    """By what a list is counted where it is too long to be read: headings, and their values row by row."""

    titles: tuple[str, ...] = Field(min_length=1)
    rows: tuple[tuple[str, ...], ...]


class Bullets(_Shape):
    """A list of short lines."""

    kind: Literal["bullets"] = "bullets"
    items: tuple[str, ...]
    summary: Summary | None = None


class Pairs(_Shape):
    """Names and values under each other («Адрес: …»)."""

    kind: Literal["pairs"] = "pairs"
    items: tuple[tuple[str, str], ...]


class Column(_Shape):
    """A column. ``number`` is printed in a row of its own under the headings, as forms have it."""

    title: str
    number: str | None = None
    weight: int = Field(default=1, gt=0)
    """Share of the width."""
    align: Literal["left", "right", "center"] = "left"


class Group(_Shape):
    """A heading over ``span`` neighbouring columns, «Новые (+5)»."""

    title: str
    span: int = Field(gt=0)


class Table(_Shape):
    """A table; ``rows`` hold texts, where a line break stays a line break.

    ``groups`` is empty or covers all columns. ``empty`` is said in one row over the whole width
    where there are no rows.
    """

    kind: Literal["table"] = "table"
    columns: tuple[Column, ...] = Field(min_length=1)
    rows: tuple[tuple[str, ...], ...]
    groups: tuple[Group, ...] = ()
    caption: str = ""
    empty: str = ""
    summary: Summary | None = None

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse a table that no writer could draw."""
        width = len(self.columns)
        torn = [n for n, row in enumerate(self.rows, start=1) if len(row) != width]
        if torn:
            msg = f"rows {torn[:5]} of the table do not have {width} cells, one for each column"
            raise ValueError(msg)
        if self.groups and sum(group.span for group in self.groups) != width:
            msg = f"the groups of the table do not cover its {width} columns exactly"
            raise ValueError(msg)
        return self


class Heading(_Shape):
    """A heading inside the document."""

    kind: Literal["heading"] = "heading"
    text: str


class Chart(_Shape):
    """Bars for a picture: one group of them a label, one bar of each group a series.

    ``labels`` are short («16.11»); what a series is stands in words beside the picture. ``None`` is
    a value that nobody knows.
    """

    labels: tuple[str, ...] = Field(min_length=1)
    series: tuple[tuple[int | None, ...], ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Refuse bars that no label names."""
        if any(len(values) != len(self.labels) for values in self.series):
            msg = f"each series of a chart needs {len(self.labels)} values, one for each label"
            raise ValueError(msg)
        return self


Block = Annotated[Paragraph | Bullets | Pairs | Table | Heading, Field(discriminator="kind")]


class Document(_Shape):
    """A document from its title to its footer.

    ``lead`` are the lines of sense that stand first and make the mail's preview. ``landscape``
    asks a page writer for the wide page that a form of eight columns needs. ``annex`` holds the whole
    of each list that stands counted here, under its caption; only a workbook has them.
    """

    title: str = ""
    subtitle: str = ""
    lead: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()
    footer: tuple[str, ...] = ()
    landscape: bool = False
    annex: tuple[Table, ...] = ()

    @field_validator("annex", mode="before")
    @classmethod
    def _tables(cls, value: object) -> object:
        """Read a snapshot of the days when there was one table or none."""
        if value is None:
            return ()
        return value if isinstance(value, list | tuple) else (value,)


def plain(*lines: str) -> Document:
    """Make a document of paragraphs, for short notes."""
    return Document(blocks=tuple(Paragraph(text=line) for line in lines))


def words_of(document: Document) -> str:
    """Return what a document says as one text, for the timeline."""
    lines = (line for block in document.blocks for line in _lines(block))
    return "\n".join(filter(None, (*document.lead, *lines)))


def _lines(block: Block) -> tuple[str, ...]:
    match block:
        case Bullets():
            return tuple(f"– {item}" for item in block.items)
        case Pairs():
            return tuple(f"{label}: {value}" for label, value in block.items)
        case Table():
            return (block.caption, *("; ".join(filter(None, row)) for row in block.rows))
        case _:
            return (block.text,)
