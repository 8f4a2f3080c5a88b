"""The form of road maps: the measures of plans, by when, in whose hands, with which result."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mcur.playbooks.documents import Column, Summary, Table
from mcur.playbooks.facts import Task
from mcur.playbooks.filled import Filled
from mcur.playbooks.language import mask_personal
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.term import is_late

if TYPE_CHECKING:
    from mcur.playbooks.rules.report_shape import Report


def roadmaps(rule: Report, case: Case, first: datetime, _last: datetime) -> Filled:
    """Fill the state of the measures of plans: what, by when, by whom, with which result."""
    tasks = case.facts.tasks(case.playbook.id, set(rule.kinds), since=first)
    told = sorted((t for t in tasks if not t.history), key=lambda t: (t.due_at or case.now, t.key))
    states = [_measure_state(case, task) for task in told]
    rows = tuple(
        (
            task.subject,
            case.say("moment", at=task.due_at) if task.due_at else case.say("no_due"),
            in_hands(case, task),
            case.say(f"form.roadmaps.{state}"),
            mask_personal(task.measures) if task.measures else case.say("not_given"),
        )
        for task, state in zip(told, states, strict=True)
    )
    columns = tuple(
        Column(title=case.say(f"form.roadmaps.{name}"), weight=weight)
        for name, weight in (
            ("measure", 5), ("due", 2), ("holder", 3), ("state", 2), ("result", 4)
        )
    )  # fmt: skip
    figures = {"total": len(rows), "done": states.count("done"), "late": states.count("late")}
    summary = Summary(
        titles=(columns[2].title, columns[3].title), rows=tuple((row[2], row[3]) for row in rows)
    )
    empty = case.say("form.roadmaps.empty")
    table = Table(columns=columns, rows=rows, empty=empty, summary=summary)
    lead = (case.say("form.roadmaps.lead", figures=figures),)
    return Filled(blocks=(table,), lead=lead, figures=figures, landscape=True)


def _measure_state(case: Case, task: Task) -> str:
    if not task.status.is_open:
        return "done"
    return "late" if is_late(task, case.now) else "in_work"


def in_hands(case: Case, task: Task) -> str:
    """Name in whose hands a task is: its executor, else the role that has it."""
    role = case.playbook.roles.get(task.assignee or "", "")
    return task.executor or role or case.say("no_executor")
