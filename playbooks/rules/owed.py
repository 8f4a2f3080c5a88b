"""What an incident owes within a term: from which moment, how long, what meets it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Annotated

from pydantic import BeforeValidator, Field

from mcur.playbooks.durations import ElapsedField, one_or_more
from mcur.playbooks.facts import Term
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import EndTerm, Intent, StartTerm, TermOutcome
from mcur.playbooks.rules.base import Case, Rule

MEASURES = "measures"
MetByField = Annotated[
    tuple[str, ...],
    BeforeValidator(one_or_more, json_schema_input_type=str | tuple[str, ...]),
    Field(min_length=1),
]
"""One name, or a list of them."""


class ModeTerm(Rule):
    """A duty within a term.

    ``since`` is ``detected``, ``entered``, ``onset``, the name of a fact that a person entered, or the
    step of a ladder (``K-L2.1``); ``met_by`` is the fact, or the first of several, ``plan`` for the approval of the incident's
    plan, or ``measures`` for the first entry of measures after the start. ``stays``: it runs on when
    the mode becomes another.
    """

    id: str = ""
    since: str = "entered"
    within: ElapsedField
    met_by: MetByField
    stays: bool = False


def run(rule: Rule, parts: Sequence[ModeTerm], case: Case, incident: Incident) -> Iterator[Intent]:
    """Start and end the terms of the present mode."""
    for part in parts:
        start = incident.since(part.since)
        if start is None:
            continue
        key = _key(case, part, incident)
        if case.facts.term(key) is None:
            due = start + part.within
            why = case.say("mode.term", title=part.title, due=due)
            yield StartTerm(
                key=key, cite=case.cite(rule, why, clause=part.clause), object=incident.key,
                started_at=start, due_at=due, quiet=False,
            )  # fmt: skip
        term = case.facts.term(key)
        if term is not None:
            yield from _end(rule, case, incident, part, term)


def run_on(
    rule: Rule, parts: Sequence[ModeTerm], case: Case, incident: Incident
) -> Iterator[Intent]:
    """End the terms of a phase that is over: what does not stay falls away."""
    for part in parts:
        term = case.facts.term(_key(case, part, incident))
        if term is None or term.outcome == TermOutcome.CANCELLED:
            continue
        if part.stays:
            yield from _end(rule, case, incident, part, term)
        elif term.outcome is None:
            why = case.say("mode.phase_over")
            yield _dropped(rule, case, part, term, incident.entered_at, why)


def drop(
    rule: Rule,
    parts: Sequence[ModeTerm],
    case: Case,
    incident: Incident,
    at: datetime,
    why: str,
) -> Iterator[Intent]:
    """End what is still owed when the incident ends."""
    for part in parts:
        term = case.facts.term(_key(case, part, incident))
        if term is not None and term.outcome is None:
            yield _dropped(rule, case, part, term, at, why)


def _dropped(rule: Rule, case: Case, part: ModeTerm, term: Term, at: datetime, why: str) -> EndTerm:
    """A duty that was not due yet falls away; one that was due before the end is breached."""
    outcome = TermOutcome.CANCELLED
    if term.due_at < at:
        why, outcome = (
            case.say("mode.breached", title=part.title, due=term.due_at),
            TermOutcome.BREACHED,
        )
    return EndTerm(
        key=term.key, cite=case.cite(rule, why, clause=part.clause), outcome=outcome, ended_at=None
    )


def _end(
    rule: Rule, case: Case, incident: Incident, part: ModeTerm, term: Term
) -> Iterator[Intent]:
    if term.ended_at is not None:
        return
    met = _met_at(case, incident, part, term.started_at)
    if met is not None:
        outcome = TermOutcome.MET if met <= term.due_at else TermOutcome.BREACHED
        word = "term.met" if met <= term.due_at else "term.late"
        why = case.say(word, ended=met, due=term.due_at)
        yield EndTerm(
            key=term.key, cite=case.cite(rule, why, clause=part.clause), outcome=outcome,
            ended_at=met,
        )  # fmt: skip
    elif term.due_at < case.now and term.outcome is None:
        why = case.say("mode.breached", title=part.title, due=term.due_at)
        yield EndTerm(
            key=term.key, cite=case.cite(rule, why, clause=part.clause),
            outcome=TermOutcome.BREACHED, ended_at=None,
        )  # fmt: skip


def _key(case: Case, part: ModeTerm, incident: Incident) -> str:
    return f"term:{case.playbook.id}:{part.clause}:{incident.key}"


def _met_at(
    case: Case, incident: Incident, part: ModeTerm, started_at: datetime
) -> datetime | None:
    found = [_entered_at(case, incident, name, started_at) for name in part.met_by]
    return min((at for at in found if at is not None), default=None)


def _entered_at(case: Case, incident: Incident, name: str, started_at: datetime) -> datetime | None:
    if name == "plan":
        plan = case.facts.plan(f"plan:{case.playbook.id}:operational:{incident.key}")
        return plan.approved_at if plan else None
    if name == MEASURES:
        acts = case.facts.acts_on(incident.key)
        entered = (a.at for a in acts if a.at >= started_at and a.fields.get(MEASURES))
        return min(entered, default=None)
    return incident.facts.get(name)
