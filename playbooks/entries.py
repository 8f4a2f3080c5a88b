"""What entered a group of a report in a period, as this regulation counts it."""

from __future__ import annotations

from datetime import datetime

from mcur.playbooks.facts import Appeal
from mcur.playbooks.rules.base import Case

GROUPS = ("new", "repeat", "deferred", "overdue", "returned", "closed")


def entered(case: Case, group: str, first: datetime, last: datetime) -> list[Appeal]:
    """Return the appeals of ours, without spam, that entered a group in [first, last)."""
    appeals = case.facts.entered(group, first, last)
    return [a for a in appeals if case.playbook.owns(a) and not a.spam]
