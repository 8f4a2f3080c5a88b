"""A step of a ladder, and the letter that takes it."""

from __future__ import annotations

from mcur.playbooks.documents import Document
from mcur.playbooks.intents import Channel, Cite, SendLetter
from mcur.playbooks.rules.base import Rule


class Step(Rule):
    """One step: who writes, who reads. Its clause is the ladder's where it has none of its own."""

    id: str = ""
    clause: str = ""
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()

    def letter(self, key: str, cite: Cite, subject: str, document: Document) -> SendLetter:
        """Return the letter that takes the step: whom it is from and to is the step's own matter."""
        return SendLetter(
            key=key,
            cite=cite,
            channel=Channel.ESCALATIONS,
            urgent=True,
            sender=self.sender,
            to=self.to,
            cc=self.cc,
            subject=subject,
            document=document,
        )
