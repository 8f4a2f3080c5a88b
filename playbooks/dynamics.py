"""How topics grew and fell, and with which executors there are problems: sections and forms of reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from mcur.playbooks.counting import by_object
from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Block, Bullets, Column, Paragraph, Table
from mcur.playbooks.entries import entered
from mcur.playbooks.facts import Appeal, Task, TaskStatus
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.term import is_late

if TYPE_CHECKING:
    from mcur.playbooks.rules.report_shape import Report

Counts = dict[str, int]


def increase(_rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """Name the topics with the largest growth over the period before."""
    now, before, *_ = _periods(case, first, last)
    if now is None or before is None:
        return [Paragraph(text=case.say("section.increase.unknown"))]
    lines = _lines(case, _grown(now, before)[: case.playbook.calendar.top_n])
    return [Bullets(items=lines) if lines else Paragraph(text=case.say("section.increase.none"))]


def decrease(_rule: Report, case: Case, first: datetime, last: datetime) -> list[Block]:
    """Say which of the topics that grew most in the period before have become fewer now."""
    now, before, earlier = _periods(case, first, last)
    if now is None or before is None or earlier is None:
        return [Paragraph(text=case.say("section.increase.unknown"))]
    top = [name for name, *_ in _grown(before, earlier)[: case.playbook.calendar.top_n]]
    fallen = [(name, now.get(name, 0), before[name]) for name in top]
    lines = _lines(case, [f for f in fallen if f[1] < f[2]])
    return [Bullets(items=lines) if lines else Paragraph(text=case.say("section.decrease.none"))]


def executors(rule: Report, case: Case, first: datetime, _last: datetime) -> list[Block]:
    """Count what is overdue, returned and refused, by executor."""
    tasks = case.facts.tasks(case.playbook.id, set(rule.kinds), since=first)
    found: dict[str, Counter[str]] = {}
    for task in (t for t in tasks if t.status.is_open and not t.history):
        for word in _troubles(case, task):
            found.setdefault(task.executor or case.say("no_executor"), Counter())[word] += 1
    lines = tuple(
        case.say("section.executors.line", executor=name, counts=counts)
        for name, counts in sorted(found.items(), key=lambda one: (-one[1].total(), one[0]))
    )
    return [Bullets(items=lines) if lines else Paragraph(text=case.say("section.executors.none"))]


def _troubles(case: Case, task: Task) -> list[str]:
    refused = task.status is TaskStatus.REFUSED
    refused |= any(act.do == "refuse" for act in case.facts.acts_on(task.key))
    told = {
        "late": is_late(task, case.now),
        "returned": task.status is TaskStatus.RETURNED,
        "refused": refused,
    }
    return [word for word, is_so in told.items() if is_so]


def _periods(case: Case, first: datetime, last: datetime) -> list[Counts | None]:
    """Count by topic the whole days of the period and of the two before it; ``None`` without data."""
    calendar = case.playbook.calendar
    begin, end = calendar.day_of(first), calendar.day_of(last - timedelta(seconds=1))
    days = (end - begin).days + 1
    if last < calendar.day_bounds(end)[1]:  # a day that is not over is no whole day
        begin -= timedelta(days=1)
    found: list[Counts | None] = []
    for back in range(3):
        start = begin - timedelta(days=days * back)
        bounds = calendar.day_bounds(start)[0], calendar.day_bounds(start + timedelta(days=days))[0]
        tallies = [t for t in case.facts.tallies(*bounds, by_house=False) if case.playbook.owns(t)]
        has = case.facts.has_data(*bounds)
        found.append(dict(by_object(tallies, "subcategory")) if has else None)
    return found


def _grown(now: Counts, before: Counts) -> list[tuple[str, int, int]]:
    """Return what grew, the largest difference first; ties by percent, then by name (T10)."""
    grown = [(name, n, before.get(name, 0)) for name, n in now.items() if n > before.get(name, 0)]
    return sorted(
        grown, key=lambda g: (g[2] - g[1], -(g[1] * 10_000 // g[2] if g[2] else 10**9), g[0])
    )


def _lines(case: Case, changes: list[tuple[str, int, int]]) -> tuple[str, ...]:
    return tuple(
        case.say("section.increase.line", topic=name, now=now, before=before)
        for name, now, before in changes
    )


# --- the top by the index of the heat map ----------------------------------------------------------------


def top(case: Case, first: datetime, last: datetime) -> tuple[list[Block], list[str], list[str]]:
    """Return table and names of the topics with the largest index, and those that have none (T11).

    Ties go by number of appeals, then by name.
    """
    indices = case.facts.indices(case.playbook.covers, fresh=False)
    own: dict[str, list[Appeal]] = {}
    for appeal in entered(case, "new", first, last):
        own.setdefault(appeal.topic or case.say("no_topic"), []).append(appeal)
    known = [(index, name) for name in own if (index := _index(own[name], indices)) is not None]
    known.sort(key=lambda one: (-one[0], -len(own[one[1]]), one[1]))
    silent = sorted(own.keys() - {name for _, name in known}, key=lambda n: (-len(own[n]), n))
    rows = tuple(
        (str(place), name, case.say("form.top.index_value", index=index), str(len(own[name])))
        for place, (index, name) in enumerate(known[: case.playbook.calendar.top_n], start=1)
    )
    columns = (
        Column(title=case.say("form.top.n"), weight=1, align="center"),
        Column(title=case.say("form.top.topic"), weight=5),
        Column(title=case.say("form.top.index"), weight=3, align="center"),
        Column(title=case.say("form.top.count"), weight=3, align="center"),
    )
    blocks: list[Block] = [Table(columns=columns, rows=rows, empty=_empty(case, first, last))]
    if silent:
        names = [(name, len(own[name])) for name in silent]
        blocks.append(Paragraph(text=case.say("form.top.silent", names=names)))
    return blocks, [row[1] for row in rows], silent


def _index(appeals: list[Appeal], indices: Mapping[str, Decimal]) -> Decimal | None:
    """Return the index of a topic: of its newest row that has one, else that of its category."""
    newest = sorted(appeals, key=lambda a: a.received_at, reverse=True)
    own = next((a.category_index for a in newest if a.category_index is not None), None)
    by_category = (indices.get(fold(a.category)) for a in newest if a.category)
    return own if own is not None else next((i for i in by_category if i is not None), None)


def _empty(case: Case, first: datetime, last: datetime) -> str:
    known = case.facts.has_data(first, last)
    return case.say("form.top.empty" if known else "form.groups.no_data")
