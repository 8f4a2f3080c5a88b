"""What came of a decision by letter is said back to whoever wrote it, in answer to his letter."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.directory import fold
from mcur.playbooks.documents import Document, Paragraph
from mcur.playbooks.facts import Act, Letter
from mcur.playbooks.intents import Channel, Cite, Intent, SendLetter
from mcur.playbooks.rules import assignments
from mcur.playbooks.rules.base import Case


def of_act(act: Act, case: Case, cite: Cite, refusal: str | None) -> Iterator[Intent]:
    """Say back to whoever decided by letter what was done, or why it was not."""
    letter = case.facts.letter(act.fields.get("letter", "")) if act.origin == "letter" else None
    if letter is None:
        return
    word = case.say("act.name", act=act)
    name = "echo.refused" if refusal else "echo.done"
    text = case.say(name, word=word, subject=_subject_of(case, act), reason=refusal or "")
    yield echo(case, cite, letter, text)


def echo(case: Case, cite: Cite, letter: Letter, text: str) -> SendLetter:
    """Answer a letter with a sentence or two: no letter of the rule that was decided about.

    Without a rule for letters the cited one answers.
    """
    rule = assignments.rule_of(case)
    own = case.cite(rule, text) if rule else cite.model_copy(update={"why": text})
    return SendLetter(
        key=f"letter:{case.playbook.id}:{own.rule}:echo:letter:{letter.digest[:16]}:1",
        cite=own,
        channel=Channel.TASKS,
        sender="",
        to=(reader(case, letter),),
        subject=case.say("echo.subject", letter=letter),
        document=Document(blocks=(Paragraph(text=text),), footer=(case.clause_line(cite.clause),)),
        answers=letter.message_id,
    )


def _subject_of(case: Case, act: Act) -> str:
    """Name what a decision was about."""
    key = act.key or ""
    plan = case.facts.plan(key)
    task = case.facts.task(plan.task if plan else key)
    if task is not None:
        return f"№ {task.ident}, {task.subject}" if task.ident else task.subject
    incident = case.facts.incident(key)
    return case.place(incident) if incident else ""


def reader(case: Case, letter: Letter) -> str:
    """Name the sender by his role where the role's letters reach him, else by his address."""
    day = case.playbook.calendar.local(letter.received_at).date()
    directory = case.facts.directory
    for role in directory.roles_of(letter.sender):
        found = directory.recipients(role, day)
        if role in case.playbook.roles and [fold(one.email) for one in found] == [
            fold(letter.sender)
        ]:
            return role
    return letter.sender
