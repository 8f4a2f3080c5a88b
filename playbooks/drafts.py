"""Letters that wait for a word: is what they say still so when the word comes."""

from __future__ import annotations

import re
from typing import Any

from mcur.playbooks.facts import Act, Task, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.language import capital
from mcur.playbooks.rules import draft_shape, stock
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.climbing import OnIncident
from mcur.playbooks.rules.stock import StockControl
from mcur.playbooks.waiting import Draft

_OBJECT = re.compile(r":((?:incident|task|measure):.+)$")


def refusal(act: Act, draft: Draft, case: Case) -> str | None:
    """Say why a letter cannot be let go any more: its reason is gone, or its time is over."""
    why = gone(draft, case)
    until = draft_shape.until(case.playbook, draft.rule, draft.at)
    late = until and until.expires_at and act.at > until.expires_at
    if why is None and (draft.state == "expired" or late):
        why = case.say("drafting.too_late", draft=draft, until=until)
    return f"{capital(why)}." if why else None


def gone(draft: Draft, case: Case) -> str | None:
    """Say what has become of the reason of a letter since it was written; ``None`` while it stands."""
    found = _OBJECT.search(draft.key)
    key = found[1] if found else ""
    while key:
        incident = case.facts.incident(key)
        if incident is not None:
            return _incident_gone(draft, case, incident)
        task = case.facts.task(key)
        if task is not None:
            return _task_gone(draft, case, task)
        key = key.rpartition(":")[0]
    return _stock_gone(draft, case)


def _incident_gone(draft: Draft, case: Case, incident: Incident) -> str | None:
    """A letter about an incident is worth something while it lasts; about no result, while there is none."""
    if not incident.is_open:
        return _say(draft, case, "incident", incident=incident)
    rule = case.playbook.rules["ladder"].get(draft.rule)
    if incident.solved_at is None or not isinstance(rule, OnIncident):
        return None
    number = draft.key.split(":")[3]
    step = rule.steps[int(number) - 1] if number.isdecimal() else None
    alerts = step is None or step.when == "at_once"
    return None if alerts else _say(draft, case, "solved")


def _task_gone(draft: Draft, case: Case, task: Task) -> str | None:
    """A step of a ladder presses for what is open; the answer to an assignment tells that it is closed."""
    if draft.rule not in case.playbook.rules["ladder"]:
        return _say(draft, case, "reopened") if task.status.is_open else None
    if not task.status.is_open:
        return _say(draft, case, "task", task=task)
    return _say(draft, case, "done", task=task) if task.status is TaskStatus.DONE else None


def _stock_gone(draft: Draft, case: Case) -> str | None:
    """A letter about a stock that does not fall is worth nothing once it has fallen."""
    day = case.playbook.calendar.local(draft.at).date()
    for rule in case.playbook.enabled("control"):
        if isinstance(rule, StockControl) and rule.ladder == draft.rule:
            lines = stock.fallen(rule, case, day)
            if lines:
                return _say(draft, case, "stock", lines=lines)
    return None


def _say(draft: Draft, case: Case, why: str, **values: Any) -> str:
    return case.say(f"drafting.gone.{why}", draft=draft, **values)
