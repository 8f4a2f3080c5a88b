"""Overdue tasks gather in one open plan draft of the head (L-9)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from mcur.playbooks.documents import Column, Document, Paragraph, Table
from mcur.playbooks.facts import Task, TaskKind
from mcur.playbooks.intents import CreateTask, Intent, Tell, UpdateTask, digest_of
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.term import is_late


class Gatherer(Rule):
    """Whose draft gathers what is overdue; ``authors``: only what these offices or roles have set."""

    id: str = ""
    owner: str
    authors: tuple[str, ...] = ()


class OnOverdue(Rule):
    """Overdue tasks of these kinds gather in one open plan draft of the owner (L-9).

    ``heads``: where several owe it, each with the clause of his own and a draft of his own.
    """

    on: Literal["overdue"]
    objects: tuple[TaskKind, ...]
    owner: str = ""
    heads: tuple[Gatherer, ...] = ()

    def owners(self) -> tuple[Gatherer, ...]:
        """Return who gathers: the heads, or the owner of everything."""
        return self.heads or (Gatherer(clause=self.clause, owner=self.owner),)

    def problems(self) -> list[str]:
        """Say where nobody owns the draft."""
        return [] if self.owner or self.heads else ["owner: is missing; name one, or heads"]


def decide(rule: OnOverdue, case: Case) -> Iterator[Intent]:
    """Put what is newly overdue into the open drafts, or open them."""
    breached = [
        case.facts.task(term.object) for term in case.facts.fresh_breaches(case.playbook.id)
    ]
    for head in rule.owners():
        late = [t for t in breached if t and is_late(t, case.now) and _is_his(rule, case, head, t)]
        if late:
            yield from _gather(rule, case, head, late)


def _is_his(rule: OnOverdue, case: Case, head: Gatherer, task: Task) -> bool:
    """Whether a task is of the kinds, and of the authors where only theirs count."""
    if task.kind not in rule.objects:
        return False
    letter = case.facts.letter(task.letter) if task.letter else None
    sender = letter.sender if letter else task.author
    directory = case.facts.directory
    known = {task.author, directory.trusted_as(sender) or "", *directory.roles_of(sender)}
    return not head.authors or bool(known & set(head.authors))


def _gather(rule: OnOverdue, case: Case, head: Gatherer, late: list[Task]) -> Iterator[Intent]:
    opened = _open_plan(rule, case, head)
    if opened is None:
        yield from _new_plan(rule, case, head, late)
        return
    late = [task for task in late if task.key != opened.key]
    gathered = _gathered(rule, case, head, opened)
    why = case.say("ladder.overdue.why", tasks=late)
    if late:
        yield UpdateTask(
            key=f"update:{opened.key}:{digest_of(*(t.key for t in gathered))}",
            cite=case.cite(rule, why, clause=head.clause),
            task=opened.key,
            note=Document(blocks=(Paragraph(text=why),)),
            body=_plan_body(case, head, gathered),
        )


def _open_plan(rule: OnOverdue, case: Case, head: Gatherer) -> Task | None:
    plans = case.facts.tasks(case.playbook.id, {TaskKind.PLAN})
    whose = f":{rule.id}:{head.owner}:" if rule.heads else ""
    own = (t for t in plans if t.rule == rule.id and whose in t.key)
    return next((t for t in own if t.status.is_open), None)


def _gathered(rule: OnOverdue, case: Case, head: Gatherer, plan: Task | None) -> list[Task]:
    """All that is overdue now; the draft is a plan itself and does not stand in its own table."""
    tasks = case.facts.tasks(case.playbook.id, set(rule.objects))
    late = [t for t in tasks if is_late(t, case.now) and not t.history]
    late = [t for t in late if _is_his(rule, case, head, t)]
    started = [t for t in late if t.due_at and t.due_at >= case.facts.live_from]
    return sorted(
        (t for t in started if plan is None or t.key != plan.key),
        key=lambda t: (t.due_at or case.now, t.key),
    )


def _new_plan(rule: OnOverdue, case: Case, head: Gatherer, late: list[Task]) -> Iterator[Intent]:
    day = case.playbook.calendar.day_of(case.now)
    whose = f"{head.owner}:" if rule.heads else ""
    key = base = f"draft:{case.playbook.id}:{rule.id}:{whose}{day}"
    number = 1
    while case.facts.knows(key):
        number += 1
        key = f"{base}:{number}"
    why = case.say("ladder.overdue.why", tasks=late)
    cite = case.cite(rule, why, clause=head.clause)
    body = _plan_body(case, head, _gathered(rule, case, head, None))
    subject = case.say("ladder.overdue.subject", at=case.now)
    yield CreateTask(
        key=key,
        cite=cite,
        kind=TaskKind.PLAN,
        project=case.playbook.projects["plan"],
        subject=subject,
        body=body,
        assignee=head.owner,
        urgent=True,
    )
    yield Tell(
        key=key,
        cite=cite,
        event="draft.prepared",
        to=(head.owner,),
        subject=subject,
        data={"to": [head.owner], "text": why, "attachments": []},
    )


def _plan_body(case: Case, head: Gatherer, late: list[Task]) -> Document:
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
        footer=(case.clause_line(head.clause),),
        landscape=True,
    )
