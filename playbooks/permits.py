"""Who may do what: the roles behind the table of acts (contract, «Acts»)."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from mcur.playbooks.facts import Act, Task, TaskKind
from mcur.playbooks.incidents import Incident

OFFICERS = frozenset({"mcur_resp", "gzhi_spec", "cur_resp"})
HEADS = frozenset({"mcur_head", "gzhi_head", "cur_head"})
DEPUTIES = frozenset({"deputy_head", "okrug_deputy", "gzhi_dep_curator"})
SUPERIORS = frozenset({"okrug_head"})
"""Stand above whoever declares an emergency, beside heads and deputies."""
CONTRACT_ROLES = OFFICERS | HEADS | DEPUTIES | SUPERIORS | {"executor"}
"""Roles that the table of acts names itself; a regulation without one flags what it does."""

OWN = frozenset(
    {TaskKind.CALL, TaskKind.CHECKLIST, TaskKind.DAY, TaskKind.REVIEW, TaskKind.QUESTION}
)
"""Kinds of tasks that whoever has them ends himself; what others are to do an officer ends."""

TASK_ACTS = frozenset(
    {"note", "status", "close", "refuse", "unsolved", "no-progress", "solve", "confirm", "dismiss",
     "extend", "report", "call-done", "tick", "duplicate"}
)  # fmt: skip
REPORT_ACTS = frozenset({"review", "hold", "release", "correct"})
INCIDENT_ACTS = frozenset(
    {"note", "close", "solve", "confirm", "dismiss", "unsolved", "no-progress", "form-group",
     "form-hq", "declare"}
)  # fmt: skip
PLAN_ACTS = frozenset({"fill-plan", "approve", "return"})
KNOWN = TASK_ACTS | REPORT_ACTS | INCIDENT_ACTS | PLAN_ACTS | {"absent"}
OF_TRACKERS = frozenset({"duplicate"})
"""Acts that are gestures of a tracker alone: a relation between two of its tasks."""
VOCABULARY = (KNOWN | {"extend", "report"}) - OF_TRACKERS
"""All words for acts; those that no rule performs here are refused with a sentence."""


def on_incident(act: Act, incident: Incident) -> bool:
    """Whether a role may do this to an incident; a declared one ends by its declarer or above.

    What a rule found and somebody's word made a crisis ends by its officer or any of those above.
    """
    match act.do:
        case "note" | "declare":
            return True
        case "close" if incident.declared_by:
            return act.by in {incident.declared_by} | HEADS | DEPUTIES | SUPERIORS
        case "close" if incident.mode == "crisis":
            return act.by in OFFICERS | HEADS | DEPUTIES | SUPERIORS
        case "form-group" | "form-hq":
            return act.by in HEADS
        case _:
            return act.by in OFFICERS | HEADS


def has_mode(act: Act, modes: Collection[str]) -> bool:
    """Whether a regulation with these modes knows the mode that an act declares."""
    return act.do != "declare" or act.fields.get("mode", "emergency") in modes


def threatens(act: Act) -> bool:
    """Whether who declares an incident says that it threatens life and health."""
    return act.fields.get("life_threat", "").casefold() in {"true", "yes", "1"}


def may_declare(act: Act, rules: Iterable[object]) -> bool:
    """Whether the mode that an act declares may be declared by this role; a threat to life by any."""
    mode = act.fields.get("mode", "emergency")
    named = {
        role
        for rule in rules
        if getattr(rule, "mode", "") == mode
        for role in getattr(rule, "declared_by", ())
    }
    return not named or threatens(act) or act.by in named


def is_callers(act: Act, task: Task) -> bool:
    """Whether a call, a list or a matter of the day is this person's own; nobody's executor has none."""
    own = act.by == task.assignee or (act.by == "executor" and task.executor is not None)
    return task.kind in OWN and own


def on_task(act: Act, task: Task, roles: Collection[str]) -> bool:
    """Whether a role may do this to a task; what somebody outside asked for he may close himself."""
    asked = bool(task.author) and act.by == f"?{task.author}"
    own = asked or act.by in {"executor", task.assignee, f"executor:{task.executor}"}
    rings = is_callers(act, task)
    match act.do:
        case "note":
            return own or act.by.partition(":")[0] in roles
        case "status" if act.fields.get("status") == "closed":
            return act.by in OFFICERS or rings or asked
        case "status":
            return own or act.by in OFFICERS | HEADS
        case "close" | "call-done":
            return act.by in OFFICERS or rings or asked
        case "tick":
            return act.by in OFFICERS | HEADS or rings
        case "unsolved":
            return act.by in OFFICERS | HEADS | DEPUTIES
        case "refuse" | "extend" | "report":
            return act.by in OFFICERS
        case _:
            return act.by in OFFICERS | HEADS


def on_plan(act: Act, approver: str) -> bool:
    """Whether a role may do this to a plan: the head fills it in, its own deputy approves or returns.

    Where the regulation has somebody else approve, a deputy stands above him.
    """
    if act.do == "fill-plan":
        return act.by in HEADS
    return act.by == approver or (approver not in DEPUTIES and act.by in DEPUTIES)
