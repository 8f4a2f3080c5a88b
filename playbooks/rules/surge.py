"""Kind ``surge``: when growth is an incident.

Three criteria, each exact: an absolute count of a day, growth against a base, the index that the heat
map prints. A crossed threshold cannot be uncrossed (C10); there is one incident for a rule and
object as long as it is open, and further appeals update it (C12).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from mcur.playbooks.baselines import Versus, base_count, base_days
from mcur.playbooks.counting import (
    Op,
    Scope,
    Tally,
    by_object,
    grown,
    index_over,
    is_about,
    object_of,
    over,
)
from mcur.playbooks.directory import fold
from mcur.playbooks.incidents import WHOLE, Incident
from mcur.playbooks.intents import (
    ChangeIncident,
    Cite,
    Finding,
    Intent,
    MarkDone,
    OpenIncident,
    Outcome,
)
from mcur.playbooks.rules.base import Case, Kind, Rule

Exact = Annotated[Decimal, BeforeValidator(lambda value: Decimal(str(value)))]


BLANK = "blank"
"""The object under which a finding speaks of rows that have no object."""


class Surge(Rule):
    """One criterion. Exactly one of ``value``, ``growth_pct``, ``index`` says which.

    ``zero_base``: growth over nothing is not computable, or ``fire_at:N`` fires at N appeals.
    ``confirm = "person"`` opens a suspicion that somebody confirms or dismisses.
    """

    scope: Scope
    op: Op = "gt"
    value: int | None = None
    growth_pct: int | None = None
    index: Exact | None = None
    index_decimals: int = 2
    index_fallback: Literal["none"] = "none"
    categories: tuple[str, ...] = ()
    versus: Versus = "previous_day"
    zero_base: Annotated[str, Field(pattern=r"^(ignore|fire_at:[0-9]+)$")] = "ignore"
    min_current: int = 0
    blank_guard: bool = True
    confirm: Literal["none", "person"] = "none"
    origins: tuple[str, ...] = ()
    topics: tuple[str, ...] = ()
    mode: Literal["emergency", "crisis"] = "emergency"

    def problems(self) -> list[str]:
        """Say whether the criterion is clear."""
        given = [v for v in (self.value, self.growth_pct, self.index) if v is not None]
        waits = self.assumption and not given  # for a number that the text does not give
        clear = len(given) == 1 or waits or not self.enabled
        return [] if clear else ["give one of value, growth_pct, index"]

    @property
    def is_set(self) -> bool:
        """Whether the rule has what it needs: a number (G43), a list of categories (G27)."""
        if self.index is None:
            return (self.value, self.growth_pct) != (None, None)
        return bool(self.categories)


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """An object over its threshold."""

    object: str
    why: str
    count: int
    houses: tuple[str, ...] = ()


def decide(rule: Surge, case: Case) -> Iterator[Intent]:
    """Compare what came, and open or update incidents."""
    if not rule.is_set:
        return
    if rule.index is not None:
        today = case.playbook.calendar.day_of(case.now)
        yield from _indices(rule, case, rule.index, today)
        return
    for day in _days(rule, case):
        counting = case.playbook.on(day).rules["surge"].get(rule.id)
        if isinstance(counting, Surge) and counting.enabled:
            yield from _day(counting, case, day)


def unset(rule: Surge) -> bool:
    """Whether a rule waits for a value that the text does not give."""
    return not rule.is_set


# --- by the index of the heat map ----------------------------------------------------------------------


def _indices(rule: Surge, case: Case, limit: Decimal, day: date) -> Iterator[Intent]:
    """Judge each index once, as it comes: what a person closed stays closed until there is another."""
    fresh = case.facts.indices(case.playbook.covers, fresh=True)
    for category in rule.categories:
        index = fresh.get(fold(category))
        if index is None:
            continue
        values = {"category": category, "index": index, "limit": limit}
        if index_over(index, rule.op, limit, rule.index_decimals):
            why = case.say("surge.index", **values)
            count, houses = _received(rule, case, category, day)
            hit = Hit(object=category, why=why, count=count, houses=houses)
            yield from _fire(rule, case, day, hit)
        else:
            why = case.say("surge.index_calm", **values)
            yield _finding(rule, case, category, day, Outcome.NOT_FIRED, why)
    changes = (c for c in case.facts.fresh_appeals() if not c.history)
    ours = (c.appeal for c in changes if case.playbook.owns(c.appeal))
    came = {fold(appeal.category) for appeal in ours if appeal.category}
    yield from _unknown_indices(rule, case, day, [c for c in rule.categories if fold(c) in came])
    yield from _closed(rule, case, day - timedelta(days=1))


def _closed(rule: Surge, case: Case, day: date) -> Iterator[Intent]:
    """When a day has closed, say which categories had no index at all."""
    key = _close_key(rule, case, day)
    if case.facts.knows(key) or day < case.playbook.calendar.day_of(case.facts.live_from):
        return
    yield MarkDone(key=key)
    yield from _unknown_indices(rule, case, day, rule.categories)


def _unknown_indices(
    rule: Surge, case: Case, day: date, categories: Sequence[str]
) -> Iterator[Intent]:
    """A row of a category came, or its day went by, and no export ever had the index."""
    known = case.facts.indices(case.playbook.covers, fresh=False)
    for category in categories:
        if fold(category) not in known:
            why = case.say("surge.no_index", category=category)
            yield _finding(rule, case, category, day, Outcome.NOT_COMPUTABLE, why)


def _received(rule: Surge, case: Case, category: str, day: date) -> tuple[int, tuple[str, ...]]:
    """Say how many appeals of the category came that day, and about which houses."""
    taken = _taken(rule, case, day, by_house=True)
    own = [t for t in taken if t.category and fold(t.category) == fold(category)]
    return sum(t.n for t in own), tuple(sorted({t.house for t in own if t.house}))


# --- by counts of a day ---------------------------------------------------------------------------------


def _days(rule: Surge, case: Case) -> list[date]:
    """Today and yesterday where rows came for them; yesterday once more when it has closed."""
    calendar = case.playbook.calendar
    today = calendar.day_of(case.now)
    yesterday = today - timedelta(days=1)
    live = calendar.day_of(case.facts.live_from)
    fresh = {calendar.day_of(c.appeal.received_at) for c in case.facts.fresh_appeals()}
    asked = {day for day in (today, yesterday) if day in fresh}
    if not case.facts.knows(_close_key(rule, case, yesterday)):
        asked.add(yesterday)
    return sorted(day for day in asked if day >= live)


def _close_key(rule: Surge, case: Case, day: date) -> str:
    return f"close:{case.playbook.id}:{rule.id}:{day}"


def _day(rule: Surge, case: Case, day: date) -> Iterator[Intent]:
    calendar = case.playbook.calendar
    if day < calendar.day_of(case.now):
        yield MarkDone(key=_close_key(rule, case, day))
    if not case.facts.has_data(*calendar.day_bounds(day)):
        why = case.say("surge.no_data", day_=day)
        yield _finding(rule, case, "", day, Outcome.NOT_COMPUTABLE, why)
        return
    tallies = _taken(rule, case, day)
    counts = by_object(tallies, rule.scope)
    if rule.growth_pct is not None:
        yield from _growth(rule, case, day, tallies, rule.growth_pct)
    elif rule.value is not None:
        for name, count in counts.items():
            if over(count, rule.op, rule.value):
                why = case.say(
                    "surge.value",
                    object=name,
                    count=count,
                    limit=rule.value,
                    over=_over(rule, case),
                )
                yield from _fire(rule, case, day, _hit(rule, case, day, name, count, why))
        yield from _largest(rule, case, day, counts.most_common(1), rule.value)
        yield from _blank(rule, case, day, tallies)


def _taken(rule: Surge, case: Case, day: date, *, by_house: bool = False) -> list[Tally]:
    """Return the counts that the rule is about; which houses they name is seldom asked."""
    houses = by_house or rule.scope == "address"
    tallies = case.facts.tallies(*case.playbook.calendar.day_bounds(day), by_house=houses)
    topics = frozenset(rule.topics)
    covers = case.playbook.covers
    return [
        tally
        for tally in tallies
        if (not topics or is_about(tally.block, tally.category, topics))
        and (not rule.origins or tally.origin is None or tally.origin in rule.origins)
        and covers(tally.municipality)
    ]


def _over(rule: Surge, case: Case) -> str:
    return case.say("surge.over", op=rule.op)


def _blank(rule: Surge, case: Case, day: date, tallies: Sequence[Tally]) -> Iterator[Intent]:
    """For rows without the object of the rule it is not computable: absent is not zero."""
    count = sum(t.n for t in tallies if object_of(t, rule.scope) is None)
    if count and rule.blank_guard:
        why = case.say("surge.blank", scope=rule.scope, count=count)
        yield _finding(rule, case, BLANK, day, Outcome.NOT_COMPUTABLE, why, count=str(count))


def _largest(
    rule: Surge, case: Case, day: date, top: Sequence[tuple[str, int]], limit: int
) -> Iterator[Intent]:
    count = top[0][1] if top else 0
    if not over(count, rule.op, limit):
        values = {"scope": rule.scope, "count": count, "limit": limit, "over": _over(rule, case)}
        why = case.say("surge.calm", **values)
        yield _finding(rule, case, "", day, Outcome.NOT_FIRED, why, count=str(count))


def _growth(
    rule: Surge, case: Case, day: date, tallies: list[Tally], percent: int
) -> Iterator[Intent]:
    calendar = case.playbook.calendar
    days = base_days(rule.versus, day, calendar)
    blank = [d for d in days if not case.facts.has_data(*calendar.day_bounds(d))]
    if blank or not days:
        why = case.say("surge.no_data", day_=max(blank, default=day))
        yield _finding(rule, case, "", day, Outcome.NOT_COMPUTABLE, why)
        return
    before = [by_object(_taken(rule, case, d), rule.scope) for d in days]
    counts = by_object(tallies, rule.scope)
    # What had appeals before and has none today fell, and that is a finding too.
    for name in dict.fromkeys((*counts, *(name for known in before for name in known))):
        what = (name, counts[name], base_count(before, name), percent)
        yield from _compared(rule, case, day, what)


def _compared(
    rule: Surge, case: Case, day: date, what: tuple[str, int, int, int]
) -> Iterator[Intent]:
    name, count, before, percent = what
    if before == 0:
        limit = int(rule.zero_base.removeprefix("fire_at:")) if rule.zero_base != "ignore" else None
        why = case.say("surge.zero_base", count=count)
        if limit is not None and count >= limit:
            why = case.say("surge.from_zero", count=count, limit=limit)
            yield from _fire(rule, case, day, _hit(rule, case, day, name, count, why))
        else:
            yield _finding(rule, case, name, day, Outcome.NOT_COMPUTABLE, why)
    elif count >= rule.min_current and grown(count, before, rule.op, percent):
        why = case.say("surge.growth", count=count, before=before, versus=rule.versus)
        yield from _fire(rule, case, day, _hit(rule, case, day, name, count, why))
    else:
        why = case.say("surge.growth", count=count, before=before, versus=rule.versus)
        yield _finding(rule, case, name, day, Outcome.NOT_FIRED, why)


def _hit(rule: Surge, case: Case, day: date, name: str, count: int, why: str) -> Hit:
    tallies = _taken(rule, case, day, by_house=True)
    own = [t for t in tallies if object_of(t, rule.scope) == name]
    houses = tuple(sorted({t.house for t in own if t.house}))
    return Hit(object=name or WHOLE, why=why, count=count, houses=houses)


# --- what follows ---------------------------------------------------------------------------------------


def _fire(rule: Surge, case: Case, day: date, hit: Hit) -> Iterator[Intent]:
    yield _finding(rule, case, hit.object, day, Outcome.FIRED, hit.why, count=str(hit.count))
    known = _known(rule, case, hit.object)
    if known is not None:
        if hit.count > known.count:
            yield ChangeIncident(
                key=known.key, cite=case.cite(rule, hit.why), event="updated", count=hit.count,
                houses=hit.houses,
            )  # fmt: skip
        return
    key = f"incident:{case.playbook.id}:{rule.id}:{hit.object}:{day}"
    if case.facts.incident(key) is None:
        yield OpenIncident(
            key=key,
            cite=_cite(rule, case, day, hit),
            object=hit.object,
            mode=rule.mode,
            state="suspected" if rule.confirm == "person" else "open",
            detected_at=case.now,
            onset_at=case.now,
            count=hit.count,
            houses=hit.houses,
        )


def _cite(rule: Surge, case: Case, day: date, hit: Hit) -> Cite:
    why = hit.why
    if day < case.playbook.calendar.day_of(case.now):
        why = case.say("surge.afterwards", why=why, day_=day)
    return case.cite(rule, why)


def _known(rule: Surge, case: Case, name: str) -> Incident | None:
    running = case.facts.incidents(case.playbook.id)
    return next((i for i in running if i.rule == rule.id and i.object == name), None)


def _finding(
    rule: Surge, case: Case, name: str, day: date, outcome: Outcome, why: str, **numbers: str
) -> Finding:
    return Finding(
        cite=case.cite(rule, why), object=name, day=day, outcome=outcome, numbers=numbers
    )


def _shape(table: dict[str, Any]) -> Surge:
    return Surge.model_validate(table)


KIND: Kind[Surge] = Kind(name="surge", shape=_shape, decide=decide)
