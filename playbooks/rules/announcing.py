"""Letters that tell executors of their new tasks: one an executor and half-hour, urgent at once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import timedelta

from mcur.playbooks.directory import Notify
from mcur.playbooks.documents import Column, Document, Paragraph, Table
from mcur.playbooks.facts import Task, TaskKind
from mcur.playbooks.intents import Announced, Channel, Intent, SendLetter, digest_of
from mcur.playbooks.rules.base import Case, Rule


def letters(rule: Rule, every: timedelta, wait: timedelta, case: Case) -> Iterator[Intent]:
    """Send each executor what he was not told yet, unless he had a letter within ``every``.

    A task is told of once the tracker has given it a number, or after ``wait`` without one; while
    the tracker is still at others of his, those that are made wait for them as long.
    """
    for name, tasks in sorted(_waiting(wait, case).items()):
        executor = case.facts.directory.executor(name)
        if executor is None or (executor.notify is Notify.REDMINE and executor.login):
            yield Announced(tasks=tuple(t.key for t in tasks), executor=name)
            continue
        last = case.facts.last_letter(case.playbook.id, name)
        if last is None or case.now - last >= every:
            yield _letter(rule, case, name, tasks)
            yield Announced(tasks=tuple(t.key for t in tasks), executor=name)


def only_task_of(letter: str, case: Case) -> Task | None:
    """Return the open task of an executor's letter by its key, where the letter told of no other."""
    for task in case.facts.tasks(case.playbook.id, {TaskKind.EXECUTOR}):
        if task.executor and letter == _letter_key(case, task.executor, [task]):
            return task
    return None


def _letter_key(case: Case, name: str, tasks: list[Task]) -> str:
    return f"letter:{case.playbook.id}:executor:{name}:{digest_of(*(t.key for t in tasks))}"


def _waiting(wait: timedelta, case: Case) -> dict[str, list[Task]]:
    found: dict[str, list[Task]] = defaultdict(list)
    being_made = set()
    for task in case.facts.tasks_to_announce(case.playbook.id):
        name = (task.assignee or "").removeprefix("executor:")
        waited = case.now - task.decided_at
        if name and (task.ident or waited >= wait):
            found[name].append(task)
        elif waited:
            being_made.add(name)
    return {
        name: tasks
        for name, tasks in found.items()
        if name not in being_made or any(case.now - t.decided_at >= wait for t in tasks)
    }


def _letter(rule: Rule, case: Case, name: str, tasks: list[Task]) -> SendLetter:
    why = case.say("announcing.why", count=len(tasks), executor=name)
    return SendLetter(
        key=_letter_key(case, name, tasks),
        cite=case.cite(rule, why),
        channel=Channel.EXECUTOR_MAIL,
        sender=getattr(rule, "officer", ""),
        to=(f"executor:{name}",),
        subject=case.say("announcing.subject", count=len(tasks), tasks=tasks),
        document=_document(rule, case, name, tasks),
    )


def _document(rule: Rule, case: Case, name: str, tasks: list[Task]) -> Document:
    rows = tuple(
        (
            f"№ {task.ident}" if task.ident else "",
            task.number or "",
            task.address or case.say("no_address"),
            task.topic or task.subject,
            case.say("moment", at=task.due_at) if task.due_at else case.say("no_due"),
        )
        for task in sorted(tasks, key=lambda t: (t.due_at is None, t.due_at or t.decided_at))
    )
    titles = ("task", "number", "address", "problem", "due")
    weights = (2, 3, 6, 6, 3)
    columns = tuple(
        Column(title=case.say(f"announcing.column.{title}"), weight=weight)
        for title, weight in zip(titles, weights, strict=True)
    )
    return Document(
        title=case.say("announcing.title", executor=name),
        lead=(case.say("announcing.lead", count=len(tasks)),),
        blocks=(
            Table(columns=columns, rows=rows),
            Paragraph(text=case.say("announcing.what_next", count=len(tasks))),
        ),
        footer=(case.clause_line(rule.clause),),
    )
