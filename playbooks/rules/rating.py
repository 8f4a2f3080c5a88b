"""Kind ``rating``: executors ordered by timeliness and quality of their inspections.

The order is by the share done in time, the best first, then by the share returned, the least first,
then by name. A share of nothing is no share: who has none stands last. Reports show the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, Literal

from mcur.playbooks.directory import fold
from mcur.playbooks.intents import Intent, RaiseFlag
from mcur.playbooks.mirrored import Inspection
from mcur.playbooks.rules.base import Case, Kind, Rule


class Rating(Rule):
    """The rating of one campaign.

    ``launched`` says whether its tasks run; ``auto`` looks into the export for inspections that are not
    done yet. ``low_quality_pct`` is the share of returned inspections from which the quality is low;
    without a value nobody's is.
    """

    campaign: Literal["ice", "common_areas"]
    launched: Literal["auto", "yes", "no"] = "auto"
    low_quality_pct: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How one executor stands. ``due`` counts what is done or should be; ``judged`` what is moderated."""

    executor: str
    planned: int
    done: int
    due: int
    in_time: int
    judged: int
    returned: int
    overdue: int

    @property
    def timeliness(self) -> Fraction | None:
        """The share done in time of what is due."""
        return Fraction(self.in_time, self.due) if self.due else None

    @property
    def defects(self) -> Fraction | None:
        """The share returned of what was judged."""
        return Fraction(self.returned, self.judged) if self.judged else None


def decide(rule: Rating, case: Case) -> Iterator[Intent]:
    """Say whose quality is low, once an executor and day; nothing without a threshold."""
    if rule.low_quality_pct is None:
        return
    day = case.playbook.calendar.day_of(case.now)
    for one in standings(rule, case):
        if is_low(rule, one):
            why = case.say("rating.low", one=one, rule=rule)
            yield RaiseFlag(
                key=f"flag:{case.playbook.id}:{rule.id}:{fold(one.executor)}:{day}",
                cite=case.cite(rule, why),
                object=one.executor,
                text=why,
            )


def is_low(rule: Rating, one: Standing) -> bool:
    """Whether an executor's inspections come back too often."""
    limit, share = rule.low_quality_pct, one.defects
    return limit is not None and share is not None and share * 100 >= limit


def is_launched(rule: Rating, case: Case) -> bool:
    """Whether the tasks of the campaign run."""
    if rule.launched != "auto":
        return rule.launched == "yes"
    return any(one.done_at is None for one in case.facts.inspections(rule.campaign))


def overdue(rule: Rating, case: Case) -> list[Inspection]:
    """List the inspections whose planned hour has passed and that nobody has done."""
    found = case.facts.inspections(rule.campaign)
    late = [one for one in found if one.done_at is None and _has_passed(one, case.now)]
    return sorted(late, key=lambda one: (one.planned_at or case.now, one.number))


def standings(rule: Rating, case: Case) -> list[Standing]:
    """Order the executors of the campaign."""
    by: dict[str, list[Inspection]] = {}
    for one in case.facts.inspections(rule.campaign):
        known = case.facts.directory.executor(one.executor) if one.executor else None
        by.setdefault(known.name if known else one.executor or "", []).append(one)
    found = [_standing(name, those, case.now) for name, those in by.items()]
    return sorted(found, key=_place)


def _standing(name: str, those: Sequence[Inspection], now: datetime) -> Standing:
    due = [one for one in those if one.planned_at and (one.done_at or _has_passed(one, now))]
    judged = [one for one in those if one.returned is not None]
    return Standing(
        executor=name,
        planned=len(those),
        done=sum(one.done_at is not None for one in those),
        due=len(due),
        in_time=sum(_is_in_time(one) for one in due),
        judged=len(judged),
        returned=sum(one.returned is True for one in judged),
        overdue=sum(one.done_at is None for one in due),
    )


def _is_in_time(one: Inspection) -> bool:
    return one.done_at is not None and one.planned_at is not None and one.done_at <= one.planned_at


def _has_passed(one: Inspection, now: datetime) -> bool:
    return one.planned_at is not None and one.planned_at < now


def _place(one: Standing) -> tuple[bool, Fraction, bool, Fraction, str]:
    in_time, defects = one.timeliness, one.defects
    return (
        in_time is None,
        -(in_time or Fraction(0)),
        defects is None,
        defects or Fraction(0),
        fold(one.executor),
    )


def _shape(table: dict[str, Any]) -> Rating:
    return Rating.model_validate(table)


KIND: Kind[Rating] = Kind(name="rating", shape=_shape, decide=decide)
