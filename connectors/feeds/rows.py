"""Rows: a line of cells becomes an appeal of the canonical table, or a bad row with its reason."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

from mcur.connectors.feeds.cells import decimal_of, line_of, number_of, text_of
from mcur.connectors.feeds.dates import Calendar
from mcur.connectors.feeds.grid import Cell, Grid, Line, show
from mcur.connectors.feeds.headings import Plan, fold_heading
from mcur.connectors.feeds.shape import EXTRA, FeedShape
from mcur.connectors.feeds.words import message_type_of, source_of, status_of, yes_or_no
from mcur.connectors.ports import Rejected
from mcur.playbooks.addresses import house_of
from mcur.playbooks.directory import fold
from mcur.playbooks.facts import Appeal, AppealStatus, BadRow

_STAMPS = ("status_changed_at", "accepted_at", "closed_at", "returned_at", "withdrawn_at")
_TERMS = ("due_at", "deferred_until")
# A row without a word of status and without any of these is new (contract, «status»).
_LIFE = (*_STAMPS, "deferred_until")
_LONG_TEXTS = ("text", "public_comment", "reopen_comment")
# Where the column is there and the cell is blank, that itself is said (contract: «empty: flagged»).
_SAID_EMPTY: Mapping[str, Any] = {
    "on_control": False,
    "controller": "",
    "public_comment": "",
    "reopen_comment": "",
}
_ADDRESS_PARTS = ("address.settlement", "address.street", "address.house")
_TOTALS = ("итого", "всего")

_Convert = Callable[[Cell], Any]


class _Step(NamedTuple):
    """How one value comes from a row: the columns to look into, in order, and what to make of it."""

    name: str
    column: int
    others: tuple[int, ...]
    convert: _Convert


class RowReader:
    """Reads the lines of one file by one plan. ``file`` is its name for bad rows."""

    def __init__(self, file: str, shape: FeedShape, grid: Grid, plan: Plan) -> None:
        self._file = file
        self._plan = plan
        self._lines = grid.lines
        self._own_statuses = {fold(word): status for word, status in shape.statuses.items()}
        self._calendar = Calendar(shape.zone, shape.date_format, grid.epoch_1904)
        self._source = shape.source or plan.form.source or shape.id
        self._municipality = shape.municipality
        constants = {name: self._constant(name, v) for name, v in shape.constants.items()}
        self._constants = {n: v for n, v in constants.items() if not n.startswith(EXTRA)}
        self._extra_constants = {
            n.removeprefix(EXTRA): v for n, v in constants.items() if n.startswith(EXTRA)
        }
        steps = [
            _Step(name, columns[0], columns[1:], self._converter(name))
            for name, columns in plan.columns.items()
        ]
        self._steps = [step for step in steps if not step.name.startswith(EXTRA)]
        self._extras = [
            step._replace(name=step.name.removeprefix(EXTRA))
            for step in steps
            if step.name.startswith(EXTRA)
        ]

    def _constant(self, name: str, value: str) -> Any:
        try:
            return self._converter(name)(value)
        except ValueError as exc:
            msg = f"cannot be read: the feed's constant {name} {exc}"
            raise Rejected(msg) from exc

    def __iter__(self) -> Iterator[Appeal | BadRow]:
        for line in self._lines():
            if line.number <= self._plan.heading_line or not any(map(_holds, line.cells)):
                continue
            try:
                yield self._appeal(line)
            except ValueError as exc:
                if line.flaw or not self._is_furniture(line.cells):
                    yield BadRow(
                        file=self._file,
                        line=line.number,
                        reason=str(exc),
                        raw=show(line.cells),
                    )

    def _appeal(self, line: Line) -> Appeal:
        cells = self._checked(line)
        values = {**_values(cells, self._steps), **self._constants}
        extra = {**_values(cells, self._extras), **self._extra_constants}
        _name_appeal(values, extra, self._source)
        if "received_at" not in values:
            msg = "has no received_at"
            raise ValueError(msg)
        values.setdefault("municipality", self._municipality)
        _locate(values)
        _settle_repeat(values)
        self._settle_status(values, extra)
        return Appeal(**values, extra=extra)

    def _checked(self, line: Line) -> list[Cell]:
        if line.flaw:
            raise ValueError(line.flaw)
        cells, width = line.cells, self._plan.width
        if len(cells) > width and any(map(_holds, cells[width:])):
            msg = f"has {len(cells)} cells under {width} headings: a delimiter inside a text?"
            raise ValueError(msg)
        return cells if len(cells) >= width else cells + [None] * (width - len(cells))

    def _settle_status(self, values: dict[str, Any], extra: dict[str, str]) -> None:
        """Turn the word of status into ours; a word nobody knows is kept beside."""
        word = values.pop("status", "")
        if word:
            values["status"] = status_of(word, self._own_statuses)
        elif not any(name in values for name in _LIFE):
            values["status"] = AppealStatus.NEW
        if word and values["status"] is None:
            extra["status_raw"] = word

    def _is_furniture(self, cells: list[Cell]) -> bool:
        """Whether a line is no row: headings repeated, their numbers below them, a total."""
        there = {at: cell for at, cell in enumerate(cells) if _holds(cell)}
        first = line_of(next(iter(there.values()))).casefold()
        if first.startswith(_TOTALS):
            return True
        known = [at for at in there if at in self._plan.headings]
        if known and all(
            fold_heading(there[at]) == fold_heading(self._plan.headings[at]) for at in known
        ):
            return True
        numbered = [line_of(cell) for cell in there.values()]
        return len(numbered) > 2 and numbered == [str(n + 1) for n in range(len(numbered))]

    def _converter(self, name: str) -> _Convert:
        if name == "received_at" or name in _STAMPS:
            return self._stamp
        if name in _TERMS:
            return self._term
        return _CONVERTERS.get(name) or (text_of if name in _LONG_TEXTS else line_of)

    def _stamp(self, cell: Cell, *, end_of_day: bool = False) -> Any:
        try:
            return self._calendar.stamp(cell, end_of_day=end_of_day)
        except ValueError as exc:
            if isinstance(cell, str) and (not text_of(cell) or yes_or_no(cell) is False):
                return None
            msg = f"«{cell}» is no date"
            raise ValueError(msg) from exc

    def _term(self, cell: Cell) -> Any:
        return self._stamp(cell, end_of_day=True)


_CONVERTERS: Mapping[str, _Convert] = {
    "number": number_of,
    "extra.ecur_number": number_of,
    "repeat_of": number_of,
    "source": lambda cell: source_of(line_of(cell)) if line_of(cell) else None,
    "spam": lambda cell: yes_or_no(line_of(cell)),
    "repeat": lambda cell: yes_or_no(line_of(cell)),
    "on_control": lambda cell: yes_or_no(line_of(cell)),
    "message_type": lambda cell: message_type_of(line_of(cell)),
    "category_index": decimal_of,
    "address": text_of,  # runs of blanks tell its parts apart in some exports
}


def _values(cells: list[Cell], steps: list[_Step]) -> dict[str, Any]:
    """Take the values that a row holds; ``ValueError`` names the one that cannot be."""
    values: dict[str, Any] = {}
    for name, column, others, convert in steps:
        cell = cells[column]
        if others and not _holds(cell):
            cell = next((cells[other] for other in others if _holds(cells[other])), None)
        try:
            value = None if cell is None or cell == "" else convert(cell)
        except ValueError as exc:
            msg = f"{name} {exc}"
            raise ValueError(msg) from exc
        if value is not None and value != "":
            values[name] = value
        elif name in _SAID_EMPTY:
            values[name] = _SAID_EMPTY[name]
    return values


def _holds(cell: Cell) -> bool:
    return cell is not None and cell != "" and not (isinstance(cell, str) and cell.isspace())


def _name_appeal(values: dict[str, Any], extra: dict[str, str], source: str) -> None:
    """Settle source and number; an ЕЦУР row that lacks either is known by its ЕЦУР number.

    :raises ValueError: the row has no number at all.
    """
    ecur = extra.get("ecur_number")
    if ecur and not (values.get("number") and values.get("source")):
        values["source"], values["number"] = "ecur", ecur
    elif not values.get("number"):
        msg = "has no number"
        raise ValueError(msg)
    values.setdefault("source", source)


def _locate(values: dict[str, Any]) -> None:
    """Settle address and house; columns of its parts help where the address says too little."""
    settlement, street, house = (values.pop(part, "") for part in _ADDRESS_PARTS)
    parts = ", ".join(filter(None, (settlement, street, house and f"д. {house}")))
    address = values.get("address") or parts
    where = values["municipality"]
    values["house"] = house_of(address, where) or (house_of(parts, where) if parts else None)
    values["address"] = " ".join(address.split()) or None


def _settle_repeat(values: dict[str, Any]) -> None:
    """«Повтор» holds the number of the earlier appeal, or only a mark."""
    mark = yes_or_no(values.get("repeat_of", ""))
    if mark is not None:
        values["repeat"] = mark
        del values["repeat_of"]
