"""Acts of people: what somebody did, who may, and what follows.

One pure place for every origin: a change in the tracker, the command line, a letter, a scenario.
What a person did in the tracker stands there already: it is judged and told like any other act, and
what may not be is put back. An act of any other origin is also written to the tracker.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from mcur.playbooks import adopting, merging, notes, ticking
from mcur.playbooks.documents import Document, plain
from mcur.playbooks.facts import Act, Task, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    AnswerAct,
    Cite,
    Intent,
    NoteAbsence,
    RaiseFlag,
    ReleaseDraft,
    UpdateTask,
)
from mcur.playbooks.permits import OFFICERS, TASK_ACTS
from mcur.playbooks.refusals import last_day, refusal, say_act as say_act, status_of
from mcur.playbooks.rules import answers, call_sheet, echoes, reported
from mcur.playbooks.rules.base import Case


def decide(case: Case) -> Iterator[Intent]:
    """Judge each new act and do what it asks for."""
    for act in case.facts.fresh_acts():
        if concerns(act, case):
            yield from _judge(call_sheet.meant(_about(act, case), case), case)


def leftover(case: Case) -> Iterator[Intent]:
    """Judge acts whose key names no playbook of the site, so that none waits for ever."""
    for act in case.facts.fresh_acts():
        name = "no_object" if act.key else "no_role"
        yield from _answer(act, case, _cite(act, case), say_act(name, act, case))


# --- who may ------------------------------------------------------------------------------------------


def concerns(act: Act, case: Case) -> bool:
    """Whether an act is for this regulation: by its key, else by its role and the place it names."""
    parts = (act.key or "").split(":")
    if len(parts) > 1 and act.key is not None:
        return parts[1] == case.playbook.id
    if act.do == "declare" and case.playbook.lies_elsewhere(act.fields.get("object", "")):
        return False
    return act.by in case.playbook.roles


def _about(act: Act, case: Case) -> Act:
    """A word for a letter on the task that shows it means that letter, where it shows only one."""
    if act.do not in {"release", "hold"} or act.key != act.fields.get(notes.WRITTEN_ON):
        return act
    shown = [d.key for d in case.facts.drafts(case.playbook.id) if d.task == act.key]
    return replace(act, key=shown[0]) if len(shown) == 1 else act


def _judge(act: Act, case: Case) -> Iterator[Intent]:
    cite = _cite(act, case)
    refused = refusal(act, case)
    yield from _answer(act, case, cite, refused)
    if refused is None:
        yield from _perform(act, case, cite)


def _answer(act: Act, case: Case, cite: Cite, refused: str | None) -> Iterator[Intent]:
    """Keep what became of an act; a refusal is told where a person will see it."""
    title = case.playbook.roles.get(act.by, act.by)
    who = f"{act.person}, {title}" if act.person and act.person != title else title
    yield AnswerAct(
        ident=act.ident, key=act.key or "", do=act.do, by=who, cite=cite, refused=refused
    )
    yield from echoes.of_act(act, case, cite, refused)
    if refused is None:
        return
    told = cite.model_copy(update={"why": refused})
    yield RaiseFlag(key=f"flag:{act.ident}", cite=told, object=act.key or act.do, text=refused)
    task = _place(act, case)
    if task:
        yield UpdateTask(
            key=f"update:{task.key}:refused:{act.ident}",
            cite=told,
            task=task.key,
            note=plain(refused),
            status=task.status if notes.MOVED in act.fields else None,
        )


def _place(act: Act, case: Case) -> Task | None:
    """Find the task on which an answer is read: where it was written, else what it is about."""
    plan, draft = case.facts.plan(act.key or ""), case.facts.draft(act.key or "")
    places = (act.fields.get(notes.WRITTEN_ON), act.key, plan and plan.task, draft and draft.task)
    return next((task for key in places if key and (task := case.facts.task(key))), None)


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
    elif act.do == "declare" and task is not None and adopting.is_by_hand(task):
        yield adopting.declared(case, act, task, cite)
    elif act.do == "release" and case.facts.draft(act.key or ""):
        yield ReleaseDraft(key=act.key or "", cite=cite, released=True)


def _on_task(act: Act, case: Case, cite: Cite, task: Task) -> Iterator[Intent]:
    if reported.is_left_to_rules(act, case, task):
        return
    if act.do == "duplicate":
        yield from merging.decide(act, case, cite, task)
        return
    status = _follows(act, task)
    said = case.say(f"act.said.{act.do}", act=ticking.named(act, case, task))
    text = act.text or (said if status is None and act.origin != "tracker" else "")
    yield _told(act, case, cite, task, text, status)
    if act.by.startswith("executor") and status in {TaskStatus.DONE, TaskStatus.REFUSED}:
        yield from _ask_officer(act, case, cite, task, status)


def _told(
    act: Act, case: Case, cite: Cite, task: Task, text: str, status: TaskStatus | None
) -> UpdateTask:
    """Write the act on its task; what stands there already is only told."""
    note = _note(act, case, text) if text else None
    there = act.origin == "tracker"
    moved = there and notes.MOVED in act.fields and act.do == "status"
    return UpdateTask(
        key=f"update:{task.key}:{act.ident}",
        cite=cite,
        task=task.key,
        note=None if there else note,
        said=note if there else None,
        status=None if moved else status,
        moved=status if moved else None,
        fields={n: v for n, v in act.fields.items() if n in notes.FIELDS.values()}
        | notes.fields_in(act.text),
        at=act.at,
    )


def _note(act: Act, case: Case, text: str) -> Document:
    return plain(case.say("act.note", act=act, text=text))


def _on_incident(act: Act, case: Case, cite: Cite, incident: Incident) -> Iterator[Intent]:
    """What is said of an incident is a note on its task; what it means its mode decides."""
    task = case.facts.task(incident.key)
    if act.text and task is not None:
        yield _told(act, case, cite, task, act.text, None)


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
    last = last_day(act) if act.fields.get("until") else None
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
