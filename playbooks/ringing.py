"""Phone calls: whom the directory knows under a role, what to say, when somebody confirmed a call."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, time, timedelta

from mcur.playbooks.directory import Person
from mcur.playbooks.documents import Block, Bullets, Document, Heading, Pairs, Paragraph, plain
from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Incident
from mcur.playbooks.language import mask_personal
from mcur.playbooks.rules.base import Case

_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}")
_RUSSIAN = re.compile(r"\d{1,2}\.\d{1,2}\.\d{4} \d{1,2}:\d{2}")
LAST = 5
"""So many of the last entries stand in a script."""


def line(text: str) -> Document:
    """Return a note of one line."""
    return plain(text)


def first_available(case: Case, roles: Sequence[str]) -> tuple[str, ...]:
    """Return the first of the roles whose person is not absent today (C15); else the very first."""
    today = case.playbook.calendar.local(case.now).date()
    for role in roles:
        if any(p.absence_on(today) is None for p in case.facts.directory.holders(role)):
            return (role,)
    return tuple(roles[:1])


def names(case: Case, roles: Sequence[str]) -> str:
    """Return the titles of roles, as a subject names them."""
    return ", ".join(case.playbook.roles.get(role, role) for role in roles)


def script(
    case: Case,
    incident: Incident,
    *,
    caller: str,
    to: Sequence[str],
    spare: Sequence[str],
    text: str,
    due: datetime | None,
    footer: tuple[str, ...],
) -> Document:
    """Write what the caller needs: number, words, what is known; the last entries of the work."""
    pairs = [(case.say("calls.label.to"), contact(case, role)) for role in to]
    pairs += [(case.say("calls.label.spare"), contact(case, role)) for role in spare]
    pairs.append((case.say("calls.label.caller"), case.playbook.roles.get(caller, caller)))
    if due is not None:
        pairs.append((case.say("label.due"), case.say("moment", at=due)))
    blocks: list[Block] = [
        Pairs(items=tuple(pairs)),
        Heading(text=case.say("calls.label.script")),
        Paragraph(text=case.say(f"calls.{text}", incident=incident)),
    ]
    entries = [a for a in case.facts.acts_on(incident.key) if a.text][-LAST:]
    if entries:
        blocks.append(Heading(text=case.say("calls.label.news")))
        blocks.append(Bullets(items=tuple(entry(case, act) for act in entries)))
    blocks.append(Paragraph(text=case.say("calls.done_when"), tone="quiet"))
    return Document(blocks=tuple(blocks), footer=footer)


def contact(case: Case, role: str) -> str:
    """Return title, name and number behind a role; who stands in for the absent is named."""
    if role.startswith("executor:"):
        name = role.removeprefix("executor:")
        known = case.facts.directory.executor(name)
        phone = known.phone if known else ""
        return case.say("calls.contact", title=name, person="", phone=phone, absent="")
    title = case.playbook.roles.get(role, role)
    today = case.playbook.calendar.local(case.now).date()
    people = {p.name: p for p in case.facts.directory.people}
    found = case.facts.directory.recipients(role, today)
    if not found:
        return case.say("calls.nobody", title=title)
    lines = [_line(case, title, people.get(r.name), r.name, r.substitute_for) for r in found]
    return "; ".join(lines)


def _line(case: Case, title: str, person: Person | None, name: str, stands_in_for: str) -> str:
    phone = person.phone if person else ""
    return case.say("calls.contact", title=title, person=name, phone=phone, absent=stands_in_for)


def called_at(case: Case, key: str) -> datetime | None:
    """Return when a call was made, by the caller's word; ``None`` until somebody said so."""
    done = [act for act in case.facts.acts_on(key) if is_confirmed(act)]
    return said_at(case, done[0]) if done else None


def is_confirmed(act: Act) -> bool:
    """Whether an act on a call says that it was made; closing its task says so too."""
    ended = act.do == "status" and act.fields.get("status") in {"done", "closed"}
    return act.do in {"call-done", "close"} or ended


def said_at(case: Case, act: Act) -> datetime:
    """Return the time of the call: as it was given, else that of the word itself."""
    given = act.fields.get("at", "").strip()
    try:
        if _CLOCK.fullmatch(given):
            return _of_clock(case, given.replace(".", ":"), act.at)
        if _RUSSIAN.fullmatch(given):
            zone = case.playbook.calendar.zone
            said = datetime.strptime(given, "%d.%m.%Y %H:%M").replace(tzinfo=zone)
        else:
            said = datetime.fromisoformat(given)
    except ValueError:
        return act.at
    said = said if said.tzinfo else said.replace(tzinfo=case.playbook.calendar.zone)
    return min(said, act.at)


def _of_clock(case: Case, given: str, at: datetime) -> datetime:
    """Return the last moment at which the clock showed that: «23:50» said at 00:10 was yesterday."""
    hour, _, minute = given.partition(":")
    local = case.playbook.calendar.local(at)
    clock = time(int(hour), int(minute))
    said = case.playbook.calendar.at(local.date(), clock)
    return (
        said if said <= at else case.playbook.calendar.at(local.date() - timedelta(days=1), clock)
    )


def entry(case: Case, act: Act) -> str:
    """Return an entry of the work as a line: when, who, what; without phones and names of citizens."""
    return case.say("cycle.entry", act=act, text=mask_personal(act.text))
