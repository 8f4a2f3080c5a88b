"""No progress of an incident: said by a person, or nobody wrote anything for too long (G17)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import ChangeIncident, Intent
from mcur.playbooks.rules.base import Case, Rule

FACT = "no_progress"


class OnSilence(Rule):
    """After ``wait`` without news the fact «no progress» is entered, once for an incident (L-5)."""

    on: Literal["silence"]
    mode: str
    wait: ElapsedField = timedelta(hours=24)


def decide(rule: OnSilence, case: Case) -> Iterator[Intent]:
    """Enter the fact where nobody did; the terms that count from it are the mode's."""
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode != rule.mode or FACT in incident.facts:
            continue
        silent = silent_at(case, incident, rule.wait)
        if case.now >= silent and incident.solved_at is None:
            why = case.say("ladder.silence.why", last=last_news(case, incident))
            yield ChangeIncident(
                key=incident.key, cite=case.cite(rule, why), event="updated", fact=FACT, at=silent
            )


def wakes(rule: OnSilence, case: Case) -> datetime | None:
    """The end of a silence wakes a cycle."""
    ends = [
        silent_at(case, incident, rule.wait)
        for incident in case.facts.incidents(case.playbook.id)
        if incident.mode == rule.mode and FACT not in incident.facts
    ]
    return min((e for e in ends if e > case.now), default=None)


def last_news(case: Case, incident: Incident) -> datetime:
    """Return when somebody last wrote or did something, the entry into the mode at least."""
    acts = case.facts.acts_on(incident.key)
    return max([incident.entered_at, *(act.at for act in acts)])


def silent_at(case: Case, incident: Incident, wait: timedelta) -> datetime:
    """Return when the silence since the last news has lasted so long."""
    return case.playbook.calendar.wait_ends(last_news(case, incident), wait)


def is_stalled(case: Case, incident: Incident, wait: timedelta) -> bool:
    """Whether there is no progress: by the fact, or by the silence; «solved» is progress enough."""
    if incident.solved_at is not None:
        return False
    return FACT in incident.facts or case.now >= silent_at(case, incident, wait)
