"""A notice that asks for another term: in time, or not (C6).

The moment ``before`` the end of the present term is still in time; a later notice is a breach and
is passed on all the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Literal

from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.extension import Extension
from mcur.playbooks.intents import EndTerm, Finding, Intent, Outcome, StartTerm, TermOutcome
from mcur.playbooks.rules.base import Case, Rule


class OfNotice(Rule):
    """How long before the end of a term another one may be asked for (D2)."""

    starts: Literal["notice"]
    before: ElapsedField = timedelta(hours=24)


def decide(rule: OfNotice, case: Case) -> Iterator[Intent]:
    """Judge the notices that nobody has decided yet, each once."""
    for asked in case.facts.extensions(case.playbook.id):
        yield from _judged(rule, case, asked)


def judge(case: Case, asked: Extension) -> bool | None:
    """Say whether a notice came in time; ``None`` where nobody can say, or no rule asks."""
    rule = _rule_of(case)
    if rule is None or asked.due_at is None:
        return None
    return asked.asked_at <= asked.due_at - rule.before


def said_of(case: Case, asked: Extension) -> str:
    """Say what a notice asks for, and how it stands."""
    rule = _rule_of(case)
    hours = int(rule.before.total_seconds() // 3600) if rule else 0
    return case.say(
        "executors.extension", asked=asked, rule=rule, in_time=judge(case, asked), hours=hours
    )


def _rule_of(case: Case) -> OfNotice | None:
    rules = case.playbook.enabled("term")
    return next((rule for rule in rules if isinstance(rule, OfNotice)), None)


def _judged(rule: OfNotice, case: Case, asked: Extension) -> Iterator[Intent]:
    if asked.due_at is None:
        why = case.say("executors.no_due")
        day = case.playbook.calendar.day_of(asked.asked_at)
        cite = case.cite(rule, why)
        yield Finding(cite=cite, object=asked.task, day=day, outcome=Outcome.NOT_COMPUTABLE)
        return
    limit = asked.due_at - rule.before
    key = _key(rule, case, asked.task, asked.due_at)
    in_time = asked.asked_at <= limit
    full_or_late = not asked.lacks or not in_time
    if case.facts.term(key) is not None or not full_or_late:
        return
    cite = case.cite(rule, said_of(case, asked))
    yield StartTerm(key=key, cite=cite, object=asked.task, started_at=asked.asked_at, due_at=limit)
    outcome = TermOutcome.MET if in_time else TermOutcome.BREACHED
    yield EndTerm(key=key, cite=cite, outcome=outcome, ended_at=asked.asked_at)


def _key(rule: OfNotice, case: Case, task: str, due: datetime) -> str:
    """One notice is judged for each term that it asks to move."""
    moment = case.playbook.calendar.local(due)
    return f"term:{case.playbook.id}:{rule.clause}:{task}:{moment:%Y-%m-%dT%H:%M}"
