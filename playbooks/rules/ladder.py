"""Kind ``ladder``: escalation. A step, whom it reaches, what it says.

``on = "refusal"``: an officer says that the executor refuses; what an executor's own status seems
to say is only a suggestion until then. ``on = "unsolved"``: what a person cannot solve goes up only
at his word. ``on = "overdue"``: tasks past their due gather in a plan draft (``gathering``).
``on = "incident"``: what an incident climbs (``climbing``). ``on = "silence"``: no news for too long
enters the fact «no progress» (``stalling``). ``on = "task"``: what a task climbs step by step until somebody reacts (``pressing``).
Letters keep to the send window of the calendar, but for those of a ladder that is ``immediate``: an incident's is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Literal

from pydantic import Field

from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.facts import Act, Task, TaskKind, TaskStatus
from mcur.playbooks.intents import Intent, SendLetter
from mcur.playbooks.language import capital, mask_personal
from mcur.playbooks.rules import climbing, drafting, gathering, pressing, stalling, unheard, window
from mcur.playbooks.rules.base import Case, Kind, Rule, variant
from mcur.playbooks.rules.climbing import OnIncident
from mcur.playbooks.rules.gathering import OnOverdue
from mcur.playbooks.rules.pressing import OnTask
from mcur.playbooks.rules.stalling import OnSilence
from mcur.playbooks.rules.steps import Step
from mcur.playbooks.rules.unheard import Waiting


class SaidStep(Step):
    """A step that a person's word starts: anybody's who may say it, or that of one of ``said_by``.

    ``text`` names the words of the letter where they are not those of the ladder.
    """

    said_by: tuple[str, ...] = ()
    text: str = ""


class OnRefusal(Rule):
    """Steps that a confirmed refusal starts (E-2, L-L2); ``owner`` lets go what is released by hand."""

    on: Literal["refusal"]
    release: Literal["auto", "manual"] = "auto"
    immediate: bool = False
    owner: str = ""
    steps: tuple[SaidStep, ...] = Field(min_length=1)


class OnUnsolved(Waiting):
    """Letters after a person said that a task cannot be solved; they wait for the owner's word (E-4).

    ``says``: which words of people start it; ``kinds``: of which tasks, of any where none is named.
    ``wait``: what executors are silent about so long is told without a word of anybody (K-L1).
    """

    on: Literal["unsolved"]
    kinds: tuple[TaskKind, ...] = ()
    release: Literal["auto", "manual"] = "manual"
    immediate: bool = False
    owner: str = ""
    steps: tuple[SaidStep, ...] = Field(min_length=1)


LadderRule = OnRefusal | OnUnsolved | OnOverdue | OnIncident | OnSilence | OnTask
_SHAPES: dict[str, type[LadderRule]] = {
    "refusal": OnRefusal,
    "unsolved": OnUnsolved,
    "overdue": OnOverdue,
    "incident": OnIncident,
    "silence": OnSilence,
    "task": OnTask,
}


def decide(rule: LadderRule, case: Case) -> Iterator[Intent]:
    """Climb."""
    if isinstance(rule, OnRefusal | OnUnsolved):
        for act in case.facts.accepted_acts():
            task = case.facts.task(act.key or "")
            if task and task.playbook == case.playbook.id:
                yield from _said(rule, case, act, task)
        if isinstance(rule, OnUnsolved):
            yield from unheard.decide(rule, case)
    elif isinstance(rule, OnIncident):
        yield from climbing.decide(rule, case)
    elif isinstance(rule, OnTask):
        yield from pressing.decide(rule, case)
    elif isinstance(rule, OnOverdue):
        yield from gathering.decide(rule, case)


def _facts(rule: LadderRule, case: Case) -> Iterator[Intent]:
    """Enter what nobody said before the terms that count from it are looked at."""
    if isinstance(rule, OnSilence):
        yield from stalling.decide(rule, case)


def _said(rule: OnRefusal | OnUnsolved, case: Case, act: Act, task: Task) -> Iterator[Intent]:
    if not _says(rule, act, task) or _is_echo(rule, case, act, task):
        return
    for number, step in enumerate(rule.steps, start=1):
        if step.said_by and act.by not in step.said_by:
            continue
        letter = _letter_of(rule, case, act, task, number)
        if rule.release == "auto":
            yield from window.leaving(case, letter, immediate=rule.immediate)
            continue
        yield from drafting.waiting(case, letter, rule.owner or step.sender, task.key)


def _says(rule: OnRefusal | OnUnsolved, act: Act, task: Task) -> bool:
    if isinstance(rule, OnRefusal):
        return refuses(act, task)
    return act.do in rule.says and (task.kind in rule.kinds or not rule.kinds)


def _is_echo(rule: OnRefusal | OnUnsolved, case: Case, act: Act, task: Task) -> bool:
    """Whether the same person's last deed of the day on this task already said so."""
    acts = list(case.facts.acts_on(task.key))
    before = next((a for a, b in pairwise(acts) if b.ident == act.ident), None)
    if before is None or before.by != act.by or not _says(rule, before, task):
        return False
    day_of = case.playbook.calendar.day_of
    return day_of(before.at) == day_of(act.at)


def refuses(act: Act, task: Task) -> bool:
    """Whether the officer's act says that the executor refuses."""
    if act.do == "refuse" or (act.do == "status" and act.fields.get("status") == "refused"):
        return not act.by.startswith("executor")
    return act.do == "confirm" and task.status is TaskStatus.REFUSED


def _shape(table: dict[str, Any]) -> LadderRule:
    return variant(_SHAPES, table, "on").model_validate(table)


def _roles(rule: LadderRule) -> tuple[str, ...]:
    if isinstance(rule, OnOverdue):
        return tuple(head.owner for head in rule.owners())
    if isinstance(rule, OnSilence):
        return ()
    return tuple(role for step in rule.steps for role in (step.sender, *step.to, *step.cc))


# --- refusal ----------------------------------------------------------------------------------------


def _letter_of(
    rule: OnRefusal | OnUnsolved, case: Case, act: Act, task: Task, number: int
) -> SendLetter:
    step = rule.steps[number - 1]
    word = step.text or rule.on
    clause = step.clause or rule.clause
    why = case.say(f"ladder.{word}.why", task=task, act=act)
    return step.letter(
        _free_key(rule, case, task, number),
        case.cite(rule, why, clause=clause),
        case.say(f"ladder.{word}.subject", task=task),
        _task_letter(case, act, task, why, word, clause),
    )


def _free_key(rule: Rule, case: Case, task: Task, number: int) -> str:
    """Return the key of the next occasion of a step: what was said anew leaves anew."""
    occasion = 1
    while _is_taken(case, key := _step_key(rule, case, task, number, occasion)):
        occasion += 1
    return key


def _is_taken(case: Case, key: str) -> bool:
    return case.facts.knows(key) or case.facts.knows(drafting.draft_key(key))


def _step_key(rule: Rule, case: Case, task: Task, number: int, occasion: int) -> str:
    return f"letter:{case.playbook.id}:{rule.id}:{number}:{task.key}:{occasion}"


def _task_letter(case: Case, act: Act, task: Task, why: str, word: str, clause: str) -> Document:
    executor = task.executor or case.say("no_executor")
    due = case.say("moment", at=task.due_at) if task.due_at else case.say("no_due")
    pairs = (
        (case.say("label.task"), f"№ {task.ident}" if task.ident else task.subject),
        (case.say("label.number"), task.number or case.say("not_given")),
        (case.say("label.address"), task.address or case.say("no_address")),
        (case.say("label.problem"), task.topic or task.subject),
        (case.say("label.executor"), executor),
        (case.say("label.due"), due),
        (case.say(f"ladder.{word}.label"), mask_personal(act.text) or case.say("not_given")),
        (case.say("label.measures"), mask_personal(task.measures or case.say("no_measures"))),
    )
    return Document(
        title=case.say(f"ladder.{word}.title"),
        lead=(capital(why) + ".",),
        blocks=(Paragraph(text=case.say(f"ladder.{word}.ask")), Pairs(items=pairs)),
        footer=(case.clause_line(clause),),
    )


def _wakes(rule: LadderRule, case: Case) -> datetime | None:
    if isinstance(rule, OnSilence):
        return stalling.wakes(rule, case)
    if isinstance(rule, OnTask):
        return pressing.wakes(rule, case)
    return climbing.wakes(rule, case) if isinstance(rule, OnIncident) else None


def _makes(rule: LadderRule) -> tuple[TaskKind, ...]:
    if isinstance(rule, OnTask) and any(step.rings for step in rule.steps):
        return (TaskKind.CALL,)
    return (TaskKind.PLAN,) if isinstance(rule, OnOverdue) else ()


KIND: Kind[LadderRule] = Kind(
    name="ladder", shape=_shape, decide=decide, wakes=_wakes, roles=_roles, makes=_makes
)
EARLY: Kind[LadderRule] = Kind(
    name="ladder", shape=_shape, decide=_facts, roles=_roles, makes=_makes
)
"""The same rules, layers earlier: what they find out is a fact for the modes."""
