"""Why an act is refused: its role may not, there is nothing to do it to, or it comes too late. Pure."""

from __future__ import annotations

from datetime import date

from mcur.playbooks import drafts, merging, notes, ticking
from mcur.playbooks.facts import Act, Task, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident, Plan
from mcur.playbooks.intents import LEFT, ReportState
from mcur.playbooks.permits import (
    HEADS,
    INCIDENT_ACTS,
    KNOWN,
    PLAN_ACTS,
    TASK_ACTS,
    has_mode,
    may_declare,
    on_incident,
    on_plan,
    on_task,
)
from mcur.playbooks.plans import lacks, measures_in
from mcur.playbooks.rules import call_sheet, reported
from mcur.playbooks.rules.base import Case


def say_act(text: str, act: Act, case: Case) -> str:
    """Return a text about an act, which it calls by its Russian name."""
    return case.say(f"act.{text}", act=act, word=case.say("act.name", act=act))


def status_of(act: Act) -> TaskStatus | None:
    """Return the status that an act gives to its task."""
    match act.do:
        case "close" | "call-done":
            return TaskStatus.CLOSED
        case "refuse":
            return TaskStatus.REFUSED
        case "status" if act.fields.get("status") in set(TaskStatus):
            return TaskStatus(act.fields["status"])
    return None


def refusal(act: Act, case: Case) -> str | None:
    """Say why an act cannot be taken; ``None`` where it can."""
    modes = {getattr(rule, "mode", "") for rule in case.playbook.enabled("mode")}
    if act.do not in KNOWN or not has_mode(act, modes):
        return say_act("unknown", act, case)
    if act.do == "absent":
        return _absence_refusal(act, case)
    incident = case.facts.incident(act.key or "")
    if incident is not None or act.do == "declare":
        return _incident_refusal(act, case, incident)
    plan = case.facts.plan(act.key or "") if act.do in PLAN_ACTS else None
    if plan is not None:
        return _plan_refusal(act, case, plan)
    return _paper_refusal(act, case)


def _paper_refusal(act: Act, case: Case) -> str | None:
    if act.do in TASK_ACTS:
        task = case.facts.task(act.key or "")
        if task is not None:
            return _task_refusal(act, case, task)
    elif _is_draft_or_report(act, case):
        return _report_refusal(act, case)
    return say_act("no_object", act, case)


def _absence_refusal(act: Act, case: Case) -> str | None:
    if act.by not in HEADS:
        return say_act("not_head", act, case)
    if last_day(act) is None:
        return case.say("act.bad_day", act=act)
    asked = (act.fields.get("person", ""), act.fields.get("substitute") or act.by)
    unknown = [name for name in asked if not _is_known(name, case)]
    return case.say("act.no_person", who=unknown[0]) if unknown else None


def _is_known(name: str, case: Case) -> bool:
    directory = case.facts.directory
    return bool(directory.holders(name)) or any(p.name == name for p in directory.people)


def last_day(act: Act) -> date | None:
    """Read the last day of an absence; without one it is the day of the act."""
    until = act.fields.get("until", "")
    try:
        return date.fromisoformat(until[:10]) if until else act.at.date()
    except ValueError:
        return None


def _incident_refusal(act: Act, case: Case, incident: Incident | None) -> str | None:
    if act.do == "declare" and not may_declare(act, case.playbook.enabled("mode")):
        return say_act("not_head", act, case)
    if incident is None:
        return None if act.by in case.playbook.roles else say_act("no_role", act, case)
    if act.do == "note" and act.by.partition(":")[0] not in case.playbook.roles:
        return say_act("stranger", act, case)
    if notes.MOVED in act.fields and act.do not in INCIDENT_ACTS:
        return case.say("act.not_for_incident")
    if act.do not in INCIDENT_ACTS or not incident.is_open:
        return call_sheet.refusal(act, case, incident) or say_act("no_object", act, case)
    if on_incident(act, incident):
        return None
    declared = act.do == "close" and incident.declared_by
    return say_act("not_declarer" if declared else "not_officer", act, case)


def _plan_refusal(act: Act, case: Case, plan: Plan) -> str | None:
    own = getattr(case.playbook.rules["plan"].get(plan.rule), "approver", "")
    if not on_plan(act, own):
        return say_act("not_head" if act.do == "fill-plan" else "not_deputy", act, case)
    if plan.state in {"approved", "expired"}:
        return case.say(f"act.plan_{plan.state}")
    try:
        measures = measures_in(case, act) or plan.measures
    except ValueError:
        return case.say("act.bad_measures")
    return lacks(case, measures) if act.do == "approve" else None


def _task_refusal(act: Act, case: Case, task: Task) -> str | None:
    if act.do == "call-done" and task.kind is not TaskKind.CALL:
        return case.say("act.no_call")
    if act.do == "tick" and (why := ticking.refusal(act, case, task)):
        return why
    if not on_task(act, task, case.playbook.roles):
        stranger = act.do == "note" and act.by.startswith("?")
        return say_act("stranger" if stranger else "not_officer", act, case)
    if act.do == "duplicate":
        return merging.refusal(act, case, task)
    if act.do in {"confirm", "dismiss", "extend", "report"}:
        return reported.refusal(act, case, task)
    unknown = act.do == "status" and status_of(act) is None
    return case.say("act.bad_status", act=act) if unknown else None


def _is_draft_or_report(act: Act, case: Case) -> bool:
    key = act.key or ""
    return key.startswith("report:") or case.facts.draft(key) is not None


def _report_refusal(act: Act, case: Case) -> str | None:
    key = act.key or ""
    draft = case.facts.draft(key)
    if draft is not None:
        if act.do not in {"release", "hold"}:
            return case.say("act.not_for_draft", act=act)
        if act.by not in {draft.owner} | HEADS:
            return say_act("not_author", act, case)
        return drafts.refusal(act, draft, case) if act.do == "release" else None
    rule = case.playbook.rules["report"].get(key.split(":")[2] if key.count(":") > 1 else "")
    author = getattr(rule, "author", "")
    if rule is None:
        return say_act("no_object", act, case)
    if act.do == "correct" and act.by != author:
        return case.say("act.not_corrector", act=act)
    if act.by not in {author} | HEADS:
        return say_act("not_author", act, case)
    today = case.playbook.calendar.local(case.now).date()
    if key != (todays := f"report:{case.playbook.id}:{rule.id}:{today}"):
        return case.say("act.not_today", key=todays)
    return _too_late_or_early(act, case)


def _too_late_or_early(act: Act, case: Case) -> str | None:
    """Say why an act on today's report would do nothing: it has left already, or not yet."""
    kept = case.facts.report(act.key or "")
    state = kept.state if kept else ReportState.DRAFTED
    if state == ReportState.MISSED:
        return say_act("is_missed", act, case)
    has_left = state in LEFT
    if has_left is (act.do == "correct"):
        return None
    return say_act("has_left" if has_left else "not_left", act, case)
