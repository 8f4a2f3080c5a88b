"""A step of a ladder."""

from __future__ import annotations

from mcur.playbooks.rules.base import Rule


class Step(Rule):
    """One step: who writes, who reads. Its clause is the ladder's where it has none of its own."""

    id: str = ""
    clause: str = ""
    sender: str
    to: tuple[str, ...]
    cc: tuple[str, ...] = ()
