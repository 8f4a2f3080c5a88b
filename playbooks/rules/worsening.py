"""An emergency that becomes a crisis: by a person's word, or by a threat to life and silence (G11)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from mcur.playbooks.documents import Document, Paragraph, plain
from mcur.playbooks.facts import Act, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import ChangeIncident, Cite, CreateTask, Intent, UpdateTask
from mcur.playbooks.rules.base import Case, Rule

CHOSEN = "mode_chosen"
"""The fact that a person chose to keep the mode."""
THREAT = "threat"
"""The fact that a person named a threat to life after the incident had begun."""


def said(rule: Rule, case: Case, incident: Incident, act: Act, why: str) -> Iterator[Intent]:
    """Go over to a crisis because a person says so.

    The onset is the one that was entered, now or before, or that of a threat to life which nobody
    has answered; else the crisis began when it was declared.
    """
    given = act.fields.get("onset")
    threatened_since = incident.life_threat and CHOSEN not in incident.facts
    entered = threatened_since or incident.onset_at != incident.detected_at
    onset = datetime.fromisoformat(given) if given else None if entered else act.at
    yield from worse(rule, case, incident, act.at, why, onset)


def worse(
    rule: Rule,
    case: Case,
    incident: Incident,
    at: datetime,
    why: str,
    onset: datetime | None = None,
) -> Iterator[Intent]:
    """Go over to a crisis: one incident with two phases, one task with another heading."""
    modes = case.playbook.enabled("mode")
    into = next((r for r in modes if getattr(r, "mode", "") == "crisis"), rule)
    clause = getattr(into, "declared_clause", "") or into.clause
    cite = case.cite(into, why, clause=clause)
    yield ChangeIncident(
        key=incident.key, cite=cite, event="escalated", mode="crisis", at=at,
        onset=onset,
    )  # fmt: skip
    changed = case.facts.incident(incident.key) or incident
    yield UpdateTask(
        key=f"update:{incident.key}:crisis",
        cite=cite,
        task=incident.key,
        subject=case.say("mode.subject", incident=changed),
        note=plain(case.say("mode.worse", why=why)),
    )
    yield from answered(case, incident, why)


def threatened(cite: Cite, incident: Incident, act: Act) -> Iterator[Intent]:
    """Keep that an incident, begun without, threatens life and health now."""
    if not incident.life_threat and THREAT not in incident.facts:
        yield ChangeIncident(key=incident.key, cite=cite, event="updated", fact=THREAT, at=act.at)


def ask(rule: Rule, clause: str, head: str, case: Case, incident: Incident) -> Iterator[Intent]:
    """Ask the head at once which mode a threat to life belongs to; without his word it is a crisis."""
    threatens = incident.life_threat or THREAT in incident.facts
    if not threatens or CHOSEN in incident.facts:
        return
    clause = clause or rule.clause
    by = decided_at(case, incident)
    key = _question(case, incident)
    if not case.facts.knows(key):
        why = case.say("threat.why", incident=incident)
        yield CreateTask(
            key=key,
            cite=case.cite(rule, why, clause=clause),
            kind=TaskKind.QUESTION,
            project=case.playbook.projects["question"],
            subject=case.say("threat.subject", incident=incident),
            body=Document(
                blocks=(Paragraph(text=case.say("threat.ask", incident=incident, by=by)),),
                footer=(case.clause_line(clause),),
            ),
            assignee=head,
            due_at=by,
            parent=incident.key,
            urgent=True,
        )
    elif case.now >= by:
        yield from worse(rule, case, incident, by, case.say("threat.default", by=by))


def answered(case: Case, incident: Incident, why: str) -> Iterator[Intent]:
    """Close the question once it has its answer."""
    task = case.facts.task(_question(case, incident))
    if task is not None and task.status.is_open:
        rule = next(r for r in case.playbook.enabled("mode") if r.id == task.rule)
        yield UpdateTask(
            key=f"update:{task.key}:answered",
            cite=case.cite(rule, why, clause=task.clause),
            task=task.key,
            note=plain(why),
            status=TaskStatus.CLOSED,
        )


def decided_at(case: Case, incident: Incident) -> datetime:
    """Return until when the head may choose."""
    asked = incident.facts.get(THREAT, incident.entered_at)
    return asked + case.playbook.calendar.immediately_max


def _question(case: Case, incident: Incident) -> str:
    return f"task:{case.playbook.id}:choose:{incident.key}"
