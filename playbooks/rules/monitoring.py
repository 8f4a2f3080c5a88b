"""Monitoring slots: at fixed hours of the day the stock of appeals is looked at and kept.

A slot is taken at its hour. After downtime the newest passed slot is taken at once, late, as long as
the next one is still ahead; each older one was missed (C7).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta

from mcur.playbooks.entries import GROUPS, entered
from mcur.playbooks.intents import Cite, Finding, Intent, Outcome, Tell
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.staleness import stale_feeds

_DAYS_BACK = 31
"""Slots of a longer downtime are no news of any day."""


class Monitoring(Rule):
    """Which office watches, and by which clause; the hours stand with the feed of appeals."""

    id: str = "monitoring"


def decide(rule: Rule, duty: Monitoring, slots: Sequence[time], case: Case) -> Iterator[Intent]:
    """Take the newest slot that has passed; say which older ones were missed."""
    if not _runs(duty, case):
        return
    passed = _passed(slots, case)
    for moment in passed[:-1]:
        yield from _missed(rule, duty, case, moment)
    for moment in passed[-1:]:
        if not case.facts.knows(_seen(rule, case, "taken", moment)):
            yield from _taken(rule, duty, case, moment)


def wakes(duty: Monitoring | None, slots: Sequence[time], case: Case) -> datetime | None:
    """Return the next slot."""
    if duty is None or not slots or not _runs(duty, case):
        return None
    today = case.playbook.calendar.local(case.now).date()
    moments = [
        case.playbook.calendar.at(today + timedelta(days=n), slot) for n in (0, 1) for slot in slots
    ]
    return min(m for m in moments if m > case.now)


def _runs(duty: Monitoring, case: Case) -> bool:
    sides = case.playbook.sides
    return duty.enabled and (not sides or not duty.side or duty.side in sides)


def _passed(slots: Sequence[time], case: Case) -> list[datetime]:
    """List the slots since the last cycle, the one before them not: the newest comes last."""
    calendar = case.playbook.calendar
    today = calendar.local(case.now).date()
    last = case.facts.last_cycle() or case.now
    begin = max(calendar.local(last).date(), today - timedelta(days=_DAYS_BACK))
    days = [begin + timedelta(days=n) for n in range((today - begin).days + 1)]
    moments = sorted(calendar.at(day, slot) for day in days for slot in slots)
    passed = [m for m in moments if case.facts.live_from <= m <= case.now]
    # What passed before the last cycle was answered by it, but for the slot that is still open.
    newest = passed[-1:]
    return [m for m in passed[:-1] if m > last] + newest


def _seen(rule: Rule, case: Case, what: str, moment: datetime) -> str:
    return f"slot.{what}:{_key(rule, case, moment)}"


def _key(rule: Rule, case: Case, moment: datetime) -> str:
    stamp = case.playbook.calendar.local(moment).strftime("%Y-%m-%dT%H:%M")
    return f"slot:{case.playbook.id}:{rule.id}:{stamp}"


def _missed(rule: Rule, duty: Monitoring, case: Case, moment: datetime) -> Iterator[Intent]:
    if case.facts.knows(_seen(rule, case, "taken", moment)):
        return
    cite = _cite(rule, duty, case, case.say("monitoring.missed", slot=moment))
    data: dict[str, object] = {"slot": _stamp(case, moment)}
    yield Tell(key=_key(rule, case, moment), cite=cite, event="slot.missed", data=data)


def _taken(rule: Rule, duty: Monitoring, case: Case, moment: datetime) -> Iterator[Intent]:
    calendar = case.playbook.calendar
    day = calendar.day_of(moment)
    late = case.now - moment >= timedelta(minutes=1)
    stale = stale_feeds(case, case.now)
    counts = snapshot(case, *calendar.day_bounds(day))
    why = case.say(
        "monitoring.taken", slot=moment, late=late, counts=counts["statuses"],
        stale=[case.say("staleness.feed", feed=feed) for feed in stale],
    )  # fmt: skip
    cite = _cite(rule, duty, case, why)
    numbers = {str(name): str(count) for name, count in counts["statuses"].items()}
    yield Finding(
        cite=cite, object=_stamp(case, moment), day=day, outcome=Outcome.NOT_FIRED, numbers=numbers
    )
    data: dict[str, object] = {"slot": _stamp(case, moment), "stale": bool(stale), **counts}
    if stale:
        data["stale_feeds"] = [feed.name for feed in stale]
    yield Tell(key=_key(rule, case, moment), cite=cite, event="slot.taken", late=late, data=data)


def snapshot(case: Case, first: datetime, last: datetime) -> dict[str, dict[str, int]]:
    """Count the day so far by status, by topic and status, and by address."""
    topics: Counter[str] = Counter()
    houses: Counter[str] = Counter()
    statuses: dict[str, int] = {}
    for group in GROUPS:
        found = entered(case, group, first, min(last, case.now + timedelta(seconds=1)))
        statuses[group] = len(found)
        topics.update(f"{a.topic or case.say('no_topic')}: {group}" for a in found)
        houses.update(a.house or case.say("no_address") for a in found if group == "new")
    return {"statuses": statuses, "topics": dict(topics), "houses": dict(houses)}


def _stamp(case: Case, moment: datetime) -> str:
    return case.playbook.calendar.local(moment).isoformat()


def _cite(rule: Rule, duty: Monitoring, case: Case, why: str) -> Cite:
    return case.cite(rule, why, clause=duty.clause, clauses=duty.clauses or (duty.clause,))
