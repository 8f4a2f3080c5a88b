"""What letters become: assignments of the centre, answers to tasks, reports of the day, matters for a person."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Literal

from pydantic import Field

from mcur.playbooks import inbound, notes, sorting
from mcur.playbooks.documents import Block, Document, Pairs, Paragraph, plain
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import Letter, Task, TaskKind, TaskStatus
from mcur.playbooks.intents import (
    Channel,
    Cite,
    CreateTask,
    Intent,
    PrepareDraft,
    RaiseFlag,
    SendLetter,
    SortLetter,
    UpdateTask,
)
from mcur.playbooks.language import mask_personal
from mcur.playbooks.quotes import strip_quoted
from mcur.playbooks.rules import answers, draft_shape, inbound_reports
from mcur.playbooks.rules.answers import FromExecutors
from mcur.playbooks.rules.base import Case, Rule


class AnswerDuty(Rule):
    """Who owes the sender of an assignment an answer when it is closed."""

    id: str = "answer"
    owner: str


class FromLetters(Rule):
    """A letter of the centre becomes an assignment; address and problem are read from its text.

    ``labels`` are the words that stand before a value in such letters. Only the kinds of
    trusted ``senders`` may give assignments, and of our own people those in the roles of
    ``givers``; a report of the day begins with one of ``reports_begin``. ``table`` says what a letter
    is, its first matching row counts; ``decisions`` are the words by which a person in a role
    decides, ``greetings`` may stand before them and ``closings`` end them. ``per_sender`` letters of one sender are taken a day, a
    question to a report is answered within ``question_within``.
    """

    takes: Literal["letters"]
    assignee: str
    senders: tuple[str, ...]
    givers: tuple[str, ...] = ()
    reports_begin: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]]
    answer: AnswerDuty | None = None
    table: tuple[sorting.Row, ...] = ()
    decisions: tuple[sorting.Decision, ...] = ()
    greetings: tuple[str, ...] = ()
    closings: tuple[str, ...] = ()
    per_sender: int = Field(default=100, ge=1)
    question_within: ElapsedField = timedelta(hours=24)


def rule_of(case: Case) -> FromLetters | None:
    """Return the rule of this playbook that says what a letter is, if it has one."""
    rules = case.playbook.enabled("intake")
    return next((rule for rule in rules if isinstance(rule, FromLetters)), None)


def may_give(rule: FromLetters, case: Case, letter: Letter) -> bool:
    """Our own people give no assignments by the address of their house, but in their roles."""
    directory = case.facts.directory
    roles = set(directory.roles_of(letter.sender)) & set(case.playbook.roles)
    if roles:
        return bool(roles & set(rule.givers))
    return directory.trusted_as(letter.sender) in rule.senders


def report_of_the_day(rule: FromLetters, case: Case, letter: Letter) -> Iterator[Intent]:
    """Keep the report that somebody is owed; any other waits for the daily control."""
    kept = _collected(case, letter)
    yield from kept or review(rule, case, letter, case.say("letter.report", letter=letter))


def _collected(case: Case, letter: Letter) -> list[Intent]:
    """Return what follows where the sender owes somebody his report of the day; else nothing."""
    owed = (r for r in case.playbook.enabled("report") if isinstance(r, inbound_reports.Inbound))
    kept = [intent for rule in owed for intent in inbound_reports.collect(rule, case, letter)]
    if kept and letter.authenticated is not False:
        why = case.say("letter.collected", letter=letter)
        return [*kept, SortLetter(digest=letter.digest, state="answer", why=why)]
    return []


def assignment(rule: FromLetters, case: Case, letter: Letter) -> Iterator[Intent]:
    """Make the task that a letter asks for; without a house the officer is asked to find it."""
    key = f"task:{case.playbook.id}:letter:{letter.digest}"
    found = inbound.read_assignment(letter, rule.labels, case.playbook.calendar)
    why = case.say("intake.letters.why", letter=letter)
    cite = case.cite(rule, why)
    yield CreateTask(
        key=key,
        cite=cite,
        kind=TaskKind.ASSIGNMENT,
        project=case.playbook.projects["assignment"],
        subject=case.say("intake.letters.subject", found=found),
        body=_assignment_body(rule, case, letter, found),
        assignee=rule.assignee,
        due_at=found.due_at,
        letter=letter.digest,
        topic=found.problem,
        fields={
            "source": letter.sender,
            **({"address": found.address} if found.address else {}),
        },
        attachments=(*letter.attachments, *inbound.original(letter)),
        urgent=True,
    )
    yield SortLetter(digest=letter.digest, state="task", why=why, task=key)
    if found.house is None:
        text = case.say("intake.letters.no_house", letter=letter, found=found)
        yield RaiseFlag(
            key=f"flag:{key}:address", cite=case.cite(rule, text), object=key, text=text
        )


def _assignment_body(
    rule: FromLetters, case: Case, letter: Letter, found: inbound.Assignment
) -> Document:
    due = case.say("moment", at=found.due_at) if found.due_at else case.say("no_due")
    pairs = (
        (case.say("label.from"), f"{letter.sender_name} <{letter.sender}>".strip()),
        (case.say("label.received"), case.say("moment", at=letter.received_at)),
        (case.say("label.address"), found.address or case.say("no_address")),
        (case.say("label.problem"), found.problem),
        (case.say("label.due"), due),
    )
    blocks: list[Block] = [
        Pairs(items=pairs),
        *(Paragraph(text=flaw, tone="mark") for flaw in letter.flaws),
        Paragraph(text=letter.text or case.say("letter.empty")),
        Paragraph(text=case.say("intake.letters.done_when"), tone="quiet"),
    ]
    return Document(blocks=tuple(blocks), footer=(case.clause_line(rule.clause),))


def answer(rule: FromLetters, case: Case, letter: Letter, task: Task) -> Iterator[Intent]:
    """Join an answer to its task; what its executor says, or who works on it, may mean something."""
    said = strip_quoted(letter.text)[0] or case.say("letter.empty")
    head = case.say("letter.answer", letter=letter)
    why = head.rstrip(":")
    hears = answers.rule_of(case)
    if hears and task.status.is_open and _is_heard(hears, case, letter, task):
        yield from answers.from_letter(hears, case, letter, task, _role_at_work(case, letter, task))
        return
    yield UpdateTask(
        key=f"update:{task.key}:letter:{letter.digest}",
        cite=Cite(
            playbook=case.playbook.id, rule=rule.id, clause=task.clause or rule.clause, why=why
        ),
        task=task.key,
        note=plain(head, said),
        fields=notes.fields_in(said) if _may_report(case, letter, task) else {},
        attachments=letter.attachments,
    )
    doubt = ""
    if not task.status.is_open:
        doubt = "letter.closed"
    elif _is_stranger(case, letter, task):
        doubt = "letter.stranger"
    if doubt:
        yield from review(rule, case, letter, case.say(doubt, letter=letter, task=task), task)
    else:
        yield SortLetter(digest=letter.digest, state="answer", why=why, task=task.key)


def _is_heard(rule: FromExecutors, case: Case, letter: Letter, task: Task) -> bool:
    """Whether a letter of the task's executor, or of ours who works on it, may mean something."""
    if letter.authenticated is False:
        return False
    if _role_at_work(case, letter, task):
        return True
    executor = case.facts.directory.executor_of(letter.sender)
    return task.kind in rule.kinds and executor is not None and executor.name == task.executor


def _role_at_work(case: Case, letter: Letter, task: Task) -> str:
    """Return the role of ours that has the task and wrote the letter; empty for anybody else."""
    role = (task.assignee or "").partition("@")[0]
    holds = task.executor is None and role in case.facts.directory.roles_of(letter.sender)
    return role if holds else ""


def _is_stranger(case: Case, letter: Letter, task: Task) -> bool:
    """Whether a letter is neither from the executor nor from anybody whom the task concerns."""
    trusted = case.facts.directory.trusted_as(letter.sender) is not None
    return not trusted and not _may_report(case, letter, task)


def _may_report(case: Case, letter: Letter, task: Task) -> bool:
    """Only the task's own executor, or a person of the centre, fills in what reports say."""
    executor = case.facts.directory.executor_of(letter.sender)
    known = executor is not None and executor.name == task.executor
    staff = set(case.facts.directory.roles_of(letter.sender)) & set(case.playbook.roles)
    return letter.authenticated is not False and (known or bool(staff))


def review(
    rule: FromLetters, case: Case, letter: Letter, why: str, task: Task | None = None
) -> Iterator[Intent]:
    """Put a letter before a person, with the reason."""
    key = task.key if task else None
    yield SortLetter(digest=letter.digest, state="review", why=why, task=key)
    yield RaiseFlag(
        key=f"flag:{case.playbook.id}:letter:{letter.digest}",
        cite=case.cite(rule, why),
        object=f"letter:{letter.digest}",
        text=why,
    )


def owed(rule: FromLetters, case: Case) -> Iterator[Intent]:
    """Prepare the answer that the sender of a solved assignment is owed."""
    if rule.answer is None:
        return
    for task in case.facts.fresh_tasks(case.playbook.id):
        if task.kind is not TaskKind.ASSIGNMENT or task.status is not TaskStatus.CLOSED:
            continue
        letter = task.letter and case.facts.letter(task.letter)
        if letter:
            yield from _owed(rule, rule.answer, case, task, letter)


def _owed(
    rule: FromLetters, duty: AnswerDuty, case: Case, task: Task, letter: Letter
) -> Iterator[Intent]:
    key = f"draft:{case.playbook.id}:{duty.clause}:{task.key}:{task.reopen_count}"
    if case.facts.knows(key):
        return
    why = case.say("intake.letters.answer_why", letter=letter)
    cite = case.cite(rule, why, clause=duty.clause, clauses=(duty.clause,))
    document = Document(
        title=case.say("intake.letters.answer_title", letter=letter),
        blocks=(
            Paragraph(text=case.say("intake.letters.answer_text", letter=letter, task=task)),
            Pairs(
                items=(
                    (
                        case.say("label.measures"),
                        mask_personal(task.measures or case.say("no_measures")),
                    ),
                    (case.say("label.causes"), mask_personal(task.causes or case.say("not_given"))),
                    (
                        case.say("label.prevention"),
                        mask_personal(task.prevention or case.say("not_given")),
                    ),
                )
            ),
        ),
    )
    letter_out = SendLetter(
        key=f"letter:{case.playbook.id}:{duty.clause}:1:{task.key}:{task.reopen_count + 1}",
        cite=cite,
        channel=Channel.TASKS,
        sender=duty.owner,
        to=(letter.sender,),
        subject=case.say("intake.letters.answer_subject", letter=letter),
        document=document,
        answers=letter.message_id,
    )
    yield PrepareDraft(key=key, cite=cite, owner=duty.owner, letter=letter_out, task=task.key)
    until = draft_shape.until(case.playbook, rule.id, case.now)
    ready = case.say("intake.letters.answer_ready", key=key, until=until)
    yield UpdateTask(
        key=f"update:{task.key}:answer:{task.reopen_count}",
        cite=cite.model_copy(update={"clause": task.clause}),
        task=task.key,
        note=document.model_copy(update={"blocks": (Paragraph(text=ready), *document.blocks)}),
    )
