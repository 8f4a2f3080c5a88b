"""Letters of the centre become assignments, answers join their tasks, the rest waits for review."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from mcur.playbooks import inbound, notes
from mcur.playbooks.documents import Block, Document, Pairs, Paragraph, plain
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
from mcur.playbooks.quotes import strip_quoted
from mcur.playbooks.rules import announcing, answers, inbound_reports
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
    ``givers``; everything else that answers nothing of ours goes to the review queue, also the report of the day of a person in a role, whose subject starts
    with one of ``reports_begin``.
    """

    takes: Literal["letters"]
    assignee: str
    senders: tuple[str, ...]
    givers: tuple[str, ...] = ()
    reports_begin: tuple[str, ...] = ()
    labels: Mapping[str, tuple[str, ...]]
    answer: AnswerDuty | None = None


def sort_letters(rule: FromLetters, case: Case) -> Iterator[Intent]:
    """Say of each new letter what it is, and prepare the answers that closed assignments owe."""
    for letter in case.facts.fresh_letters():
        yield from _letter(rule, case, letter)
    yield from _answers(rule, case)


def leftover(case: Case) -> Iterator[Intent]:
    """Put what no regulation of the site took before a person, so that no letter waits for ever."""
    for letter in case.facts.fresh_letters():
        why = case.say("letter.unknown", letter=letter)
        yield SortLetter(digest=letter.digest, state="review", why=why)


def _letter(rule: FromLetters, case: Case, letter: Letter) -> Iterator[Intent]:
    if letter.received_at < case.facts.live_from:
        yield SortLetter(digest=letter.digest, state="history", why=case.say("letter.history"))
        return
    known = case.facts.letter_for((letter.in_reply_to or "", *letter.references))
    task = (_task_behind(known, case) if known else None) or answers.named_task(case, letter)
    if (task and task.playbook != case.playbook.id) or _is_of_another(known, case):
        return
    trusted = _may_give(rule, case, letter)
    if task:
        yield from _answer(rule, case, letter, task)
    elif letter.auto:
        yield SortLetter(digest=letter.digest, state="review", why=case.say("letter.auto"))
    elif _is_report_of_the_day(rule, case, letter):
        yield from _report_of_the_day(rule, case, letter)
    elif trusted and letter.authenticated is not False:
        yield from _assignment(rule, case, letter)
    else:
        staff = case.facts.directory.roles_of(letter.sender)
        why = "letter.ours" if known else "letter.staff" if staff else "letter.unknown"
        if trusted:
            why = "letter.spoofed"
        yield from _review(rule, case, letter, case.say(why, letter=letter))


def _is_of_another(known: str | None, case: Case) -> bool:
    """Whether a letter answers something of another regulation, which takes it itself."""
    return known is not None and known.split(":")[1:2] != [case.playbook.id]


def _may_give(rule: FromLetters, case: Case, letter: Letter) -> bool:
    """Our own people give no assignments by the address of their house, but in their roles."""
    directory = case.facts.directory
    roles = set(directory.roles_of(letter.sender)) & set(case.playbook.roles)
    if roles:
        return bool(roles & set(rule.givers))
    return directory.trusted_as(letter.sender) in rule.senders


def _is_report_of_the_day(rule: FromLetters, case: Case, letter: Letter) -> bool:
    """A person in a role who sends his report of the day gives no assignment."""
    staff = set(case.facts.directory.roles_of(letter.sender)) & set(case.playbook.roles)
    begins = tuple(word.casefold() for word in rule.reports_begin)
    return bool(staff) and letter.subject.strip().casefold().startswith(begins)


def _report_of_the_day(rule: FromLetters, case: Case, letter: Letter) -> Iterator[Intent]:
    """Keep the report that somebody is owed; any other waits for the daily control."""
    kept = _collected(case, letter)
    yield from kept or _review(rule, case, letter, case.say("letter.report", letter=letter))


def _collected(case: Case, letter: Letter) -> list[Intent]:
    """Return what follows where the sender owes somebody his report of the day; else nothing."""
    owed = (r for r in case.playbook.enabled("report") if isinstance(r, inbound_reports.Inbound))
    kept = [intent for rule in owed for intent in inbound_reports.collect(rule, case, letter)]
    if kept and letter.authenticated is not False:
        why = case.say("letter.collected", letter=letter)
        return [*kept, SortLetter(digest=letter.digest, state="answer", why=why)]
    return []


def _task_behind(key: str, case: Case) -> Task | None:
    """Find the task that a letter of ours was about: itself, the only one told of, or its object."""
    task = case.facts.task(key) or announcing.only_task_of(key, case)
    parts = key.split(":", 4)
    if task is None and parts[0] == "letter" and len(parts) == 5:
        task = case.facts.task(parts[4].rpartition(":")[0])
    return task


def _assignment(rule: FromLetters, case: Case, letter: Letter) -> Iterator[Intent]:
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


def _answer(rule: FromLetters, case: Case, letter: Letter, task: Task) -> Iterator[Intent]:
    said = strip_quoted(letter.text)[0] or case.say("letter.empty")
    head = case.say("letter.answer", letter=letter)
    hears = answers.rule_of(case)
    if hears and not letter.auto and task.status.is_open and _is_heard(hears, case, letter, task):
        yield from answers.from_letter(hears, case, letter, task, _role_at_work(case, letter, task))
        return
    if not letter.auto:
        yield UpdateTask(
            key=f"update:{task.key}:letter:{letter.digest}",
            cite=Cite(
                playbook=case.playbook.id, rule=rule.id, clause=task.clause or rule.clause, why=head
            ),
            task=task.key,
            note=plain(head, said),
            fields=notes.fields_in(said) if _may_report(case, letter, task) else {},
            attachments=letter.attachments,
        )
    if not letter.auto and not task.status.is_open:
        closed = case.say("letter.closed", letter=letter, task=task)
        yield from _review(rule, case, letter, closed, task)
        return
    if not letter.auto and _is_stranger(case, letter, task):
        stranger = case.say("letter.stranger", letter=letter, task=task)
        yield from _review(rule, case, letter, stranger, task)
        return
    why = case.say("letter.auto") if letter.auto else head
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


def _review(
    rule: FromLetters, case: Case, letter: Letter, why: str, task: Task | None = None
) -> Iterator[Intent]:
    key = task.key if task else None
    yield SortLetter(digest=letter.digest, state="review", why=why, task=key)
    yield RaiseFlag(
        key=f"flag:{case.playbook.id}:letter:{letter.digest}",
        cite=case.cite(rule, why),
        object=f"letter:{letter.digest}",
        text=why,
    )


def _answers(rule: FromLetters, case: Case) -> Iterator[Intent]:
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
                    (case.say("label.measures"), task.measures or case.say("no_measures")),
                    (case.say("label.causes"), task.causes or case.say("not_given")),
                    (case.say("label.prevention"), task.prevention or case.say("not_given")),
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
    yield PrepareDraft(key=key, cite=cite, owner=duty.owner, letter=letter_out)
    ready = case.say("intake.letters.answer_ready", key=key)
    yield UpdateTask(
        key=f"update:{task.key}:answer:{task.reopen_count}",
        cite=cite.model_copy(update={"clause": task.clause}),
        task=task.key,
        note=document.model_copy(update={"blocks": (Paragraph(text=ready), *document.blocks)}),
    )
