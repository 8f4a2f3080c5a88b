"""A ladder that somebody's word started on an object: where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """One climb of a ladder: kept as it stands after each step, so that no step is taken twice.

    ``since`` is when the last step was taken, ``due_at`` until when an answer to it is awaited.
    ``state`` is ``climbing``, ``stopped`` (somebody reacted, or the object is done) or ``done``.
    """

    key: str
    playbook: str
    rule: str
    object: str
    occasion: int
    started_at: datetime
    said: str = ""
    since: datetime
    due_at: datetime | None = None
    step: int
    state: str = "climbing"
