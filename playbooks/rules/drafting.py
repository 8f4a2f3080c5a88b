"""A letter that waits for a person's word, and the note that tells him so where he works."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import Paragraph
from mcur.playbooks.intents import Intent, PrepareDraft, SendLetter, UpdateTask
from mcur.playbooks.rules import day_tasks, draft_shape
from mcur.playbooks.rules.base import Case


def draft_key(key: str) -> str:
    """Return the key under which a letter or a report waits for a person's word."""
    return f"draft:{key.partition(':')[2]}"


def waiting(case: Case, letter: SendLetter, owner: str, task: str = "") -> Iterator[Intent]:
    """Keep a letter until its owner lets it go; a note shows it to him, and the phrase for it.

    The note stands on ``task``, or on the owner's task of the day where the letter is about none.
    """
    key = draft_key(letter.key)
    if not task:
        task = day_tasks.day_task_key(case, owner)
        yield from day_tasks.given(case, owner, letter.cite)
    yield PrepareDraft(key=key, cite=letter.cite, owner=owner, letter=letter, task=task)
    roles = case.playbook.roles
    ready = case.say(
        "drafting.ready",
        subject=letter.subject,
        to=[roles.get(role, role) for role in letter.to],
        owner=roles.get(owner, owner),
        key=key,
        until=draft_shape.until(case.playbook, letter.cite.rule, case.now),
    )
    blocks = (Paragraph(text=ready), *letter.document.blocks)
    note = letter.document.model_copy(update={"blocks": blocks, "footer": ()})
    yield UpdateTask(key=f"update:{key}", cite=letter.cite, task=task, note=note)
