"""Forms about inspections: the rating of executors, their work with the app, breaches of the schedule."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from mcur.playbooks.documents import Block, Column, Heading, Paragraph, Summary, Table
from mcur.playbooks.filled import Filled
from mcur.playbooks.language import percent
from mcur.playbooks.rules import rating
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.rating import Rating

if TYPE_CHECKING:
    from mcur.playbooks.rules.report_shape import Report


def campaigns(rule: Report, case: Case) -> list[Rating]:
    """Return the ratings that a report is about."""
    return [
        one
        for one in case.playbook.enabled("rating")
        if isinstance(one, Rating) and one.id in rule.ratings
    ]


def has_export(case: Case) -> bool:
    """Whether any export of inspections has ever come."""
    return case.facts.last_export("inspections") is not None


def is_wanted(rule: Report, case: Case) -> bool:
    """Whether a report that leaves only at times leaves now."""
    if rule.leaves == "always":
        return True
    if rule.leaves == "launched":
        return any(rating.is_launched(one, case) for one in campaigns(rule, case))
    return any(rating.overdue(one, case) or _low(one, case) for one in campaigns(rule, case))


def app_work(rule: Report, case: Case, _first: datetime, _last: datetime) -> Filled:
    """Fill the report on the work with the app: what is done, moderated, returned, overdue."""
    names = ("executor", "planned", "done", "overdue", "judged", "returned")
    rows: list[tuple[str, ...]] = []
    for one in (s for r in campaigns(rule, case) for s in rating.standings(r, case)):
        counts = (one.planned, one.done, one.overdue, one.judged, one.returned)
        rows.append((one.executor or case.say("rating.nobody"), *map(str, counts)))
    return _filled(case, "app_work", names, rows)


def standings(rule: Report, case: Case, _first: datetime, _last: datetime) -> Filled:
    """Fill the rating: executors in their order, the shares that it rests on, what is not done."""
    names = ("place", "executor", "planned", "due", "in_time", "timeliness", "returned", "defects", "overdue")  # fmt: skip
    found = [s for r in campaigns(rule, case) for s in rating.standings(r, case)]
    rows = [
        (
            str(place),
            one.executor or case.say("rating.nobody"),
            str(one.planned),
            str(one.due),
            str(one.in_time),
            _share(case, one.timeliness),
            str(one.returned) if one.judged else case.say("nothing"),
            _share(case, one.defects),
            str(one.overdue),
        )
        for place, one in enumerate(found, start=1)
    ]
    return _filled(case, "standings", names, rows)


def _share(case: Case, share: Fraction | None) -> str:
    """Write a share; of nothing there is none."""
    if share is None:
        return case.say("nothing")
    return percent(share.numerator, share.denominator)


def breaches(rule: Report, case: Case, _first: datetime, _last: datetime) -> Filled:
    """Fill the message on breaches: inspections that are not done in time, executors of low quality."""
    names = ("number", "executor", "address", "planned_at")
    late = [one for r in campaigns(rule, case) for one in rating.overdue(r, case)]
    rows = [
        (
            one.number,
            one.executor or case.say("rating.nobody"),
            one.address or case.say("no_address"),
            case.say("moment", at=one.planned_at),
        )
        for one in late
    ]
    summary = Summary(
        titles=(case.say("form.inspections.executor"), case.say("form.inspections.address")),
        rows=tuple((row[1], row[2]) for row in rows),
    )
    empty = "form.breaches.empty"
    filled = _filled(case, "breaches", names, rows, empty=empty, summary=summary)
    low = [(one, s) for one in campaigns(rule, case) for s in _low(one, case)]
    more: list[Block] = [
        Paragraph(text=case.say("rating.low", one=s, rule=one), tone="mark") for one, s in low
    ]
    if more:
        more.insert(0, Heading(text=case.say("form.breaches.low")))
    poor = list(dict.fromkeys(s.executor or case.say("rating.nobody") for _, s in low))
    return Filled(
        blocks=(*filled.blocks, *more), lead=filled.lead, figures={**filled.figures, "low": poor}
    )


def _low(rule: Rating, case: Case) -> list[rating.Standing]:
    return [one for one in rating.standings(rule, case) if rating.is_low(rule, one)]


def _filled(
    case: Case,
    form: str,
    names: Sequence[str],
    rows: Sequence[tuple[str, ...]],
    empty: str = "form.inspections.empty",
    summary: Summary | None = None,
) -> Filled:
    """Make the table; without rows it says why, once."""
    wide = {"executor", "address"}
    columns = tuple(
        Column(title=case.say(f"form.inspections.{name}"), weight=3 if name in wide else 1)
        for name in names
    )
    reason = case.say(empty if has_export(case) else "form.inspections.no_export")
    figures: dict[str, Any] = {"rows": len(rows)}
    return Filled(
        blocks=(Table(columns=columns, rows=tuple(rows), empty=reason, summary=summary),),
        lead=(case.say(f"form.{form}.lead", count=len(rows)),) if rows else (),
        figures=figures,
    )
