"""Headings: which column fills which field of the canonical table.

The forms are data: headings as printed in the contract and in the exports of Russian control
centres. Case, blanks, punctuation and «ё» of a heading do not count.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from mcur.connectors.feeds.grid import Cell, Grid, Line
from mcur.connectors.feeds.shape import CANONICAL_FIELDS, FeedShape
from mcur.connectors.ports import Rejected

TITLE_ROWS = 20
"""How many rows from the top may stand above the headings."""


@dataclass(frozen=True, slots=True)
class Form:
    """A kind of export: headings by field, the wanted one first; others fill its blanks.

    ``signs`` are headings that together tell the form from others. ``source`` is where the rows
    of such an export come from if they do not say.
    """

    name: str
    columns: Mapping[str, tuple[str, ...]]
    signs: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """Where the columns of one file are. ``headings`` are the recognised ones as they stand."""

    form: Form
    heading_line: int
    columns: Mapping[str, tuple[int, ...]]
    headings: Mapping[int, str]
    width: int


_CANON: dict[str, tuple[str, ...]] = {
    **{name: (name,) for name in CANONICAL_FIELDS},
    "source": ("source", "источник"),
    "number": ("number", "номер в источнике", "номер обращения", "номер"),
    "received_at": ("received_at", "дата создания", "дата поступления"),
    "municipality": ("municipality", "муниципалитет", "округ", "ОМСУ"),
    "block": ("block", "блок"),
    "category": ("category", "категория"),
    "subcategory": ("subcategory", "подкатегория", "подтема", "тема"),
    "address": ("address", "адрес"),
    "text": ("text", "текст", "описание"),
    "status": ("status", "статус"),
    "due_at": ("due_at", "срок"),
    "repeat_of": ("repeat_of", "повтор"),
    "executor": ("executor", "исполнитель", "УО", "УК"),
    "spam": ("spam", "спам"),
    "message_type": ("message_type", "тип сообщения"),
    "category_index": ("category_index", "индекс"),
    "withdrawn_at": ("withdrawn_at", "отозвано заявителем"),
    "extra.ecur_number": ("номер ЕЦУР",),
}
_CANONICAL = Form("canonical", _CANON)
_ECUR = Form(
    "ecur",
    {
        **_CANON,
        "number": ("номер в источнике",),
        "received_at": ("дата (первого взятия в работу)",),
        "municipality": ("ОМСУ", "район"),
        "block": ("направление",),
        "category": ("синт. группа",),
        "subcategory": ("подтема",),
        "address": ("адрес (формат)",),
        "text": ("описание",),
        "executor": ("исполнитель", "УК"),
        "repeat": ("есть повторы",),
        "spam": ("спам (да/нет)", "спам"),
        "message_type": ("тип сообщения", "тип сообщения - 0 проблемы, 1 - предложения"),
        "extra.fact": ("факт",),
        "extra.curator": ("куратор",),
        "extra.management_company": ("УК",),
        "extra.territory": ("ТУ/ТО",),
        "extra.sector": ("сектор",),
        "extra.overdue_mark": ("просрочка",),
        "extra.repeats": ("кол-во повторов",),
        "address.settlement": ("населенный пункт",),
        "address.street": ("улица",),
        "address.house": ("дом",),
    },
    signs=("дата (первого взятия в работу)",),
    source="ecur",
)
_DOBRODEL_REPORT = Form(
    "dobrodel-report",
    {
        **_CANON,
        "number": ("номер",),
        "municipality": ("район",),
        "category": ("категория ЕЦУР",),
        "subcategory": ("подкатегория ЕЦУР",),
        "extra.fact": ("ЕЦУР факт",),
    },
    signs=("категория ЕЦУР", "подкатегория ЕЦУР"),
    source="dobrodel",
)
_DOBRODEL_LIST = Form(
    "dobrodel-list",
    {
        **_CANON,
        "number": ("номер в доброделе",),
        "received_at": ("дата жалобы",),
        # In this list «Тематика» is the wider word and «Категория» its part.
        "category": ("тематика",),
        "subcategory": ("категория",),
        "text": ("текст обращения",),
        # The day on which Добродел wants the answer; open complaints have it.
        "due_at": ("дата ответа по доброделу",),
        "status": ("статус в доброделе", "статус в системе"),
        "extra.system_status": ("статус в системе",),
        "extra.territory": ("тер управление", "тер. управление"),
    },
    signs=("номер в доброделе", "дата жалобы"),
    source="dobrodel",
)
FORMS = (_ECUR, _DOBRODEL_LIST, _DOBRODEL_REPORT, _CANONICAL)


@lru_cache(maxsize=4096)
def fold_heading(cell: Cell) -> str:
    """Fold a heading for comparison: only its letters and digits count."""
    if not isinstance(cell, str):
        return ""
    return "".join(c for c in cell.casefold().replace("ё", "е") if c.isalnum())


def find_headings(grids: Sequence[Grid], shape: FeedShape) -> tuple[Grid, Plan]:
    """Find the first grid with headings that we know, and what its columns are.

    :raises Rejected: no row has known headings, or the mapping names a heading that is not there.
    """
    missing = ""
    for grid in grids:
        top = _top(grid)
        plans = [plan for line in top if (plan := _plan(line, shape))]
        if plans:
            return grid, max(plans, key=lambda plan: len(plan.headings))
        missing = missing or _missing(top, shape)
    raise Rejected(missing or _unknown(grids))


def _top(grid: Grid) -> list[Line]:
    top: list[Line] = []
    for line in grid.lines():
        if any(map(_says, line.cells)):
            top.append(line)
        if len(top) == TITLE_ROWS:
            break
    return top


def _plan(line: Line, shape: FeedShape) -> Plan | None:
    """Recognise a row as headings: by a known form, over which the mapping goes, or by it alone."""
    places: dict[str, int] = {}
    for at, cell in enumerate(line.cells):
        places.setdefault(fold_heading(cell), at)
    places.pop("", None)
    mapped = {name: _columns((heading,), places) for name, heading in shape.mapping.items()}
    if not all(mapped.values()):
        return None
    forms = [
        (form, {name: _columns(headings, places) for name, headings in form.columns.items()})
        for form in FORMS
        if all(fold_heading(sign) in places for sign in form.signs)
    ]
    # A mapping that suffices alone beats a form that would need it: chance headings stay out.
    tries = [*forms, (Form("mapping", {}), dict[str, tuple[int, ...]]()), *forms]
    for at, (form, own) in enumerate(tries):
        columns = {**own, **mapped}
        if _suffices(own if at < len(forms) else columns):
            return _made(form, line, columns)
    return None


def _columns(headings: tuple[str, ...], places: Mapping[str, int]) -> tuple[int, ...]:
    found = (places.get(fold_heading(heading)) for heading in headings)
    return tuple(dict.fromkeys(at for at in found if at is not None))


def _suffices(columns: Mapping[str, tuple[int, ...]]) -> bool:
    number = columns.get("number") or columns.get("extra.ecur_number")
    return bool(number and columns.get("received_at"))


def _made(form: Form, line: Line, columns: Mapping[str, tuple[int, ...]]) -> Plan:
    used = {name: found for name, found in columns.items() if found}
    headings = {at: str(line.cells[at]).strip() for found in used.values() for at in found}
    return Plan(form, line.number, used, headings, width=len(line.cells))


def _missing(top: list[Line], shape: FeedShape) -> str:
    """Say which headings of the mapping are not there, if the others are."""
    for line in top:
        there = {fold_heading(cell) for cell in line.cells}
        lost = {n: h for n, h in shape.mapping.items() if fold_heading(h) not in there}
        if 0 < len(lost) < len(shape.mapping):
            names = ", ".join(f"«{heading}» for {name}" for name, heading in lost.items())
            return f"has no heading {names}, which the feed's mapping names"
    return ""


def _unknown(grids: Sequence[Grid]) -> str:
    rows = [[cell for cell in line.cells if _says(cell)] for grid in grids for line in _top(grid)]
    if not rows:
        return "is empty: even an export without appeals has its headings"
    # The widest row is the likeliest to be meant; of readings of a text, the likeliest too.
    shown = ", ".join(f"«{str(cell)[:60]}»" for cell in max(rows, key=len)[:12])
    return (
        f"has no known headings in its first {TITLE_ROWS} rows (found: {shown}); "
        "name at least number and received_at in the feed's mapping"
    )


def _says(cell: Cell) -> bool:
    return cell is not None and cell != ""
