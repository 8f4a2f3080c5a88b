"""Drafts of plans that wait: to be filled in, or for the word of whoever approves them."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import plain
from mcur.playbooks.facts import Task, TaskKind, TaskStatus
from mcur.playbooks.incidents import Plan
from mcur.playbooks.intents import Cite, Intent, KeepPlan, Tell, UpdateTask
from mcur.playbooks.language import capital
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.draft_shape import Until, Waiting
from mcur.playbooks.rules.gathering import OnOverdue


def decide(rule: Waiting, case: Case) -> Iterator[Intent]:
    """Remind whoever has a draft, once; end a plan that nobody approved in time."""
    for task in waiting(rule, case):
        until = rule.until(case.playbook.calendar, task.decided_at)
        plan = case.facts.plan(task.key)
        if plan is not None and plan.state == "approved":
            continue  # its tracker is silent: the task is closed when it speaks
        if plan is not None and until.is_over(case.now):
            yield from _end(case, task, plan, until)
        elif case.now >= until.due_at and not case.facts.knows(f"term.reminded:{task.key}"):
            yield from _remind(case, task, plan, until)


def waiting(rule: Waiting, case: Case) -> list[Task]:
    """Return the open drafts of the plans that a rule names."""
    plans, ladders = (case.playbook.rules.get(kind, {}) for kind in ("plan", "ladder"))
    named = {of for of in rule.of if of in plans or isinstance(ladders.get(of), OnOverdue)}
    if not named:
        return []
    tasks = case.facts.tasks(case.playbook.id, {TaskKind.PLAN})
    return [t for t in tasks if t.rule in named and t.key.startswith("draft:")]


def _remind(case: Case, task: Task, plan: Plan | None, until: Until) -> Iterator[Intent]:
    holder = task.assignee or ""
    why = case.say(
        "drafting.plan" if plan else "drafting.overdue",
        task=task,
        who=case.playbook.roles.get(holder, holder),
        filled=plan is not None and plan.state == "filled",
        until=until,
    )
    cite = _cite(task, why)
    yield Tell(
        key=task.key, cite=cite, event="term.reminded", to=(holder,) if holder else (),
        subject=task.subject, data={"due_at": until.due_at, "expires_at": until.expires_at},
    )  # fmt: skip
    note = plain(f"{capital(why)}.")
    yield UpdateTask(key=f"update:{task.key}:remind", cite=cite, task=task.key, note=note)


def _end(case: Case, task: Task, plan: Plan, until: Until) -> Iterator[Intent]:
    why = case.say("drafting.plan_expired", task=task, until=until)
    cite = _cite(task, why)
    yield KeepPlan(key=plan.key, cite=cite, task=task.key, state="expired")
    yield Tell(key=task.key, cite=cite, event="draft.expired", subject=task.subject)
    yield UpdateTask(
        key=f"update:{task.key}:end", cite=cite, task=task.key, note=plain(f"{capital(why)}."),
        status=TaskStatus.REJECTED,
    )  # fmt: skip


def _cite(task: Task, why: str) -> Cite:
    return Cite(playbook=task.playbook, rule=task.rule, clause=task.clause, why=why)
