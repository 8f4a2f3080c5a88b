"""What the figures of a report rest on: rows that a rule could not judge, files that did not come."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from mcur.playbooks.entries import entered
from mcur.playbooks.facts import Appeal
from mcur.playbooks.language import capital
from mcur.playbooks.rules.base import Case
from mcur.playbooks.staleness import stale_feeds

if TYPE_CHECKING:
    from mcur.playbooks.rules.report_shape import Report

_REST_ON_APPEALS = frozenset({"groups", "overview"})
_LACKS = {"address": "house", "subcategory": "topic", "category": "topic"}


def lines(rule: Report, case: Case, first: datetime, last: datetime) -> tuple[str, ...]:
    """Return one sentence a gap, and the rules that wait for a value that the text does not give."""
    audited = case.facts.audited(case.playbook.id, first, case.now)
    return (*_gaps(rule, case, first, last), *map(capital, audited), *_unset(case))


def _stale(case: Case, last: datetime) -> list[str]:
    """Name the feeds whose newest export is too old for the end of what the report covers."""
    stale = stale_feeds(case, min(last, case.now))
    feeds = [case.say("staleness.feed", feed=feed) for feed in stale]
    return [case.say("staleness.report", feeds=feeds)] if feeds else []


def _gaps(rule: Report, case: Case, first: datetime, last: datetime) -> list[str]:
    if rule.form not in _REST_ON_APPEALS:
        return []
    if not case.facts.has_data(first, last):
        return [case.say("report.no_file", first=first)]
    received = entered(case, "new", first, last)
    blank = {
        "house": sum(a.house is None for a in received),
        "topic": _without_topic(received),
    }
    found = []
    for lack, count in blank.items():
        if count:
            known = case.say(f"report.without_{lack}", count=count)
            found.append("; ".join((known, *_not_computable(case, lack))))
    return found + _stale(case, last)


def _without_topic(received: Sequence[Appeal]) -> int:
    return sum(a.topic is None for a in received)


def _not_computable(case: Case, lack: str) -> list[str]:
    """Name the criteria that cannot be computed for rows without a house or a topic."""
    surges = list(case.playbook.rules["surge"].values())
    return [
        case.say("report.rule_not_computable", number=number, limit=limit, scope=scope)
        for number, surge in enumerate(surges, start=1)
        if surge.enabled
        and (limit := getattr(surge, "value", None)) is not None
        and _LACKS.get(scope := getattr(surge, "scope", "")) == lack
    ]


def _unset(case: Case) -> list[str]:
    """Name the rules that wait for a value which the text does not give."""
    kinds = case.playbook.rules
    rules = (*kinds["surge"].values(), *kinds.get("control", {}).values())
    return [
        case.say("surge.unset", printed=case.playbook.printed(rule.clause))
        for rule in rules
        if hasattr(rule, "is_set") and not (rule.is_set and rule.enabled)
    ]
