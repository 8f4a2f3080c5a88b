"""Kind ``ladder``: escalation. A step, whom it reaches, what it says.

``on = "refusal"``: an officer says that the executor refuses; what an executor's own status seems
to say is only a suggestion until then. ``on = "unsolved"``: what a person cannot
solve goes up only at his word. ``on = "overdue"``: tasks past their due gather in one open
plan draft of the head.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Literal

from pydantic import Field

from mcur.playbooks import portrait
from mcur.playbooks.documents import Bullets, Column, Document, Pairs, Paragraph, Table
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Act, Task, TaskKind, TaskStatus
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import (
    Channel,
    CreateTask,
    Intent,
    PrepareDraft,
    SendLetter,
    Tell,
    UpdateTask,
    digest_of,
)
from mcur.playbooks.language import capital
from mcur.playbooks.rules.base import Case, Kind, Rule, variant
from mcur.playbooks.rules.term import is_late


class Step(Rule):
    """One step: who writes, who reads. Its clause is the ladder's where it has none of its own."""

    id: str = ""
    clause: str = ""
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()


class TimedStep(Step):
    """A step of an incident's ladder: at once, or after the ladder's wait without a result.

    ``declared_clause`` is cited instead of ``clause`` where a person declared the incident.
    """

    declared_clause: str = ""
    when: Literal["at_once", "no_result"] = "at_once"
    text: str


class OnRefusal(Rule):
    """Steps that a confirmed refusal starts (E-2)."""

    on: Literal["refusal"]
    steps: tuple[Step, ...] = Field(min_length=1)


class OnUnsolved(Rule):
    """Letters that wait for the owner's word after a person said that a task cannot be solved (E-4)."""

    on: Literal["unsolved"]
    owner: str
    steps: tuple[Step, ...] = Field(min_length=1)


class OnOverdue(Rule):
    """Overdue tasks of these kinds gather in one open plan draft of the owner (L-9)."""

    on: Literal["overdue"]
    objects: tuple[TaskKind, ...]
    owner: str


class OnIncident(Rule):
    """Steps that an incident climbs (E-1); a person's «solved» or the end stops them."""

    on: Literal["incident"]
    mode: str
    wait: ElapsedField = timedelta(hours=24)
    steps: tuple[TimedStep, ...] = Field(min_length=1)


LadderRule = OnRefusal | OnUnsolved | OnOverdue | OnIncident
_SHAPES: dict[str, type[LadderRule]] = {
    "refusal": OnRefusal,
    "unsolved": OnUnsolved,
    "overdue": OnOverdue,
    "incident": OnIncident,
}


def decide(rule: LadderRule, case: Case) -> Iterator[Intent]:
    """Climb."""
    if isinstance(rule, OnRefusal | OnUnsolved):
        for act in case.facts.accepted_acts():
            task = case.facts.task(act.key or "")
            if task and task.playbook == case.playbook.id:
                yield from _said(rule, case, act, task)
    elif isinstance(rule, OnIncident):
        for incident in case.facts.incidents(case.playbook.id):
            if incident.mode == rule.mode:
                yield from _climb(rule, case, incident)
    else:
        yield from _overdue(rule, case)


def _said(rule: OnRefusal | OnUnsolved, case: Case, act: Act, task: Task) -> Iterator[Intent]:
    if isinstance(rule, OnRefusal):
        if refuses(act, task):
            yield _letter_of(rule, case, act, task, "refusal")
    elif act.do == "unsolved":
        letter = _letter_of(rule, case, act, task, "unsolved")
        key = letter.key.replace("letter:", "draft:", 1)
        yield PrepareDraft(key=key, cite=letter.cite, owner=rule.owner, letter=letter)


def refuses(act: Act, task: Task) -> bool:
    """Whether the officer's act says that the executor refuses."""
    if act.do == "refuse" or (act.do == "status" and act.fields.get("status") == "refused"):
        return not act.by.startswith("executor")
    return act.do == "confirm" and task.status is TaskStatus.REFUSED


def _shape(table: dict[str, Any]) -> LadderRule:
    return variant(_SHAPES, table, "on").model_validate(table)


def _roles(rule: LadderRule) -> tuple[str, ...]:
    if isinstance(rule, OnOverdue):
        return (rule.owner,)
    return tuple(role for step in rule.steps for role in (step.sender, *step.to, *step.cc))


# --- incidents --------------------------------------------------------------------------------------


def _climb(rule: OnIncident, case: Case, incident: Incident) -> Iterator[Intent]:
    for number, step in enumerate(rule.steps, start=1):
        key = f"letter:{case.playbook.id}:{rule.id}:{number}:{incident.key}:1"
        waits = step.when == "no_result" and not _is_without_result(rule, case, incident)
        if waits or case.facts.knows(key):
            continue
        why = case.say(f"ladder.incident.{step.text}_why", incident=incident)
        yield SendLetter(
            key=key,
            cite=case.cite(rule, why, clause=_clause(rule, step, incident)),
            channel=Channel.ESCALATIONS,
            urgent=True,
            sender=step.sender,
            to=step.to,
            cc=step.cc,
            subject=case.say(f"ladder.incident.{step.text}_subject", incident=incident),
            document=_incident_letter(rule, case, incident, step, why),
        )


def _is_without_result(rule: OnIncident, case: Case, incident: Incident) -> bool:
    """By a person's word at once, by the wait otherwise; «solved» stops both."""
    by_hand = bool({"no_progress", "unsolved"} & incident.facts.keys())
    passed = case.now >= incident.entered_at + rule.wait
    return incident.solved_at is None and (by_hand or passed)


def _incident_letter(
    rule: OnIncident, case: Case, incident: Incident, step: TimedStep, why: str
) -> Document:
    known = Pairs(items=portrait.with_shares(case, incident))
    ask = Paragraph(text=case.say(f"ladder.incident.{step.text}_ask"))
    houses = (Bullets(items=incident.houses),) if incident.houses else ()
    return Document(
        title=case.say("ladder.incident.title"),
        lead=(capital(why) + ".",),
        blocks=(ask, known, *houses),
        footer=(case.clause_line(_clause(rule, step, incident)),),
    )


def _clause(rule: OnIncident, step: TimedStep, incident: Incident) -> str:
    declared = step.declared_clause if incident.declared_by else ""
    return declared or step.clause or rule.clause


def _wakes(rule: LadderRule, case: Case) -> datetime | None:
    """A wait wakes a cycle at its end."""
    if not isinstance(rule, OnIncident):
        return None
    ends = [
        incident.entered_at + rule.wait
        for incident in case.facts.incidents(case.playbook.id)
        if incident.mode == rule.mode
    ]
    return min((e for e in ends if e > case.now), default=None)


# --- refusal ----------------------------------------------------------------------------------------


def _letter_of(
    rule: OnRefusal | OnUnsolved, case: Case, act: Act, task: Task, word: str
) -> SendLetter:
    occasion = 1
    while _is_taken(case, _step_key(rule, case, task, occasion)):
        occasion += 1
    step = rule.steps[0]
    why = case.say(f"ladder.{word}.why", task=task, act=act)
    return SendLetter(
        key=_step_key(rule, case, task, occasion),
        cite=case.cite(rule, why, clause=step.clause or rule.clause),
        channel=Channel.ESCALATIONS,
        urgent=True,
        sender=step.sender,
        to=step.to,
        cc=step.cc,
        subject=case.say(f"ladder.{word}.subject", task=task),
        document=_task_letter(rule, case, act, task, why, word),
    )


def _is_taken(case: Case, key: str) -> bool:
    return case.facts.knows(key) or case.facts.knows(key.replace("letter:", "draft:", 1))


def _step_key(rule: Rule, case: Case, task: Task, occasion: int) -> str:
    return f"letter:{case.playbook.id}:{rule.id}:1:{task.key}:{occasion}"


def _task_letter(rule: Rule, case: Case, act: Act, task: Task, why: str, word: str) -> Document:
    executor = task.executor or case.say("no_executor")
    due = case.say("moment", at=task.due_at) if task.due_at else case.say("no_due")
    pairs = (
        (case.say("label.task"), f"№ {task.ident}" if task.ident else task.subject),
        (case.say("label.number"), task.number or case.say("not_given")),
        (case.say("label.address"), task.address or case.say("no_address")),
        (case.say("label.problem"), task.topic or task.subject),
        (case.say("label.executor"), executor),
        (case.say("label.due"), due),
        (case.say(f"ladder.{word}.label"), act.text or case.say("not_given")),
        (case.say("label.measures"), task.measures or case.say("no_measures")),
    )
    return Document(
        title=case.say(f"ladder.{word}.title"),
        lead=(capital(why) + ".",),
        blocks=(Paragraph(text=case.say(f"ladder.{word}.ask")), Pairs(items=pairs)),
        footer=(case.clause_line(rule.clause),),
    )


# --- overdue ----------------------------------------------------------------------------------------


def _overdue(rule: OnOverdue, case: Case) -> Iterator[Intent]:
    breached = [
        case.facts.task(term.object) for term in case.facts.fresh_breaches(case.playbook.id)
    ]
    late = [t for t in breached if t and t.kind in rule.objects and t.status.is_open]
    if not late:
        return
    opened = _open_plan(rule, case)
    if opened is None:
        yield from _new_plan(rule, case, late)
        return
    late = [task for task in late if task.key != opened.key]
    gathered = _gathered(rule, case, opened)
    why = case.say("ladder.overdue.why", tasks=late)
    if late:
        yield UpdateTask(
            key=f"update:{opened.key}:{digest_of(*(t.key for t in gathered))}",
            cite=case.cite(rule, why),
            task=opened.key,
            note=Document(blocks=(Paragraph(text=why),)),
            body=_plan_body(rule, case, gathered),
        )


def _open_plan(rule: OnOverdue, case: Case) -> Task | None:
    plans = case.facts.tasks(case.playbook.id, {TaskKind.PLAN})
    return next((t for t in plans if t.rule == rule.id and t.status.is_open), None)


def _gathered(rule: OnOverdue, case: Case, plan: Task | None) -> list[Task]:
    """All that is overdue now; the draft is a plan itself and does not stand in its own table."""
    tasks = case.facts.tasks(case.playbook.id, set(rule.objects))
    late = [t for t in tasks if is_late(t, case.now) and not t.history]
    started = [t for t in late if t.due_at and t.due_at >= case.facts.live_from]
    return sorted(
        (t for t in started if plan is None or t.key != plan.key),
        key=lambda t: (t.due_at or case.now, t.key),
    )


def _new_plan(rule: OnOverdue, case: Case, late: list[Task]) -> Iterator[Intent]:
    day = case.playbook.calendar.day_of(case.now)
    key = base = f"draft:{case.playbook.id}:{rule.id}:{day}"
    number = 1
    while case.facts.knows(key):
        number += 1
        key = f"{base}:{number}"
    why = case.say("ladder.overdue.why", tasks=late)
    cite = case.cite(rule, why)
    body = _plan_body(rule, case, _gathered(rule, case, None))
    subject = case.say("ladder.overdue.subject", at=case.now)
    yield CreateTask(
        key=key,
        cite=cite,
        kind=TaskKind.PLAN,
        project=case.playbook.projects["plan"],
        subject=subject,
        body=body,
        assignee=rule.owner,
        urgent=True,
    )
    yield Tell(
        key=key,
        cite=cite,
        event="draft.prepared",
        to=(rule.owner,),
        subject=subject,
        data={"to": [rule.owner], "text": why, "attachments": []},
    )


def _plan_body(rule: OnOverdue, case: Case, late: list[Task]) -> Document:
    """Write the draft: what is late, and empty columns that the head fills in (app. 2, table 2)."""
    names = ("n", "measure", "result", "indicator", "start", "due", "executor")
    weights = (1, 6, 3, 3, 2, 2, 3)
    columns = tuple(
        Column(title=case.say(f"ladder.overdue.column.{name}"), weight=weight)
        for name, weight in zip(names, weights, strict=True)
    )
    rows = tuple(
        (
            f"1.{n}.",
            case.say("ladder.overdue.measure", task=task),
            "",
            "",
            "",
            "",
            task.executor or case.playbook.roles.get(task.assignee or "", ""),
        )
        for n, task in enumerate(late, start=1)
    )
    return Document(
        title=case.say("ladder.overdue.title"),
        blocks=(
            Paragraph(text=case.say("ladder.overdue.ask", count=len(late))),
            Table(columns=columns, rows=rows),
        ),
        footer=(case.clause_line(rule.clause),),
        landscape=True,
    )


def _makes(rule: LadderRule) -> tuple[TaskKind, ...]:
    return (TaskKind.PLAN,) if isinstance(rule, OnOverdue) else ()


KIND: Kind[LadderRule] = Kind(
    name="ladder", shape=_shape, decide=decide, wakes=_wakes, roles=_roles, makes=_makes
)
