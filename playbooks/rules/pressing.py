"""The ladder of a task that a person's word, or a breach, starts (L-1, L-3, L-7).

Each climb is kept, so that a step is taken once, whatever the restarts. A reaction of those who were
asked stops it; one at the last moment of a wait counts (C5), one at a clock time does not (C4).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from pydantic import Field

from mcur.playbooks import ringing
from mcur.playbooks.climbs import Climb
from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.durations import ClockField, Duration, DurationField, Unit
from mcur.playbooks.facts import Act, Task, TaskKind
from mcur.playbooks.intents import Channel, CreateTask, Intent, SendLetter
from mcur.playbooks.language import mask_personal
from mcur.playbooks.rules import drafting, reactions, window
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.steps import Step
from mcur.playbooks.rules.term import is_late

AFTER = {"at_once": 0, "silent": 1, "unreported": 2}


class PressingStep(Step):
    """A step: at once, after the wait without a reaction, or at the clock time without a report.

    ``number`` names it in its key. ``owner``: its letter waits for his word. ``rings``: no letter, but
    a call of the sender to the executor, with what is to be said. ``said``: a step that is due at
    once only after these words of a person.
    """

    number: str
    when: Literal["at_once", "silent", "unreported"] = "at_once"
    text: str
    owner: str = ""
    rings: bool = False
    said: tuple[str, ...] = ()


class OnTask(Rule):
    """Who may start it and how, whose reaction stops it, how long is waited.

    ``starts`` names acts, or ``overdue`` for a breach of the task's term; ``no-progress`` also ends the
    wait of a ladder that is climbing. ``report_by`` is the hour
    until which the step before ``unreported`` asks for an answer; asked after ``same_day_cutoff`` it
    is that of the next day (D4). Where its letters wait for the send window, the wait begins and ends
    when it is open, unless the ladder is ``immediate``.
    """

    on: Literal["task"]
    starts: tuple[Literal["unsolved", "refuse", "no-progress", "overdue"], ...]
    by: tuple[str, ...] = ()
    kinds: tuple[TaskKind, ...] = ()
    unless: tuple[str, ...]
    wait: DurationField = Field(default_factory=lambda: Duration(2, Unit.HOUR))
    report_by: ClockField | None = None
    same_day_cutoff: ClockField | None = None
    immediate: bool = False
    steps: tuple[PressingStep, ...] = Field(min_length=1)


def decide(rule: OnTask, case: Case) -> Iterator[Intent]:
    """Start what was said or breached, then take each climb further."""
    for task, at, said, word in _started(rule, case):
        earlier = case.facts.climbs_of(case.playbook.id, rule.id, task.key)
        if all(c.state != "climbing" for c in earlier):
            climb = _begin(rule, case, task, at, said, len(earlier) + 1)
            yield climb
            yield from _take(rule, case, climb, task, "at_once", word)
    for climb in case.facts.climbs(case.playbook.id, rule.id):
        yield from _climb(rule, case, climb)


def _started(rule: OnTask, case: Case) -> Iterator[tuple[Task, datetime, str, str]]:
    for act in case.facts.accepted_acts():
        word = _word(act)
        heard = word in rule.starts and (act.by in rule.by or not rule.by)
        task = case.facts.task(act.key or "") if heard else None
        if task is not None and _is_ours(rule, case, task) and task.status.is_open:
            yield task, act.at, act.text, word
    if "overdue" in rule.starts:
        for term in case.facts.fresh_breaches(case.playbook.id):
            task = case.facts.task(term.object)
            if task is not None and _is_ours(rule, case, task) and is_late(task, case.now):
                yield task, case.now, "", "overdue"


def _word(act: Act) -> str:
    refused = act.do == "status" and act.fields.get("status") == "refused"
    return "refuse" if refused else act.do


def _is_ours(rule: OnTask, case: Case, task: Task) -> bool:
    known = task.playbook == case.playbook.id and not task.history
    wanted = task.kind in rule.kinds if rule.kinds else task.kind is not TaskKind.INCIDENT
    return known and wanted


def _begin(rule: OnTask, case: Case, task: Task, at: datetime, said: str, occasion: int) -> Climb:
    return Climb(
        key=f"climb:{case.playbook.id}:{rule.id}:{task.key}:{occasion}",
        playbook=case.playbook.id, rule=rule.id, object=task.key, occasion=occasion,
        started_at=at, said=said, since=at, step=AFTER["at_once"],
    )  # fmt: skip


# --- further ------------------------------------------------------------------------------------------------


def _climb(rule: OnTask, case: Case, climb: Climb) -> Iterator[Intent]:
    task = case.facts.task(climb.object)
    stamps = reactions.stamps(case, climb, task, rule.unless, _calls(rule, case, climb))
    solved = any(a.do == "solve" and a.at >= climb.started_at for a in _acts(case, climb))
    if task is None or not task.status.is_open or solved:
        yield replace(climb, state="stopped")
    elif climb.step == AFTER["at_once"]:
        yield from _silence(rule, case, climb, task, stamps)
    elif climb.due_at is not None:
        yield from _report(rule, case, climb, task, stamps, climb.due_at)


def _silence(
    rule: OnTask, case: Case, climb: Climb, task: Task, stamps: list[datetime]
) -> Iterator[Intent]:
    until = silent_at(rule, case, climb)
    if any(at <= until for at in stamps):
        yield replace(climb, state="stopped")
    elif case.now >= until:
        due = _report_due(rule, case) if rule.report_by else None
        climb = replace(
            climb, since=case.now, step=AFTER["silent"], due_at=due,
            state="climbing" if due else "done",
        )  # fmt: skip
        yield climb
        yield from _take(rule, case, climb, task, "silent")
    elif case.now >= _wait_ends(rule, case, climb):
        for step in rule.steps:
            if step.when == "silent" and not (step.owner or step.rings):
                cite = case.cite(rule, "", clause=step.clause or rule.clause)
                key = _key("letter", rule, case, climb, step)
                yield window.waits(case, cite, key, step.to, until)


def _report(
    rule: OnTask, case: Case, climb: Climb, task: Task, stamps: list[datetime], due: datetime
) -> Iterator[Intent]:
    if any(climb.since <= at < due for at in stamps):
        yield replace(climb, state="stopped")
    elif case.now >= due:
        climb = replace(climb, since=case.now, step=AFTER["unreported"], state="done")
        yield climb
        yield from _take(rule, case, climb, task, "unreported")


def untaken(rule: OnTask, case: Case) -> Iterator[tuple[Climb, datetime]]:
    """Yield the climbs that wait longer than they may, with the end of their wait."""
    for climb in case.facts.climbs(case.playbook.id, rule.id):
        asked = climb.step == AFTER["at_once"]
        until = silent_at(rule, case, climb) if asked else climb.due_at
        if until is not None and until <= case.now:
            yield climb, until


def silent_at(rule: OnTask, case: Case, climb: Climb) -> datetime:
    """Return when the silence has lasted long enough: the end of the wait, in the send window."""
    end = _wait_ends(rule, case, climb)
    return end if rule.immediate else case.playbook.calendar.sends_at(end)


def _wait_ends(rule: OnTask, case: Case, climb: Climb) -> datetime:
    """Return the end of the wait; an officer's word «no progress» ends it at once."""
    calendar = case.playbook.calendar
    begin = climb.started_at if rule.immediate else calendar.sends_at(climb.started_at)
    hurried = [
        act.at
        for act in _acts(case, climb)
        if act.do == "no-progress" and act.at >= climb.started_at
    ]
    return min([calendar.wait_ends(begin, rule.wait), *hurried])


def _report_due(rule: OnTask, case: Case) -> datetime | None:
    """Return the hour of the report: today's, or tomorrow's where it was asked for too late (D4)."""
    if rule.report_by is None:
        return None
    calendar = case.playbook.calendar
    day = calendar.local(case.now).date()
    cutoff = calendar.at(day, rule.same_day_cutoff or rule.report_by)
    if case.now > cutoff or case.now >= calendar.at(day, rule.report_by):
        day += timedelta(days=1)
    while calendar.ladder_time == "working" and not calendar.is_working_day(day):
        day += timedelta(days=1)
    return calendar.at(day, rule.report_by)


def _acts(case: Case, climb: Climb) -> list[Act]:
    return list(case.facts.acts_on(climb.object))


def _calls(rule: OnTask, case: Case, climb: Climb) -> list[str]:
    return [_key("call", rule, case, climb, step) for step in rule.steps if step.rings]


def wakes(rule: OnTask, case: Case) -> datetime | None:
    """The end of a wait and the hour of a report wake a cycle."""
    moments: list[datetime | None] = []
    for climb in case.facts.climbs(case.playbook.id, rule.id):
        waiting = climb.step == AFTER["at_once"]
        ends = (_wait_ends(rule, case, climb), silent_at(rule, case, climb))
        moments += ends if waiting else (climb.due_at,)
    return min((m for m in moments if m is not None and m > case.now), default=None)


# --- a step -------------------------------------------------------------------------------------------------


def _take(
    rule: OnTask, case: Case, climb: Climb, task: Task, when: str, word: str = ""
) -> Iterator[Intent]:
    for step in rule.steps:
        if step.when != when or (step.said and word not in step.said):
            continue
        if step.rings:
            yield _call(rule, case, climb, task, step)
            continue
        letter = _letter(rule, case, climb, task, step)
        if step.owner:
            yield from drafting.waiting(case, letter, step.owner, task.key)
        else:
            yield from window.leaving(case, letter, immediate=rule.immediate)


def _key(kind: str, rule: OnTask, case: Case, climb: Climb, step: PressingStep) -> str:
    if kind == "call":
        clause = step.clause or rule.clause
        return f"call:{case.playbook.id}:{clause}:{climb.object}:{climb.occasion}"
    return f"letter:{case.playbook.id}:{rule.id}:{step.number}:{climb.object}:{climb.occasion}"


def _values(climb: Climb, task: Task, rule: OnTask, case: Case) -> dict[str, object]:
    return {"task": task, "climb": climb, "until": silent_at(rule, case, climb)}


def _letter(rule: OnTask, case: Case, climb: Climb, task: Task, step: PressingStep) -> SendLetter:
    values = _values(climb, task, rule, case)
    why = case.say(f"pressing.{step.text}_why", **values)
    clause = step.clause or rule.clause
    return step.letter(
        _key("letter", rule, case, climb, step),
        case.cite(rule, why, clause=clause),
        case.say(f"pressing.{step.text}_subject", **values),
        Document(
            title=case.say("pressing.title"),
            lead=(case.say("pressing.lead", why=why),),
            blocks=(
                Paragraph(text=case.say(f"pressing.{step.text}_ask", **values)),
                Pairs(items=_known(case, climb, task)),
            ),
            footer=(case.clause_line(clause),),
        ),
    )


def _known(case: Case, climb: Climb, task: Task) -> tuple[tuple[str, str], ...]:
    due = case.say("moment", at=task.due_at) if task.due_at else case.say("no_due")
    return (
        (case.say("label.task"), f"№ {task.ident}" if task.ident else task.subject),
        (case.say("label.address"), task.address or case.say("no_address")),
        (case.say("label.problem"), task.topic or task.subject),
        (case.say("label.executor"), task.executor or case.say("no_executor")),
        (case.say("label.due"), due),
        (case.say("pressing.said"), mask_personal(climb.said) or case.say("not_given")),
        (case.say("label.measures"), mask_personal(task.measures or case.say("no_measures"))),
    )


def _call(rule: OnTask, case: Case, climb: Climb, task: Task, step: PressingStep) -> CreateTask:
    """Ask the sender to ring the executor himself: whom, under which number, what about."""
    values = _values(climb, task, rule, case)
    clause = step.clause or rule.clause
    why = case.say(f"pressing.{step.text}_why", **values)
    to = f"executor:{task.executor}" if task.executor else (step.to or ("",))[0]
    return CreateTask(
        key=_key("call", rule, case, climb, step),
        cite=case.cite(rule, why, clause=clause),
        channel=Channel.CALLS,
        kind=TaskKind.CALL,
        project=case.playbook.projects["call"],
        subject=case.say(f"pressing.{step.text}_subject", **values),
        body=Document(
            blocks=(
                Pairs(
                    items=(
                        (case.say("calls.label.to"), ringing.contact(case, to)),
                        *_known(case, climb, task),
                    )
                ),
                Paragraph(text=case.say(f"pressing.{step.text}_ask", **values)),
                Paragraph(text=case.say("calls.done_when"), tone="quiet"),
            ),
            footer=(case.clause_line(clause),),
        ),
        assignee=step.sender,
        parent=task.key,
        topic=task.topic or task.subject,
        rings=(to,),
        urgent=True,
    )
