"""What people make by hand in the tracker: taken with a key, a clause and a term, beside what it resembles. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from mcur.playbooks.addresses import house_of
from mcur.playbooks.directory import fold
from mcur.playbooks.documents import plain
from mcur.playbooks.facts import Act, Task, TaskKind, TaskStatus
from mcur.playbooks.intents import Cite, Intent, TakeAct, UpdateTask
from mcur.playbooks.notes import actor
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.term import OfTask

_BY_HAND = re.compile(r"task:[^:]+:issue:")
_ALIKE = (TaskKind.EXECUTOR, TaskKind.ASSIGNMENT, TaskKind.INCIDENT, TaskKind.CALL)
"""Kinds among which a task may stand twice."""
_NAMED = 5
"""So many likely duplicates are named."""


def decide(case: Case) -> Iterator[Intent]:
    """Tell on each new task that was made by hand what it is here; an emergency is declared."""
    for task in case.facts.fresh_tasks(case.playbook.id):
        if is_by_hand(task) and task.status.is_open and not case.facts.knows(_key(task)):
            yield _taken(case, task)
            if task.kind is TaskKind.INCIDENT:
                yield TakeAct(act=_declaration(case, task))


def is_by_hand(task: Task) -> bool:
    """Whether somebody made a task in the tracker himself."""
    return _BY_HAND.match(task.key) is not None


def declared(case: Case, act: Act, task: Task, cite: Cite) -> UpdateTask:
    """End a task by which somebody declared an emergency: that has a task of its own."""
    text = case.say("adopting.declared", object=act.fields.get("object", ""))
    return UpdateTask(
        key=f"update:{task.key}:declared", cite=cite, task=task.key, note=plain(text),
        status=TaskStatus.CLOSED,
    )  # fmt: skip


def _key(task: Task) -> str:
    return f"update:{task.key}:taken"


def _taken(case: Case, task: Task) -> UpdateTask:
    due = task.due_at or _by_topic(case, task)
    asks = task.kind not in {TaskKind.INCIDENT, TaskKind.CALL}
    printed = case.playbook.printed(task.clause)
    lines = [case.say("adopting.taken", printed=printed, due=due, asks_term=asks)]
    similar = _similar(case, task)
    if similar:
        lines.append(case.say("adopting.similar", tasks=similar))
    why = case.say("adopting.why", author=_author(case, task)[1])
    return UpdateTask(
        key=_key(task),
        cite=Cite(playbook=case.playbook.id, rule=task.rule, clause=task.clause, why=why),
        task=task.key,
        note=plain(*lines),
        due_at=None if task.due_at else due,
        fields={"key": task.key, "clause": printed},
    )


def _by_topic(case: Case, task: Task) -> datetime | None:
    """Return the term of the first topic of the regulation's table that the subject names."""
    tables = [rule.by_topic for rule in case.playbook.enabled("term") if isinstance(rule, OfTask)]
    said = fold(task.subject)
    terms = (within for table in tables for name, within in table.items() if fold(name) in said)
    within = next(terms, None)
    return task.decided_at + within if within else None


def _similar(case: Case, task: Task) -> list[Task]:
    """Return open tasks about the same house, or with the same words."""
    house, words = _house(task.subject), fold(task.subject)
    found = []
    for other in case.facts.tasks(case.playbook.id, _ALIKE):
        place = _house(other.address or other.subject)
        same = fold(other.subject) == words or (house is not None and place == house)
        if same and other.key != task.key and other.ident and other.tracker == task.tracker:
            found.append(other)
    return found[:_NAMED]


def _house(text: str) -> tuple[str, ...] | None:
    """Return street and house; what stands before them in a subject is no settlement."""
    house = house_of(text)
    return tuple(house.split(", ")[-2:]) if house else None


def _author(case: Case, task: Task) -> tuple[str, str]:
    return actor(task.author, case.facts.directory)


def _declaration(case: Case, task: Task) -> Act:
    """Whoever makes an emergency's issue declares it; the form says whether lives are at stake."""
    by, person = _author(case, task)
    threat = case.say("adopting.threat")
    threatens = fold(task.subject).startswith(fold(threat))
    name = task.subject[len(threat) :].lstrip(" :") if threatens else task.subject
    return Act(
        ident=f"{task.key}:declared",
        at=task.created_at or case.now,
        by=by,
        person=person,
        do="declare",
        key=task.key,
        origin="note",
        fields={
            "mode": "emergency",
            "object": name or task.subject,
            "life_threat": str(threatens).lower(),
        },
    )
