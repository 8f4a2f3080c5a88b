"""Tables that name appeals and tasks: number, address, problem, executor."""

from __future__ import annotations

from collections.abc import Iterable

from mcur.playbooks.documents import Column, Summary, Table
from mcur.playbooks.facts import Appeal, Task
from mcur.playbooks.rules.base import Case

Row = tuple[str, ...]
_WEIGHTS = {"number": 2, "address": 4, "problem": 4, "executor": 3}
_FURTHER = 3


def table(case: Case, rows: Iterable[Row], *further: str, summary: Summary | None = None) -> Table:
    """Return rows as a table; ``further`` names the columns after the four."""
    weights = _WEIGHTS | dict.fromkeys(further, _FURTHER)
    columns = (
        Column(title=case.say(f"control.column.{name}"), weight=weight)
        for name, weight in weights.items()
    )
    return Table(columns=tuple(columns), rows=tuple(rows), summary=summary)


def of_appeal(case: Case, appeal: Appeal) -> Row:
    """Return the row of an appeal."""
    return (
        appeal.number,
        appeal.address or case.say("no_address"),
        appeal.topic or case.say("no_topic"),
        appeal.executor or case.say("no_executor"),
    )


def of_task(case: Case, task: Task) -> Row:
    """Return the row of a task; one without an executor is in the hands of a role."""
    return (
        f"№ {task.ident}" if task.ident else (task.number or ""),
        task.address or case.say("no_address"),
        task.topic or task.subject,
        task.executor or case.playbook.roles.get(task.assignee or "", case.say("no_executor")),
    )
