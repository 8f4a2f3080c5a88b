"""JSON and JSON lines: objects become rows under the union of their names."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import partial

from mcur.connectors.feeds.delimited import decode
from mcur.connectors.feeds.grid import Cell, Grid, Line
from mcur.connectors.ports import Rejected

_LISTS = ("rows", "appeals", "outages", "inspections", "data")


def json_grids(content: bytes, encoding: str | None = None) -> list[Grid]:
    """Return the one table of a JSON file: a list of objects, bare or under a known name.

    A line's number is the place of its object in the list, from 1.

    :raises Rejected: the file is no JSON, or holds no list of rows.
    """
    try:
        found = _parse(decode(content, encoding))
    except (ValueError, RecursionError) as exc:
        msg = f"is not JSON: {exc}"
        raise Rejected(msg) from exc
    if isinstance(found, dict):
        found = next((found[name] for name in _LISTS if name in found), None)
    if not isinstance(found, list):
        msg = f"holds no list of rows, neither bare nor under {', '.join(_LISTS)}"
        raise Rejected(msg)
    return [_grid([(number, row) for number, row in enumerate(found, start=1)])]


def json_line_grids(content: bytes, encoding: str | None = None) -> list[Grid]:
    """Return the one table of a file with a JSON object on each line; blank lines are skipped."""
    lines = decode(content, encoding).split("\n")
    return [_grid([(n, _parse_line(line)) for n, line in enumerate(lines, 1) if line.strip()])]


def _parse(text: str) -> object:
    return json.loads(text, parse_float=Decimal)


def _parse_line(line: str) -> object:
    try:
        return _parse(line)
    except (ValueError, RecursionError) as exc:
        return Line(0, [line.strip()], flaw=f"is not JSON: {exc}")


def _grid(rows: list[tuple[int, object]]) -> Grid:
    names = list(dict.fromkeys(name for _, row in rows if isinstance(row, dict) for name in row))
    lines = partial(_lines, names, rows)
    return Grid(name="JSON", lines=lines, says_nothing=not rows, sparse=True)


def _lines(names: list[str], rows: Iterable[tuple[int, object]]) -> Iterator[Line]:
    yield Line(0, list[Cell](names))
    for number, row in rows:
        if isinstance(row, Line):
            yield Line(number, row.cells, row.flaw)
        elif isinstance(row, dict):
            yield Line(number, [_cell(row[name]) if name in row else None for name in names])
        else:
            yield Line(number, [_text(row)], flaw="is not an object with names and values")


def _cell(value: object) -> Cell:
    if value is None:
        return ""
    if isinstance(value, str | int | Decimal):
        return value
    return _text(value)


def _text(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)
