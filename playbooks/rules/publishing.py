"""An approved plan is published: its parent and measures as tasks, a letter to who is responsible."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time

from mcur.playbooks import plan_forms
from mcur.playbooks.documents import Document, Pairs
from mcur.playbooks.facts import Act, TaskKind, TaskStatus
from mcur.playbooks.incidents import Measure, Plan
from mcur.playbooks.intents import (
    Channel,
    Cite,
    CreateTask,
    Intent,
    KeepPlan,
    SendLetter,
    Tell,
    UpdateTask,
)
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.plan_shape import PlanRule
from mcur.playbooks.rules.plan_sheet import approved_sheet, form_of


def publish(
    rule: PlanRule, case: Case, act: Act, plan: Plan, measures: tuple[Measure, ...]
) -> Iterator[Intent]:
    """Close the draft and put the plan into the tracker, each measure a task under it."""
    why = case.say("plan.approved_why", act=act)
    cite = case.cite(rule, why, clause=rule.published_clause or rule.clause)
    draft = case.facts.task(plan.task)
    subject = draft.subject if draft else rule.title
    form = form_of(rule, case, approved_sheet(rule, case, act, plan), measures, cite.clause)
    yield KeepPlan(
        key=plan.key, cite=cite, task=plan.task, state="approved", measures=measures,
        approved_at=act.at,
    )  # fmt: skip
    yield CreateTask(
        key=plan.key, cite=cite, kind=TaskKind.PLAN, project=case.playbook.projects["measure"],
        subject=subject, body=form, assignee=rule.owner, due_at=_latest(case, measures),
    )  # fmt: skip
    for number, measure in enumerate(measures, start=1):
        yield _measure_task(case, plan, cite, measure, number)
    yield UpdateTask(
        key=f"update:{plan.task}:approved", cite=cite, task=plan.task, status=TaskStatus.CLOSED
    )
    told = case.cite(rule, why, clause=rule.approval_clause or cite.clause)
    yield Tell(key=plan.key, cite=told, event="plan.approved", data={"measures": len(measures)})
    yield from _inform(rule, case, why, plan, subject, form, measures)


def _inform(
    rule: PlanRule,
    case: Case,
    why: str,
    plan: Plan,
    subject: str,
    form: Document,
    measures: Sequence[Measure],
) -> Iterator[SendLetter]:
    """Send the approved plan to all who are responsible for its measures."""
    holders = (_assignee(case, m.assignee) for m in measures)
    responsible = tuple(dict.fromkeys([*rule.responsible, *holders]))
    if rule.informed_clause and responsible:
        yield SendLetter(
            key=f"letter:{case.playbook.id}:{rule.id}:2:{plan.key}:1",
            cite=case.cite(rule, why, clause=rule.informed_clause),
            channel=Channel.REPORTS,
            sender=rule.owner,
            to=responsible,
            subject=subject,
            document=form.model_copy(update={"lead": (case.say("plan.to_responsible"),)}),
            papers=("docx",),
        )


def _measure_task(case: Case, plan: Plan, cite: Cite, measure: Measure, number: int) -> CreateTask:
    calendar = case.playbook.calendar
    due = calendar.at(measure.due, time(23, 59, 59)) if measure.due else None
    start = calendar.at(measure.start, time(0)) if measure.start else None
    pairs = {"result": measure.result, "indicator": measure.indicator}
    sheet: Pairs = plan_forms.measure_sheet(case, measure)
    return CreateTask(
        key=f"{plan.key.replace('plan:', 'measure:', 1)}:{number}",
        cite=cite,
        kind=TaskKind.MEASURE,
        project=case.playbook.projects["measure"],
        subject=measure.subject,
        body=Document(blocks=(sheet,), footer=(case.clause_line(cite.clause),)),
        assignee=_assignee(case, measure.assignee),
        start=start,
        due_at=due,
        parent=plan.key,
        topic=measure.subject,
        fields={name: value for name, value in pairs.items() if value},
    )


def _assignee(case: Case, said: str) -> str:
    """A measure names a role, an executor or a person in a role."""
    if said in case.playbook.roles or said.startswith("executor:"):
        return said
    directory = case.facts.directory
    executor = directory.executor(said)
    return f"executor:{executor.name}" if executor else directory.role_of(said) or said


def _latest(case: Case, measures: Sequence[Measure]) -> datetime | None:
    dues = [m.due for m in measures if m.due]
    return case.playbook.calendar.at(max(dues), time(23, 59, 59)) if dues else None
