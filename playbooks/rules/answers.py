"""What executors answer becomes what the regulation makes of it.

A report with its materials waits for the officer, one without them stays open and the materials are
asked for; a notice that asks for another term is judged and passed on, the term stays until it is
granted; a refusal is only a suggestion. Letters, acts for somebody who phoned and statuses that an
executor sets himself go the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mcur.playbooks import notes, phrases
from mcur.playbooks.documents import Document, plain
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import Attachment, Letter, Task, TaskKind, TaskStatus
from mcur.playbooks.intents import (
    Cite,
    Intent,
    KeepExtension,
    RaiseFlag,
    SortLetter,
    UpdateTask,
)
from mcur.playbooks.quotes import strip_quoted
from mcur.playbooks.rules import hearing, replies
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.extensions import judge, said_of
from mcur.playbooks.rules.hearing import Heard, Hearing


class FromExecutors(Hearing):
    """What the executors of these kinds of tasks answer; the officer decides what follows.

    ``head`` is asked where the officer himself wants another term. With ``proof`` a report counts
    once its materials are there.
    """

    takes: Literal["answers"]
    officer: str
    head: str
    kinds: tuple[TaskKind, ...] = (TaskKind.EXECUTOR,)
    proof: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """Something that was said of a task: by whom, when, in which words, with which files.

    ``key`` names the change of the task that it makes; ``lines`` tell of it on the task; ``thread`` is the letter that an answer to
    it continues; ``staff`` is the role of one of our own, empty for an executor. ``listed``: it stood
    beside the task's number, in a letter about several.
    """

    key: str
    at: datetime
    lines: tuple[str, ...]
    text: str
    names: tuple[str, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    thread: str | None = None
    staff: str = ""
    wanted: datetime | None = None
    listed: bool = False


def rule_of(case: Case) -> FromExecutors | None:
    """Return the rule of this playbook for what executors answer, if it has one."""
    rules = case.playbook.enabled("intake")
    return next((rule for rule in rules if isinstance(rule, FromExecutors)), None)


def from_letter(
    rule: FromExecutors, case: Case, letter: Letter, task: Task, staff: str
) -> Iterator[Intent]:
    """Take a letter of a task's own executor."""
    own = strip_quoted(letter.text)[0]
    subject = "" if _is_answer(letter) else letter.subject
    said = "\n".join(filter(None, (subject, own)))
    told = Told(
        key=f"letter:{letter.digest}",
        at=letter.received_at,
        lines=(case.say("letter.answer", letter=letter), own or case.say("letter.empty")),
        text=said,
        names=tuple(file.name for file in letter.attachments),
        attachments=letter.attachments,
        thread=letter.message_id,
        staff=staff,
    )
    heard = understood(rule, case, task, told)
    if staff and heard.means != "extension":
        heard = Heard(means="", clause=heard.clause, files=heard.files)
    why = case.say("executors.why", head=_what(rule, case, task, told, heard), words=heard.words)
    yield SortLetter(digest=letter.digest, state="answer", why=why, task=task.key)
    yield from take(rule, case, task, told, heard)


def understood(rule: FromExecutors, case: Case, task: Task, told: Told) -> Heard:
    """Say what was told of a task means."""
    calendar = case.playbook.calendar
    wanted = hearing.wanted(rule, told.text, told.at, task.due_at, calendar)
    dated = wanted is not None
    return hearing.hear(rule, told.text, told.names, dated=dated, listed=told.listed)


def named_task(case: Case, letter: Letter) -> Task | None:
    """Return the one open task of the sender whose number his letter names."""
    executor = case.facts.directory.executor_of(letter.sender)
    if executor is None or letter.authenticated is False or letter.auto:
        return None
    text = f"{letter.subject}\n{strip_quoted(letter.text)[0]}"
    tasks = case.facts.tasks(case.playbook.id, set(TaskKind))
    own = (task for task in tasks if task.executor == executor.name)
    named = [t for t in own if phrases.names(text, ident=t.ident, number=t.number)]
    return named[0] if len(named) == 1 else None


def _is_answer(letter: Letter) -> bool:
    """The subject of an answer is ours, not his."""
    return letter.in_reply_to is not None or bool(letter.references)


def take(rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard) -> Iterator[Intent]:
    """Do what follows from something that was said."""
    match heard.means:
        case "extension" if task.status is not TaskStatus.DONE:
            yield from _extension(rule, case, task, told, heard)
        case "report" if heard.files or not rule.proof:
            yield from _report(rule, case, task, told, heard)
        case "report" if task.status is not TaskStatus.DONE or task.done_at is None:
            yield from _report_without_proof(rule, case, task, told, heard)
        case "refusal" | "not_ours":
            yield from _refusal(rule, case, task, told, heard)
        case _:
            yield _change(rule, case, task, told, heard)


def _what(rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard) -> str:
    """Say in a few words what was understood."""
    if heard.means == "extension" and task.status is not TaskStatus.DONE:
        return said_of(case, asked_for(rule, case, task, told))
    if heard.means == "report":
        proven = bool(heard.files) or not rule.proof
        return case.say("executors.report" if proven else "executors.unproven", files=heard.files)
    if heard.means in {"refusal", "not_ours"}:
        return case.say(f"executors.{heard.means}")
    return told.lines[0].rstrip(":")


def _change(
    rule: FromExecutors,
    case: Case,
    task: Task,
    told: Told,
    heard: Heard,
    *,
    ask: str = "",
    remark: str = "",
    status: TaskStatus | None = None,
    proof: bool | None = None,
) -> UpdateTask:
    """Write down what was said; with ``ask`` the officer has the task in hand then."""
    fields = notes.fields_in(told.text)
    if heard.means == "extension":  # its measures are planned, not taken
        fields = {name: said for name, said in fields.items() if name == "causes"}
    return UpdateTask(
        key=f"update:{task.key}:{told.key}",
        cite=cite_of(rule, case, task, told, heard),
        task=task.key,
        note=note_of(case, told, ask or remark),
        status=status,
        assignee=_asked_role(rule, told) if ask else None,
        fields=fields,
        attachments=told.attachments,
        at=told.at,
        proof=proof,
    )


def note_of(case: Case, told: Told, ask: str) -> Document:
    """Write down who said what, with the files of whom there are only names, and what is asked."""
    lines = list(told.lines)
    if told.names and not told.attachments:
        lines.append(case.say("executors.files", files=told.names))
    return plain(*filter(None, (*lines, ask)))


def cite_of(rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard) -> Cite:
    """Name the clause and the reason of what was understood."""
    clause = heard.clause if heard.means else task.clause or rule.clause
    why = _what(rule, case, task, told, heard)
    return case.cite(rule, why, clause=clause, clauses=(clause,))


def _asked_role(rule: FromExecutors, told: Told) -> str:
    return rule.head if told.staff == rule.officer else rule.officer


# --- reports ------------------------------------------------------------------------------------------


def _report(
    rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard
) -> Iterator[Intent]:
    asked = task.status is TaskStatus.DONE and task.done_at is not None
    ask = "" if asked else case.say("executors.ask.report")
    status = None if task.status is TaskStatus.DONE else TaskStatus.DONE
    yield _change(rule, case, task, told, heard, ask=ask, status=status, proof=True)


def _report_without_proof(
    rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard
) -> Iterator[Intent]:
    remark = case.say("executors.materials_asked")
    yield _change(rule, case, task, told, heard, remark=remark)
    yield from materials(rule, case, task, told, cite_of(rule, case, task, told, heard))


def materials(
    rule: FromExecutors, case: Case, task: Task, told: Told, cite: Cite
) -> Iterator[Intent]:
    """Ask the executor for what proves his report, once a day."""
    text = case.say("executors.materials_text", task=task, at=told.at)
    day = case.playbook.calendar.local(told.at).date()
    letter = replies.to_executor(
        rule, case, task, cite, "materials", f"{day}:{task.reopen_count}", text, told.thread
    )
    if letter:
        yield letter


# --- another term -------------------------------------------------------------------------------------


def asked_for(rule: FromExecutors, case: Case, task: Task, told: Told) -> Extension:
    """Read a notice; what an earlier one of the same term brought counts too."""
    calendar = case.playbook.calendar
    lacks = hearing.missing(rule, told.text, told.names)
    wanted = told.wanted or hearing.wanted(rule, told.text, told.at, task.due_at, calendar)
    before = case.facts.extension(task.key)
    if before and before.state == "asked" and before.due_at == task.due_at:
        lacks = tuple(part for part in lacks if part in before.lacks)
        wanted = wanted or before.wanted
    return Extension(
        task=task.key,
        playbook=case.playbook.id,
        asked_at=told.at,
        due_at=task.due_at,
        wanted=wanted,
        lacks=lacks if wanted else (*lacks, "term"),
    )


def _extension(
    rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard
) -> Iterator[Intent]:
    asked = asked_for(rule, case, task, told)
    why = said_of(case, asked)
    cite = cite_of(rule, case, task, told, heard)
    ask = case.say("executors.ask.extension", why=why, asked=asked)
    status = TaskStatus.EXTENSION_REQUESTED
    yield _change(rule, case, task, told, heard, ask=ask, status=status)
    yield KeepExtension(cite=cite, extension=asked, at=told.at)
    if asked.lacks or judge(case, asked) is False:
        yield RaiseFlag(
            key=f"flag:{task.key}:{told.key}",
            cite=cite,
            object=task.key,
            text=case.say("executors.flag", why=why, task=task),
        )
    if asked.lacks and not told.staff:
        text = case.say("executors.incomplete_text", task=task, asked=asked)
        day = case.playbook.calendar.local(told.at).date()
        occasion = f"{day}:{'-'.join(asked.lacks)}"
        letter = replies.to_executor(
            rule, case, task, cite, "incomplete", occasion, text, told.thread
        )
        if letter:
            yield letter


# --- refusals -----------------------------------------------------------------------------------------


def _refusal(
    rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard
) -> Iterator[Intent]:
    """What a letter seems to say is a suggestion until the officer says it."""
    ask = case.say(f"executors.ask.{heard.means}")
    yield _change(rule, case, task, told, heard, ask=ask)
    cite = cite_of(rule, case, task, told, heard)
    text = case.say("executors.flag", why=cite.why, task=task)
    yield RaiseFlag(key=f"flag:{task.key}:{told.key}", cite=cite, object=task.key, text=text)
