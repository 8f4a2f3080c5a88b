"""What is seen of a letter before anybody says what it is: whom it is from, what of ours it answers."""

from __future__ import annotations

from dataclasses import dataclass

from mcur.playbooks import phrases
from mcur.playbooks.facts import Letter, Task
from mcur.playbooks.quotes import strip_quoted
from mcur.playbooks.rules import announcing, answers, assignments, itemized
from mcur.playbooks.rules.assignments import FromLetters
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.itemized import Parts
from mcur.playbooks.sorting import Object, Row, Sight, Word, first_match, ungreeted, word_of


@dataclass(frozen=True, slots=True)
class Seen:
    """A letter with its row of the table, the task that it is about, and the letter of ours it answers."""

    sight: Sight
    row: Row
    task: Task | None
    answered: str | None
    parts: Parts | None


def see(rule: FromLetters, case: Case, letter: Letter) -> Seen | None:
    """Say what a letter is; ``None`` where another regulation sorts it: what it answers, or was written to, is that one's."""
    key = case.facts.letter_for(_named(letter))
    kind, about, task = _object(case, key) if key else (None, "", None)
    named = None if task else answers.named_task(case, letter)
    if named is not None and kind in {None, "letter"}:
        kind, about, task = "task", named.key, named
    task = task or named
    other = task.playbook if task else key.split(":")[1] if key else letter.playbook
    if other not in {"", case.playbook.id}:
        return None
    parts = itemized.parts_of(rule, case, letter, task)
    sight = Sight(
        letter=letter,
        text=ungreeted(rule.greetings, strip_quoted(letter.text)[0]),
        key=about,
        object=kind,
        senders=_senders(rule, case, letter),
        word=word_in(rule, letter),
        early=letter.received_at < case.facts.live_from,
        own=case.facts.letter_for((letter.message_id or "",)) is not None,
        flood=_is_flood(rule, case, letter),
        numbered=parts is not None,
        report=_begins_as_report(rule, letter, kind),
    )
    row = first_match(rule.table, sight)
    return Seen(sight, row, task, key, parts) if row else None


def word_in(rule: FromLetters, letter: Letter) -> Word | None:
    """Read the decision that a letter begins with, without what it quotes."""
    own = strip_quoted(letter.text)[0]
    return word_of(rule.decisions, rule.greetings, rule.closings, own, letter.sender_name)


def _named(letter: Letter) -> tuple[str, ...]:
    """Name the letters of ours that it may answer: the one that bounced, the newest it continues first."""
    bounced = letter.bounce.original if letter.bounce else None
    answered = (bounced, letter.in_reply_to, *letter.references[::-1], *letter.to, *letter.cc)
    return tuple(filter(None, answered))


def _object(case: Case, key: str) -> tuple[Object, str, Task | None]:
    """Find what a letter of ours was about: its kind, its key and the task on which it is noted."""
    for about in (key, _inner(key)):
        plan = case.facts.plan(about) if about else None
        if plan is not None:
            return "plan", plan.key, case.facts.task(plan.task)
        if about and case.facts.incident(about) is not None:
            return "incident", about, case.facts.task(about)
        if about and case.facts.draft(about) is not None:
            return "draft", about, None
        task = case.facts.task(about) if about else None
        if task is not None:
            return "task", task.key, task
    if key.startswith("report:"):
        return "report", key, None
    task = announcing.only_task_of(key, case)
    return ("task", task.key, task) if task else ("letter", key, None)


def _inner(key: str) -> str:
    """Return the key of what a letter is about: the part between its step and its occasion."""
    parts = key.split(":", 4)
    return parts[4].rpartition(":")[0] if parts[0] == "letter" and len(parts) == 5 else ""


def _senders(rule: FromLetters, case: Case, letter: Letter) -> frozenset[str]:
    directory = case.facts.directory
    known = {
        "executor": directory.executor_of(letter.sender) is not None,
        "staff": bool(set(directory.roles_of(letter.sender)) & set(case.playbook.roles)),
        "exporter": any(directory.feed_for(letter.sender, f.name) for f in letter.attachments),
        "giver": assignments.may_give(rule, case, letter),
    }
    return frozenset(name for name, holds in known.items() if holds) or frozenset({"stranger"})


def _is_flood(rule: FromLetters, case: Case, letter: Letter) -> bool:
    """Whether the sender has written more today than anybody is listened to."""
    if not letter.sender:
        return False
    calendar = case.playbook.calendar
    since = calendar.day_bounds(calendar.day_of(letter.received_at))[0]
    return case.facts.letters_before(letter, since) >= rule.per_sender


def _begins_as_report(rule: FromLetters, letter: Letter, answers: Object | None) -> bool:
    """Whether a subject begins as reports of a day do: also «Re: …» in answer to a reminder, not to a report of ours."""
    begins = tuple(word.casefold() for word in rule.reports_begin)
    subject = letter.subject if answers == "report" else phrases.unprefixed(letter.subject)
    return subject.strip().casefold().startswith(begins) if begins else False
