"""A letter that waits for a person's word, and the note that tells him so where he works."""

from __future__ import annotations

from collections.abc import Iterator

from mcur.playbooks.documents import plain
from mcur.playbooks.intents import Intent, PrepareDraft, SendLetter, UpdateTask
from mcur.playbooks.rules.base import Case


def draft_key(key: str) -> str:
    """Return the key under which a letter or a report waits for a person's word."""
    return f"draft:{key.partition(':')[2]}"


def waiting(case: Case, letter: SendLetter, owner: str, task: str) -> Iterator[Intent]:
    """Keep a letter until its owner lets it go; a note on the task names it and the phrase for it."""
    key = draft_key(letter.key)
    yield PrepareDraft(key=key, cite=letter.cite, owner=owner, letter=letter)
    roles = case.playbook.roles
    note = case.say(
        "drafting.ready",
        subject=letter.subject,
        to=[roles.get(role, role) for role in letter.to],
        owner=roles.get(owner, owner),
        key=key,
    )
    yield UpdateTask(key=f"update:{key}", cite=letter.cite, task=task, note=plain(note))
