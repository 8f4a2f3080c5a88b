"""How the topics of a plan grew: over the week before, or over the day before an emergency."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from mcur.playbooks import portrait
from mcur.playbooks.counting import by_object
from mcur.playbooks.incidents import Incident
from mcur.playbooks.plan_forms import Growth
from mcur.playbooks.rules.base import Case


def week_bounds(case: Case, week: date) -> tuple[datetime, datetime]:
    """Return the moments between which a week lies."""
    calendar = case.playbook.calendar
    return calendar.day_bounds(week)[0], calendar.day_bounds(week + timedelta(days=7))[0]


def top_growth(case: Case, week: date) -> list[Growth]:
    """Return the topics with the largest growth over the week before: name, count, count before.

    Only growth counts; ties by percent, then by name (T10).
    """
    now = _own(case, *week_bounds(case, week))
    before = _own(case, *week_bounds(case, week - timedelta(days=7)))
    grown = [(name, n, before.get(name, 0)) for name, n in now.items() if n > before.get(name, 0)]
    grown.sort(key=lambda g: (g[2] - g[1], -(g[1] * 10_000 // g[2] if g[2] else 10**9), g[0]))
    return grown[: case.playbook.calendar.top_n]


def _own(case: Case, first: datetime, last: datetime) -> dict[str, int]:
    tallies = [t for t in case.facts.tallies(first, last, by_house=False) if case.playbook.owns(t)]
    return dict(by_object(tallies, "subcategory"))


def incident_growth(case: Case, incident: Incident) -> list[Growth]:
    """Return how the topics of an incident grew over the day before, the largest growth first.

    Nothing where the day before has no data: absent is not zero.
    """
    calendar = case.playbook.calendar
    day_before = incident.detected_at - timedelta(days=1)
    if not case.facts.has_data(*calendar.day_bounds(calendar.day_of(day_before))):
        return []
    now = by_object(portrait.of_incident(case, incident, incident.detected_at), "subcategory")
    before = by_object(portrait.of_incident(case, incident, day_before), "subcategory")
    grown = [(name, n, before[name]) for name, n in now.items() if n > before[name]]
    return sorted(grown, key=lambda g: (g[2] - g[1], g[0]))
