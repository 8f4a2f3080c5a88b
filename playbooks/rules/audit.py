"""Kind ``audit``: what should have happened is compared with what did, and the difference is flagged.

It runs after all other rules, a few times a day, and knows nothing of how they decide: it reads hours,
waits and terms, and what it finds open is a fault of the program, of its settings or of a server. Each is
said once. In a day on which all goes well it says nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any

from pydantic import Field

from mcur.playbooks.durations import ClockField
from mcur.playbooks.intents import Finding, Intent, Outcome, RaiseFlag, ReportState
from mcur.playbooks.rules import climbing, day_tasks, pressing, undelivered
from mcur.playbooks.rules.base import Case, Kind, Rule
from mcur.playbooks.rules.climbing import OnIncident
from mcur.playbooks.rules.control import DailyControl, is_made
from mcur.playbooks.rules.pressing import OnTask
from mcur.playbooks.rules.report_shape import Report, report_key
from mcur.playbooks.rules.undelivered import Delivering

DAILY = ("report", "control")
"""Kinds whose rules may be a duty of each day."""


class Audit(Delivering):
    """Hours of the day at which it looks; the first cycle at or after each of them does it.

    Letters that have not left in time are told in whichever cycle it is.
    """

    at: tuple[ClockField, ...] = Field(default=(time(8, 30), time(18, 30)), min_length=1)


def decide(rule: Audit, case: Case) -> Iterator[Intent]:
    """Look at what should have happened since the last look, and at letters that should have left."""
    yield from undelivered.decide(rule, case)
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    hours = [calendar.at(today, clock) for clock in rule.at]
    due = max((h for h in hours if case.facts.live_from <= h <= case.now), default=None)
    last = _last_look(rule, case, today)
    if due is None or (last is not None and last >= due):
        return
    since = last or _beginning(case)
    found = list(_differences(case, since))
    yield from found
    why = case.say("audit.done", since=since, count=len(found))
    yield Finding(
        cite=case.cite(rule, why),
        object="day",
        day=today,
        outcome=Outcome.FIRED if found else Outcome.NOT_FIRED,
        numbers={"until": case.now.isoformat(), "found": str(len(found))},
    )


def _last_look(rule: Audit, case: Case, today: date) -> datetime | None:
    """Return the moment until which all was looked at, today or the day before."""
    for day in (today, today - timedelta(days=1)):
        found = case.facts.finding(case.playbook.id, rule.id, "day", day)
        if found is not None:
            return datetime.fromisoformat(found["until"])
    return None


def _beginning(case: Case) -> datetime:
    """Return from when the first look counts: what was due before the daemon ran is nobody's fault."""
    began = case.facts.first_cycle() or case.now
    return max(case.facts.live_from, began, case.now - timedelta(days=1))


def _differences(case: Case, since: datetime) -> Iterator[RaiseFlag]:
    for kind in case.playbook.rules:
        for rule in case.playbook.enabled(kind):
            if isinstance(rule, Report):
                yield from _report(rule, case, since)
            elif isinstance(rule, DailyControl):
                yield from _control(rule, case, since)
            yield from _steps(rule, case)
            yield from _terms(rule, case)
    yield from _dead(case)
    yield from _off(case)


def _flag(rule: Rule, case: Case, about: str, text: str, **values: Any) -> Iterator[RaiseFlag]:
    key = f"flag:{case.playbook.id}:audit:{about}"
    if not case.facts.knows(key):
        why = case.say(f"audit.{text}", rule=rule, **values)
        yield RaiseFlag(key=key, cite=case.cite(rule, why), object=about, text=why)


# --- duties of the day --------------------------------------------------------------------------------


def _report(rule: Report, case: Case, since: datetime) -> Iterator[RaiseFlag]:
    """Each slot since the last look has a record; a day that is over has its end."""
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    for day in (today - timedelta(days=1), today):
        slot = rule.leaves_at(calendar, day)
        key = report_key(rule, case, day)
        kept = case.facts.report(key)
        if kept is not None and day < today:
            if kept.state in {ReportState.DRAFTED, ReportState.HELD, ReportState.DECIDED}:
                yield from _flag(rule, case, key, "report_open", day_due=day)
        elif since < slot <= case.now and rule.is_owed(case, day):
            # Of one that leaves only at times nobody can say afterwards whether it was wanted.
            unwanted = rule.leaves != "always" and (
                day < today or case.facts.knows(f"unwanted:{key}")
            )
            if not unwanted and (kept is None or kept.state == ReportState.DRAFTED):
                yield from _flag(rule, case, key, "report", slot=slot)


def _control(rule: DailyControl, case: Case, since: datetime) -> Iterator[RaiseFlag]:
    """The lists stand on the task of today after their hour."""
    calendar = case.playbook.calendar
    slot = calendar.at(calendar.local(case.now).date(), rule.at)
    key = day_tasks.day_task_key(case, rule.assignee)
    if since < slot <= case.now and not is_made(rule, case, key):
        yield from _flag(rule, case, key, "control", slot=slot)


def _off(case: Case) -> Iterator[RaiseFlag]:
    """A duty of each day that is switched off is nobody's; said once, for as long as it is off."""
    for kind in DAILY:
        for rule in case.playbook.rules.get(kind, {}).values():
            daily = isinstance(rule, DailyControl) or (
                isinstance(rule, Report) and rule.leaves == "always"
            )
            if daily and case.playbook.has_side(rule) and not rule.enabled:
                yield from _flag(rule, case, f"off:{kind}.{rule.id}", "off")


# --- ladders, terms, deliveries -----------------------------------------------------------------------


def _steps(rule: Rule, case: Case) -> Iterator[RaiseFlag]:
    """No step waits longer than it may."""
    if isinstance(rule, OnTask):
        for climb, until in pressing.untaken(rule, case):
            yield from _flag(rule, case, climb.key, "climb", climb=climb, until=until)
    elif isinstance(rule, OnIncident):
        for incident, number in climbing.untaken(rule, case):
            about = f"{rule.id}:{number}:{incident.key}"
            yield from _flag(rule, case, about, "step", incident=incident, number=number)


def _terms(rule: Rule, case: Case) -> Iterator[RaiseFlag]:
    """A term that is over was met or breached."""
    for term in case.facts.ended_terms(case.playbook.id, rule.id, case.now):
        yield from _flag(rule, case, term.key, "term", term=term)


def _dead(case: Case) -> Iterator[RaiseFlag]:
    """What a server refused for good waits for the administrator."""
    rules = {rule.id: rule for table in case.playbook.rules.values() for rule in table.values()}
    for dead in case.facts.dead_letters(case.playbook.id):
        rule = rules.get(dead.rule)
        if rule is not None:
            yield from _flag(rule, case, f"dead:{dead.key}", "dead", dead=dead)


def _shape(table: dict[str, Any]) -> Audit:
    return Audit.model_validate(table)


KIND: Kind[Audit] = Kind(name="audit", shape=_shape, decide=decide)
