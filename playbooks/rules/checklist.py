"""Kind ``checklist``: what people do item by item and tick off; informing residents by named channels.

A list is due when a mode begins or a ladder takes a step, once or every so often while the mode lasts.
It is done when all items are ticked or a person closes it; then the fact that it stands for is entered
on the incident, so that a term of the mode may be met by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mcur.playbooks import ticking
from mcur.playbooks.calendar import PROMPT
from mcur.playbooks.documents import Bullets, Document, Pairs, Paragraph, plain
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Task, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    ChangeIncident,
    CreateTask,
    Intent,
    MarkDone,
    Tell,
    UpdateTask,
)
from mcur.playbooks.rules.base import Case, Kind, Rule


class Item(Rule):
    """One item, with the clause that asks for it where it has its own."""

    id: str = ""
    clause: str = ""
    text: str


ItemField = Annotated[
    Item,
    BeforeValidator(
        lambda said: {"text": said} if isinstance(said, str) else said,
        json_schema_input_type=str | Item,
    ),
]
"""An item; a bare text is one without a clause of its own."""


class Checklist(Rule):
    """A list of items: whose, from when, by when.

    ``since`` is what the mode's terms count from, too: ``entered``, a fact, a step of a ladder. With
    ``every`` there is a new list each time and the one before gives way; ``within`` is the due of a
    single one. ``fact`` is entered on the incident when the list is done. ``stays``: it outlives the mode
    as long as the incident lasts.
    """

    mode: Literal["emergency", "crisis"]
    since: str = "entered"
    every: ElapsedField | None = None
    within: ElapsedField | None = None
    assignee: str
    items: tuple[ItemField, ...] = Field(min_length=1)
    fact: str = ""
    stays: bool = False

    @property
    def texts(self) -> tuple[str, ...]:
        """The items as people read them."""
        return tuple(item.text for item in self.items)


def decide(rule: Checklist, case: Case) -> Iterator[Intent]:
    """Set the lists that are due, follow what is ticked, drop those that have lost their sense."""
    for incident in case.facts.incidents(case.playbook.id):
        start = incident.since(rule.since)
        if incident.mode == rule.mode and start is not None:
            yield from _due(rule, case, incident, start)
    for task in case.facts.tasks(case.playbook.id, {TaskKind.CHECKLIST}, since=_lately(case)):
        if task.rule == rule.id:
            yield from _follow(rule, case, task)


def _lately(case: Case) -> datetime:
    return case.facts.last_cycle() or case.facts.live_from


def _due(rule: Checklist, case: Case, incident: Incident, start: datetime) -> Iterator[Intent]:
    if rule.every is None:
        key = _key(rule, case, incident)
        if not case.facts.knows(key):
            due = start + rule.within if rule.within else None
            yield _list(rule, case, incident, key, due)
        return
    number = (case.now - start) // rule.every
    passed: list[datetime] = []
    while number > 0:
        slot = start + number * rule.every
        if case.facts.knows(_key(rule, case, incident, slot)):
            break
        passed.insert(0, slot)
        number -= 1
    for slot in passed:
        key = _key(rule, case, incident, slot)
        if case.now - slot <= PROMPT and slot == passed[-1]:
            yield from _superseded(rule, case, incident)
            yield _list(rule, case, incident, key, slot + rule.every)
        else:
            why = case.say("checklist.missed", title=rule.title, slot=slot)
            yield MarkDone(key=key)
            yield Tell(key=key, cite=case.cite(rule, why), event="slot.missed", to=(rule.assignee,))


def _key(rule: Checklist, case: Case, incident: Incident, slot: datetime | None = None) -> str:
    parts = ["checklist", case.playbook.id, rule.clause, incident.key]
    if slot is not None:
        parts.append(f"{case.playbook.calendar.local(slot):%Y-%m-%dT%H:%M}")
    return ":".join(parts)


def _list(
    rule: Checklist, case: Case, incident: Incident, key: str, due: datetime | None
) -> CreateTask:
    why = case.say("checklist.why", title=rule.title, incident=incident)
    clauses = dict.fromkeys(item.clause for item in rule.items if item.clause)
    return CreateTask(
        key=key,
        cite=case.cite(rule, why, clauses=(*clauses, *rule.clauses)),
        kind=TaskKind.CHECKLIST,
        project=case.playbook.projects["checklist"],
        subject=case.say("checklist.subject", title=rule.title, incident=incident),
        body=_body(rule, case, incident, key, due),
        assignee=rule.assignee,
        due_at=due,
        parent=incident.key,
        topic=rule.title,
        urgent=True,
    )


def _body(
    rule: Checklist, case: Case, incident: Incident, key: str, due: datetime | None
) -> Document:
    marks = ticking.ticked(case, key, rule.texts)
    lines = tuple(
        case.say("checklist.item", text=text, at=marks.get(place))
        for place, text in enumerate(rule.texts)
    )
    pairs = [
        (case.say("label.object"), case.place(incident)),
        (case.say("label.reason"), incident.why),
    ]
    if due is not None:
        pairs.append((case.say("label.due"), case.say("moment", at=due)))
    ask = Paragraph(text=case.say("checklist.done_when"), tone="quiet")
    return Document(
        blocks=(Bullets(items=lines), Pairs(items=tuple(pairs)), ask),
        footer=(case.clause_line(rule.clause),),
    )


# --- what becomes of it -----------------------------------------------------------------------------------


def _follow(rule: Checklist, case: Case, task: Task) -> Iterator[Intent]:
    incident = case.facts.incident(task.parent or "")
    if incident is None:
        return
    done = ticking.done_at(case, task.key, rule.texts)
    if done is not None and rule.fact and rule.fact not in incident.facts:
        cite = case.cite(rule, case.say("checklist.done", title=rule.title))
        yield ChangeIncident(key=incident.key, cite=cite, event="", fact=rule.fact, at=done)
    if not task.status.is_open:
        return
    if not incident.is_open or (incident.mode != rule.mode and not rule.stays):
        yield _dropped(rule, case, task, case.say("checklist.pointless"))
        return
    fresh = [act for act in case.facts.accepted_acts() if (act.key, act.do) == (task.key, "tick")]
    if fresh:
        why = case.say("checklist.done" if done else "checklist.ticked", title=rule.title)
        yield UpdateTask(
            key=f"update:{task.key}:ticks:{fresh[-1].ident}",
            cite=case.cite(rule, why),
            task=task.key,
            body=_body(rule, case, incident, task.key, task.due_at),
            status=TaskStatus.CLOSED if done else None,
        )


def _superseded(rule: Checklist, case: Case, incident: Incident) -> Iterator[Intent]:
    """A list that was not ticked to its end gives way to the next one and says what was left."""
    for task in case.facts.tasks(case.playbook.id, {TaskKind.CHECKLIST}):
        if task.rule == rule.id and task.parent == incident.key and task.status.is_open:
            marks = ticking.ticked(case, task.key, rule.texts)
            left = [text for place, text in enumerate(rule.texts) if place not in marks]
            yield _dropped(rule, case, task, case.say("checklist.superseded", left=left))


def _dropped(rule: Checklist, case: Case, task: Task, why: str) -> UpdateTask:
    return UpdateTask(
        key=f"update:{task.key}:over",
        cite=case.cite(rule, why),
        task=task.key,
        note=plain(why),
        status=TaskStatus.REJECTED,
    )


def _wakes(rule: Checklist, case: Case) -> datetime | None:
    if rule.every is None:
        return None
    slots = [
        start + ((case.now - start) // rule.every + 1) * rule.every
        for incident in case.facts.incidents(case.playbook.id)
        if incident.mode == rule.mode and (start := incident.since(rule.since)) is not None
    ]
    return min((s for s in slots if s > case.now), default=None)


def _shape(table: dict[str, Any]) -> Checklist:
    return Checklist.model_validate(table)


def _roles(rule: Checklist) -> tuple[str, ...]:
    return (rule.assignee,)


KIND: Kind[Checklist] = Kind(
    name="checklist", shape=_shape, decide=decide, wakes=_wakes, roles=_roles,
    makes=lambda _rule: (TaskKind.CHECKLIST,),
)  # fmt: skip
