"""The problem of an incident, handed to its executor as a task."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from mcur.playbooks import portrait
from mcur.playbooks.addresses import house_of
from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.facts import Appeal, TaskKind
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import CreateTask, Intent
from mcur.playbooks.rules.base import Case, Rule


class Handing(Rule):
    """The clause that has the executor told; ``threat = false``: not where life is in danger."""

    id: str = "executor"
    threat: bool = True


def task(
    duty: Handing, rule: Rule, officer: str, case: Case, incident: Incident
) -> Iterator[Intent]:
    """Make the executor's task once; without a known executor the officer finds one."""
    key = f"task:{case.playbook.id}:{duty.clause}:{incident.key}"
    if case.facts.knows(key) or (incident.life_threat and not duty.threat):
        return
    name = _executor(case, incident)
    asked = "handed" if name else "unknown"
    known = Pairs(items=portrait.with_shares(case, incident))
    yield CreateTask(
        key=key,
        cite=case.cite(rule, incident.why, clause=duty.clause, clauses=duty.clauses),
        kind=TaskKind.EXECUTOR,
        project=case.playbook.projects["executor"],
        subject=case.say("handing.subject", incident=incident),
        body=Document(
            blocks=(
                Paragraph(text=case.say(f"handing.{asked}")),
                known,
                *portrait.houses(case, incident),
            ),
            footer=(case.clause_line(duty.clause),),
        ),
        assignee=f"executor:{name}" if name else officer,
        parent=incident.key,
        topic=case.place(incident),
        fields={"executor": name} if name else {},
        announce=bool(name),
        urgent=True,
    )


def _executor(case: Case, incident: Incident) -> str | None:
    """Name whom most appeals of the incident name, or who serves its house or topic."""
    directory = case.facts.directory
    appeals = _appeals(case, incident)
    named = Counter(e.name for a in appeals if (e := directory.executor(a.executor)))
    if named:
        return named.most_common(1)[0][0]
    topics = (a.topic for a in appeals) if appeals else (incident.object,)
    served = directory.executor_for(topics=tuple(topics), house=house_of(incident.object))
    return served.name if served else None


def _appeals(case: Case, incident: Incident) -> list[Appeal]:
    """Return the day's appeals of the incident's object; none where it was declared."""
    scope = getattr(case.playbook.rules.get("surge", {}).get(incident.rule), "scope", None)
    if scope is None:
        return []
    calendar = case.playbook.calendar
    bounds = calendar.day_bounds(calendar.day_of(incident.detected_at))
    found = [a for a in case.facts.entered("new", *bounds) if case.playbook.owns(a) and not a.spam]
    return [a for a in found if _object(a, scope) == fold(incident.object)]


def _object(appeal: Appeal, scope: str) -> str:
    field = {"total": "municipality", "address": "house"}.get(scope, scope)
    return fold(getattr(appeal, field) or "total")
