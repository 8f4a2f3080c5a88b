"""Kind ``calls``: phone duties as tasks with number and script.

People ring; the daemon says whom, when and what about, and keeps the time of the call. A list is due
when a mode begins, when it ends, at clock times, or every so often while it lasts (C7).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from mcur.playbooks import ringing
from mcur.playbooks.calendar import PROMPT
from mcur.playbooks.durations import ClockField, ElapsedField
from mcur.playbooks.facts import Task, TaskKind, TaskStatus, Term
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    Channel,
    CreateTask,
    EndTerm,
    Intent,
    MarkDone,
    StartTerm,
    Tell,
    TermOutcome,
    UpdateTask,
)
from mcur.playbooks.rules.base import Case, Kind, Rule


class Call(Rule):
    """One call of a list. ``to`` holds roles of which one is enough; ``name`` tells apart two of a clause."""

    id: str = ""
    clause: str = ""
    name: str = ""
    to: tuple[str, ...] = Field(min_length=1)


class Calls(Rule):
    """A list of calls: who rings, when, about what.

    ``recipients``: of «head/deputy» the first who is present, or all (C15). ``close = "all"`` (G15): an
    ending list also rings whom its ``opening`` list rang. ``merge`` (G16): an office rings a person
    once where two of its lists begin with him. Both hold for the playbook wherever they stand.
    ``within``: the term of the call; ``at_most`` bounds ``every``.
    """

    mode: Literal["emergency", "crisis"]
    when: Literal["start", "end", "daily", "every"]
    caller: str
    text: str
    calls: tuple[Call, ...] = Field(min_length=1)
    opening: str = ""
    at: tuple[ClockField, ...] = ()
    every: ElapsedField | None = None
    at_most: ElapsedField | None = None
    within: ElapsedField | None = None
    recipients: Literal["first_available", "all"] = "first_available"
    close: Literal["letter", "all"] = "letter"
    merge: bool = False

    def problems(self) -> list[str]:
        """Say what is missing for the hours, or goes beyond what the text allows."""
        found = []
        if self.when == "daily" and not self.at:
            found.append('when = "daily" needs at, e.g. ["10:00", "16:00"]')
        if self.when == "every" and not self.every:
            found.append('when = "every" needs every, e.g. "2h"')
        if self.every and self.at_most and self.every > self.at_most:
            found.append("every is longer than at_most, which the text allows")
        return found


def decide(rule: Calls, case: Case) -> Iterator[Intent]:
    """Ask for the calls that are due, follow their terms, drop those that have lost their sense."""
    if rule.when == "end":
        yield from _endings(rule, case)
    else:
        for incident in case.facts.incidents(case.playbook.id):
            if incident.mode == rule.mode:
                for call in wanted(rule, case):
                    yield from _due(rule, case, incident, call)
        yield from _pointless(rule, case)


def _due(rule: Calls, case: Case, incident: Incident, call: Call) -> Iterator[Intent]:
    if rule.when != "start":
        yield from _slots(rule, case, incident, call)
        return
    key = key_of(rule, case, incident, call)
    if not case.facts.knows(key):
        yield _request(rule, case, incident, call, key)
    if rule.within is not None:
        yield from _term(rule, case, incident, call, rule.within)


# --- at the start and at the end ------------------------------------------------------------------------


def wanted(rule: Calls, case: Case) -> list[Call]:
    """Leave out whom an earlier list of the same office rings at the same start, where calls merge."""
    if rule.when != "start" or not any(r.merge for r in _all(case)):
        return list(rule.calls)
    rung: set[str] = set()
    for other in _starts(rule, case):
        if other.id == rule.id:
            break
        rung |= {role for call in other.calls for role in call.to}
    return [call for call in rule.calls if not rung.issuperset(call.to)]


def _merged(rule: Calls, case: Case, call: Call) -> tuple[str, ...]:
    """Return the clauses of later lists whose call this one is too."""
    later = _starts(rule, case)
    later = later[[other.id for other in later].index(rule.id) + 1 :] if rule in later else []
    if not any(r.merge for r in _all(case)):
        return ()
    return tuple(c.clause for other in later for c in other.calls if set(c.to) <= set(call.to))


def _starts(rule: Calls, case: Case) -> list[Calls]:
    lists = [r for r in case.playbook.enabled("calls") if isinstance(r, Calls)]
    return [r for r in lists if r.when == "start" and (r.mode, r.side) == (rule.mode, rule.side)]


def _all(case: Case) -> list[Calls]:
    return [r for r in case.playbook.rules["calls"].values() if isinstance(r, Calls)]


def _endings(rule: Calls, case: Case) -> Iterator[Intent]:
    for act in case.facts.accepted_acts():
        incident = case.facts.incident(act.key or "") if act.do == "close" else None
        if (
            incident is not None
            and incident.playbook == case.playbook.id
            and incident.state == "closed"
            and incident.mode == rule.mode
        ):
            for call in (*rule.calls, *_told_at_start(rule, case)):
                key = key_of(rule, case, incident, call)
                if not case.facts.knows(key):
                    yield _request(rule, case, incident, call, key)


def _told_at_start(rule: Calls, case: Case) -> list[Call]:
    """Return calls to those who heard of the beginning and, by the letter, not of the end (G15)."""
    opening = case.playbook.rules["calls"].get(rule.opening)
    if not isinstance(opening, Calls) or not any(r.close == "all" for r in _all(case)):
        return []
    rung = {role for call in rule.calls for role in call.to}
    more = [call for call in opening.calls if rung.isdisjoint(call.to)]
    return [Call(clause=rule.clause, to=call.to, name="+".join(call.to)) for call in more]


# --- while the mode lasts ---------------------------------------------------------------------------------


def _slots(rule: Calls, case: Case, incident: Incident, call: Call) -> Iterator[Intent]:
    """Ask for the newest slot in time; those that were slept through are missed (C7, C14)."""
    passed: list[datetime] = []
    for slot in _passed(rule, case, incident):
        if case.facts.knows(key_of(rule, case, incident, call, slot)):
            break
        passed.insert(0, slot)
    for slot in passed:
        key = key_of(rule, case, incident, call, slot)
        if slot == passed[-1] and _in_time(rule, case, slot):
            yield from _superseded(rule, case, incident)
            yield _request(rule, case, incident, call, key)
        else:
            why = case.say("calls.missed", title=rule.title, slot=slot)
            yield MarkDone(key=key)
            yield Tell(
                key=key,
                cite=case.cite(rule, why, clause=call.clause or rule.clause),
                event="slot.missed",
                to=(rule.caller,),
            )


def _in_time(rule: Calls, case: Case, slot: datetime) -> bool:
    """A clock time of the day holds until the day ends; a slot of a cycle does not wait."""
    local = case.playbook.calendar.local
    if rule.when == "daily":
        return local(slot).date() == local(case.now).date()
    return case.now - slot <= PROMPT


def _passed(rule: Calls, case: Case, incident: Incident) -> Iterator[datetime]:
    """Yield the slots since the entry into the mode, the newest first."""
    if rule.every is not None:
        for number in range((case.now - incident.entered_at) // rule.every, 0, -1):
            yield incident.entered_at + number * rule.every
        return
    calendar = case.playbook.calendar
    day, first = calendar.local(case.now).date(), calendar.local(incident.entered_at).date()
    while day >= first:
        for clock in sorted(rule.at, reverse=True):
            slot = calendar.at(day, clock)
            if incident.entered_at < slot <= case.now:
                yield slot
        day -= timedelta(days=1)


def _next(rule: Calls, case: Case, incident: Incident) -> datetime | None:
    if rule.every is not None:
        number = (case.now - incident.entered_at) // rule.every + 1
        return incident.entered_at + max(number, 1) * rule.every
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    moments = [calendar.at(today + timedelta(days=n), c) for n in (0, 1) for c in rule.at]
    return min((m for m in moments if m > case.now), default=None)


# --- one call -----------------------------------------------------------------------------------------------


def key_of(
    rule: Calls, case: Case, incident: Incident, call: Call, slot: datetime | None = None
) -> str:
    """Return the key of a call of an incident, or of one of its slots."""
    clause = call.clause or rule.clause
    parts = ["call", case.playbook.id, clause, incident.key]
    if call.name:
        parts.append(call.name)
    if slot is not None:
        parts.append(f"{case.playbook.calendar.local(slot):%Y-%m-%dT%H:%M}")
    return ":".join(parts)


def _request(rule: Calls, case: Case, incident: Incident, call: Call, key: str) -> CreateTask:
    clause = call.clause or rule.clause
    chosen = call.to if rule.recipients == "all" else ringing.first_available(case, call.to)
    spare = tuple(role for role in call.to if role not in chosen)
    why = case.say(f"calls.{rule.text}_why", incident=incident)
    further = (*_merged(rule, case, call), *rule.clauses)
    due = incident.entered_at + rule.within if rule.within else None
    return CreateTask(
        key=key,
        cite=case.cite(rule, why, clause=clause, clauses=further),
        channel=Channel.CALLS,
        kind=TaskKind.CALL,
        project=case.playbook.projects["call"],
        subject=case.say("calls.subject", who=ringing.names(case, chosen), incident=incident),
        body=ringing.script(
            case, incident, caller=rule.caller, to=chosen, spare=spare, text=rule.text, due=due,
            footer=(case.clause_line(clause),),
        ),
        assignee=rule.caller,
        due_at=due,
        parent=incident.key,
        topic=case.place(incident),
        rings=chosen,
        urgent=True,
    )  # fmt: skip


def _superseded(rule: Calls, case: Case, incident: Incident) -> Iterator[Intent]:
    """A periodic call that nobody confirmed gives way to the next one."""
    for task in case.facts.tasks(case.playbook.id, {TaskKind.CALL}):
        if task.rule == rule.id and task.parent == incident.key:
            yield _dropped(rule, case, task, "superseded")


def _pointless(rule: Calls, case: Case) -> Iterator[Intent]:
    """Calls of a mode that has ended, or has become another, need not be made any more."""
    for task in case.facts.tasks(case.playbook.id, {TaskKind.CALL}):
        incident = case.facts.incident(task.parent or "") if task.rule == rule.id else None
        if incident is not None and not (incident.is_open and incident.mode == rule.mode):
            yield _dropped(rule, case, task, "pointless")
            term = case.facts.term(_term_key(case, task.clause, incident))
            if term is not None and term.outcome is None:
                yield from _fell_away(rule, case, term, incident)


def _dropped(rule: Calls, case: Case, task: Task, word: str) -> UpdateTask:
    why = case.say(f"calls.{word}")
    return UpdateTask(
        key=f"update:{task.key}:{word}",
        cite=case.cite(rule, why, clause=task.clause),
        channel=Channel.CALLS,
        task=task.key,
        note=ringing.line(why),
        status=TaskStatus.REJECTED,
    )


# --- the term of a call -----------------------------------------------------------------------------------


def _term_key(case: Case, clause: str, incident: Incident) -> str:
    return f"term:{case.playbook.id}:{clause}:{incident.key}"


def _term(
    rule: Calls, case: Case, incident: Incident, call: Call, within: timedelta
) -> Iterator[Intent]:
    clause = call.clause or rule.clause
    key = _term_key(case, clause, incident)
    term = case.facts.term(key)
    if term is None:
        due = incident.entered_at + within
        yield StartTerm(
            key=key, cite=case.cite(rule, case.say("calls.term", title=rule.title, due=due), clause=clause),
            object=incident.key, started_at=incident.entered_at, due_at=due, quiet=False,
        )  # fmt: skip
    elif term.ended_at is None and term.outcome != TermOutcome.CANCELLED:
        yield from _ended(rule, case, term, key_of(rule, case, incident, call))


def _ended(rule: Calls, case: Case, term: Term, call_key: str) -> Iterator[Intent]:
    called = ringing.called_at(case, call_key)
    if called is not None:
        in_time = called <= term.due_at
        word = "term.met" if in_time else "term.late"
        yield EndTerm(
            key=term.key,
            cite=case.cite(rule, case.say(word, ended=called, due=term.due_at), clause=term.clause),
            outcome=TermOutcome.MET if in_time else TermOutcome.BREACHED,
            ended_at=called,
        )
    elif term.due_at < case.now and term.outcome is None:
        why = case.say("calls.breached", title=rule.title, due=term.due_at)
        yield EndTerm(
            key=term.key, cite=case.cite(rule, why, clause=term.clause),
            outcome=TermOutcome.BREACHED, ended_at=None,
        )  # fmt: skip


def _fell_away(rule: Calls, case: Case, term: Term, incident: Incident) -> Iterator[Intent]:
    """The mode ended before the call: what was due before that is breached, the rest falls away."""
    ended = incident.closed_at or incident.entered_at
    outcome = TermOutcome.BREACHED if term.due_at < ended else TermOutcome.CANCELLED
    why = case.say("calls.breached", title=rule.title, due=term.due_at)
    yield EndTerm(
        key=term.key, cite=case.cite(rule, why, clause=term.clause), outcome=outcome, ended_at=None
    )


def _wakes(rule: Calls, case: Case) -> datetime | None:
    if rule.when not in {"daily", "every"}:
        return None
    incidents = case.facts.incidents(case.playbook.id)
    moments = [_next(rule, case, i) for i in incidents if i.mode == rule.mode]
    return min((m for m in moments if m is not None and m > case.now), default=None)


def _shape(table: dict[str, Any]) -> Calls:
    return Calls.model_validate(table)


def _roles(rule: Calls) -> tuple[str, ...]:
    return (rule.caller, *(role for call in rule.calls for role in call.to))


KIND: Kind[Calls] = Kind(
    name="calls", shape=_shape, decide=decide, wakes=_wakes, roles=_roles,
    makes=lambda _rule: (TaskKind.CALL,),
)  # fmt: skip
