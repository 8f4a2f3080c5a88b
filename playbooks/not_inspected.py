"""What the heads plan inspections from: the share done by each executor, and the houses still to inspect."""

from __future__ import annotations

from datetime import datetime

from mcur.playbooks.language import percent
from mcur.playbooks.mirrored import Inspection
from mcur.playbooks.rules import rating
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.rating import Rating, Standing

NAMED_HOUSES = 40


def lines(case: Case, last: datetime) -> list[str]:  # noqa: ARG001 - a part of the reference takes it
    """Say of every campaign how far each executor is, then name the houses, the longest overdue first."""
    if case.facts.last_export("inspections") is None:
        return [case.say("form.inspections.no_export")]
    return [line for one in campaigns(case) for line in _campaign(one, case)]


def campaigns(case: Case) -> list[Rating]:
    """Return the campaigns of inspections that are rated."""
    return [one for one in case.playbook.enabled("rating") if isinstance(one, Rating)]


def shares(rule: Rating, case: Case) -> list[str]:
    """Say of each executor how far he is in a campaign."""
    return [_share(rule, case, one) for one in rating.standings(rule, case)]


def _campaign(rule: Rating, case: Case) -> list[str]:
    open_ = [one for one in case.facts.inspections(rule.campaign) if one.done_at is None]
    open_.sort(key=lambda one: (one.planned_at is None, one.planned_at or case.now, one.number))
    houses = [_house(case, one) for one in open_[:NAMED_HOUSES]]
    more = len(open_) - NAMED_HOUSES
    return [
        *shares(rule, case),
        *houses,
        *([case.say("form.more", count=more)] if more > 0 else []),
    ]


def _share(rule: Rating, case: Case, one: Standing) -> str:
    share = percent(one.done, one.planned)
    name = one.executor or case.say("rating.nobody")
    return case.say("reference.inspected", rule=rule, executor=name, one=one, share=share)


def _house(case: Case, one: Inspection) -> str:
    address = one.address or case.say("no_address")
    name = one.executor or case.say("rating.nobody")
    late = one.planned_at is not None and one.planned_at < case.now
    return case.say("reference.not_inspected", one=one, address=address, executor=name, late=late)
