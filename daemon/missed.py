"""What is told of tasks that a tracker shows no more: one flag for each, one for all where they are many."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from mcur.connectors.ports import TaskLost
from mcur.playbooks.facts import Task
from mcur.playbooks.intents import Cite, RaiseFlag
from mcur.playbooks.permits import OFFICERS
from mcur.playbooks.playbook import Playbook

FEW = 10
"""So many tasks are told of one by one; more are one trouble of the tracker."""

Gone = tuple[Task, TaskLost]


def told(gone: Sequence[Gone], playbooks: Sequence[Playbook], now: datetime) -> Iterator[RaiseFlag]:
    """Return what to say of open tasks that are lost, each to whoever has it in hand.

    The flags are the audit's: reports that tell what they rest on name them.
    """
    for playbook in playbooks:
        own = [one for one in gone if one[0].playbook == playbook.id]
        if len(own) > FEW:
            yield _of_many([task for task, _ in own], playbook, now)
        else:
            yield from (_of_one(task, lost, playbook, now) for task, lost in own)


def _of_one(task: Task, lost: TaskLost, playbook: Playbook, now: datetime) -> RaiseFlag:
    project = lost.seen.project if lost.seen else ""
    why = playbook.texts.say(
        f"lost.{lost.how}", zone=playbook.calendar.zone, task=task, project=project
    )
    return _flag(task, why, _in_hand([task], playbook), playbook, now)


def _of_many(tasks: list[Task], playbook: Playbook, now: datetime) -> RaiseFlag:
    why = playbook.texts.say("lost.many", zone=playbook.calendar.zone, tasks=tasks, limit=FEW)
    return _flag(tasks[0], why, _in_hand(tasks, playbook), playbook, now)


def _flag(
    task: Task, why: str, to: tuple[str, ...], playbook: Playbook, now: datetime
) -> RaiseFlag:
    clause = task.clause or next(iter(playbook.clauses), "")
    return RaiseFlag(
        key=f"flag:{playbook.id}:audit:lost:{task.key}:{playbook.calendar.day_of(now)}",
        cite=Cite(playbook=playbook.id, rule=task.rule, clause=clause, why=why),
        object=task.key,
        text=why,
        to=to,
    )


def _in_hand(tasks: Iterable[Task], playbook: Playbook) -> tuple[str, ...]:
    """Name the roles that have tasks in hand: of what an executor has, the officer."""
    officers = [role for role in playbook.roles if role in OFFICERS][:1]
    roles = [
        role
        for task in tasks
        for role in ([task.assignee] if task.assignee in playbook.roles else officers)
    ]
    return tuple(dict.fromkeys(filter(None, roles)))
