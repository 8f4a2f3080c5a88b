"""Kind ``control``: a daily check and whom it names."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from mcur.playbooks import crowded, reference
from mcur.playbooks.addresses import counted
from mcur.playbooks.calendar import Weekday
from mcur.playbooks.documents import Block, Bullets, Document, Heading, Paragraph
from mcur.playbooks.durations import WEEKDAYS, ClockField
from mcur.playbooks.facts import Appeal, TaskKind, TaskStatus
from mcur.playbooks.intents import (
    Channel,
    Intent,
    SendLetter,
    UpdateTask,
)
from mcur.playbooks.language import capital
from mcur.playbooks.rules import day_tasks, figures, queued, rows, stock, window
from mcur.playbooks.rules.base import Case, Kind, Rule, variant
from mcur.playbooks.rules.figures import InspectionControl
from mcur.playbooks.rules.stock import StockControl
from mcur.playbooks.rules.term import is_late

Group = Literal[
    "assignments", "unaccepted", "returned", "deferred", "overdue", "repeat", "tasks_overdue"
]


class List(Rule):
    """One list of a daily control: which group of the day before it names."""

    id: str = ""
    group: Group
    accept_rule: str = "accept"


class Part(Rule):
    """One part of the reference under the lists; with ``weekday`` it stands there once a week."""

    id: str = ""
    part: Literal[
        "averages", "flow", "measures", "causes", "statuses", "top", "inspections", "houses",
        "results", "messenger",
    ]  # fmt: skip
    weekday: Weekday | None = None

    def is_due(self, day: date) -> bool:
        """Whether it stands in the task of a day."""
        return self.weekday is None or WEEKDAYS[day.weekday()] == self.weekday


class DailyControl(Rule):
    """At an hour the officer gets his task of the day with the lists of the day before.

    Under them stands the ``reference``: what he and the head must know by heart.
    """

    checks: Literal["day"]
    at: ClockField = time(9)
    assignee: str
    lists: tuple[List, ...]
    reference: tuple[Part, ...] = ()


class QualityControl(Rule):
    """Poor work of executors, as soon as a limit is reached and once a day (T12).

    The letter leaves at the first hit of the day and lists all that was found by then.
    """

    checks: Literal["quality"]
    sources: tuple[str, ...] = ()
    accept_rule: str = "accept"
    returns: int = 1
    late_acceptances: int = 1
    overdue: int = 1
    sender: str
    to: tuple[str, ...]


ControlRule = DailyControl | QualityControl | StockControl | InspectionControl
_SHAPES: dict[str, type[ControlRule]] = {
    "day": DailyControl,
    "quality": QualityControl,
    "stock": StockControl,
    "inspections": InspectionControl,
}


def decide(rule: ControlRule, case: Case) -> Iterator[Intent]:
    """Name who is late, returned, deferred, repeated."""
    if isinstance(rule, DailyControl):
        yield from _daily(rule, case)
    elif isinstance(rule, StockControl):
        yield from stock.decide(rule, case)
    elif isinstance(rule, InspectionControl):
        yield from figures.decide(rule, case)
    else:
        yield from _quality(rule, case)


def _shape(table: dict[str, Any]) -> ControlRule:
    return variant(_SHAPES, table, "checks").model_validate(table)


def _wakes(rule: ControlRule, case: Case) -> datetime | None:
    if isinstance(rule, QualityControl):
        return None
    today = case.playbook.calendar.local(case.now).date()
    moment = case.playbook.calendar.at(today, rule.at)
    return (
        moment
        if moment > case.now
        else case.playbook.calendar.at(today + timedelta(days=1), rule.at)
    )


# --- the control of the day ---------------------------------------------------------------------------


def _daily(rule: DailyControl, case: Case) -> Iterator[Intent]:
    calendar = case.playbook.calendar
    moment = calendar.at(calendar.local(case.now).date(), rule.at)
    due = case.now >= moment >= case.facts.live_from
    task = day_tasks.day_task_key(case, rule.assignee)
    if not due or is_made(rule, case, task):
        return
    yield from _days_over(rule, case)
    first, last = calendar.day_bounds(calendar.day_of(moment) - timedelta(days=1))
    blocks: list[Any] = []
    totals: list[str] = []
    for part in rule.lists:
        title = case.say(f"control.group.{part.group}")
        listed = _rows(part, case, first, last)
        totals.append(f"{title}: {len(listed)}")
        if listed:
            clause = case.playbook.printed(part.clause)
            blocks.append(Heading(text=case.say("control.heading", title=title, clause=clause)))
            blocks += _listed(case, listed)
    for known in (part for part in rule.reference if part.is_due(moment.date())):
        blocks += reference.block(case, known.part, known.clause, last)
    blocks += queued.block(case, moment - timedelta(days=1))
    lead = case.say("control.lead", first=first)
    body = Document(
        lead=(lead,),
        blocks=(Bullets(items=tuple(totals)), *blocks),
        footer=(case.clause_line(rule.clause),),
    )
    cite = case.cite(rule, case.say("control.why", first=first))
    if case.facts.knows(task):
        yield UpdateTask(key=_filled_key(rule, task), cite=cite, task=task, body=body)
    else:
        yield day_tasks.day_task(case, rule.assignee, body, cite)


def _listed(case: Case, listed: list[rows.Row]) -> tuple[Block, ...]:
    """Return a list as the task carries it; a long one is counted by topic and house."""
    told = sorted(listed, key=lambda row: counted(row[0]))
    summary = crowded.by_topic(case, ((topic, address) for _, address, topic, *_ in told))
    return crowded.on_task(case, rows.table(case, told, summary=summary))


def is_made(rule: DailyControl, case: Case, key: str) -> bool:
    """Whether the lists stand on the task of today; what came at night may have made it without."""
    if case.facts.knows(_filled_key(rule, key)):
        return True
    task = case.facts.task(key)
    return task is not None and task.rule == rule.id


def _filled_key(rule: DailyControl, key: str) -> str:
    return f"update:{key}:{rule.id}"


def _days_over(rule: DailyControl, case: Case) -> Iterator[UpdateTask]:
    """Close the tasks of past days, each under the rule that set it: its reports have left."""
    over = case.cite(rule, case.say("control.day_over"))
    for task in case.facts.tasks(case.playbook.id, {TaskKind.DAY}):
        if task.due_at and task.due_at < case.now:
            yield UpdateTask(
                key=f"update:{task.key}:over",
                cite=over.model_copy(
                    update={"rule": task.rule, "clause": task.clause, "clauses": ()}
                ),
                task=task.key,
                status=TaskStatus.CLOSED,
            )


def _rows(part: List, case: Case, first: datetime, last: datetime) -> list[rows.Row]:
    if part.group == "tasks_overdue":
        tasks = case.facts.tasks(case.playbook.id, {TaskKind.EXECUTOR, TaskKind.ASSIGNMENT})
        return [rows.of_task(case, t) for t in tasks if is_late(t, case.now) and not t.history]
    if part.group == "assignments":
        tasks = case.facts.tasks(case.playbook.id, {TaskKind.ASSIGNMENT}, since=first)
        return [
            rows.of_task(case, t) for t in tasks if first <= t.decided_at < last and not t.history
        ]
    if part.group == "unaccepted":
        accept = case.playbook.rules["term"].get(part.accept_rule)
        clause = accept.clause if accept else part.clause
        breaches = case.facts.breaches(case.playbook.id, clause, first, last)
        found = [case.facts.appeal(*term.object.split(":", 1)) for term in breaches]
        return [rows.of_appeal(case, a) for a in found if a]
    found_all = case.facts.entered(part.group, first, last)
    return [rows.of_appeal(case, a) for a in found_all if case.playbook.owns(a)]


# --- quality ------------------------------------------------------------------------------------------


def _quality(rule: QualityControl, case: Case) -> Iterator[Intent]:
    calendar = case.playbook.calendar
    today = calendar.day_of(case.now)
    key = f"letter:{case.playbook.id}:{rule.id}:1:{today}"
    if case.facts.knows(key):
        return
    first, last = calendar.day_bounds(today)
    found = poor_work(rule, case, max(first, case.facts.live_from), last, found_now=True)
    if not found:
        return
    why = case.say("control.quality.why", found=found)
    document = crowded.fitted(case, _quality_letter(rule, case, why, found))
    letter = SendLetter(
        key=key,
        cite=case.cite(rule, why),
        channel=Channel.ESCALATIONS,
        urgent=True,
        sender=rule.sender,
        to=rule.to,
        subject=case.say("control.quality.subject", rule=rule, at=case.now, found=found),
        document=document,
        papers=("xlsx",) if document.annex else (),
    )
    yield from window.leaving(case, letter)


def poor_work(
    rule: QualityControl, case: Case, first: datetime, last: datetime, *, found_now: bool = False
) -> list[tuple[str, Appeal]]:
    """List the hits of each criterion whose limit is reached, with the criterion's name.

    ``found_now`` adds breaches of earlier days that only this cycle has found, the first after
    midnight or after a downtime: no letter has named them.
    """
    accept = case.playbook.rules["term"].get(rule.accept_rule)
    clause = accept.clause if accept else ""
    breaches = [*case.facts.breaches(case.playbook.id, clause, first, last)]
    if found_now:
        fresh = case.facts.fresh_breaches(case.playbook.id)
        breaches += [t for t in fresh if t.clause == clause and t.due_at < first]
    late = [case.facts.appeal(*term.object.split(":", 1)) for term in breaches]
    hits = {
        "late": ([a for a in late if a], rule.late_acceptances),
        "returned": (case.facts.entered("returned", first, last), rule.returns),
        "overdue": (case.facts.entered("overdue", first, min(last, case.now)), rule.overdue),
    }
    found: list[tuple[str, Appeal]] = []
    for name, (appeals, limit) in hits.items():
        if not limit or len(appeals) < limit:
            continue
        ours = [a for a in appeals if _is_ours(rule, case, a)]
        if len(ours) >= limit:
            found.extend((name, a) for a in ours)
    return found


def _is_ours(rule: QualityControl, case: Case, appeal: Appeal) -> bool:
    """What was received before the site went live is fact only: nobody is blamed for it now."""
    live = appeal.received_at >= case.facts.live_from
    return live and appeal.source in rule.sources and case.playbook.owns(appeal)


def _quality_letter(
    rule: QualityControl, case: Case, why: str, found: list[tuple[str, Appeal]]
) -> Document:
    named = ((*rows.of_appeal(case, a), case.say(f"control.quality.{name}")) for name, a in found)
    summary = crowded.by_topic(case, ((a.topic, a.address) for _, a in found))
    return Document(
        title=case.say("control.quality.title", rule=rule),
        lead=(capital(why) + ".",),
        blocks=(
            Paragraph(text=case.say("control.quality.ask")),
            rows.table(case, named, "fault", summary=summary),
        ),
        footer=(case.clause_line(rule.clause),),
    )


def _roles(rule: ControlRule) -> tuple[str, ...]:
    match rule:
        case DailyControl():
            return (rule.assignee,)
        case StockControl():
            further = (rule.persisting.owner, *rule.persisting.to) if rule.persisting else ()
            return (rule.owner, *rule.to, *rule.cc, *rule.else_to, *further)
        case InspectionControl():
            return tuple(head.owner for head in rule.heads)
        case QualityControl():
            return (rule.sender, *rule.to)


def _makes(rule: ControlRule) -> tuple[TaskKind, ...]:
    return (TaskKind.DAY,) if isinstance(rule, DailyControl | InspectionControl) else ()


KIND: Kind[ControlRule] = Kind(
    name="control", shape=_shape, decide=decide, wakes=_wakes, roles=_roles, makes=_makes
)
