"""A letter that has not left within its time is told once, and a person rings where the playbook wants it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from mcur.playbooks import ringing
from mcur.playbooks.documents import Document, Pairs, Paragraph
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.facts import TaskKind, TaskStatus
from mcur.playbooks.intents import Channel, CreateTask, Intent, Tell, UpdateTask
from mcur.playbooks.language import duration
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.waiting import Unsent


class Delivering(Rule):
    """Letters leave ``within`` so long after they were decided, or after the send window has opened.

    ``caller`` is the role that rings whom one of these ``channels`` did not reach; nobody where it is
    empty.
    """

    within: ElapsedField = timedelta(hours=1)
    caller: str = ""
    channels: tuple[Channel, ...] = (Channel.REPORTS, Channel.ESCALATIONS)


def decide(rule: Delivering, case: Case) -> Iterator[Intent]:
    """Tell of the letters that should have left, and end the calls about those that did."""
    unsent = case.facts.unsent(case.playbook.id, case.now - rule.within)
    calls = [
        task
        for task in (case.facts.tasks(case.playbook.id, {TaskKind.CALL}) if rule.caller else ())
        if task.rule == rule.id
    ]
    asked = {task.topic for task in calls}
    for letter in unsent:
        if case.now < _free(case, letter) + rule.within:
            continue
        yield _told(rule, case, letter)
        readers = ringing.names(case, letter.to)
        wanted = rule.caller and letter.channel in rule.channels and readers not in asked
        if wanted and not case.facts.knows(_call(rule, case, letter.key)):
            asked.add(readers)
            yield _ring(rule, case, letter, readers)
    before = _call(rule, case, "")
    for task in calls:
        if not case.facts.has_to_leave(task.key.removeprefix(before)):
            why = case.say("undelivered.left")
            yield UpdateTask(
                key=f"update:{task.key}:left", cite=case.cite(rule, why, clause=task.clause),
                channel=Channel.CALLS, task=task.key, note=ringing.line(why),
                status=TaskStatus.REJECTED,
            )  # fmt: skip


def _free(case: Case, letter: Unsent) -> datetime:
    """Return from when on a letter might leave."""
    return case.playbook.calendar.sends_at(letter.at) if letter.windowed else letter.at


def _told(rule: Delivering, case: Case, letter: Unsent) -> Tell:
    return Tell(
        key=letter.key,
        cite=letter.cite.model_copy(update={"why": _why(rule, case, letter)}),
        event="mail.undelivered",
        to=letter.to,
        subject=letter.subject,
        data={"since": letter.at, "reason": letter.reason},
    )


def _ring(rule: Delivering, case: Case, letter: Unsent, readers: str) -> CreateTask:
    why = _why(rule, case, letter)
    contacts = tuple(
        (case.say("calls.label.to"), ringing.contact(case, role)) for role in letter.to
    )
    words, projects = case.say("calls.done_when"), case.playbook.projects
    return CreateTask(
        key=_call(rule, case, letter.key),
        cite=letter.cite.model_copy(update={"why": why, "rule": rule.id}),
        channel=Channel.CALLS,
        kind=TaskKind.CALL,
        project=projects.get("call") or projects.get("review", ""),
        subject=case.say("undelivered.subject", who=readers, subject=letter.subject),
        body=Document(
            blocks=(
                Pairs(items=contacts),
                Paragraph(text=why),
                Paragraph(text=words, tone="quiet"),
            ),
            footer=(case.clause_line(letter.cite.clause),),
        ),
        assignee=rule.caller,
        topic=readers,
        rings=letter.to,
        urgent=True,
    )


def _why(rule: Delivering, case: Case, letter: Unsent) -> str:
    return case.say("undelivered.why", letter=letter, within=duration(rule.within))


def _call(rule: Delivering, case: Case, letter: str) -> str:
    return f"call:{case.playbook.id}:{rule.id}:{letter}"
