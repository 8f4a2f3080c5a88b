"""Kind ``intake``: which appeals, letters and issues become tasks, and for whom."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Literal

from pydantic import Field

from mcur.playbooks.addresses import house_of
from mcur.playbooks.documents import Document, Pairs, Paragraph, plain
from mcur.playbooks.durations import ClockField, ElapsedField
from mcur.playbooks.facts import (
    Appeal,
    AppealChange,
    AppealStatus,
    MessageType,
    Task,
    TaskKind,
    TaskStatus,
)
from mcur.playbooks.intents import CreateTask, Intent, UpdateTask, digest_of
from mcur.playbooks.rules import announcing, bursts, exports, granting, letters, monitoring
from mcur.playbooks.rules.answers import FromExecutors
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.rules.base import Case, Kind, Rule, variant
from mcur.playbooks.rules.monitoring import Monitoring
from mcur.playbooks.rules.term import OfTask


class FromAppeals(Rule):
    """Each new appeal becomes a task of its executor.

    ``topics``: a row belongs when its block or category is one of them or it has neither; empty
    means all. ``officer`` takes what has no executor. An executor without a login in the tracker
    gets a letter with his new tasks, at most one per ``letters_every``; a task that the tracker
    did not take within ``letters_wait`` is announced without its number there. At
    ``monitoring_slots`` the stock is looked at and kept, by the office that ``monitoring`` names.
    ``followed_by`` names the kind of rule that lets the task follow later rows of its appeal. ``group_by``:
    each appeal has a task of its own, or those of one house and topic share one, as do all
    of a topic of which ``burst_from`` came in a day (``bursts``).
    """

    takes: Literal["appeals"]
    topics: tuple[str, ...] = ()
    group_by: Literal["none", "house_topic"] = "none"
    burst_from: int = Field(default=5, ge=2)
    officer: str
    letters_every: ElapsedField = timedelta(minutes=30)
    letters_wait: ElapsedField = timedelta(minutes=10)
    monitoring_slots: tuple[ClockField, ...] = ()
    monitoring: Monitoring | None = None
    followed_by: Literal["intake", "workflow"] = "intake"


class FromIssues(Rule):
    """A task that somebody outside made in the tracker is an assignment like any other."""

    takes: Literal["issues"]
    assignee: str


IntakeRule = FromAppeals | FromLetters | FromIssues | FromExecutors
_SHAPES: dict[str, type[IntakeRule]] = {
    "appeals": FromAppeals,
    "letters": FromLetters,
    "issues": FromIssues,
    "answers": FromExecutors,
}


def decide(rule: IntakeRule, case: Case) -> Iterator[Intent]:
    """Turn what is new into tasks, changes of tasks and letters to executors."""
    match rule:
        case FromAppeals():
            fresh = case.facts.fresh_appeals()
            ours = [c for c in fresh if case.playbook.owns(c.appeal) and _wanted(c.appeal)]
            if rule.group_by == "none":
                for change in ours:
                    yield from _appeal(rule, case, change)
            else:
                make = partial(_new_task, rule, case)
                terms = bursts.Terms(burst_from=rule.burst_from, every=rule.letters_every)
                yield from bursts.decide(rule, case, ours, terms, make)
            yield from announcing.letters(rule, rule.letters_every, rule.letters_wait, case)
            yield from exports.decide(rule, rule.officer, case)
            if rule.monitoring is not None:
                yield from monitoring.decide(rule, rule.monitoring, rule.monitoring_slots, case)
        case FromLetters():
            yield from letters.decide(rule, case)
        case FromIssues():
            yield from _issues(rule, case)
        case FromExecutors():
            yield from granting.decide(rule, case)


def decide_early(rule: IntakeRule, case: Case) -> Iterator[Intent]:
    """Take what people decided by letter, so that it is judged with the other acts of the cycle."""
    if isinstance(rule, FromLetters):
        yield from letters.decide_early(rule, case)


def decide_late(rule: IntakeRule, case: Case) -> Iterator[Intent]:
    """Take the letters that no other regulation took."""
    if isinstance(rule, FromLetters):
        yield from letters.decide_late(rule, case)


def decide_last(rule: IntakeRule, case: Case) -> Iterator[Intent]:
    """Take the letters of strangers."""
    if isinstance(rule, FromLetters):
        yield from letters.decide_last(rule, case)


def _shape(table: dict[str, Any]) -> IntakeRule:
    return variant(_SHAPES, table, "takes").model_validate(table)


def _issues(rule: FromIssues, case: Case) -> Iterator[UpdateTask]:
    """A task of somebody outside that nobody has in hand is the officer's (odintsovo 2.1.6)."""
    for task in case.facts.fresh_tasks(case.playbook.id):
        if task.rule == rule.id and task.assignee is None and task.status.is_open:
            author = case.playbook.roles.get(task.author, task.author)
            why = case.say("intake.issues.why", task=task, author=author)
            yield UpdateTask(
                key=f"update:{task.key}:assignee",
                cite=case.cite(rule, why),
                task=task.key,
                assignee=rule.assignee,
            )


# --- appeals ----------------------------------------------------------------------------------------


def _wanted(appeal: Appeal) -> bool:
    return not appeal.spam and appeal.message_type is not MessageType.PROPOSAL


def _appeal(rule: FromAppeals, case: Case, change: AppealChange) -> Iterator[Intent]:
    key = f"task:{case.playbook.id}:{change.appeal.source}:{change.appeal.number}"
    task = case.facts.task(key)
    if task is not None:
        if rule.followed_by == "intake":
            yield from _follow(rule, case, change, task)
    elif not change.history and change.appeal.is_open:
        # The first sight of a closed appeal makes no task; a closed one that reopens does.
        yield _new_task(rule, case, change.appeal)


def _new_task(rule: FromAppeals, case: Case, appeal: Appeal) -> CreateTask:
    assignee, why_assignee = _executor(rule, case, appeal)
    due = appeal.due_at or due_by_topic(case, appeal, appeal.received_at)
    why = case.say("intake.appeals.why", appeal=appeal)
    executor = assignee.removeprefix("executor:") if assignee.startswith("executor:") else ""
    return CreateTask(
        key=f"task:{case.playbook.id}:{appeal.source}:{appeal.number}",
        cite=case.cite(rule, why),
        kind=TaskKind.EXECUTOR,
        project=case.playbook.projects["executor"],
        subject=case.say("intake.appeals.subject", appeal=appeal),
        body=_appeal_body(rule, case, appeal, due, executor, why_assignee),
        assignee=assignee,
        due_at=due,
        appeal=(appeal.source, appeal.number),
        topic=appeal.topic,
        fields=_appeal_fields(appeal),
        announce=bool(executor),
    )


def _executor(rule: FromAppeals, case: Case, appeal: Appeal) -> tuple[str, str]:
    directory = case.facts.directory
    named = directory.executor(appeal.executor)
    served = named or directory.executor_for(
        topics=(appeal.subcategory, appeal.category, appeal.block), house=appeal.house
    )
    if served:
        return f"executor:{served.name}", ""
    reason = "unknown_executor" if appeal.executor else "no_executor"
    return rule.officer, case.say(f"intake.appeals.{reason}", appeal=appeal)


def due_by_topic(case: Case, appeal: Appeal, since: datetime) -> datetime | None:
    """Return the term that the playbook's table gives a topic, counted from a moment."""
    terms = [rule.by_topic for rule in case.playbook.enabled("term") if isinstance(rule, OfTask)]
    topics = [t for t in (appeal.subcategory, appeal.category, appeal.block) if t]
    found = (table[topic] for table in terms for topic in topics if topic in table)
    within = next(found, None)
    return since + within if within else None


def _appeal_fields(appeal: Appeal) -> dict[str, str]:
    said = {
        "source": appeal.source,
        "number": appeal.number,
        "address": appeal.address,
        "category": appeal.category,
        "subcategory": appeal.subcategory,
        "executor": appeal.executor,
    }
    return {name: value for name, value in said.items() if value}


def _appeal_body(
    rule: FromAppeals,
    case: Case,
    appeal: Appeal,
    due: datetime | None,
    executor: str,
    why_assignee: str,
) -> Document:
    def label(name: str) -> str:
        return case.say(f"label.{name}")

    pairs = [
        (label("number"), f"{appeal.number} ({case.say('source', source=appeal.source)})"),
        (label("received"), case.say("moment", at=appeal.received_at)),
        (label("address"), appeal.address or case.say("no_address")),
        (label("topic"), appeal.topic or case.say("no_topic")),
        (label("executor"), _contact(case, executor) or appeal.executor or case.say("no_executor")),
        (label("due"), case.say("moment", at=due) if due else case.say("no_due")),
    ]
    pairs += _links(case, appeal)
    blocks: list[Paragraph | Pairs] = []
    if appeal.text:
        blocks.append(Paragraph(text=appeal.text))
    blocks.append(Pairs(items=tuple(pairs)))
    if why_assignee:
        blocks.append(Paragraph(text=why_assignee, tone="mark"))
    blocks.append(Paragraph(text=case.say("intake.appeals.done_when"), tone="quiet"))
    return Document(blocks=tuple(blocks), footer=(case.clause_line(rule.clause),))


def _links(case: Case, appeal: Appeal) -> Iterator[tuple[str, str]]:
    """Name what the appeal belongs to: the one that it repeats, the emergency at its house."""
    if appeal.repeat_of:
        earlier = case.facts.task_of(case.playbook.id, appeal.source, appeal.repeat_of)
        said = case.say("intake.appeals.repeats", number=appeal.repeat_of, task=earlier)
        yield case.say("label.repeats"), said
    for incident in case.facts.incidents(case.playbook.id) if appeal.house else ():
        if appeal.house in {incident.object, house_of(incident.object), *incident.houses}:
            said = case.say(
                "intake.appeals.within", incident=incident, task=case.facts.task(incident.key)
            )
            yield case.say("label.incident"), said


def _contact(case: Case, executor: str) -> str:
    """Name an executor with his number, so that the task can be set by telephone too."""
    known = case.facts.directory.executor(executor)
    return case.say("intake.appeals.contact", known=known) if known else executor


def _follow(
    rule: FromAppeals, case: Case, change: AppealChange, task: Task
) -> Iterator[UpdateTask]:
    appeal = change.appeal
    if change.history or not change.changed:
        return
    news: dict[str, Any] = {}
    lines: list[str] = []
    if not appeal.is_open and task.status.is_open:
        news["status"] = TaskStatus.CLOSED
        lines.append(case.say("intake.appeals.closed_there", appeal=appeal))
    elif appeal.is_open and _came_back(change, task):
        news["status"] = TaskStatus.RETURNED
        lines.append(case.say("intake.appeals.returned_there", appeal=appeal))
    if "due_at" in change.changed and appeal.due_at and appeal.due_at != task.due_at:
        news["due_at"] = appeal.due_at
        lines.append(case.say("intake.appeals.due_moved", appeal=appeal, task=task))
    if "executor" in change.changed and task.status.is_open:
        assignee, _ = _executor(rule, case, appeal)
        if assignee != task.assignee:
            news["assignee"] = assignee
            lines.append(case.say("intake.appeals.executor_changed", appeal=appeal))
    if news:
        why = " ".join(lines)
        facts = digest_of(*(f"{name}={value}" for name, value in sorted(news.items())))
        yield UpdateTask(
            key=f"update:{task.key}:{facts}:{task.reopen_count}",
            cite=case.cite(rule, why),
            task=task.key,
            note=plain(*lines),
            **news,
        )


def _came_back(change: AppealChange, task: Task) -> bool:
    if "status" not in change.changed:
        return False
    closed = not task.status.is_open or task.status is TaskStatus.DONE
    return closed or change.appeal.status is AppealStatus.RETURNED


def _wakes(rule: IntakeRule, case: Case) -> datetime | None:
    if not isinstance(rule, FromAppeals):
        return None
    moments = (
        monitoring.wakes(rule.monitoring, rule.monitoring_slots, case),
        exports.wakes(rule.officer, case),
    )
    return min((moment for moment in moments if moment is not None), default=None)


def _makes(rule: IntakeRule) -> tuple[TaskKind, ...]:
    if isinstance(rule, FromAppeals):
        return (TaskKind.EXECUTOR, TaskKind.REVIEW)
    given = isinstance(rule, FromLetters) and bool(rule.senders or rule.givers)
    return (TaskKind.ASSIGNMENT,) if given else ()


EARLY: Kind[IntakeRule] = Kind(name="intake", shape=_shape, decide=decide_early)
KIND: Kind[IntakeRule] = Kind(
    name="intake", shape=_shape, decide=decide, wakes=_wakes, makes=_makes
)
LATE: Kind[IntakeRule] = Kind(name="intake", shape=_shape, decide=decide_late)
LAST: Kind[IntakeRule] = Kind(name="intake", shape=_shape, decide=decide_last)
"""The same rules once more: a letter goes to the regulation that knows most of it, in whatever order they stand."""
