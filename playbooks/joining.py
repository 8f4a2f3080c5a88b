"""Appeals that share a task."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class JoinTask:
    """An appeal belongs on a task, its own or a common one; ``place`` is what they have in common.

    ``told``: whoever reads of the task reads of the appeal.
    """

    playbook: str
    source: str
    number: str
    task: str
    place: str
    told: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TellJoined:
    """The task tells of an appeal that joined it; ``executor``: somebody else has yet to be told."""

    playbook: str
    source: str
    number: str
    executor: bool
