"""A surge by the growth index of a category, as the heat map prints it.

Where no export ever had the index of a category, nothing can be said of it; or, with
``index_fallback = "avg_28d"``, the appeals of the day by the daily average of 28 days stand in for it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from decimal import Decimal

from mcur.playbooks.addresses import in_order
from mcur.playbooks.baselines import Span
from mcur.playbooks.counting import index_over, rounded
from mcur.playbooks.directory import fold
from mcur.playbooks.intents import Intent, MarkDone, Outcome
from mcur.playbooks.reference import AVERAGED_DAYS
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.surge_found import Hit, close_key, finding, fire, judged, taken
from mcur.playbooks.rules.surge_shape import Surge

_EXACTLY = 4
"""How many decimals are shown of an index that is compared unrounded."""


def decide(rule: Surge, case: Case, limit: Decimal) -> Iterator[Intent]:
    """Judge each index once, as it comes: what a person closed stays closed until there is another."""
    today = case.playbook.calendar.day_of(case.now)
    fresh = case.facts.indices(case.playbook.covers, fresh=True)
    for category in rule.categories:
        index = fresh.get(fold(category))
        if index is not None:
            why = case.say("surge.index", category=category, index=index, limit=limit)
            yield from _judge(rule, case, today, category, (index, limit, why))
    if rule.index_fallback == "none":
        yield from _unknown(rule, case, today)
    else:
        for span in judged(rule, case):
            yield from _averaged(rule, case, span, limit)


def _judge(
    rule: Surge, case: Case, day: date, category: str, what: tuple[Decimal, Decimal, str]
) -> Iterator[Intent]:
    index, limit, why = what
    if index_over(index, rule.op, limit, rule.index_decimals):
        count, houses = _received(rule, case, category, day)
        hit = Hit(object=category, why=why, count=count, houses=lambda: houses)
        yield from fire(rule, case, Span(day, day), hit)
    else:
        yield finding(rule, case, category, day, Outcome.NOT_FIRED, why)


def _received(rule: Surge, case: Case, category: str, day: date) -> tuple[int, tuple[str, ...]]:
    """Say how many appeals of the category came that day, and about which houses."""
    found = taken(rule, case, Span(day, day), by_house=True)
    own = [t for t in found if t.category and fold(t.category) == fold(category)]
    return sum(t.n for t in own), in_order(t.house for t in own if t.house)


# --- no export has it -----------------------------------------------------------------------------------


def _unknown(rule: Surge, case: Case, today: date) -> Iterator[Intent]:
    """Say which categories have no index: one of which a row came, any when a day has closed."""
    changes = (c for c in case.facts.fresh_appeals() if not c.history)
    ours = (c.appeal for c in changes if case.playbook.owns(c.appeal))
    came = {fold(appeal.category) for appeal in ours if appeal.category}
    yield from _lacking(rule, case, today, [c for c in rule.categories if fold(c) in came])
    yesterday = today - timedelta(days=1)
    key = close_key(rule, case, yesterday)
    live = case.playbook.calendar.day_of(case.facts.live_from)
    if not case.facts.knows(key) and yesterday >= live:
        yield MarkDone(key=key)
        yield from _lacking(rule, case, yesterday, rule.categories)


def _lacking(rule: Surge, case: Case, day: date, categories: Sequence[str]) -> Iterator[Intent]:
    for category in _without(case, categories):
        why = case.say("surge.no_index", category=category)
        yield finding(rule, case, category, day, Outcome.NOT_COMPUTABLE, why)


def _without(case: Case, categories: Sequence[str]) -> list[str]:
    """Return those of which no export ever had the index."""
    known = case.facts.indices(case.playbook.covers, fresh=False)
    return [category for category in categories if fold(category) not in known]


def _averaged(rule: Surge, case: Case, span: Span, limit: Decimal) -> Iterator[Intent]:
    """Compute what no export has: the day's count by the average of the days before it."""
    day, calendar = span.first, case.playbook.calendar
    if day < calendar.day_of(case.now):
        yield MarkDone(key=close_key(rule, case, day))
    categories = _without(case, rule.categories)
    if not categories:
        return
    history = Span(day - timedelta(days=AVERAGED_DAYS), day - timedelta(days=1))
    given, begun = (case.facts.has_data(*calendar.day_bounds(one)) for one in (day, history.first))
    counts, before = (_counted(rule, case, one) for one in (span, history))
    for category in categories:
        count, total = counts[fold(category)], before[fold(category)]
        if not (given and begun and total):
            text = "surge.no_average" if given else "surge.no_data"
            why = case.say(text, category=category, days=AVERAGED_DAYS, day_=day)
            yield finding(rule, case, category, day, Outcome.NOT_COMPUTABLE, why)
            continue
        index = Decimal(count * AVERAGED_DAYS) / total
        values = {"count": count, "total": total, "days": AVERAGED_DAYS}
        shown = rounded(index, rule.index_decimals if rule.index_decimals >= 0 else _EXACTLY)
        why = case.say("surge.average", category=category, index=shown, limit=limit, **values)
        yield from _judge(rule, case, day, category, (index, limit, why))


def _counted(rule: Surge, case: Case, span: Span) -> Counter[str]:
    found: Counter[str] = Counter()
    for tally in taken(rule, case, span):
        if tally.category:
            found[fold(tally.category)] += tally.n
    return found
