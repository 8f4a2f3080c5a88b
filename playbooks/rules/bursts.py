"""Many appeals about one thing: one task with a table, for whoever sets ``group_by``.

Appeals of one house and topic share a task while it is open; so do all of a topic once there are many
of them in a day, and those of the object of an open incident. Each appeal still finds its task, and
the task ends with the last of them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Block, Column, Document, Paragraph, Table
from mcur.playbooks.facts import Appeal, AppealChange, Task, TaskStatus
from mcur.playbooks.intents import (
    CreateTask,
    Intent,
    MarkDone,
    UpdateTask,
    digest_of,
)
from mcur.playbooks.joining import JoinTask, TellJoined
from mcur.playbooks.language import mask_personal, shorten
from mcur.playbooks.rules.base import Case, Rule

ROWS = 100
"""Rows of the table on a task: a tracker's field has an end, and nobody reads a thousand."""
NAMED = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How many of a topic in a day are many, and how often a task tells what joined it."""

    burst_from: int
    every: timedelta


Make = Callable[[Appeal], CreateTask]


@dataclass(slots=True)
class _Group:
    """Appeals of one decision that belong on one task, and the task that each would have alone."""

    title: str
    appeals: list[Appeal] = field(default_factory=list)
    alone: list[CreateTask] = field(default_factory=list)


def decide(
    rule: Rule, case: Case, changes: Sequence[AppealChange], terms: Terms, make: Make
) -> Iterator[Intent]:
    """Put new appeals onto tasks, theirs or a common one, and follow those that are there."""
    places = _Places(case, terms.burst_from)
    groups: dict[str, _Group] = {}
    touched: dict[str, list[AppealChange]] = defaultdict(list)
    for change in changes:
        task = case.facts.task_of(case.playbook.id, change.appeal.source, change.appeal.number)
        if task is not None:
            touched[task.key].append(change)
        elif not change.history and change.appeal.is_open:
            alone = make(change.appeal)
            place, title = places.of(change.appeal, alone)
            group = groups.setdefault(f"{place}|{alone.assignee}", _Group(title))
            group.appeals.append(change.appeal)
            group.alone.append(alone)
    for place, group in groups.items():
        yield from _placed(rule, case, place, group)
    for key, joined in case.facts.untold(case.playbook.id).items():
        yield from _told(rule, case, key, joined, terms.every)
    for key, changed in touched.items():
        if any(not c.history and c.changed for c in changed):
            yield from _follow(rule, case, key, changed)


# --- where an appeal belongs ----------------------------------------------------------------------------


class _Places:
    """Names the place of an appeal: an open incident, a burst of its topic, its house and topic, itself."""

    def __init__(self, case: Case, burst_from: int) -> None:
        self._case = case
        self._burst_from = burst_from
        self._topics: dict[date, Counter[str]] = {}
        self._incidents = {
            fold(i.object): i for i in case.facts.incidents(case.playbook.id) if i.object
        }

    def of(self, appeal: Appeal, alone: CreateTask) -> tuple[str, str]:
        """Return the place and the title of a task there."""
        objects = (appeal.house, appeal.subcategory, appeal.category)
        incident = next((self._incidents.get(fold(o)) for o in objects if o), None)
        topic = appeal.topic
        if incident is not None:
            title = self._case.say("burst.incident", object=self._case.place(incident))
            return f"incident:{incident.key}", title
        if topic and self._count(appeal, topic) >= self._burst_from:
            return f"topic:{fold(topic)}", self._case.say("burst.topic", topic=topic)
        if appeal.house:
            title = self._case.say("burst.house", topic=topic, address=appeal.address)
            return f"house:{appeal.house}:{fold(topic or '')}", title
        return alone.key, alone.subject

    def _count(self, appeal: Appeal, topic: str) -> int:
        calendar = self._case.playbook.calendar
        day = calendar.day_of(appeal.received_at)
        if day not in self._topics:
            tallies = self._case.facts.tallies(*calendar.day_bounds(day))
            counts: Counter[str] = Counter()
            for tally in tallies:
                name = tally.subcategory or tally.category or tally.block
                if name and self._case.playbook.owns(tally):
                    counts[fold(name)] += tally.n
            self._topics[day] = counts
        return self._topics[day][fold(topic)]


# --- onto a task ----------------------------------------------------------------------------------------


def _placed(rule: Rule, case: Case, place: str, group: _Group) -> Iterator[Intent]:
    known = case.facts.task_at(case.playbook.id, place)
    key = known.key if known else group.alone[0].key
    if known is None:
        yield _new(rule, case, group)
    for appeal in group.appeals:
        yield _joined(case, appeal, key, place, told=known is None)


def _joined(case: Case, appeal: Appeal, task: str, place: str, *, told: bool) -> JoinTask:
    return JoinTask(
        playbook=case.playbook.id, source=appeal.source, number=appeal.number, task=task,
        place=place, told=told,
    )  # fmt: skip


def _new(rule: Rule, case: Case, group: _Group) -> CreateTask:
    alone = group.alone[0]
    if len(group.appeals) == 1:
        return alone
    why = case.say("burst.why", count=len(group.appeals), first=group.appeals[0], what=group.title)
    dues = [one.due_at for one in group.alone if one.due_at]
    return alone.model_copy(
        update={
            "cite": case.cite(rule, why),
            "subject": group.title,
            "body": _body(rule, case, group.appeals),
            "due_at": min(dues, default=None),
        }
    )


def _told(
    rule: Rule, case: Case, key: str, joined: Sequence[tuple[str, str]], every: timedelta
) -> Iterator[Intent]:
    """Say on the task what joined it: at most once every so often, whatever the number of polls."""
    slot = f"burst:{key}:{int(case.now.timestamp() // every.total_seconds())}"
    task = case.facts.task(key)
    added = [appeal for appeal in (case.facts.appeal(*name) for name in joined) if appeal]
    if task is None or not added or case.facts.knows(slot):
        return
    yield MarkDone(key=slot)
    members = _members(case, task)
    numbers = [f"№ {appeal.number}" for appeal in added]
    note = case.say(
        "burst.added", count=len(added), numbers=numbers[:NAMED], rest=max(0, len(numbers) - NAMED),
        total=len(members), open=sum(a.is_open for a in members),
    )  # fmt: skip
    news, lines = _due(case, task, members)
    yield _update(rule, case, task, members, (note, *lines), news, added)
    for appeal in added:
        yield TellJoined(
            playbook=case.playbook.id, source=appeal.source, number=appeal.number,
            executor=bool(task.executor),
        )  # fmt: skip


def _follow(
    rule: Rule, case: Case, key: str, changed: Sequence[AppealChange]
) -> Iterator[UpdateTask]:
    task = case.facts.task(key)
    if task is None:
        return
    members = _members(case, task)
    news, lines = _due(case, task, members)
    is_open = any(appeal.is_open for appeal in members)
    back = [c.appeal for c in changed if "status" in c.changed and c.appeal.is_open]
    if not is_open and task.status.is_open:
        news["status"] = TaskStatus.CLOSED
        lines.append(case.say("burst.closed", total=len(members)))
    elif back and (not task.status.is_open or task.status is TaskStatus.DONE):
        news["status"] = TaskStatus.RETURNED
        numbers = [f"№ {appeal.number}" for appeal in back[:NAMED]]
        lines.append(case.say("burst.returned", numbers=numbers))
    if news:
        yield _update(rule, case, task, members, tuple(lines), news, [c.appeal for c in changed])


def _due(case: Case, task: Task, members: Sequence[Appeal]) -> tuple[dict[str, Any], list[str]]:
    """The task is due with the first of its open appeals."""
    dues = [a.due_at for a in members if a.is_open and a.due_at]
    due: datetime | None = min(dues, default=None)
    if due is None or due == task.due_at:
        return {}, []
    return {"due_at": due}, [case.say("burst.due", due=due, old=task.due_at)]


def _update(
    rule: Rule,
    case: Case,
    task: Task,
    members: Sequence[Appeal],
    lines: tuple[str, ...],
    news: dict[str, Any],
    about: Sequence[Appeal],
) -> UpdateTask:
    facts = digest_of(*lines, *(f"{a.source}:{a.number}" for a in about), str(task.reopen_count))
    return UpdateTask(
        key=f"update:{task.key}:{facts}",
        cite=case.cite(rule, " ".join(lines)),
        task=task.key,
        note=Document(blocks=tuple(Paragraph(text=line) for line in lines)),
        body=_body(rule, case, members),
        **news,
    )


def _members(case: Case, task: Task) -> list[Appeal]:
    found = (case.facts.appeal(*name) for name in case.facts.joined(task.key))
    return sorted((a for a in found if a), key=lambda a: (a.received_at, a.source, a.number))


def _body(rule: Rule, case: Case, appeals: Sequence[Appeal]) -> Document:
    names = ("number", "received", "address", "text", "status")
    columns = tuple(
        Column(title=case.say(f"burst.column.{name}"), weight=weight)
        for name, weight in zip(names, (3, 2, 4, 5, 2), strict=True)
    )
    rows = tuple(_row(case, appeal) for appeal in appeals[:ROWS])
    blocks: list[Block] = [
        Table(columns=columns, rows=rows, caption=case.say("burst.caption", total=len(appeals)))
    ]
    if len(appeals) > ROWS:
        text = case.say("burst.rest", shown=ROWS, total=len(appeals))
        blocks.append(Paragraph(text=text, tone="mark"))
    blocks.append(Paragraph(text=case.say("intake.appeals.done_when"), tone="quiet"))
    return Document(blocks=tuple(blocks), footer=(case.clause_line(rule.clause),))


def _row(case: Case, appeal: Appeal) -> tuple[str, ...]:
    said = shorten(mask_personal(appeal.text), 160) if appeal.text else appeal.topic or ""
    return (
        f"{appeal.number} ({case.say('source', source=appeal.source)})",
        case.say("moment", at=appeal.received_at),
        appeal.address or case.say("no_address"),
        said,
        case.say(f"burst.status.{'open' if appeal.is_open else 'closed'}"),
    )
