"""Kind ``surge``: when growth is an incident.

Three criteria, each exact: an absolute count of a period, growth against a base, the index that the heat
map prints (``surge_index``). A crossed threshold cannot be uncrossed (C10); there is one incident for a
rule and object as long as it is open, and further appeals update it (C12).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from mcur.playbooks.addresses import in_order, shown
from mcur.playbooks.baselines import Span, base_count, base_spans
from mcur.playbooks.counting import Tally, by_object, grown, object_of, over
from mcur.playbooks.incidents import WHOLE
from mcur.playbooks.intents import Intent, MarkDone, Outcome
from mcur.playbooks.rules import surge_index
from mcur.playbooks.rules.base import Case, Kind
from mcur.playbooks.rules.surge_found import Hit, close_key, finding, fire, judged, taken
from mcur.playbooks.rules.surge_shape import Surge

BLANK = "blank"
"""The object under which a finding speaks of rows that have no object."""


def decide(rule: Surge, case: Case) -> Iterator[Intent]:
    """Compare what came, and open or update incidents."""
    if not rule.is_set:
        return
    if rule.index is not None:
        yield from surge_index.decide(rule, case, rule.index)
        return
    today = case.playbook.calendar.day_of(case.now)
    for span in judged(rule, case):
        counting = case.playbook.on(min(span.last, today)).rules["surge"].get(rule.id)
        if isinstance(counting, Surge) and counting.enabled:
            yield from _span(counting, case, span)


def _span(rule: Surge, case: Case, span: Span) -> Iterator[Intent]:
    calendar = case.playbook.calendar
    if span.last < calendar.day_of(case.now):
        yield MarkDone(key=close_key(rule, case, span.first))
    if not case.facts.has_data(*span.bounds(calendar)):
        yield _no_data(rule, case, span, span.first)
        return
    tallies = taken(rule, case, span)
    if rule.growth_pct is not None:
        yield from _growth(rule, case, span, tallies, rule.growth_pct)
    elif rule.value is not None:
        yield from _absolute(rule, case, span, tallies, rule.value)


def _no_data(rule: Surge, case: Case, span: Span, day: date, name: str = "") -> Intent:
    why = case.say("surge.no_data", day_=day)
    return finding(rule, case, name, span.first, Outcome.NOT_COMPUTABLE, why)


def _blank_days(case: Case, spans: Sequence[Span]) -> list[date]:
    """Return the days of some periods, as far as they are over, for which nothing was given."""
    calendar = case.playbook.calendar
    today = calendar.day_of(case.now)
    days = (day for span in spans for day in span.days() if day < today)
    return [day for day in days if not case.facts.has_data(*calendar.day_bounds(day))]


# --- a number ------------------------------------------------------------------------------------------


def _absolute(
    rule: Surge, case: Case, span: Span, tallies: list[Tally], limit: int
) -> Iterator[Intent]:
    counts = by_object(tallies, rule.scope)
    values = {"limit": limit, "over": _over(rule, case), "period": rule.period}
    for name, count in counts.items():
        if over(count, rule.op, limit):
            place = shown(name) if rule.scope == "address" else name
            why = case.say("surge.value", object=place, count=count, **values)
            yield from fire(rule, case, span, _hit(rule, case, span, name, count, why))
    yield from _largest(rule, case, span, counts.most_common(1), limit)
    yield from _blank(rule, case, span, tallies)


def _over(rule: Surge, case: Case) -> str:
    return case.say("surge.over", op=rule.op)


def _blank(rule: Surge, case: Case, span: Span, tallies: Sequence[Tally]) -> Iterator[Intent]:
    """For rows without the object of the rule it is not computable: absent is not zero."""
    count = sum(t.n for t in tallies if object_of(t, rule.scope) is None)
    if count and rule.blank_guard:
        why = case.say("surge.blank", scope=rule.scope, count=count)
        number = str(count)
        yield finding(rule, case, BLANK, span.first, Outcome.NOT_COMPUTABLE, why, count=number)


def _largest(
    rule: Surge, case: Case, span: Span, top: Sequence[tuple[str, int]], limit: int
) -> Iterator[Intent]:
    count = top[0][1] if top else 0
    if over(count, rule.op, limit):
        return
    if rule.period != "day" and (blank := _blank_days(case, [span])):
        yield _no_data(rule, case, span, blank[-1])
        return
    values = {"scope": rule.scope, "count": count, "limit": limit, "over": _over(rule, case)}
    why = case.say("surge.calm", **values)
    yield finding(rule, case, "", span.first, Outcome.NOT_FIRED, why, count=str(count))


# --- growth --------------------------------------------------------------------------------------------


def _growth(
    rule: Surge, case: Case, span: Span, tallies: list[Tally], percent: int
) -> Iterator[Intent]:
    bases = base_spans(rule.period, rule.versus, span, case.playbook.calendar)
    blank = _blank_days(case, bases)
    if blank or not bases:
        yield _no_data(rule, case, span, max(blank, default=span.first))
        return
    before = [by_object(taken(rule, case, base), rule.scope) for base in bases]
    counts = by_object(tallies, rule.scope)
    # What had appeals before and has none today fell, and that is a finding too.
    for name in dict.fromkeys((*counts, *(name for known in before for name in known))):
        what = (name, counts[name], base_count(before, name), percent)
        yield from _compared(rule, case, span, what)


def _compared(
    rule: Surge, case: Case, span: Span, what: tuple[str, int, int, int]
) -> Iterator[Intent]:
    name, count, before, percent = what
    values = {"count": count, "before": before, "versus": rule.versus, "period": rule.period}
    if before == 0:
        yield from _from_zero(rule, case, span, name, count)
    elif count >= rule.min_current and grown(count, before, rule.op, percent):
        why = case.say("surge.growth", **values)
        yield from fire(rule, case, span, _hit(rule, case, span, name, count, why))
    elif blank := _blank_days(case, [span]):
        yield _no_data(rule, case, span, blank[-1], name)
    else:
        why = case.say("surge.growth", **values)
        yield finding(rule, case, name, span.first, Outcome.NOT_FIRED, why)


def _from_zero(rule: Surge, case: Case, span: Span, name: str, count: int) -> Iterator[Intent]:
    limit = int(rule.zero_base.removeprefix("fire_at:")) if rule.zero_base != "ignore" else None
    values = {"count": count, "limit": limit, "period": rule.period}
    if limit is not None and count >= limit:
        why = case.say("surge.from_zero", **values)
        yield from fire(rule, case, span, _hit(rule, case, span, name, count, why))
    else:
        why = case.say("surge.zero_base", **values)
        yield finding(rule, case, name, span.first, Outcome.NOT_COMPUTABLE, why)


def _hit(rule: Surge, case: Case, span: Span, name: str, count: int, why: str) -> Hit:
    def houses() -> tuple[str, ...]:
        tallies = taken(rule, case, span, by_house=True)
        own = [t for t in tallies if object_of(t, rule.scope) == name]
        return in_order(t.house for t in own if t.house)

    return Hit(object=name or WHOLE, why=why, count=count, houses=houses)


def _shape(table: dict[str, Any]) -> Surge:
    return Surge.model_validate(table)


KIND: Kind[Surge] = Kind(name="surge", shape=_shape, decide=decide)
