"""The task of the day of a role: controls, drafts of reports and letters that wait stand on it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import time

from mcur.playbooks.documents import Document, plain
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.intents import Cite, CreateTask
from mcur.playbooks.rules.base import Case


def day_task_key(case: Case, role: str) -> str:
    """Return the key of the task of today of a role."""
    today = case.playbook.calendar.local(case.now).date()
    return f"task:{case.playbook.id}:day:{role}:{today}"


def day_task(case: Case, role: str, body: Document, cite: Cite) -> CreateTask:
    """Make the task of today of a role."""
    today = case.playbook.calendar.local(case.now).date()
    end = case.playbook.calendar.at(today, time(23, 59, 59))
    return CreateTask(
        key=day_task_key(case, role),
        cite=cite,
        kind=TaskKind.DAY,
        project=case.playbook.projects["day"],
        subject=case.say("control.day_subject", at=case.now),
        body=body,
        assignee=role,
        due_at=end,
    )


def given(case: Case, role: str, cite: Cite) -> Iterator[CreateTask]:
    """Make the task of today of a role where nothing else has made it yet."""
    if not case.facts.knows(day_task_key(case, role)):
        yield day_task(case, role, plain(case.say("control.day_empty")), cite)
