"""Kind ``term``: an event starts a clock; it ends met, breached, or cannot be computed.

The end moment itself is in time (C5); a breach is written by the first cycle after it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from mcur.playbooks.documents import plain
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Appeal, AppealStatus, Task, TaskKind, TaskStatus, Term
from mcur.playbooks.intents import (
    EndTerm,
    Finding,
    Intent,
    MarkDone,
    MoveTerm,
    Outcome,
    StartTerm,
    Tell,
    TermOutcome,
    UpdateTask,
)
from mcur.playbooks.language import capital
from mcur.playbooks.rules import extensions, outages
from mcur.playbooks.rules.base import Case, Kind, Rule, variant
from mcur.playbooks.rules.extensions import OfNotice
from mcur.playbooks.rules.outages import OfOutage


class OfAppeal(Rule):
    """From registration of an appeal until an executor takes it into work (D1)."""

    starts: Literal["appeal"]
    within: ElapsedField
    sources: tuple[str, ...] = ()


class OfTask(Rule):
    """From a task until its due; ``by_topic`` gives terms where the feed has none (G18).

    Who has the task is reminded on it so long before its due; of a shorter term he was just told.
    """

    starts: Literal["task"]
    kinds: tuple[TaskKind, ...]
    by_topic: Mapping[str, ElapsedField] = Field(default_factory=dict)
    remind: ElapsedField | None = None


TermRule = OfAppeal | OfTask | OfNotice | OfOutage
_SHAPES: dict[str, type[TermRule]] = {
    "appeal": OfAppeal,
    "task": OfTask,
    "notice": OfNotice,
    "outage": OfOutage,
}


def decide(rule: TermRule, case: Case) -> Iterator[Intent]:
    """Start, end and breach the terms of this rule."""
    match rule:
        case OfAppeal():
            yield from _appeals(rule, case)
        case OfTask():
            yield from _tasks(rule, case)
            yield from _reminders(rule, case)
        case OfNotice():
            yield from extensions.decide(rule, case)
        case OfOutage():
            yield from outages.decide(rule, case)
    for term in case.facts.ended_terms(case.playbook.id, rule.id, case.now):
        why = case.say("term.breached", term=term)
        yield EndTerm(
            key=term.key,
            cite=case.cite(rule, why, clause=term.clause),
            outcome=TermOutcome.BREACHED,
            ended_at=None,
        )


def _shape(table: dict[str, Any]) -> TermRule:
    return variant(_SHAPES, table, "starts").model_validate(table)


# --- of appeals -------------------------------------------------------------------------------------


def _appeals(rule: OfAppeal, case: Case) -> Iterator[Intent]:
    for change in case.facts.fresh_appeals():
        appeal = change.appeal
        if change.history or appeal.spam or appeal.source not in rule.sources:
            continue
        if case.playbook.owns(appeal):
            yield from _acceptance(rule, case, appeal)


def _acceptance(rule: OfAppeal, case: Case, appeal: Appeal) -> Iterator[Intent]:
    object_ = f"{appeal.source}:{appeal.number}"
    key = f"term:{case.playbook.id}:{rule.clause}:{object_}"
    due = appeal.received_at + rule.within
    term = case.facts.term(key)
    running = term is not None and term.outcome is None
    if _is_settled(term):
        return
    if appeal.withdrawn_at is not None and appeal.accepted_at is None:
        why = case.say("term.withdrawn", appeal=appeal)
        yield EndTerm(
            key=key, cite=case.cite(rule, why), outcome=TermOutcome.CANCELLED, ended_at=case.now
        )
    elif appeal.accepted_at is None and appeal.status is not AppealStatus.NEW:
        if term is None or running:
            yield from _unknown_acceptance(rule, case, appeal, key)
    else:
        if term is None:
            yield _started(rule, case, appeal, key, due)
        if appeal.accepted_at is not None:
            yield from _ended(rule, case, key, due, appeal.accepted_at, term)


def _is_settled(term: Term | None) -> bool:
    """A breach without its end may still get one; what was not computable may become so."""
    return term is not None and term.ended_at is not None and term.outcome != TermOutcome.CANCELLED


def _started(rule: OfAppeal, case: Case, appeal: Appeal, key: str, due: datetime) -> StartTerm:
    why = case.say("term.accept_started", appeal=appeal, due=due)
    return StartTerm(
        key=key,
        cite=case.cite(rule, why),
        object=f"{appeal.source}:{appeal.number}",
        started_at=appeal.received_at,
        due_at=due,
    )


def _unknown_acceptance(rule: OfAppeal, case: Case, appeal: Appeal, key: str) -> Iterator[Intent]:
    why = case.say("term.accepted_unknown", appeal=appeal)
    cite = case.cite(rule, why)
    yield Finding(
        cite=cite,
        object=f"{appeal.source}:{appeal.number}",
        day=case.playbook.calendar.day_of(appeal.received_at),
        outcome=Outcome.NOT_COMPUTABLE,
    )
    yield EndTerm(key=key, cite=cite, outcome=TermOutcome.CANCELLED, ended_at=case.now)


def _ended(
    rule: TermRule, case: Case, key: str, due: datetime, ended: datetime, term: Term | None
) -> Iterator[Intent]:
    met = ended <= due
    if term is not None and term.outcome == TermOutcome.BREACHED and not met:
        return
    why = case.say("term.met" if met else "term.late", ended=ended, due=due)
    yield EndTerm(
        key=key,
        cite=case.cite(rule, why),
        outcome=TermOutcome.MET if met else TermOutcome.BREACHED,
        ended_at=ended,
    )


# --- of tasks ---------------------------------------------------------------------------------------


def _tasks(rule: OfTask, case: Case) -> Iterator[Intent]:
    for task in case.facts.fresh_tasks(case.playbook.id):
        if task.kind in rule.kinds and not task.history:
            yield from _task(rule, case, task)


def _task(rule: OfTask, case: Case, task: Task) -> Iterator[Intent]:
    if task.due_at is None or task.due_at < case.facts.live_from:
        return
    key = f"term:{case.playbook.id}:{rule.clause}:{task.key}"
    term = case.facts.term(key)
    ended = _end_of(task)
    reopened = term is not None and term.outcome == TermOutcome.MET and ended is None
    if term is None or reopened:
        why = case.say("term.task_started", task=task)
        yield StartTerm(
            key=key,
            cite=case.cite(rule, why),
            object=task.key,
            started_at=task.decided_at,
            due_at=task.due_at,
        )
    elif term.due_at != task.due_at:
        why = case.say("term.moved", old=term.due_at, new=task.due_at)
        yield MoveTerm(key=key, cite=case.cite(rule, why), due_at=task.due_at)
    if ended is not None and _counts(term, ended, task.due_at):
        yield from _ended(rule, case, key, task.due_at, ended, term)


def _counts(term: Term | None, ended: datetime, due: datetime) -> bool:
    """Whether an end changes anything: a breach is mended by what arrived in time and came in late."""
    if term is None or term.outcome is None:
        return True
    return term.outcome == TermOutcome.BREACHED and ended <= due


def is_late(task: Task, now: datetime) -> bool:
    """Whether an open task is past its due; an executor's report in time has met the term."""
    ended = _end_of(task) or now
    return task.status.is_open and task.due_at is not None and task.due_at < ended


def _reminders(rule: OfTask, case: Case) -> Iterator[Intent]:
    """Say once for each due that it comes near."""
    if rule.remind is None:
        return
    soon = case.now + rule.remind + timedelta(seconds=1)
    for term in case.facts.ended_terms(case.playbook.id, rule.id, soon):
        task = case.facts.task(term.object)
        occasion = f"{term.due_at:%Y-%m-%dT%H:%M:%S%z}"
        mark = f"reminded:{term.key}:{occasion}"
        long_enough = term.started_at <= term.due_at - rule.remind
        ahead = term.due_at > case.now and long_enough
        if task is None or not ahead or case.facts.knows(mark):
            continue
        cite = case.cite(rule, case.say("term.reminded", term=term, task=task))
        yield MarkDone(key=mark)
        yield Tell(
            key=term.key,
            cite=cite,
            event="term.reminded",
            occasion=occasion,
            data={"due_at": term.due_at},
        )
        yield UpdateTask(
            key=f"update:{task.key}:{mark}", cite=cite, task=task.key, note=plain(capital(cite.why))
        )


def _wakes(rule: TermRule, case: Case) -> datetime | None:
    if not isinstance(rule, OfTask) or rule.remind is None:
        return None
    due = case.facts.next_due(case.playbook.id, rule.id, case.now + rule.remind)
    return due - rule.remind if due else None


def _end_of(task: Task) -> datetime | None:
    """A term is met by the executor's report or by closing; «returned» runs on."""
    if task.status in {TaskStatus.CLOSED, TaskStatus.REJECTED}:
        return task.done_at or task.closed_at
    if task.status is TaskStatus.DONE:
        return task.done_at
    return None


KIND: Kind[TermRule] = Kind(name="term", shape=_shape, decide=decide, wakes=_wakes)
