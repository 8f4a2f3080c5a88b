"""One answer of an executor about many of his tasks: each part is taken for its own task.

Only tasks of the sender are touched. A number that is none of them, or a part that nobody
understands, is answered by a sentence.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from mcur.playbooks import phrases
from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.extension import Extension
from mcur.playbooks.facts import Attachment, Letter, Task, TaskKind
from mcur.playbooks.intents import Channel, Intent, KeepExtension, RaiseFlag, SendLetter, SortLetter
from mcur.playbooks.numbered import Item, begins_some, items_in, said_of_none
from mcur.playbooks.quotes import strip_quoted
from mcur.playbooks.rules import answers, hearing
from mcur.playbooks.rules.answers import FromExecutors, Told
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.hearing import Heard

ANSWERS = 5
"""How many automatic answers of this kind an executor gets on a day; who writes on may be a machine."""
REMEMBERED = timedelta(days=31)
"""How long a closed task is still known by its number."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What a letter says of each task of its sender, and the numbers that are none of his."""

    executor: str
    said: Mapping[str, str]
    tasks: Mapping[str, Task]
    unknown: tuple[str, ...]
    loose: str = ""
    """What is said before the first number and of none."""


def parts_of(rule: FromLetters, case: Case, letter: Letter, about: Task | None) -> Parts | None:
    """Read a letter about several tasks; ``None`` where it is about ``about`` alone."""
    executor = case.facts.directory.executor_of(letter.sender)
    own_text = strip_quoted(letter.text)[0] if executor else ""
    if executor is None or answers.rule_of(case) is None or not begins_some(own_text):
        return None
    since = letter.received_at - REMEMBERED
    tasks = case.facts.tasks(case.playbook.id, set(TaskKind), since=since)
    own = [task for task in tasks if task.executor == executor.name]
    by_number = {n: t for t in own[::-1] for n in (t.number, t.ident) if n}
    items = items_in(own_text, by_number.keys(), rule.closings)
    named = {by_number[n].key: by_number[n] for i in items for n in i.numbers if n in by_number}
    unknown = tuple(dict.fromkeys(n for i in items for n in i.numbers if n not in by_number))
    alone = len(named) == 1 and about is not None and about.key in named and not unknown
    if alone or not items or (not named and about is not None):
        return None
    loose = said_of_none(own_text, by_number.keys(), rule.closings)
    return Parts(executor.name, _said(items, by_number), named, unknown, loose)


def _said(items: list[Item], tasks: Mapping[str, Task]) -> dict[str, str]:
    """Join what is said of each task, in the order of the letter."""
    found: dict[str, str] = {}
    for item in items:
        for key in dict.fromkeys(tasks[n].key for n in item.numbers if n in tasks):
            found[key] = "\n".join(filter(None, (found.get(key, ""), item.text)))
    return found


class _Remarks:
    """What the executor is told in the end: numbers under their sentences, and whole sentences."""

    def __init__(self, unknown: Sequence[str]) -> None:
        self._numbers: dict[str, list[str]] = {"unknown": list(unknown)}
        self._sentences: list[str] = []

    def add(self, what: str, task: Task) -> None:
        """Name a task under a sentence."""
        self._numbers.setdefault(what, []).append(_number(task))

    def loose(self, case: Case, said: str) -> None:
        """Say that words which belong to no number were taken for no task."""
        self._sentences.append(case.say("itemized.loose", said=" ".join(said.split())))

    def lacking(self, case: Case, task: Task, asked: Extension) -> None:
        """Say what a request for another term lacks."""
        if asked.lacks:
            said = case.say("itemized.extension", named=_number(task), asked=asked)
            self._sentences.append(said)

    def said(self, case: Case) -> list[str]:
        """Return the sentences."""
        told = {what: numbers for what, numbers in self._numbers.items() if numbers}
        return self._sentences + [case.say(f"itemized.{w}", numbers=n) for w, n in told.items()]


def take(case: Case, letter: Letter, parts: Parts) -> Iterator[Intent]:
    """Take each part for its task; all that is to be said to the executor stands in one answer."""
    rule = answers.rule_of(case)
    if rule is None:
        return
    remarks = _Remarks(parts.unknown)
    for key, text in parts.said.items():
        task = parts.tasks[key]
        if task.status.is_open:
            told, heard = _part(rule, case, letter, task, text, parts)
            yield from _taken(rule, case, task, told, heard, remarks)
        else:
            remarks.add("closed", task)
    if hearing.hear(rule, parts.loose, ()).means:
        remarks.loose(case, parts.loose)
    if parts.said:
        why = case.say("itemized.why", letter=letter, count=len(parts.said))
        yield SortLetter(digest=letter.digest, state="answer", why=why, tasks=tuple(parts.said))
    else:  # what it says of other people's tasks, or of none, somebody has to read
        why = case.say("itemized.none", letter=letter, numbers=parts.unknown)
        yield SortLetter(digest=letter.digest, state="review", why=why)
    said = remarks.said(case)
    if said:
        yield _answered(rule, case, letter, parts.executor, said)


def _answered(
    rule: FromExecutors, case: Case, letter: Letter, executor: str, said: Sequence[str]
) -> SendLetter | RaiseFlag:
    """Answer an executor, but not his machine: after a few letters of a day a person is asked instead."""
    day = case.playbook.calendar.day_of(letter.received_at)
    base = f"letter:{case.playbook.id}:{rule.id}:numbers:{executor}:{day}"
    free = (n for n in range(1, ANSWERS + 1) if not case.facts.knows(f"{base}:{n}"))
    number = next(free, None)
    if number is not None:
        return _reply(rule, case, letter, f"{base}:{number}", executor, said)
    why = case.say("itemized.enough", executor=executor, count=ANSWERS)
    return RaiseFlag(
        key=f"flag:{base}",
        cite=case.cite(rule, why),
        object=f"letter:{letter.digest}",
        text=why,
        to=(rule.officer,),
    )


def _taken(
    rule: FromExecutors, case: Case, task: Task, told: Told, heard: Heard, remarks: _Remarks
) -> Iterator[Intent]:
    """Do what follows for one task; what a letter of its own would say becomes a remark."""
    if not heard.means:
        remarks.add("unclear", task)
    for intent in answers.take(rule, case, task, told, heard):
        if isinstance(intent, KeepExtension):
            remarks.lacking(case, task, intent.extension)
        if not isinstance(intent, SendLetter):
            yield intent
        elif heard.means == "report":
            remarks.add("report", task)


def _part(
    rule: FromExecutors, case: Case, letter: Letter, task: Task, text: str, parts: Parts
) -> tuple[Told, Heard]:
    """Return what is said of one task, and what it means.

    A file whose name bears a number is of that task, any other of all. Photographs alone say
    nothing of a task whose words nobody understands.
    """
    own = _bearing(letter.attachments, task)
    others = [f for other in parts.tasks.values() for f in _bearing(letter.attachments, other)]
    files = tuple(f for f in letter.attachments if f in own or f not in others)
    told = Told(
        key=f"letter:{letter.digest}",
        at=letter.received_at,
        lines=(case.say("letter.answer", letter=letter), text or case.say("letter.empty")),
        text=text,
        names=tuple(file.name for file in files),
        attachments=files,
        thread=letter.message_id,
        listed=True,
    )
    heard = answers.understood(rule, case, task, told)
    spoken = heard.words or own or heard.means == "extension"
    return told, heard if spoken else Heard(means="", clause=rule.clause, files=heard.files)


def _bearing(files: tuple[Attachment, ...], task: Task) -> tuple[Attachment, ...]:
    return tuple(f for f in files if phrases.bears(f.name, ident=task.ident, number=task.number))


def _number(task: Task) -> str:
    return task.ident or task.number or task.subject


def _reply(
    rule: FromExecutors,
    case: Case,
    letter: Letter,
    key: str,
    executor: str,
    remarks: Sequence[str],
) -> SendLetter:
    """Say in one letter which numbers are unknown or closed, what was not understood, what is missing."""
    cite = case.cite(rule, " ".join(remarks))
    text = (case.say("itemized.taken", letter=letter), *remarks)
    return SendLetter(
        key=key,
        cite=cite,
        channel=Channel.EXECUTOR_MAIL,
        sender=rule.officer,
        to=(f"executor:{executor}",),
        subject=case.say("echo.subject", letter=letter),
        document=Document(
            blocks=tuple(Paragraph(text=line) for line in text),
            footer=(case.clause_line(cite.clause),),
        ),
        answers=letter.message_id,
    )
