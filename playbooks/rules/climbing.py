"""The ladder of an incident: who is told at once, and who when there is no result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from mcur.playbooks import portrait
from mcur.playbooks.documents import Bullets, Document, Pairs, Paragraph
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import Channel, Intent, SendLetter
from mcur.playbooks.language import capital
from mcur.playbooks.rules import stalling
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.steps import Step


class TimedStep(Step):
    """A step of an incident's ladder: at once, or after the ladder's wait without a result.

    ``no_progress``: by a person's word, or after the wait without any news (G17).
    ``declared_clause`` is cited instead of ``clause`` where a person declared the incident.
    """

    declared_clause: str = ""
    when: Literal["at_once", "no_result", "no_progress"] = "at_once"
    text: str


class OnIncident(Rule):
    """Steps that an incident climbs (E-1); a person's «solved» or the end stops them."""

    on: Literal["incident"]
    mode: str
    wait: ElapsedField = timedelta(hours=24)
    steps: tuple[TimedStep, ...] = Field(min_length=1)


def decide(rule: OnIncident, case: Case) -> Iterator[Intent]:
    """Take each step of each incident of the mode whose moment has come."""
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            yield from _climb(rule, case, incident)


def _climb(rule: OnIncident, case: Case, incident: Incident) -> Iterator[Intent]:
    for number, step in enumerate(rule.steps, start=1):
        key = f"letter:{case.playbook.id}:{rule.id}:{number}:{incident.key}:1"
        if _waits(rule, case, incident, step) or case.facts.knows(key):
            continue
        why = case.say(f"ladder.incident.{step.text}_why", incident=incident)
        yield SendLetter(
            key=key,
            cite=case.cite(rule, why, clause=_clause(rule, step, incident)),
            channel=Channel.ESCALATIONS,
            urgent=True,
            sender=step.sender,
            to=step.to,
            cc=step.cc,
            subject=case.say(f"ladder.incident.{step.text}_subject", incident=incident),
            document=_incident_letter(rule, case, incident, step, why),
        )


def _waits(rule: OnIncident, case: Case, incident: Incident, step: TimedStep) -> bool:
    if step.when == "no_progress":
        return not stalling.is_stalled(case, incident, rule.wait)
    return step.when == "no_result" and not _is_without_result(rule, case, incident)


def _is_without_result(rule: OnIncident, case: Case, incident: Incident) -> bool:
    """By a person's word at once, by the wait otherwise; «solved» stops both."""
    by_hand = bool({"no_progress", "unsolved"} & incident.facts.keys())
    passed = case.now >= incident.entered_at + rule.wait
    return incident.solved_at is None and (by_hand or passed)


def _incident_letter(
    rule: OnIncident, case: Case, incident: Incident, step: TimedStep, why: str
) -> Document:
    known = Pairs(items=portrait.with_shares(case, incident))
    ask = Paragraph(text=case.say(f"ladder.incident.{step.text}_ask"))
    houses = (Bullets(items=incident.houses),) if incident.houses else ()
    return Document(
        title=case.say("ladder.incident.title"),
        lead=(capital(why) + ".",),
        blocks=(ask, known, *houses),
        footer=(case.clause_line(_clause(rule, step, incident)),),
    )


def _clause(rule: OnIncident, step: TimedStep, incident: Incident) -> str:
    declared = step.declared_clause if incident.declared_by else ""
    return declared or step.clause or rule.clause


def wakes(rule: OnIncident, case: Case) -> datetime | None:
    """A wait wakes a cycle at its end."""
    ends = [
        end + rule.wait
        for incident in case.facts.incidents(case.playbook.id)
        if incident.mode == rule.mode
        for end in (incident.entered_at, stalling.last_news(case, incident))
    ]
    return min((e for e in ends if e > case.now), default=None)
