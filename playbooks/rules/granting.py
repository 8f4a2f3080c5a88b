"""What people decide of executors' reports and notices, and what they say in an executor's name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from mcur.playbooks.documents import plain
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import Act, Task, TaskStatus
from mcur.playbooks.intents import Cite, Intent, KeepExtension, UpdateTask
from mcur.playbooks.language import mask_personal
from mcur.playbooks.rules import answers, hearing, replies
from mcur.playbooks.rules.answers import FromExecutors, Told
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.hearing import Heard, Means

ENDED = frozenset({TaskStatus.CLOSED, TaskStatus.REJECTED, TaskStatus.DONE})
"""A request for another term is worth nothing to a task that is reported or closed."""


def decide(rule: FromExecutors, case: Case) -> Iterator[Intent]:
    """Do what the accepted acts of people ask for, and end the requests that a tracker decided."""
    for act in case.facts.accepted_acts():
        task = case.facts.task(act.key or "")
        if task is not None and task.playbook == case.playbook.id:
            yield from _act(rule, case, act, task)
    for asked in case.facts.extensions(case.playbook.id):
        task = case.facts.task(asked.task)
        if task is not None and task.status is not TaskStatus.EXTENSION_REQUESTED:
            yield from _settled(rule, case, task, asked)


def _act(rule: FromExecutors, case: Case, act: Act, task: Task) -> Iterator[Intent]:
    asked = case.facts.extension(task.key)
    waits = asked is not None and asked.state == "asked"
    ours = task.kind in rule.kinds
    match act.do:
        case "extend":
            yield from answers.take(
                rule, case, task, _told(case, act, task), _as(rule, act, "extension")
            )
        case "report":
            yield from _by_phone(rule, case, act, task)
        case "confirm" if task.status is TaskStatus.EXTENSION_REQUESTED:
            yield from _granted(rule, case, act, task, asked if waits else None)
        case "dismiss" if task.status is TaskStatus.EXTENSION_REQUESTED:
            yield from _dismissed(rule, case, act, task, asked if waits else None)
        case "dismiss":
            yield from _returned(rule, case, act, task)
        case "status" if act.fields.get("status") == "returned":
            yield from _returned(rule, case, act, task)
        case _ if ours and act.by.startswith("executor"):
            yield from _in_tracker(rule, case, act, task)


# --- said in an executor's name, or by himself in the tracker -----------------------------------------


def _by_phone(rule: FromExecutors, case: Case, act: Act, task: Task) -> Iterator[Intent]:
    """The officer vouches for the report; what proves it is still asked for."""
    heard = _as(rule, act, "report")
    told = _told(case, act, task)
    proven = bool(heard.files) or not rule.proof
    cite = answers.cite_of(rule, case, task, told, heard)
    yield UpdateTask(
        key=f"update:{task.key}:{told.key}",
        cite=cite,
        task=task.key,
        note=answers.note_of(case, told, case.say("executors.ask.report")),
        status=TaskStatus.DONE,
        assignee=rule.officer,
        at=act.at,
        proof=proven,
    )
    if not proven:
        yield from answers.materials(rule, case, task, told, cite)


def _in_tracker(rule: FromExecutors, case: Case, act: Act, task: Task) -> Iterator[Intent]:
    """What an executor sets himself: «done» needs its materials, another term is only asked for."""
    status = act.fields.get("status")
    told = _told(case, act, task)
    if act.do == "status" and status == TaskStatus.EXTENSION_REQUESTED:
        yield from answers.take(rule, case, task, told, _as(rule, act, "extension"))
        return
    heard = _as(rule, act, "report")
    cite = answers.cite_of(rule, case, task, told, heard)
    files = bool(heard.files)
    done = act.do == "status" and status == TaskStatus.DONE
    late = act.do == "note" and files and task.status is TaskStatus.DONE and task.done_at is None
    if not rule.proof or not (done or late):
        return
    yield UpdateTask(
        key=f"update:{task.key}:proof:{act.ident}",
        cite=cite,
        task=task.key,
        note=None if files else plain(case.say("executors.materials_asked")),
        at=act.at,
        proof=files,
    )
    if not files:
        yield from answers.materials(rule, case, task, told, cite)


def _told(case: Case, act: Act, task: Task) -> Told:
    calendar = case.playbook.calendar
    due = act.fields.get("due_at", "")
    said = act.text or case.say(f"act.said.{act.do}", act=act)
    return Told(
        key=act.ident,
        at=act.at,
        lines=(case.say("act.note", act=act, text=said),),
        text=act.text,
        names=act.files,
        staff="" if task.executor else act.by,
        wanted=hearing.moment(due, act.at, calendar) if due else None,
    )


def _as(rule: FromExecutors, act: Act, means: Means) -> Heard:
    """An act says itself what it means."""
    clauses = (m.clause for m in rule.says if m.means == means and m.clause)
    return Heard(means=means, clause=next(clauses, rule.clause), files=act.files)


# --- decided ------------------------------------------------------------------------------------------


def _granted(
    rule: FromExecutors, case: Case, act: Act, task: Task, asked: Extension | None
) -> Iterator[Intent]:
    due = act.fields.get("due_at", "")
    said = hearing.moment(due, act.at, case.playbook.calendar) if due else None
    wanted = said or (asked.wanted if asked else None)
    if wanted is None:
        return
    kept = asked or _unasked(case, act, task)
    granted = replace(kept, wanted=wanted, state="granted")
    why = case.say("term.moved", old=task.due_at, new=wanted)
    yield from _decided(rule, case, act, task, granted, why, due=wanted)


def _dismissed(
    rule: FromExecutors, case: Case, act: Act, task: Task, asked: Extension | None
) -> Iterator[Intent]:
    kept = replace(asked or _unasked(case, act, task), state="dismissed")
    why = case.say("executors.dismissed", task=task, act=act)
    yield from _decided(rule, case, act, task, kept, why)


def _decided(
    rule: FromExecutors,
    case: Case,
    act: Act,
    task: Task,
    kept: Extension,
    why: str,
    due: datetime | None = None,
) -> Iterator[Intent]:
    """Write the decision on the task, give it back to who works on it, and tell him."""
    cite = _cite(rule, case, why)
    yield UpdateTask(
        key=f"update:{task.key}:{act.ident}:decided",
        cite=cite,
        task=task.key,
        note=plain(case.say("act.note", act=act, text=why), act.text if due else ""),
        status=TaskStatus.IN_WORK,
        assignee=_back(rule, task),
        due_at=due,
        at=act.at,
    )
    yield KeepExtension(cite=cite, extension=kept, at=act.at)
    yield from _tell(rule, case, task, cite, kept, act.text)


def _settled(rule: FromExecutors, case: Case, task: Task, asked: Extension) -> Iterator[Intent]:
    """A person decided in the tracker by what he set there, or the task was done meanwhile."""
    if task.status in ENDED:
        kept = replace(asked, state="over")
    elif task.due_at and task.due_at != asked.due_at:
        kept = replace(asked, wanted=task.due_at, state="granted")
    else:
        kept = replace(asked, state="dismissed")
    word = {"over": "executors.over", "granted": "term.moved"}.get(kept.state, "executors.kept")
    why = case.say(word, old=asked.due_at, new=task.due_at, task=task)
    cite = _cite(rule, case, why)
    yield KeepExtension(cite=cite, extension=kept, at=case.now)
    if kept.state != "over":
        yield from _tell(rule, case, task, cite, kept, "")


def _tell(
    rule: FromExecutors, case: Case, task: Task, cite: Cite, kept: Extension, reason: str
) -> Iterator[Intent]:
    what = kept.state
    text = case.say(f"executors.{what}_text", task=task, asked=kept, reason=reason)
    occasion = f"{kept.asked_at.isoformat()}:{kept.wanted}"
    told = replace(task, due_at=kept.wanted) if what == "granted" else task
    letter = replies.to_executor(rule, case, told, cite, what, occasion, text, None)
    if letter:
        yield letter


def _returned(rule: FromExecutors, case: Case, act: Act, task: Task) -> Iterator[Intent]:
    """An executor who hears by letter learns why his report was not enough."""
    if act.by.startswith("executor") or task.kind not in rule.kinds:
        return
    cite = _cite(rule, case, case.say("executors.returned", task=task, act=act), rule.clause)
    if task.executor and task.assignee in case.playbook.roles:
        yield UpdateTask(
            key=f"update:{task.key}:{act.ident}:back",
            cite=cite,
            task=task.key,
            assignee=_back(rule, task),
        )
    text = case.say("executors.returned_text", task=task, reason=mask_personal(act.text))
    letter = replies.to_executor(rule, case, task, cite, "returned", act.ident, text, None)
    if letter:
        yield letter


def _cite(rule: FromExecutors, case: Case, why: str, clause: str = "") -> Cite:
    clauses = (m.clause for m in rule.says if m.means == "extension" and m.clause)
    named = clause or next(clauses, rule.clause)
    return case.cite(rule, why, clause=named, clauses=(named,))


def _back(rule: FromExecutors, task: Task) -> str:
    """Name who works on a task after the decision; without an executor it is the officer."""
    return f"executor:{task.executor}" if task.executor else rule.officer


def _unasked(case: Case, act: Act, task: Task) -> Extension:
    """A term that is moved without a notice that we saw."""
    return Extension(
        task=task.key,
        playbook=case.playbook.id,
        asked_at=act.at,
        due_at=task.due_at,
        wanted=None,
    )
