"""What is known of letters that left: asked when an answer, or a bounce, comes back."""

from __future__ import annotations

from mcur.playbooks.intents import EFFECT, Channel, SendLetter
from mcur.playbooks.letters import Sent
from mcur.state.database import StateDatabase


def sent(db: StateDatabase, key: str) -> Sent | None:
    """Return a letter of ours by its key; ``None`` for what is no letter."""
    row = db.execute(
        "SELECT payload FROM outbox WHERE key = ? AND effect = 'send_letter'", (key,)
    ).fetchone()
    letter = EFFECT.validate_json(row[0]) if row else None
    if not isinstance(letter, SendLetter):
        return None
    return Sent(
        key=key,
        playbook=letter.cite.playbook,
        rule=letter.cite.rule,
        clause=letter.cite.clause,
        sender=letter.sender,
        to=(*letter.to, *letter.cc),
        subject=letter.subject,
        service=letter.channel is Channel.SERVICE,
    )
