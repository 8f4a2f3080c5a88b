"""Short letters to an executor about one of his tasks; he may answer each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcur.playbooks.directory import Notify
from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.facts import Task
from mcur.playbooks.intents import Channel, Cite, SendLetter, digest_of
from mcur.playbooks.rules.base import Case

if TYPE_CHECKING:
    from mcur.playbooks.rules.answers import FromExecutors


def to_executor(
    rule: FromExecutors,
    case: Case,
    task: Task,
    cite: Cite,
    what: str,
    occasion: str,
    text: str,
    thread: str | None,
) -> SendLetter | None:
    """Write to a task's executor, once an occasion; ``None`` where he hears of it in the tracker."""
    executor = case.facts.directory.executor(task.executor)
    if executor is None or (executor.notify is Notify.REDMINE and executor.login):
        return None
    return SendLetter(
        key=f"letter:{case.playbook.id}:{rule.id}:{what}:{task.key}:{digest_of(occasion)}",
        cite=cite,
        channel=Channel.EXECUTOR_MAIL,
        sender=rule.officer,
        to=(f"executor:{executor.name}",),
        subject=case.say(f"executors.{what}_subject", task=task),
        document=_document(case, task, cite, text),
        answers=thread,
    )


def _document(case: Case, task: Task, cite: Cite, text: str) -> Document:
    due = case.say("moment", at=task.due_at) if task.due_at else case.say("no_due")
    pairs = (
        (case.say("label.task"), f"№ {task.ident}" if task.ident else task.subject),
        (case.say("label.number"), task.number or case.say("not_given")),
        (case.say("label.address"), task.address or case.say("no_address")),
        (case.say("label.problem"), task.topic or task.subject),
        (case.say("label.due"), due),
    )
    return Document(
        blocks=(Paragraph(text=text), Pairs(items=pairs)), footer=(case.clause_line(cite.clause),)
    )
