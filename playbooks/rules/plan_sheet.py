"""What a plan says, as its forms print it: of a week, of an incident, to be approved, approved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

from mcur.playbooks import plan_forms
from mcur.playbooks.documents import Document
from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Incident, Measure, Plan
from mcur.playbooks.plan_forms import Growth, Sheet
from mcur.playbooks.plan_growth import incident_growth, top_growth
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.plan_shape import PlanRule


def sheet_of(rule: PlanRule, case: Case, plan: Plan) -> Sheet:
    """Return the sheet of a plan that is there already."""
    if plan.incident is None:
        week = date.fromisoformat(plan.key.rpartition(":")[2])
        return week_sheet(rule, case, top_growth(case, week))
    incident = case.facts.incident(plan.incident)
    assert incident is not None, plan.incident
    return incident_sheet(rule, case, incident)


def week_sheet(rule: PlanRule, case: Case, growth: Sequence[Growth]) -> Sheet:
    """Return the sheet of a week's draft: what grew most."""
    names = [name for name, *_ in growth]
    return Sheet(
        title=rule.title,
        group=case.say("plan.weekly_group", names=names),
        growth=growth,
        approval=_wanted(rule, case),
    )


def incident_sheet(rule: PlanRule, case: Case, incident: Incident) -> Sheet:
    """The printed title speaks of a threat to life: it stands only where a person said so."""
    threat = incident.life_threat or bool(incident.declared_by)
    return Sheet(
        title=rule.title if threat else case.say("plan.operational_title"),
        group=case.say("plan.operational_group", incident=incident),
        growth=incident_growth(case, incident),
        approval=_wanted(rule, case),
        reason=incident.why,
    )


def _wanted(rule: PlanRule, case: Case) -> str:
    title = case.playbook.roles.get(rule.approver, rule.approver)
    return case.say("plan.approval", title=title, year=case.playbook.calendar.local(case.now).year)


def form_of(
    rule: PlanRule, case: Case, sheet: Sheet, measures: Sequence[Measure], clause: str = ""
) -> Document:
    """Return a plan as its tables print it; the basis is ``clause``, or that of the rule."""
    signers = plan_forms.Signers(
        responsible=rule.approver, officer=rule.owner, coordinator=rule.coordinator
    )
    form = plan_forms.document(case, sheet, signers, measures)
    return form.model_copy(update={"footer": (case.clause_line(clause or rule.clause),)})


def approved_sheet(rule: PlanRule, case: Case, act: Act, plan: Plan) -> Sheet:
    """Return the sheet of a plan with who approved it, and when, in place of the line to sign."""
    title = case.playbook.roles.get(act.by, act.by)
    line = case.say("plan.approved_line", title=title, person=act.person, at=act.at)
    return replace(sheet_of(rule, case, plan), approval=line)
