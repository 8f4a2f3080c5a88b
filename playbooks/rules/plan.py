"""Kind ``plan``: weekly and operational plans, from the draft to tasks in the tracker.

The daemon drafts, the head fills in the measures, the deputy approves; only then stand parent and
measures in the tracker. A measure without term or executor blocks the approval with a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any, Literal

from mcur.playbooks.acts import say_act
from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.facts import Act, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident, Measure, Plan
from mcur.playbooks.intents import (
    Channel,
    CreateTask,
    Finding,
    Intent,
    KeepPlan,
    Outcome,
    SendLetter,
    Tell,
    UpdateTask,
)
from mcur.playbooks.plan_forms import Sheet
from mcur.playbooks.plan_growth import top_growth, week_bounds
from mcur.playbooks.plans import lacks, measures_in
from mcur.playbooks.rules.base import Case, Kind
from mcur.playbooks.rules.plan_shape import PlanRule
from mcur.playbooks.rules.plan_sheet import form_of, incident_sheet, sheet_of, week_sheet
from mcur.playbooks.rules.publishing import publish


def decide(rule: PlanRule, case: Case) -> Iterator[Intent]:
    """Draft what is due, follow what people fill in and approve."""
    if rule.occasion == "week":
        yield from _weekly(rule, case)
    else:
        yield from _on_incidents(rule, case)
    for act in case.facts.accepted_acts():
        plan = case.facts.plan(act.key or "")
        if plan is not None and plan.rule == rule.id and plan.playbook == case.playbook.id:
            yield from _act(rule, case, act, plan)
        elif rule.occasion != "week" and act.do in {"close", "dismiss"}:
            yield from _pointless(rule, case, act)


def _on_incidents(rule: PlanRule, case: Case) -> Iterator[Intent]:
    """Draft the plan of each incident that has come as far as the plan waits for."""
    for incident in case.facts.incidents(case.playbook.id):
        confirmed = incident.state == "open" or rule.since != "entered"
        if incident.mode == rule.mode and confirmed and incident.since(rule.since):
            yield from _operational(rule, case, incident)


# --- drafts -----------------------------------------------------------------------------------------------


def week_before(case: Case, moment: datetime) -> date:
    """Return the first day of the week that a plan drafted at ``moment`` looks back on."""
    calendar = case.playbook.calendar
    today = calendar.local(moment).date()
    first = ("mon", "tue", "wed", "thu", "fri", "sat", "sun").index(calendar.week_starts)
    return today - timedelta(days=(today.weekday() - first) % 7 + 7)


def _moment(case: Case) -> datetime:
    """Return when this week's plan is due to be drafted."""
    calendar = case.playbook.calendar
    at = calendar.plan_at
    today = calendar.local(case.now).date()
    return calendar.at(today - timedelta(days=(today.weekday() - at.weekday) % 7), at.at)


def _weekly(rule: PlanRule, case: Case) -> Iterator[Intent]:
    moment = _moment(case)
    week = week_before(case, moment)
    key = f"plan:{case.playbook.id}:{rule.name}:{week}"
    late = case.now - moment >= timedelta(days=1)
    if not case.facts.live_from <= moment <= case.now or late or case.facts.plan(key):
        return
    for first in (week - timedelta(days=7), week):
        if not case.facts.has_data(*week_bounds(case, first)):
            why = case.say("plan.no_week", week=first)
            yield _not_drafted(rule, case, moment, Outcome.NOT_COMPUTABLE, why)
            return
    growth = top_growth(case, week)
    if not growth:
        why = case.say("plan.no_growth", week=week)
        yield _not_drafted(rule, case, moment, Outcome.NOT_FIRED, why)
    else:
        why = case.say("plan.weekly_why", week=week, names=[name for name, *_ in growth])
        subject = case.say("plan.weekly_subject", week=week)
        sheet = week_sheet(rule, case, growth)
        yield from _draft(rule, case, key, why, subject, sheet)
        if rule.approver != rule.owner:
            yield _to_approver(rule, case, key, why, subject, form_of(rule, case, sheet, ()))


def _not_drafted(
    rule: PlanRule, case: Case, moment: datetime, outcome: Outcome, why: str
) -> Finding:
    """Say why there is no plan; without one of the weeks there is no growth: absent is not zero."""
    day = case.playbook.calendar.day_of(moment)
    return Finding(cite=case.cite(rule, why), object="week", day=day, outcome=outcome)


def _operational(rule: PlanRule, case: Case, incident: Incident) -> Iterator[Intent]:
    key = f"plan:{case.playbook.id}:operational:{incident.key}"
    if case.facts.plan(key) is None:
        why = case.say("plan.operational_why", incident=incident)
        subject = case.say("plan.operational_subject", incident=incident)
        sheet = incident_sheet(rule, case, incident)
        yield from _draft(rule, case, key, why, subject, sheet, incident)


def _pointless(rule: PlanRule, case: Case, act: Act) -> Iterator[UpdateTask]:
    """With its incident ends the draft of a plan that nobody approved."""
    plan = case.facts.plan(f"plan:{case.playbook.id}:operational:{act.key}")
    if plan is not None and plan.approved_at is None:
        why = case.say("plan.pointless")
        yield UpdateTask(
            key=f"update:{plan.task}:pointless", cite=case.cite(rule, why), task=plan.task,
            status=TaskStatus.REJECTED, note=Document(blocks=(Paragraph(text=why),)),
        )  # fmt: skip


def _draft(
    rule: PlanRule,
    case: Case,
    key: str,
    why: str,
    subject: str,
    sheet: Sheet,
    incident: Incident | None = None,
) -> Iterator[Intent]:
    draft = key.replace("plan:", "draft:", 1)
    cite = case.cite(rule, why, clauses=(*rule.clauses, *rule.columns))
    yield CreateTask(
        key=draft, cite=cite, kind=TaskKind.PLAN, project=case.playbook.projects["plan"],
        subject=subject, body=form_of(rule, case, sheet, ()), assignee=rule.owner,
        urgent=incident is not None,
    )  # fmt: skip
    yield KeepPlan(
        key=key, cite=cite, task=draft, state="drafted",
        incident=incident.key if incident else None,
    )  # fmt: skip
    data: dict[str, object] = {"to": [rule.approver], "text": why, "attachments": []}
    yield Tell(
        key=draft, cite=cite, event="draft.prepared", to=(rule.owner,), subject=subject, data=data
    )


def _to_approver(
    rule: PlanRule, case: Case, key: str, why: str, subject: str, form: Document
) -> SendLetter:
    """Put the plan before whoever approves it; what comes back after a return is a new occasion."""
    base = f"letter:{case.playbook.id}:{rule.id}:1:{key}"
    occasion = 1
    while case.facts.knows(f"{base}:{occasion}"):
        occasion += 1
    return SendLetter(
        key=f"{base}:{occasion}",
        cite=case.cite(
            rule,
            why,
            clause=rule.approval_clause or rule.clause,
            clauses=(*rule.clauses, *rule.columns),
        ),
        channel=Channel.REPORTS,
        sender=rule.owner,
        to=(rule.approver,),
        subject=subject,
        document=form.model_copy(update={"lead": (case.say("plan.to_approve"),)}),
        papers=("docx",),
    )


# --- what people do ---------------------------------------------------------------------------------------


def _act(rule: PlanRule, case: Case, act: Act, plan: Plan) -> Iterator[Intent]:
    measures = measures_in(case, act) or plan.measures
    match act.do:
        case "fill-plan":
            yield from _fill(rule, case, act, plan, measures)
        case "return":
            cite = case.cite(rule, say_act("why", act, case))
            yield KeepPlan(key=plan.key, cite=cite, task=plan.task, state="returned")
            yield UpdateTask(
                key=f"update:{plan.task}:{act.ident}", cite=cite, task=plan.task,
                status=TaskStatus.RETURNED, assignee=rule.owner,
                note=Document(blocks=(Paragraph(text=act.text or case.say("plan.returned")),)),
            )  # fmt: skip
        case "approve":
            yield from publish(rule, case, act, plan, measures)


def _fill(
    rule: PlanRule, case: Case, act: Act, plan: Plan, measures: tuple[Measure, ...]
) -> Iterator[Intent]:
    """Keep the measures; a complete plan goes to whoever approves it, and waits again.

    The weekly draft was before him from the first moment: he gets it by mail once more only after
    he returned it, while the emergency's plan is worth a letter when there is something in it. Who
    has no account in the tracker gets each version.
    """
    why = say_act("why", act, case)
    cite = case.cite(rule, why)
    missing = lacks(case, measures)
    form = form_of(rule, case, sheet_of(rule, case, plan), measures)
    state: Literal["filled", "drafted"] = "drafted" if missing else "filled"
    known = case.facts.task(plan.task)
    was_returned = known is not None and known.status is TaskStatus.RETURNED
    yield KeepPlan(key=plan.key, cite=cite, task=plan.task, state=state, measures=measures)
    yield UpdateTask(
        key=f"update:{plan.task}:{act.ident}", cite=cite, task=plan.task, body=form,
        note=Document(blocks=(Paragraph(text=missing or case.say("plan.filled")),)),
        assignee=None if missing else rule.approver,
        status=TaskStatus.NEW if was_returned and not missing else None,
    )  # fmt: skip
    subject = known.subject if known else rule.title
    asked = plan.state == "filled" or (rule.occasion == "week" and plan.state == "drafted")
    if not _sees_tasks(case, rule.approver):
        asked = plan.state == "filled" and measures == plan.measures
    if not missing and not asked and rule.approver != rule.owner:
        yield _to_approver(rule, case, plan.key, why, subject, form)


def _sees_tasks(case: Case, role: str) -> bool:
    """Whether somebody who holds a role now has an account in the tracker."""
    day = case.playbook.calendar.local(case.now).date()
    return any(one.login for one in case.facts.directory.recipients(role, day))


def _wakes(rule: PlanRule, case: Case) -> datetime | None:
    if rule.occasion != "week":
        return None
    moment = _moment(case)
    return moment if moment > case.now else moment + timedelta(days=7)


def _shape(table: dict[str, Any]) -> PlanRule:
    return PlanRule.model_validate(table)


def _roles(rule: PlanRule) -> tuple[str, ...]:
    return (rule.owner, rule.approver, rule.coordinator)


KIND: Kind[PlanRule] = Kind(name="plan", shape=_shape, decide=decide, wakes=_wakes, roles=_roles)
LATE: Kind[PlanRule] = Kind(name="plan", shape=_shape, decide=_on_incidents, roles=_roles)
"""The same rules, layers later: the step of a ladder that a draft waits for was taken just now."""
