"""Terms of outages: what is known since one stamp must be entered within an hour.

A value is entered at the stamp of change of the row that first carries it, else at the moment of the
export. Where a stamp is missing, the term cannot be computed, and that is said once.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Literal

from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.intents import (
    EndTerm,
    Finding,
    Intent,
    MoveTerm,
    Outcome,
    StartTerm,
    TermOutcome,
)
from mcur.playbooks.mirrored import OutageSeen
from mcur.playbooks.rules.base import Case, Rule


class OfOutage(Rule):
    """From a stamp of an outage until a value stands in the other system.

    ``on`` says whether the first entry is meant or each change of a value that stood already.
    ``emergency_clause`` is the clause for emergencies where the duty stands in the text twice.
    """

    starts: Literal["outage"]
    type: Literal["planned", "emergency", "any"] = "any"
    since: Literal["occurred_at", "end_known_at"]
    enters: Literal["published_at", "zone", "end_at"]
    on: Literal["first", "change"] = "first"
    within: ElapsedField
    emergency_clause: str = ""


def decide(rule: OfOutage, case: Case) -> Iterator[Intent]:
    """Start and end the terms of the outages that are new or changed."""
    for seen in case.facts.fresh_outages():
        if seen.outage.type is None or rule.type not in {"any", seen.outage.type}:
            continue
        if seen.gone or seen.outage.status == "cancelled":
            yield from _cancelled(rule, case, seen)
        elif rule.on == "change":
            yield from _change(rule, case, seen)
        else:
            yield from _first(rule, case, seen)


def _clause(rule: OfOutage, seen: OutageSeen) -> str:
    return (seen.outage.type == "emergency" and rule.emergency_clause) or rule.clause


def _key(rule: OfOutage, case: Case, seen: OutageSeen, since: datetime | None) -> str:
    key = f"term:{case.playbook.id}:{_clause(rule, seen)}:{seen.outage.number}"
    if rule.on == "first" or since is None:
        return key
    return f"{key}:{case.playbook.calendar.local(since):%Y-%m-%dT%H:%M}"


def _first(rule: OfOutage, case: Case, seen: OutageSeen) -> Iterator[Intent]:
    since = getattr(seen.outage, rule.since)
    ended = _entered(rule, seen)
    if since is not None:
        yield from _run(rule, case, seen, since, ended)
    elif rule.since == "occurred_at" or ended is not None:
        yield _unknown(rule, case, seen)


def _change(rule: OfOutage, case: Case, seen: OutageSeen) -> Iterator[Intent]:
    """A value that stood already is replaced: since the newest stamp that says it had to be."""
    since = getattr(seen.outage, rule.since)
    has_moved = rule.enters in seen.before and rule.enters in seen.entered
    is_renewed = rule.since in seen.before
    if not has_moved and not is_renewed:
        return
    entered = seen.entered.get(rule.enters)
    known = seen.entered.get(rule.since)
    term = case.facts.term(_key(rule, case, seen, since))
    is_of_this = term is not None and term.outcome is None
    if has_moved and entered and (since is None or (known and known < entered and not is_of_this)):
        yield _unknown(rule, case, seen)
    elif since is not None:
        yield from _run(rule, case, seen, since, entered if entered and entered >= since else None)


def _entered(rule: OfOutage, seen: OutageSeen) -> datetime | None:
    published = seen.outage.published_at
    if rule.enters == "published_at":
        return published
    if getattr(seen.outage, rule.enters) is None:
        return None
    entered = seen.entered[rule.enters]
    # What the first row carries was there when the outage was published.
    at_first = rule.enters == "zone" and entered == seen.first_at
    return published if at_first and published else entered


def _run(
    rule: OfOutage, case: Case, seen: OutageSeen, since: datetime, ended: datetime | None
) -> Iterator[Intent]:
    if since < case.facts.live_from:
        return
    key, due = _key(rule, case, seen, since), since + rule.within
    term = case.facts.term(key)
    clause = _clause(rule, seen)
    if term is None:
        why = case.say("outage.term_started", outage=seen.outage, since=since, due=due)
        yield StartTerm(
            key=key,
            cite=case.cite(rule, why, clause=clause),
            object=seen.outage.number,
            started_at=since,
            due_at=due,
            quiet=False,
        )
    elif term.outcome is None and term.due_at != due:
        why = case.say("term.moved", old=term.due_at, new=due)
        yield MoveTerm(key=key, cite=case.cite(rule, why, clause=clause), due_at=due)
    if ended is None or (term is not None and term.outcome is not None):
        return
    met = ended <= due
    yield EndTerm(
        key=key,
        cite=case.cite(
            rule, case.say("term.met" if met else "term.late", ended=ended, due=due), clause=clause
        ),
        outcome=TermOutcome.MET if met else TermOutcome.BREACHED,
        ended_at=ended,
    )


def _cancelled(rule: OfOutage, case: Case, seen: OutageSeen) -> Iterator[EndTerm]:
    term = case.facts.term(_key(rule, case, seen, getattr(seen.outage, rule.since)))
    if term is not None and term.outcome is None:
        why = case.say("outage.cancelled", outage=seen.outage)
        cite = case.cite(rule, why, clause=term.clause)
        yield EndTerm(key=term.key, cite=cite, outcome=TermOutcome.CANCELLED, ended_at=case.now)


def _unknown(rule: OfOutage, case: Case, seen: OutageSeen) -> Finding:
    why = case.say(f"outage.no_{rule.since}", outage=seen.outage)
    return Finding(
        cite=case.cite(rule, why, clause=_clause(rule, seen)),
        object=seen.outage.number,
        day=case.playbook.calendar.day_of(seen.first_at),
        outcome=Outcome.NOT_COMPUTABLE,
    )
