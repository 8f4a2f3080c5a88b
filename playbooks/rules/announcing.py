"""Letters that tell executors of their new tasks and of what joined them: one an executor and half-hour."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mcur.playbooks.directory import Notify
from mcur.playbooks.documents import Block, Column, Document, Paragraph, Table
from mcur.playbooks.facts import Appeal, Task, TaskKind
from mcur.playbooks.intents import Announced, Channel, Intent, SendLetter, digest_of
from mcur.playbooks.rules.base import Case, Rule

Row = tuple[str, ...]
"""Task, appeal, address, problem and term."""


@dataclass(frozen=True, slots=True)
class Grown:
    """A task that an executor knows, the appeals that joined it since, and how many share it now."""

    task: Task
    appeals: Sequence[Appeal]
    total: int

    @property
    def fact(self) -> str:
        """Name what a letter tells of it: the same growth is told once."""
        return _growth(self.task, self.total)


@dataclass(frozen=True, slots=True)
class News:
    """What one executor was not told yet."""

    tasks: Sequence[Task]
    grown: Sequence[Grown]

    @property
    def keys(self) -> tuple[str, ...]:
        """Return the tasks that it is about."""
        return (*(t.key for t in self.tasks), *(g.task.key for g in self.grown))

    @property
    def facts(self) -> tuple[str, ...]:
        """Return what makes the letter another one."""
        return (*(t.key for t in self.tasks), *(g.fact for g in self.grown))

    @property
    def appeals(self) -> int:
        """Count what joined tasks that he knows."""
        return sum(len(g.appeals) for g in self.grown)


def letters(rule: Rule, every: timedelta, wait: timedelta, case: Case) -> Iterator[Intent]:
    """Send each executor what he was not told yet, unless he had a letter within ``every``.

    A task is told of once the tracker has given it a number, or after ``wait`` without one; while
    the tracker is still at others of his, those that are made wait for them as long.
    """
    new, grown = _waiting(wait, case), _grown(case)
    for name in sorted({*new, *grown}):
        news = News(new.get(name, ()), grown.get(name, ()))
        executor = case.facts.directory.executor(name)
        if executor is None or (executor.notify is Notify.REDMINE and executor.login):
            yield Announced(tasks=news.keys, executor=name)
            continue
        last = case.facts.last_letter(case.playbook.id, name)
        if last is None or case.now - last >= every:
            yield _letter(rule, case, name, news)
            yield Announced(tasks=news.keys, executor=name)


def only_task_of(letter: str, case: Case) -> Task | None:
    """Return the open task of an executor's letter by its key, where the letter told of no other."""
    for task in case.facts.tasks(case.playbook.id, {TaskKind.EXECUTOR}):
        if task.executor is None:
            continue
        sizes = range(2, len(case.facts.joined(task.key)) + 1)
        told = (task.key, *(_growth(task, size) for size in sizes))
        keys = (_letter_key(case, task.executor, [fact]) for fact in told)
        if any(letter == key or letter.startswith(f"{key}:") for key in keys):
            return task
    return None


def _growth(task: Task, total: int) -> str:
    return f"{task.key}+{total}"


def _letter_key(case: Case, name: str, facts: Sequence[str]) -> str:
    return f"letter:{case.playbook.id}:executor:{name}:{digest_of(*facts)}"


def _next_key(case: Case, name: str, facts: Sequence[str]) -> str:
    """Return the key of a letter; what comes back to an executor is told again, under one of its own."""
    key = first = _letter_key(case, name, facts)
    number = 1
    while case.facts.knows(key):
        number += 1
        key = f"{first}:{number}"
    return key


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


def _grown(case: Case) -> dict[str, list[Grown]]:
    """Return by executor the open tasks that grew after he was told of them."""
    found: dict[str, list[Grown]] = defaultdict(list)
    for key, appeals in case.facts.grown(case.playbook.id).items():
        task = case.facts.task(key)
        if task is not None and task.executor and task.status.is_open and not task.announce:
            total = len(case.facts.joined(key))
            found[task.executor].append(Grown(task, _known(case, appeals), total))
    return found


def _letter(rule: Rule, case: Case, name: str, news: News) -> SendLetter:
    if news.tasks:
        count = len(news.tasks)
        why = case.say("announcing.why", count=count, executor=name)
        subject = case.say("announcing.subject", count=count, tasks=news.tasks)
    else:
        why = case.say("joined.why", count=news.appeals, executor=name)
        grown = [one.task for one in news.grown]
        subject = case.say("joined.subject", count=news.appeals, tasks=grown)
    return SendLetter(
        key=_next_key(case, name, news.facts),
        cite=case.cite(rule, why),
        channel=Channel.EXECUTOR_MAIL,
        sender=getattr(rule, "officer", ""),
        to=(f"executor:{name}",),
        subject=subject,
        document=_document(rule, case, name, news),
    )


def _document(rule: Rule, case: Case, name: str, news: News) -> Document:
    tasks = news.tasks
    joined = case.say("joined.lead", count=news.appeals) if news.grown else ""
    lead = case.say("announcing.lead", count=len(tasks), tasks=tasks) if tasks else joined
    blocks: list[Block] = []
    if tasks:
        soonest = sorted(tasks, key=lambda t: (t.due_at is None, t.due_at or t.decided_at))
        blocks.append(_table(case, (row for task in soonest for row in _rows(case, task))))
    if tasks and joined:
        blocks.append(Paragraph(text=joined))
    if joined:
        grown = (_row(case, one.task, appeal) for one in news.grown for appeal in one.appeals)
        blocks.append(_table(case, grown))
    what_next = case.say("announcing.what_next", count=len(news.keys), tasks=tasks)
    return Document(
        title=case.say("announcing.title", executor=name),
        lead=(lead,),
        blocks=(*blocks, Paragraph(text=what_next)),
        footer=(case.clause_line(rule.clause),),
    )


def _table(case: Case, rows: Iterable[Row]) -> Table:
    """Name every one: who works by mail sees nothing else of it."""
    weights = {"task": 2, "number": 3, "address": 6, "problem": 6, "due": 3}
    columns = tuple(
        Column(title=case.say(f"announcing.column.{title}"), weight=weight)
        for title, weight in weights.items()
    )
    return Table(columns=columns, rows=tuple(rows))


def _rows(case: Case, task: Task) -> list[Row]:
    """Return the row of a task, or of each appeal that it tells of where many share it."""
    untold = set(case.facts.untold(task.playbook).get(task.key, ()))
    members = _known(case, [m for m in case.facts.joined(task.key) if m not in untold])
    if len(members) > 1:
        return [_row(case, task, appeal) for appeal in members]
    return [_row(case, task, None)]


def _row(case: Case, task: Task, appeal: Appeal | None) -> Row:
    """What a person corrected stands on the task; where appeals share it each speaks for itself."""
    due = (appeal.due_at if appeal else None) or task.due_at
    number, address, topic = (
        (appeal.number, appeal.address, appeal.topic)
        if appeal
        else (task.number, task.address, task.topic)
    )
    return (
        f"№ {task.ident}" if task.ident else "",
        number or "",
        address or case.say("no_address"),
        topic or task.subject,
        case.say("moment", at=due) if due else case.say("no_due"),
    )


def _known(case: Case, names: Iterable[tuple[str, str]]) -> list[Appeal]:
    return [appeal for appeal in (case.facts.appeal(*name) for name in names) if appeal]
