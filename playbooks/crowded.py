"""A list with more rows than a letter can carry: topics and houses, counted; the rest is a workbook.

Forms and sections say of each row what it is counted by (:class:`Summary`); whether a list is too long is
decided in one place, when the document is whole.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest
from typing import TypeVar

from mcur.playbooks.addresses import counted, without_flat
from mcur.playbooks.documents import (
    Block,
    Bullets,
    Column,
    Document,
    Heading,
    Paragraph,
    Summary,
    Table,
)
from mcur.playbooks.rules.base import Case

MOST = 40
"""How many rows a letter carries."""
Row = TypeVar("Row")


def by_place(
    case: Case,
    rows: Sequence[Row],
    place: Callable[[Row], tuple[str | None, str | None]],
    most: int,
) -> list[tuple[str, list[Row]]]:
    """Group rows by topic and house, the largest groups first; beyond ``most`` they are one group."""
    ordered, rest = _grouped(rows, place, most)
    named = [
        (case.say("crowded.place", topic=topic, address=address, count=len(inside)), inside)
        for (topic, address), inside in ordered
    ]
    if rest:
        left = [row for _, inside in rest for row in inside]
        named.append((case.say("crowded.rest", places=len(rest), count=len(left)), left))
    return named


def by_topic(
    case: Case, places: Iterable[tuple[str | None, str | None]], *further: Iterable[str]
) -> Summary:
    """Count rows by topic and house, and by what else is known of each (a title, then its values)."""
    known = [
        (
            topic or case.say("no_topic"),
            without_flat(address) if address else case.say("no_address"),
        )
        for topic, address in places
    ]
    more = [tuple(values) for values in further]
    titles = (case.say("label.topic"), case.say("label.address"), *(title for title, *_ in more))
    values = zip(known, *(column[1:] for column in more), strict=True)
    return Summary(titles=titles, rows=tuple((*place, *rest) for place, *rest in values))


def fitted(case: Case, made: Document, most: int = MOST) -> Document:
    """Count every list that is longer than ``most`` rows, and put it whole into the annex."""
    blocks: list[Block] = []
    annex = list(made.annex)
    title = made.title
    for block in made.blocks:
        title = block.text if isinstance(block, Heading) else title
        if not isinstance(block, Table | Bullets):
            blocks.append(block)
        elif len(rows := _rows(block)) <= most:
            blocks.append(block.model_copy(update={"summary": None}))
        else:
            blocks += [_note(case, block, len(rows), most), _short(case, block, most)]
            annex.append(_whole(case, block, title))
    return made.model_copy(update={"blocks": tuple(blocks), "annex": tuple(annex)})


def on_task(case: Case, table: Table) -> tuple[Block, ...]:
    """Return a table as a task of a tracker carries it: counted where it is longer than people read."""
    count = len(table.rows)
    if count <= MOST:
        return (table.model_copy(update={"summary": None}),)
    return (Paragraph(text=case.say("crowded.on_task", count=count)), _short(case, table, MOST))


def _note(case: Case, block: Table | Bullets, count: int, most: int) -> Paragraph:
    is_counted = block.summary is not None
    return Paragraph(text=case.say("crowded.rows", count=count, most=most, counted_here=is_counted))


def _rows(block: Table | Bullets) -> tuple[object, ...]:
    return block.rows if isinstance(block, Table) else block.items


def _short(case: Case, block: Table | Bullets, most: int) -> Block:
    """Return the list counted by its summary; one that has none ends after ``most`` rows."""
    if block.summary is None:
        part = "rows" if isinstance(block, Table) else "items"
        return block.model_copy(update={part: _rows(block)[:most]})
    ordered, rest = _grouped(block.summary.rows, lambda row: row, most)
    rows = [(*(v or "" for v in values), str(len(inside))) for values, inside in ordered]
    if rest:
        blank = [""] * (len(block.summary.titles) - 1)
        left = sum(len(inside) for _, inside in rest)
        rows.append((case.say("crowded.others", count=len(rest)), *blank, str(left)))
    columns = (
        *(Column(title=title, weight=4) for title in block.summary.titles),
        Column(title=case.say("crowded.count"), weight=3, align="center"),
    )
    return Table(columns=columns, rows=tuple(rows))


def _whole(case: Case, block: Table | Bullets, title: str) -> Table:
    """Return the list as a table of the annex; a line of a list stands behind what it is counted by."""
    if isinstance(block, Table):
        return block.model_copy(update={"summary": None, "caption": block.caption or title})
    known = block.summary or Summary(titles=(title,), rows=())
    columns = [Column(title=name, weight=2) for name in known.titles] if known.rows else []
    told = zip_longest(known.rows, block.items, fillvalue=())
    return Table(
        caption=title,
        columns=(*columns, Column(title=case.say("crowded.line"), weight=5)),
        rows=tuple((*values, str(item)) for values, item in told),
    )


def _grouped(
    rows: Iterable[Row], key: Callable[[Row], Sequence[str | None]], most: int
) -> tuple[
    list[tuple[Sequence[str | None], list[Row]]], list[tuple[Sequence[str | None], list[Row]]]
]:
    """Group rows, the largest groups first; those beyond ``most`` come apart, for one line."""
    found: dict[Sequence[str | None], list[Row]] = {}
    for row in rows:
        found.setdefault(key(row), []).append(row)
    ordered = sorted(found.items(), key=lambda g: (-len(g[1]), *(counted(p or "") for p in g[0])))
    return (ordered, []) if len(ordered) <= most else (ordered[: most - 1], ordered[most - 1 :])
