"""What a surge counts, and what follows from it: a finding each time, an incident where it fires."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from mcur.playbooks.baselines import Span, span_of
from mcur.playbooks.counting import Tally, is_about
from mcur.playbooks.facts import Appeal
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import ChangeIncident, Cite, Finding, Intent, OpenIncident, Outcome
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.surge_shape import Surge


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An object over its threshold; which houses it concerns is asked where there is news of it."""

    object: str
    why: str
    count: int
    houses: Callable[[], tuple[str, ...]]


def judged(rule: Surge, case: Case) -> list[Span]:
    """Today's period and the one before, where rows came for them; that one once more when it has closed."""
    calendar = case.playbook.calendar
    now = span_of(rule.period, calendar.day_of(case.now), calendar)
    before = span_of(rule.period, now.first - timedelta(days=1), calendar)
    live = calendar.day_of(case.facts.live_from)
    came = (c for c in case.facts.fresh_appeals() if not c.first or _concerns(rule, case, c.appeal))
    fresh = {calendar.day_of(c.appeal.received_at) for c in came}
    asked = {span for span in (now, before) if not fresh.isdisjoint(span.days())}
    if not case.facts.knows(close_key(rule, case, before.first)):
        asked.add(before)
    return sorted(span for span in asked if span.last >= live)


def close_key(rule: Surge, case: Case, day: date) -> str:
    """Return the key under which a period, by its first day, is noted as judged when it was over."""
    return f"close:{case.playbook.id}:{rule.id}:{day}"


def taken(rule: Surge, case: Case, span: Span, *, by_house: bool = False) -> list[Tally]:
    """Return the counts of a period that the rule is about; which houses they name is seldom asked."""
    houses = by_house or rule.scope == "address"
    tallies = case.facts.tallies(*span.bounds(case.playbook.calendar), by_house=houses)
    return [tally for tally in tallies if _concerns(rule, case, tally)]


def _concerns(rule: Surge, case: Case, row: Tally | Appeal) -> bool:
    """Whether a row, or what was counted of such rows, is one that the rule counts."""
    topics = frozenset(rule.topics)
    return (
        (not topics or is_about(row.block, row.category, topics))
        and (not rule.origins or row.origin is None or row.origin in rule.origins)
        and case.playbook.owns(row)
    )


def fire(rule: Surge, case: Case, span: Span, hit: Hit) -> Iterator[Intent]:
    """Open the incident of an object, or tell the one that is open of its growth (C12)."""
    yield finding(rule, case, hit.object, span.first, Outcome.FIRED, hit.why, count=str(hit.count))
    known = _known(rule, case, hit.object)
    if known is not None:
        if hit.count > known.count:
            yield ChangeIncident(
                key=known.key, cite=case.cite(rule, hit.why), event="updated", count=hit.count,
                houses=hit.houses(),
            )  # fmt: skip
        return
    key = f"incident:{case.playbook.id}:{rule.id}:{hit.object}:{span.first}"
    if case.facts.incident(key) is None:
        yield OpenIncident(
            key=key,
            cite=_cite(rule, case, span, hit),
            object=hit.object,
            mode=rule.mode,
            state="suspected" if rule.confirm == "person" else "open",
            detected_at=case.now,
            onset_at=case.now,
            count=hit.count,
            houses=hit.houses(),
        )


def _cite(rule: Surge, case: Case, span: Span, hit: Hit) -> Cite:
    why = hit.why
    if span.last < case.playbook.calendar.day_of(case.now):
        why = case.say("surge.afterwards", why=why, first=span.first, last=span.last)
    return case.cite(rule, why)


def _known(rule: Surge, case: Case, name: str) -> Incident | None:
    running = case.facts.incidents(case.playbook.id)
    return next((i for i in running if i.rule == rule.id and i.object == name), None)


def finding(
    rule: Surge, case: Case, name: str, day: date, outcome: Outcome, why: str, **numbers: str
) -> Finding:
    """Say what came out for an object and a period, which is named by its first day."""
    return Finding(
        cite=case.cite(rule, why), object=name, day=day, outcome=outcome, numbers=numbers
    )
