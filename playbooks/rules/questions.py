"""A free question to a report is a task of its author; its answer goes back to whoever asked."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.facts import Letter, Task, TaskKind, TaskStatus
from mcur.playbooks.intents import Channel, Cite, CreateTask, Intent, SendLetter, SortLetter
from mcur.playbooks.quotes import strip_quoted
from mcur.playbooks.rules import echoes
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.sighting import Seen

PROJECTS = (TaskKind.QUESTION, TaskKind.ASSIGNMENT, TaskKind.REVIEW, TaskKind.DAY)
"""Where a question is put: the first that the playbook has a project for."""
_SAYS = frozenset({"note", "close", "status"})


def asked(rule: FromLetters, case: Case, seen: Seen) -> Iterator[Intent]:
    """Give the author of the report a task with the question, due within ``question_within``."""
    letter = seen.sight.letter
    report = case.playbook.rules["report"].get(seen.sight.key.split(":")[2])
    author = getattr(report, "author", "") or rule.assignee
    project = next((case.playbook.projects[k] for k in PROJECTS if k in case.playbook.projects), "")
    key = f"task:{case.playbook.id}:letter:{letter.digest}"
    sent = case.facts.letter_sent(seen.answered or "")
    about = sent.subject if sent else letter.subject
    why = case.say("question.why", letter=letter, subject=about)
    said = strip_quoted(letter.text)[0]
    clause = report.clause if report else rule.clause
    pairs = (
        (case.say("label.from"), f"{letter.sender_name} <{letter.sender}>".strip()),
        (case.say("label.received"), case.say("moment", at=letter.received_at)),
        (case.say("question.label"), about),
    )
    yield CreateTask(
        key=key,
        cite=case.cite(rule, why, clause=clause, clauses=(clause,)),
        kind=TaskKind.QUESTION,
        project=project,
        subject=case.say("question.subject", subject=about),
        body=Document(
            blocks=(
                Pairs(items=pairs),
                Paragraph(text=said or case.say("letter.empty")),
                Paragraph(text=case.say("question.done_when"), tone="quiet"),
            ),
            footer=(case.clause_line(clause),),
        ),
        assignee=author,
        due_at=letter.received_at + rule.question_within,
        letter=letter.digest,
        topic=about,
        attachments=letter.attachments,
    )
    yield SortLetter(digest=letter.digest, state="task", why=why, task=key)


def answered(case: Case) -> Iterator[Intent]:
    """Send the answer of a closed question to whoever asked."""
    for task in case.facts.fresh_tasks(case.playbook.id):
        if task.kind is not TaskKind.QUESTION or task.status is not TaskStatus.CLOSED:
            continue
        letter = task.letter and case.facts.letter(task.letter)
        said = _answer(case, task)
        if letter and said:
            yield _letter(case, task, letter, said)


def _answer(case: Case, task: Task) -> str:
    """Return what the author wrote: the measures, else his last words on the task."""
    words = [act.text for act in case.facts.acts_on(task.key) if act.do in _SAYS and act.text]
    return task.measures or next(iter(words[::-1]), "")


def _letter(case: Case, task: Task, letter: Letter, said: str) -> SendLetter:
    text = case.say("question.answer", subject=task.topic or task.subject)
    why = case.say("question.answered", subject=task.topic or task.subject)
    return SendLetter(
        key=f"letter:{case.playbook.id}:answer:1:{task.key}:{task.reopen_count + 1}",
        cite=Cite(playbook=case.playbook.id, rule=task.rule, clause=task.clause, why=why),
        channel=Channel.TASKS,
        sender=task.assignee or "",
        to=(echoes.reader(case, letter),),
        subject=case.say("echo.subject", letter=letter),
        document=Document(
            blocks=(Paragraph(text=text), Paragraph(text=said)),
            footer=(case.clause_line(task.clause),),
        ),
        answers=letter.message_id,
    )
