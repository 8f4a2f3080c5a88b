"""Acts of people: what somebody did, who may, and what follows.

One pure place for every origin: a change in the tracker, the command line, a letter, a scenario.
A tracker change has happened already and is only understood here; an act of any other origin is
also written to the tracker.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from mcur.playbooks import drafts, notes, ticking
from mcur.playbooks.documents import plain
from mcur.playbooks.facts import Act, Task, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident, Plan
from mcur.playbooks.intents import (
    AnswerAct,
    Cite,
    Intent,
    NoteAbsence,
    RaiseFlag,
    ReleaseDraft,
    ReportState,
    UpdateTask,
)
from mcur.playbooks.permits import (
    DEPUTIES,
    HEADS,
    INCIDENT_ACTS,
    KNOWN,
    OFFICERS,
    PLAN_ACTS,
    TASK_ACTS,
    has_mode,
    is_callers,
    may_declare,
    on_incident,
    on_plan,
)
from mcur.playbooks.plans import lacks, measures_in
from mcur.playbooks.rules import answers, echoes, reported
from mcur.playbooks.rules.base import Case


def decide(case: Case) -> Iterator[Intent]:
    """Judge each new act and do what it asks for."""
    for act in case.facts.fresh_acts():
        if _concerns(act, case):
            yield from _judge(act, case)


def leftover(case: Case) -> Iterator[Intent]:
    """Judge acts whose key names no playbook of the site, so that none waits for ever."""
    for act in case.facts.fresh_acts():
        name = "no_object" if act.key else "no_role"
        yield from _answer(act, case, _cite(act, case), say_act(name, act, case))


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


# --- who may ------------------------------------------------------------------------------------------


def _concerns(act: Act, case: Case) -> bool:
    parts = (act.key or "").split(":")
    if len(parts) > 1 and act.key is not None:
        return parts[1] == case.playbook.id
    return act.by in case.playbook.roles


def say_act(text: str, act: Act, case: Case) -> str:
    """Return a text about an act, which it calls by its Russian name."""
    return case.say(f"act.{text}", act=act, word=case.say("act.name", act=act))


def _judge(act: Act, case: Case) -> Iterator[Intent]:
    cite = _cite(act, case)
    refusal = _refusal(act, case)
    yield from _answer(act, case, cite, refusal)
    if refusal is None:
        yield from _perform(act, case, cite)


def _answer(act: Act, case: Case, cite: Cite, refusal: str | None) -> Iterator[Intent]:
    """Keep what became of an act; a refusal is told where a person will see it."""
    title = case.playbook.roles.get(act.by, act.by)
    who = f"{act.person}, {title}" if act.person and act.person != title else title
    yield AnswerAct(
        ident=act.ident, key=act.key or "", do=act.do, by=who, cite=cite, refused=refusal
    )
    yield from echoes.of_act(act, case, cite, refusal)
    if refusal is None:
        return
    told = cite.model_copy(update={"why": refusal})
    yield RaiseFlag(key=f"flag:{act.ident}", cite=told, object=act.key or act.do, text=refusal)
    task = _place(act, case)
    if task:
        yield UpdateTask(
            key=f"update:{task.key}:refused:{act.ident}",
            cite=told,
            task=task.key,
            note=plain(refusal),
        )


def _place(act: Act, case: Case) -> Task | None:
    """Find the task on which an answer is read: where it was written, else what it is about."""
    plan, draft = case.facts.plan(act.key or ""), case.facts.draft(act.key or "")
    places = (act.fields.get(notes.WRITTEN_ON), act.key, plan and plan.task, draft and draft.task)
    return next((task for key in places if key and (task := case.facts.task(key))), None)


def _refusal(act: Act, case: Case) -> str | None:
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
    if _last_day(act) is None:
        return case.say("act.bad_day", act=act)
    asked = (act.fields.get("person", ""), act.fields.get("substitute") or act.by)
    unknown = [name for name in asked if not _is_known(name, case)]
    return case.say("act.no_person", who=unknown[0]) if unknown else None


def _is_known(name: str, case: Case) -> bool:
    directory = case.facts.directory
    return bool(directory.holders(name)) or any(p.name == name for p in directory.people)


def _last_day(act: Act) -> date | None:
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
    if act.do not in INCIDENT_ACTS or not incident.is_open:
        return say_act("no_object", act, case)
    if on_incident(act, incident):
        return None
    declared = act.do == "close" and incident.declared_by
    return say_act("not_declarer" if declared else "not_officer", act, case)


def _plan_refusal(act: Act, case: Case, plan: Plan) -> str | None:
    own = getattr(case.playbook.rules["plan"].get(plan.rule), "approver", "")
    if not on_plan(act) and (act.do == "fill-plan" or act.by != own):
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
    own = act.by == "executor" or act.by == task.assignee
    rings = is_callers(act, task)
    if act.origin == "tracker":
        # The tracker's own rights decided who may edit; roles decide what an act means here.
        unlawful = act.do in {"close", "refuse", "confirm"} and act.by not in OFFICERS | HEADS
        return say_act("not_officer", act, case) if unlawful and not rings else None
    allowed = {
        "note": own or act.by in case.playbook.roles,
        "status": own or act.by in OFFICERS | HEADS,
        "close": act.by in OFFICERS or rings,
        "refuse": act.by in OFFICERS,
        "call-done": act.by in OFFICERS or rings,
        "tick": act.by in OFFICERS | HEADS or rings,
        "unsolved": act.by in OFFICERS | HEADS | DEPUTIES,
        "extend": act.by in OFFICERS,
        "report": act.by in OFFICERS,
    }
    if not allowed.get(act.do, act.by in OFFICERS | HEADS):
        return say_act("not_officer", act, case)
    if act.do in {"confirm", "dismiss", "extend", "report"}:
        return reported.refusal(act, case, task)
    if act.do == "status" and status_of(act) is None:
        return case.say("act.bad_status", act=act)
    closes = act.do == "status" and status_of(act) is TaskStatus.CLOSED and not rings
    return say_act("not_officer", act, case) if closes and act.by not in OFFICERS else None


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
    has_left = state in {ReportState.DECIDED, ReportState.SENT}
    if has_left is (act.do == "correct"):
        return None
    return say_act("has_left" if has_left else "not_left", act, case)


# --- what follows -------------------------------------------------------------------------------------


def _perform(act: Act, case: Case, cite: Cite) -> Iterator[Intent]:
    task = case.facts.task(act.key or "")
    incident = case.facts.incident(act.key or "")
    if act.do == "absent":
        yield from _absence(act, case)
    elif incident is not None:
        yield from _on_incident(act, case, cite, incident)
    elif task is not None and act.do in TASK_ACTS:
        yield from _on_task(act, case, cite, task)
    elif act.do == "release" and case.facts.draft(act.key or ""):
        yield ReleaseDraft(key=act.key or "", cite=cite, released=True)


def _on_task(act: Act, case: Case, cite: Cite, task: Task) -> Iterator[Intent]:
    if reported.is_left_to_rules(act, case, task):
        return
    by_executor = act.by.startswith("executor")
    status = _follows(act, task)
    if act.origin != "tracker":
        said = case.say(f"act.said.{act.do}", act=ticking.named(act, case, task))
        note = act.text or (said if status is None else "")
        yield UpdateTask(
            key=f"update:{task.key}:{act.ident}",
            cite=cite,
            task=task.key,
            note=plain(case.say("act.note", act=act, text=note)) if note else None,
            status=status,
            fields=notes.fields_in(act.text),
            at=act.at,
        )
    elif act.do in {"confirm", "dismiss", "call-done"} and status:
        yield UpdateTask(
            key=f"update:{task.key}:{act.ident}", cite=cite, task=task.key, status=status
        )
    if by_executor and status in {TaskStatus.DONE, TaskStatus.REFUSED}:
        yield from _ask_officer(act, case, cite, task, status)


def _on_incident(act: Act, case: Case, cite: Cite, incident: Incident) -> Iterator[Intent]:
    """What is said of an incident is a note on its task; what it means its mode decides."""
    if act.text and act.origin != "tracker":
        yield UpdateTask(
            key=f"update:{incident.key}:{act.ident}",
            cite=cite,
            task=incident.key,
            note=plain(case.say("act.note", act=act, text=act.text)),
        )


def _follows(act: Act, task: Task) -> TaskStatus | None:
    if act.do == "confirm":
        return TaskStatus.CLOSED if task.status is TaskStatus.DONE else None
    if act.do == "dismiss":
        return TaskStatus.RETURNED
    return status_of(act)


def _ask_officer(
    act: Act, case: Case, cite: Cite, task: Task, status: TaskStatus
) -> Iterator[Intent]:
    """What an executor says is a suggestion: the officer is asked in the tracker, never by mail."""
    rule = answers.rule_of(case)
    officer = (
        rule.officer if rule else next((r for r in case.playbook.roles if r in OFFICERS), None)
    )
    yield UpdateTask(
        key=f"update:{task.key}:ask:{act.ident}",
        cite=cite,
        task=task.key,
        note=plain(case.say(f"act.ask.{status}", act=act, task=task)),
        assignee=officer,
    )


def _absence(act: Act, case: Case) -> Iterator[Intent]:
    today = case.playbook.calendar.local(act.at).date()
    last = _last_day(act) if act.fields.get("until") else None
    yield NoteAbsence(
        person=act.fields.get("person", ""),
        first=today,
        last=last or today,
        substitute=act.fields.get("substitute") or None,
    )


def _first_clause(case: Case) -> str:
    """Where an act concerns nothing that we know: the clause of the first duty."""
    rules = (rule for kind in case.playbook.rules for rule in case.playbook.enabled(kind))
    return next((rule.clause for rule in rules), next(iter(case.playbook.clauses), ""))


def _declared(act: Act, case: Case) -> tuple[str, str]:
    """Return the rule of the mode that an act declares, and the clause by which one declares it."""
    mode = act.fields.get("mode", "emergency")
    for rule in case.playbook.enabled("mode"):
        if getattr(rule, "mode", "") == mode:
            return rule.id, getattr(rule, "declared_clause", "") or rule.clause
    return "", ""


def _cite(act: Act, case: Case) -> Cite:
    """An act cites the clause of what it is done to."""
    task = case.facts.task(act.key or "")
    draft = case.facts.draft(act.key or "")
    plan = case.facts.plan(act.key or "")
    rule, clause = "", ""
    if act.do == "declare":
        rule, clause = _declared(act, case)
    elif plan and act.do in {"approve", "return"}:
        approval = getattr(case.playbook.rules["plan"].get(plan.rule), "approval_clause", "")
        rule, clause = plan.rule, approval or plan.clause
    elif task:
        rule, clause = task.rule, task.clause
    elif plan:
        rule, clause = plan.rule, plan.clause
    elif draft:
        rule, clause = draft.rule, draft.clause
    elif (act.key or "").startswith("report:"):
        rule = (act.key or "").split(":")[2]
        known = case.playbook.rules["report"].get(rule)
        clause = known.clause if known else ""
    return Cite(
        playbook=case.playbook.id,
        rule=rule,
        clause=clause or _first_clause(case),
        why=say_act("why", act, case),
    )
