"""Outages and inspections: lines of an export become rows that we mirror.

Headings are the fields of the contract or their Russian names; case, blanks and punctuation of a
heading do not count. A row without its number, or with a cell that cannot be read, is a bad row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from mcur.connectors.feeds.cells import line_of, number_of
from mcur.connectors.feeds.dates import Calendar
from mcur.connectors.feeds.grid import Cell, Grid, Line, show
from mcur.connectors.feeds.headings import TITLE_ROWS, fold_heading
from mcur.connectors.feeds.shape import FIELDS, FeedShape
from mcur.connectors.feeds.words import is_blank, yes_or_no
from mcur.connectors.ports import Rejected
from mcur.playbooks.directory import fold
from mcur.playbooks.facts import BadRow
from mcur.playbooks.mirrored import Inspection, Mirrored, Outage

_HEADINGS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "outages": {
        "number": ("номер", "номер события", "номер отключения", "№"),
        "type": ("тип", "тип события", "вид отключения", "тип отключения"),
        "resource": ("ресурс", "коммунальный ресурс", "вид ресурса"),
        "zone": ("зона", "зона отключения", "адреса", "адреса отключения"),
        "owner": ("владелец", "ответственный", "организация", "РСО/УК", "РСО", "исполнитель"),
        "published_at": ("опубликовано", "дата публикации", "дата создания"),
        "occurred_at": ("возникло", "дата возникновения", "время возникновения"),
        "start_at": ("начало", "дата начала", "начало отключения", "дата начала отключения"),
        "end_at": ("окончание", "дата завершения", "дата окончания", "завершение"),
        "end_known_at": ("окончание стало известно", "дата завершения стала известна"),
        "changed_at": ("изменено", "дата изменения"),
        "emergency_notice": ("экстренное оповещение",),
        "status": ("статус", "состояние"),
        "completion": ("завершение события", "способ завершения", "режим завершения"),
    },
    "inspections": {
        "number": ("номер", "номер осмотра", "номер задания", "№"),
        "campaign": ("кампания", "вид осмотра", "тип осмотра"),
        "executor": ("исполнитель", "УО", "УК", "управляющая организация"),
        "address": ("адрес",),
        "planned_at": ("план", "плановая дата", "дата по графику", "срок"),
        "done_at": ("факт", "выполнено", "дата выполнения", "дата осмотра"),
        "moderated_at": ("проверено", "дата модерации", "модерация"),
        "returned": ("возвращено", "возврат", "возвращено на доработку"),
    },
}
_WORDS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "type": {
        "planned": ("planned", "плановое", "плановый", "плановое отключение"),
        "emergency": ("emergency", "аварийное", "аварийный", "аварийное отключение", "авария"),
    },
    "status": {
        "published": ("published", "опубликовано", "создано", "изменено", "активно", "в работе"),
        "cancelled": ("cancelled", "canceled", "отменено", "отменена", "снято", "удалено"),
        "finished": ("finished", "завершено", "завершена", "закрыто", "устранено"),
    },
    "completion": {
        "auto": ("auto", "автоматически", "автоматическое"),
        "manual": ("manual", "вручную", "ручное"),
    },
    "campaign": {
        "ice": ("ice", "наледь", "сосульки", "лед", "снег", "наледь и сосульки", "осмотр кровли"),
        "common_areas": (
            "common_areas", "моп", "места общего пользования", "уборка моп", "освещение моп",
            "уборка и освещение моп",
        ),
    },
}  # fmt: skip
_MEANING = {
    name: {fold(word): value for value, words in table.items() for word in words}
    for name, table in _WORDS.items()
}
_MARKS = frozenset({"emergency_notice", "returned"})
_LASTING = frozenset({"number", "type", "campaign", "changed_at"})
"""What a thing is does not end with an empty cell; a stamp of change is that of the row."""

_Convert = Callable[[Cell], Any]


def mirrored_rows(
    file: str, grids: Sequence[Grid], shape: FeedShape
) -> tuple[str, list[Mirrored | BadRow]]:
    """Read the first table that has the headings of the feed's kind.

    :raises Rejected: no row has them, or the mapping names a heading that is not there.
    """
    if all(grid.says_nothing for grid in grids):
        return shape.kind, []
    for grid in grids:
        found = _headings(grid, shape)
        if found is not None:
            line, columns = found
            calendar = Calendar(shape.zone, shape.date_format, grid.epoch_1904)
            return shape.kind, list(_read(file, shape, grid, line, columns, calendar))
    msg = (
        f"has no known headings of {shape.kind} in its first {TITLE_ROWS} rows; "
        f"the fields are {', '.join(sorted(FIELDS[shape.kind]))}"
    )
    raise Rejected(msg)


def newest_by_number(rows: Sequence[Mirrored]) -> tuple[Mirrored, ...]:
    """Keep one row per number: what stands lower in the file was added later."""
    kept: dict[str, Mirrored] = {}
    for row in rows:
        kept.pop(row.number, None)
        kept[row.number] = row
    return tuple(kept.values())


def _headings(grid: Grid, shape: FeedShape) -> tuple[Line, dict[str, int]] | None:
    for seen, line in enumerate(grid.lines()):
        if seen == TITLE_ROWS:
            break
        places = {fold_heading(cell): at for at, cell in reversed(list(enumerate(line.cells)))}
        columns = _columns(places, shape)
        if "number" in columns and len(columns) > 1 and shape.mapping.keys() <= columns.keys():
            return line, columns
    return None


def _columns(places: Mapping[str, int], shape: FeedShape) -> dict[str, int]:
    found: dict[str, int] = {}
    for name in FIELDS[shape.kind]:
        own = shape.mapping.get(name)
        words = (own,) if own else (name, *_HEADINGS[shape.kind][name])
        there = [places[key] for word in words if (key := fold_heading(word)) in places]
        if there:
            found[name] = there[0]
    return found


def _read(
    file: str,
    shape: FeedShape,
    grid: Grid,
    top: Line,
    columns: Mapping[str, int],
    calendar: Calendar,
) -> Iterator[Mirrored | BadRow]:
    make: Callable[..., Mirrored] = Outage if shape.kind == "outages" else Inspection
    converters = {name: _converter(name, calendar) for name in (*columns, *shape.constants)}
    for line in grid.lines():
        if line.number <= top.number or not any(map(_holds, line.cells)):
            continue
        try:
            values = _values(line, columns, converters, shape.constants)
            empty = _empty(line, columns, sparse=grid.sparse)
            yield make(**values, cleared=empty - _LASTING - shape.constants.keys())
        except ValueError as exc:
            yield BadRow(file=file, line=line.number, reason=str(exc), raw=show(line.cells))


def _values(
    line: Line,
    columns: Mapping[str, int],
    converters: Mapping[str, _Convert],
    constants: Mapping[str, str],
) -> dict[str, Any]:
    if line.flaw:
        raise ValueError(line.flaw)
    cells = {name: line.cells[at] for name, at in columns.items() if at < len(line.cells)}
    values: dict[str, Any] = {}
    for name, cell in {**cells, **constants}.items():
        if not _holds(cell):
            continue
        try:
            values[name] = converters[name](cell)
        except ValueError as exc:
            msg = f"{name} {exc}"
            raise ValueError(msg) from exc
    if not values.get("number"):
        msg = "has no number"
        raise ValueError(msg)
    return values


def _empty(line: Line, columns: Mapping[str, int], *, sparse: bool) -> frozenset[str]:
    """Name the fields whose cells are there and empty: what was known of them counts no more."""
    cells = ((name, line.cells[at]) for name, at in columns.items() if at < len(line.cells))
    empty = (n for n, cell in cells if not _holds(cell) and not (sparse and cell is None))
    return frozenset(empty)


def _converter(name: str, calendar: Calendar) -> _Convert:
    if name == "number":
        return number_of
    if name == "planned_at":
        return partial(_stamp, calendar, end_of_day=True)
    if name.endswith("_at"):
        return partial(_stamp, calendar)
    if name in _MARKS:
        return _mark
    return partial(_word, name) if name in _MEANING else lambda cell: line_of(cell) or None


def _stamp(calendar: Calendar, cell: Cell, *, end_of_day: bool = False) -> Any:
    try:
        return calendar.stamp(cell, end_of_day=end_of_day)
    except ValueError as exc:
        msg = f"«{cell}» is no date"
        raise ValueError(msg) from exc


def _mark(cell: Cell) -> bool:
    mark = yes_or_no(line_of(cell))
    if mark is None:
        msg = f"«{cell}» is neither yes nor no"
        raise ValueError(msg)
    return mark


def _word(name: str, cell: Cell) -> str:
    word = fold(line_of(cell))
    if word not in _MEANING[name]:
        msg = f"«{cell}» is not known; known: {', '.join(_WORDS[name])}"
        raise ValueError(msg)
    return _MEANING[name][word]


def _holds(cell: Cell) -> bool:
    return cell is not None and not (isinstance(cell, str) and (not cell.strip() or is_blank(cell)))
