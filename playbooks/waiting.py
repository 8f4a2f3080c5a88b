"""Letters that wait for a person's word, and deliveries that a server refused for good."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mcur.playbooks.effects import Channel, Cite


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A letter that waits for a person's word; ``state`` is ``waiting``, ``released`` or ``expired``.

    ``at`` is when it was prepared, ``task`` the task on which it was shown to its owner.
    """

    key: str
    playbook: str
    rule: str
    clause: str
    owner: str
    state: str
    at: datetime
    task: str | None = None
    subject: str = ""
    to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """Something that cannot be delivered and is not tried again, with the reason."""

    key: str
    rule: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """A letter that was decided and has not left: since when, to whom, and what is in the way."""

    key: str
    cite: Cite
    channel: Channel
    at: datetime
    to: tuple[str, ...]
    subject: str
    windowed: bool
    reason: str
