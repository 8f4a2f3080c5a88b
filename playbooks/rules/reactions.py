"""What counts as a reaction to an escalation: a note, a status, an answer by mail, a confirmed call.

An automatic reply is none (analysis, part c). Who stands in for the absent answers for them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from mcur.playbooks import ringing
from mcur.playbooks.climbs import Climb
from mcur.playbooks.directory import fold
from mcur.playbooks.facts import Act, Letter, Task
from mcur.playbooks.rules.base import Case

DEEDS = frozenset({"note", "status", "close", "refuse", "report", "extend", "confirm", "dismiss"})


def stamps(
    case: Case, climb: Climb, task: Task | None, roles: Sequence[str], calls: Sequence[str]
) -> list[datetime]:
    """Return when these roles, or the task's own executor among them, reacted since the start."""
    found = [act.at for act in case.facts.acts_on(climb.object) if _is_his(case, act, roles)]
    found += [
        x.received_at for x in case.facts.answers(climb.object) if _wrote(case, x, task, roles)
    ]
    found += _confirmed(case, calls)
    return [at for at in found if at >= climb.started_at]


def _is_his(case: Case, act: Act, roles: Sequence[str]) -> bool:
    named = act.by.partition(":")[0] in roles
    return act.do in DEEDS and (named or _stands_in(case, act.person, act.at, roles))


def _stands_in(case: Case, person: str, at: datetime, roles: Sequence[str]) -> bool:
    """Whether a person stands in that day for somebody who was asked."""
    day = case.playbook.calendar.local(at).date()
    found = (r for role in roles for r in case.facts.directory.recipients(role, day))
    return any(r.substitute_for and fold(r.name) == fold(person) for r in found)


def _wrote(case: Case, letter: Letter, task: Task | None, roles: Sequence[str]) -> bool:
    if letter.auto or letter.authenticated is False:
        return False
    directory = case.facts.directory
    executor = directory.executor_of(letter.sender)
    if executor is not None and task is not None and executor.name == task.executor:
        return "executor" in roles
    if set(directory.roles_of(letter.sender)) & set(roles):
        return True
    names = [p.name for p in directory.people if p.answers_to(letter.sender)]
    return any(_stands_in(case, name, letter.received_at, roles) for name in names)


def _confirmed(case: Case, calls: Sequence[str]) -> Iterator[datetime]:
    for key in calls:
        called = ringing.called_at(case, key)
        if called is not None:
            yield called
