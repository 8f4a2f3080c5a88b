"""The call sheet of an incident: whom to ring, numbered, and lines that say which call was made.

Each call is a task of its own; whoever makes several in a row writes a line for each, with its time,
under the incident instead. A line names its call by the number on the sheet or by words of its title; where
one call alone is open it needs no name. The time of the line is the time of the call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from mcur.playbooks import ringing, spoken
from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Block, Column, Heading, Paragraph, Table
from mcur.playbooks.facts import Act, Task, TaskKind
from mcur.playbooks.incidents import Incident
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.calls import Calls, key_of, wanted

_STEM = 4
"""Letters that two forms of a word share at least."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A call that is due where the mode of an incident begins: its key, who rings, whom."""

    key: str
    caller: str
    to: tuple[str, ...]


def entries(case: Case, incident: Incident) -> list[Entry]:
    """List the calls of the beginning in the order of the sheet."""
    lists = [r for r in case.playbook.enabled("calls") if isinstance(r, Calls)]
    return [
        Entry(key_of(rule, case, incident, call), rule.caller, _rung(rule, case, call.to))
        for rule in lists
        if (rule.mode, rule.when) == (incident.mode, "start")
        for call in wanted(rule, case)
    ]


def blocks(case: Case, incident: Incident) -> Iterator[Block]:
    """Write the sheet, where there is anybody to ring."""
    listed = entries(case, incident)
    if not listed:
        return
    yield Heading(text=case.say("call_sheet.title"))
    rows = tuple(
        (str(n), "; ".join(ringing.contact(case, role) for role in one.to), _caller(case, one))
        for n, one in enumerate(listed, start=1)
    )
    names = (("number", 1), ("to", 6), ("caller", 3))
    columns = tuple(Column(title=case.say(f"call_sheet.{n}"), weight=weight) for n, weight in names)
    yield Table(columns=columns, rows=rows)
    yield Paragraph(text=case.say("call_sheet.how"), tone="quiet")


def meant(act: Act, case: Case) -> Act:
    """Return the act on the call that a line means; elsewhere such a line is a note like any other."""
    if act.do != "call-done" or spoken.LINE not in act.fields:
        return act
    task = case.facts.task(act.key or "")
    incident = case.facts.incident(act.key or "")
    if incident is None:
        is_call = task is not None and task.kind is TaskKind.CALL
        return act if is_call else replace(act, do="note", text="")
    found = _named(act, case, incident)
    if len(found) == 1:
        return replace(act, key=found[0])
    return act if found else replace(act, do="note", text="")


def refusal(act: Act, case: Case, incident: Incident) -> str | None:
    """Ask which call a line means, where it may be several."""
    if act.do != "call-done":
        return None
    lines = [
        f"{n}. {ringing.names(case, one.to)}"
        for n, one in enumerate(entries(case, incident), start=1)
    ]
    return case.say("call_sheet.which", said=act.fields.get(spoken.LINE, ""), lines=lines)


def _named(act: Act, case: Case, incident: Incident) -> Sequence[str]:
    """Return the keys of the calls that a line may mean: one where it is clear, none where it is talk."""
    listed = entries(case, incident)
    item = act.fields.get("item", "")
    if item.isdecimal():
        known = [one.key for one in listed][int(item) - 1 : int(item)] if int(item) else []
        return known or [one.key for one in listed]
    waiting = _open(case, incident)
    words = {word[:_STEM] for word in fold(item).split() if len(word) >= _STEM}
    if not words:
        return [task.key for task in waiting]
    hits = {task.key: sum(word in fold(task.subject) for word in words) for task in waiting}
    most = max(hits.values(), default=0)
    if not most:
        return [task.key for task in waiting] if len(waiting) == 1 else []
    return [key for key, n in hits.items() if n == most]


def _open(case: Case, incident: Incident) -> list[Task]:
    calls = case.facts.tasks(case.playbook.id, {TaskKind.CALL})
    return [task for task in calls if task.parent == incident.key and task.status.is_open]


def _rung(rule: Calls, case: Case, to: tuple[str, ...]) -> tuple[str, ...]:
    return to if rule.recipients == "all" else ringing.first_available(case, to)


def _caller(case: Case, entry: Entry) -> str:
    return case.playbook.roles.get(entry.caller, entry.caller)
