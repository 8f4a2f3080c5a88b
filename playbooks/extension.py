"""A request for another term: what was asked for, when, and where it stands."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension:
    """The newest request for another term of a task; the term stays until somebody grants it.

    ``due_at`` is the term that it asks to move, ``wanted`` the new one, ``None`` where none was
    named. ``lacks`` names the parts that a full notice has and this one has not.
    """

    task: str
    playbook: str
    asked_at: datetime
    due_at: datetime | None
    wanted: datetime | None
    lacks: tuple[str, ...] = ()
    state: Literal["asked", "granted", "dismissed", "over"] = "asked"
