"""The letters that wait for a person, listed once a day where their officer looks each morning."""

from __future__ import annotations

from datetime import datetime

from mcur.playbooks.documents import Block, Column, Heading, Table
from mcur.playbooks.rules.base import Case

_COLUMNS = (("received", 2), ("sender", 3), ("subject", 4), ("why", 6))


def block(case: Case, since: datetime) -> list[Block]:
    """Return the letters that came to the queue since a moment; nothing where none did."""
    found = case.facts.letters_to_review(case.playbook.id, since)
    if not found:
        return []
    rows = tuple(
        (
            case.say("moment", at=letter.received_at),
            letter.sender or case.say("queued.no_sender"),
            letter.subject or case.say("queued.no_subject"),
            why,
        )
        for letter, why in found
    )
    columns = tuple(
        Column(title=case.say(f"queued.column.{name}"), weight=weight) for name, weight in _COLUMNS
    )
    title = case.say("queued.title", count=len(rows))
    return [Heading(text=title), Table(columns=columns, rows=rows)]
