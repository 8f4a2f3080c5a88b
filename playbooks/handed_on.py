"""What the program makes ready and a person hands on: lists of houses, results of inspections, a word for a messenger."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta

from mcur.playbooks import not_inspected
from mcur.playbooks.counting import by_object
from mcur.playbooks.entries import entered
from mcur.playbooks.rules.base import Case

DAYS = 28
NAMED_HOUSES = 40
NAMED_TOPICS = 3


def houses(case: Case, last: datetime) -> list[str]:
    """Name the houses of four weeks' appeals, those with the most of them first."""
    tallies = [
        t for t in case.facts.tallies(last - timedelta(days=DAYS), last) if case.playbook.owns(t)
    ]
    found = sorted(by_object(tallies, "address").items(), key=lambda one: (-one[1], one[0]))
    lines = [case.say("reference.house", house=house, count=n) for house, n in found[:NAMED_HOUSES]]
    more = len(found) - NAMED_HOUSES
    return [*lines, case.say("form.more", count=more)] if more > 0 else lines


def results(case: Case, last: datetime) -> list[str]:  # noqa: ARG001 - a part of the reference takes it
    """Say how each executor stands in each campaign, and which houses were given back to him."""
    if case.facts.last_export("inspections") is None:
        return [case.say("form.inspections.no_export")]
    lines: list[str] = []
    for rule in not_inspected.campaigns(case):
        lines += not_inspected.shares(rule, case)
        returned = [one for one in case.facts.inspections(rule.campaign) if one.returned]
        lines += [case.say("reference.returned", one=one) for one in returned[:NAMED_HOUSES]]
        more = len(returned) - NAMED_HOUSES
        lines += [case.say("form.more", count=more)] if more > 0 else []
    return lines


def messenger(case: Case, last: datetime) -> list[str]:
    """Tell the day before ``last`` in a few words that can be copied as they stand."""
    first = last - timedelta(days=1)
    came, closed = entered(case, "new", first, last), entered(case, "closed", first, last)
    if not came and not case.facts.has_data(first, last):
        return [case.say("reference.messenger_blank", day_=first)]
    topics = Counter(appeal.topic for appeal in came if appeal.topic)
    top = sorted(topics.items(), key=lambda one: (-one[1], one[0]))[:NAMED_TOPICS]
    stock = case.facts.stock(case.playbook.takes)
    said = {"came": len(came), "closed": len(closed), "topics": top}
    return [case.say("reference.messenger_line", day_=first, stock=stock, **said)]
