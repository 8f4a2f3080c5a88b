"""The grid of a table, read once for all writers: widths, groups, labels; and clean characters."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from mcur.playbooks.documents import Table

_ARROW = "\N{NO-BREAK SPACE}\N{RIGHTWARDS ARROW}\N{NO-BREAK SPACE}"
_BREAK = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_UNSHOWN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # control characters, but tab and newline
    "\u202a-\u202e\u2066-\u2069"  # overrides of the writing direction
    "\ud800-\udfff\ufffe\uffff]"  # halves of characters and what is none
)


@dataclass(frozen=True, slots=True)
class Span:
    """Neighbouring columns under one heading; ``title`` is empty where there is none."""

    title: str
    columns: range


def spans(table: Table) -> list[Span]:
    """List the groups with the columns they cover; a table without groups is one span."""
    if not table.groups:
        return [Span("", range(len(table.columns)))]
    found, start = [], 0
    for group in table.groups:
        found.append(Span(group.title, range(start, start + group.span)))
        start += group.span
    return found


def lists_side_by_side(table: Table) -> bool:
    """Whether the groups are lists of their own that only share the paper.

    So it is in «Отчет 1» (odintsovo-1204, app. 1): each group repeats the columns «Проблема» and
    «Принятые меры», and what stands in one line has nothing in common but the line.
    """
    headings = [tuple(table.columns[i].title for i in span.columns) for span in spans(table)]
    return len(headings) > 1 and len(set(headings)) == 1


def labels(table: Table) -> list[str]:
    """Name each column in full, for a reader who does not see the headings above it."""
    return [
        " · ".join(filter(None, (span.title, table.columns[i].title)))
        for span in spans(table)
        for i in span.columns
    ]


def numbers(table: Table) -> list[str]:
    """List what the form prints in the row of column numbers; empty where it has no such row."""
    if not any(column.number for column in table.columns):
        return []
    return [column.number or "" for column in table.columns]


def shares(table: Table, whole: int) -> list[int]:
    """Divide a width among the columns by weight; the parts sum up to the whole."""
    total = sum(column.weight for column in table.columns)
    edges, passed = [0], 0
    for column in table.columns:
        passed += column.weight
        edges.append(whole * passed // total)
    return [right - left for left, right in pairwise(edges)]


def printable(text: str) -> str:
    """Leave only what a page can show: line breaks are newlines, control characters go.

    XML 1.0 (2.2) has no place for most control characters, so that one of them in a citizen's
    text would lose the document; overrides of the writing direction would scramble its lines.
    """
    return _UNSHOWN.sub("", _BREAK.sub("\n", text))


def typeset(text: str) -> str:
    """Make a text fit to be printed: an arrow of two signs is one, and not torn at a line's end."""
    return printable(text).replace(" -> ", _ARROW)
