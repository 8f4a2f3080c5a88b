"""The ladder of an incident: who is told at once, and who when there is no result."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from mcur.playbooks import portrait
from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.durations import ElapsedField, one_or_more
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    ChangeIncident,
    Intent,
)
from mcur.playbooks.language import capital
from mcur.playbooks.rules import drafting, stalling, window
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.steps import Step

WaitsField = Annotated[
    tuple[ElapsedField, ...],
    BeforeValidator(one_or_more, json_schema_input_type=ElapsedField | tuple[ElapsedField, ...]),
    Field(min_length=1),
]
"""One duration, or a list of them."""


class TimedStep(Step):
    """A step of an incident's ladder: at once, or after a wait without a result.

    ``no_progress``: by a person's word, or after the wait without any news (G17).
    It counts from the entry into the mode, or from the step ``after`` it names by its number.
    ``declared_clause`` is cited instead of ``clause`` where a person declared the incident,
    ``threat_clause`` where it threatens life. What
    ``release = "manual"`` writes is a draft that waits for the word of ``owner``, else of its sender.
    """

    declared_clause: str = ""
    threat_clause: str = ""
    when: Literal["at_once", "no_result", "no_progress"] = "at_once"
    after: int = Field(default=0, ge=0)
    release: Literal["auto", "manual"] = "auto"
    owner: str = ""
    text: str


class OnIncident(Rule):
    """Steps that an incident climbs (E-1, K-L2); a person's «solved» or the end stops them.

    ``wait`` is the wait of every step that has to wait, or a list with one for each of them in turn.
    Not ``immediate``, its letters keep to the send window.
    """

    on: Literal["incident"]
    mode: str
    wait: WaitsField = (timedelta(hours=24),)
    immediate: bool = True
    steps: tuple[TimedStep, ...] = Field(min_length=1)

    def problems(self) -> list[str]:
        """Say where waits and steps do not fit each other."""
        asked = sum(step.when != "at_once" for step in self.steps)
        found = []
        if len(self.wait) not in {1, asked}:
            found.append(f"wait names {len(self.wait)} waits for {asked} steps that wait")
        found += [
            f"steps: step {number} counts from step {step.after}, which does not come before it"
            for number, step in enumerate(self.steps, start=1)
            if step.after >= number
        ]
        return found


def decide(rule: OnIncident, case: Case) -> Iterator[Intent]:
    """Take each step of each incident of the mode whose moment has come."""
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            yield from _climb(rule, case, incident)


def _climb(rule: OnIncident, case: Case, incident: Incident) -> Iterator[Intent]:
    """Take the steps in their order: a step is a fact for those that count from it."""
    for number, step in enumerate(rule.steps, start=1):
        if not _is_untaken(rule, case, incident, number):
            continue
        yield from _taken(rule, case, incident, step, _key(rule, case, incident, number))
        cite = case.cite(
            rule, rule.title, clause=_clause(rule, step, incident), clauses=step.clauses
        )
        fact = f"{rule.id}.{number}"
        yield ChangeIncident(key=incident.key, cite=cite, event="", fact=fact, at=case.now)
        incident = case.facts.incident(incident.key) or incident


def untaken(rule: OnIncident, case: Case) -> Iterator[tuple[Incident, int]]:
    """Yield the steps whose moment has come and that were not taken, with their incidents."""
    for incident in case.facts.incidents(case.playbook.id):
        if incident.mode == rule.mode:
            for number, _ in enumerate(rule.steps, start=1):
                if _is_untaken(rule, case, incident, number):
                    yield incident, number


def _is_untaken(rule: OnIncident, case: Case, incident: Incident, number: int) -> bool:
    key = _key(rule, case, incident, number)
    known = case.facts.knows(key) or case.facts.knows(drafting.draft_key(key))
    return not known and _is_due(rule, case, incident, number)


def _key(rule: OnIncident, case: Case, incident: Incident, number: int) -> str:
    return f"letter:{case.playbook.id}:{rule.id}:{number}:{incident.key}:1"


def _taken(
    rule: OnIncident, case: Case, incident: Incident, step: TimedStep, key: str
) -> Iterator[Intent]:
    why = case.say(f"ladder.incident.{step.text}_why", incident=incident)
    letter = step.letter(
        key,
        case.cite(rule, why, clause=_clause(rule, step, incident), clauses=step.clauses),
        case.say(f"ladder.incident.{step.text}_subject", incident=incident),
        _incident_letter(rule, case, incident, step, why),
    )
    if step.release == "auto":
        yield from window.leaving(case, letter, immediate=rule.immediate)
    else:
        yield from drafting.waiting(case, letter, step.owner or step.sender, incident.key)


def _is_due(rule: OnIncident, case: Case, incident: Incident, number: int) -> bool:
    """By a person's word at once, by the wait otherwise; «solved» up to that moment stops both.

    What was solved later, while the daemon slept, does not: the day is the same without the downtime.
    """
    step = rule.steps[number - 1]
    base = _base(rule, incident, step)
    if base is None:
        return False
    if step.when == "at_once":
        return True
    if step.when == "no_progress":
        return _opens(rule, case, case.now) == case.now and stalling.is_stalled(
            case, incident, _wait(rule, number)
        )
    end = case.playbook.calendar.wait_ends(base, _wait(rule, number))
    word = min((at for at in _words(case, incident) if base < at), default=end)
    moment = _opens(rule, case, min(word, end))
    solved = incident.solved_at
    return case.now >= moment and (solved is None or moment < solved)


def _opens(rule: OnIncident, case: Case, moment: datetime) -> datetime:
    return moment if rule.immediate else case.playbook.calendar.sends_at(moment)


def _words(case: Case, incident: Incident) -> list[datetime]:
    """Return when people said that there is no result; each word counts for one step."""
    acts = case.facts.acts_on(incident.key)
    said = [act.at for act in acts if act.do in {"no-progress", "unsolved"}]
    return [at for name, at in incident.facts.items() if name in {"no_progress", "unsolved"}] + said


def _base(rule: OnIncident, incident: Incident, step: TimedStep) -> datetime | None:
    """Return the moment from which a step counts; ``None`` while the step before it was not taken."""
    if not step.after:
        return incident.entered_at
    return incident.facts.get(f"{rule.id}.{step.after}")


def _wait(rule: OnIncident, number: int) -> timedelta:
    place = sum(step.when != "at_once" for step in rule.steps[: number - 1])
    return rule.wait[place if len(rule.wait) > 1 else 0]


def _incident_letter(
    rule: OnIncident, case: Case, incident: Incident, step: TimedStep, why: str
) -> Document:
    known = Pairs(items=portrait.with_shares(case, incident))
    ask = Paragraph(text=case.say(f"ladder.incident.{step.text}_ask"))
    return Document(
        title=case.say("ladder.incident.title"),
        lead=(capital(why) + ".",),
        blocks=(ask, known, *portrait.houses(case, incident)),
        footer=(case.clause_line(_clause(rule, step, incident)),),
    )


def _clause(rule: OnIncident, step: TimedStep, incident: Incident) -> str:
    threat = step.threat_clause if incident.life_threat else ""
    declared = step.declared_clause if incident.declared_by else ""
    return threat or declared or step.clause or rule.clause


def wakes(rule: OnIncident, case: Case) -> datetime | None:
    """A wait wakes a cycle at its end."""
    ends = [
        case.playbook.calendar.wait_ends(begin, _wait(rule, number))
        for incident in case.facts.incidents(case.playbook.id)
        if incident.mode == rule.mode
        for number, step in enumerate(rule.steps, start=1)
        for begin in _beginnings(rule, case, incident, step)
    ]
    ends += [_opens(rule, case, end) for end in ends]
    return min((e for e in ends if e > case.now), default=None)


def _beginnings(
    rule: OnIncident, case: Case, incident: Incident, step: TimedStep
) -> list[datetime]:
    """Return the moments from which the wait of a step may count now."""
    base = _base(rule, incident, step)
    if step.when == "at_once" or base is None:
        return []
    return [base, stalling.last_news(case, incident)]
