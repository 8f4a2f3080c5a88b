"""Acts on executors' reports and notices: what can be done to them, and by which rule."""

from __future__ import annotations

from mcur.playbooks.facts import Act, Task, TaskStatus
from mcur.playbooks.rules import answers, hearing
from mcur.playbooks.rules.base import Case

_WAITS = frozenset({TaskStatus.DONE, TaskStatus.EXTENSION_REQUESTED, TaskStatus.REFUSED})
"""Statuses in which something of an executor waits for the officer's word."""


def is_left_to_rules(act: Act, case: Case, task: Task) -> bool:
    """Whether the rule for what executors answer does all that the act asks for."""
    if answers.rule_of(case) is None:
        return False
    asked = task.status is TaskStatus.EXTENSION_REQUESTED
    wants = act.do == "status" and act.fields.get("status") == TaskStatus.EXTENSION_REQUESTED
    if wants and act.by.startswith("executor"):
        return True
    return act.do in {"extend", "report"} or (act.do in {"confirm", "dismiss"} and asked)


def refusal(act: Act, case: Case, task: Task) -> str | None:
    """Say why this cannot be confirmed, dismissed or entered now; ``None`` where it can."""
    word = case.say("act.name", act=act)
    due = act.fields.get("due_at", "")
    wanted = hearing.moment(due, act.at, case.playbook.calendar) if due else None
    if due and wanted is None:
        return case.say("act.bad_due", due=due)
    if act.do in {"extend", "report"}:
        if answers.rule_of(case) is None:
            return case.say("act.unknown", act=act, word=word)
        return None if task.status.is_open else case.say("act.task_closed", word=word)
    if act.do == "dismiss" and task.status not in _WAITS:
        return case.say("act.nothing_waits", word=word)
    if act.do == "confirm" and task.status is TaskStatus.EXTENSION_REQUESTED:
        asked = case.facts.extension(task.key)
        known = asked is not None and asked.state == "asked" and asked.wanted is not None
        return None if wanted or known else case.say("act.no_new_due")
    return None
