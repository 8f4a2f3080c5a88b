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


def told(
    gone: Sequence[Gone], playbooks: Sequence[Playbook], called: datetime
) -> Iterator[RaiseFlag]:
    """Return what to say of open tasks that are lost, each to whoever has it in hand.

    The flags are the audit's: reports that tell what they rest on name them. Many at once are one
    flag for the whole roll, ``called`` at that moment, in however many looks.
    """
    for playbook in playbooks:
        own = [one for one in gone if one[0].playbook == playbook.id]
        if len(own) > FEW:
            yield _of_many([task for task, _ in own], playbook, called)
        else:
            yield from (_of_one(task, lost, playbook, called) for task, lost in own)


def _of_one(task: Task, lost: TaskLost, playbook: Playbook, called: datetime) -> RaiseFlag:
    project = lost.seen.project if lost.seen else ""
    why = playbook.texts.say(
        f"lost.{lost.how}", zone=playbook.calendar.zone, task=task, project=project
    )
    about = f"{task.key}:{playbook.calendar.local(called):%Y-%m-%dT%H:%M}"
    return _flag(about, [task], why, playbook)


def _of_many(tasks: list[Task], playbook: Playbook, called: datetime) -> RaiseFlag:
    why = playbook.texts.say("lost.many", zone=playbook.calendar.zone, tasks=tasks, limit=FEW)
    return _flag(f"many:{playbook.calendar.local(called):%Y-%m-%dT%H:%M}", tasks, why, playbook)


def _flag(about: str, tasks: Sequence[Task], why: str, playbook: Playbook) -> RaiseFlag:
    first = tasks[0]
    clause = first.clause or next(iter(playbook.clauses), "")
    return RaiseFlag(
        key=f"flag:{playbook.id}:audit:lost:{about}",
        cite=Cite(playbook=playbook.id, rule=first.rule, clause=clause, why=why),
        object=first.key,
        text=why,
        to=_in_hand(tasks, playbook),
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
