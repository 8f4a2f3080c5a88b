"""A form of a report that is filled with facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mcur.playbooks.documents import Block, Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A form filled with facts; ``figures`` feed the subject, ``gaps`` the draft's list."""

    blocks: tuple[Block, ...]
    lead: tuple[str, ...]
    figures: dict[str, Any]
    gaps: tuple[str, ...] = ()
    landscape: bool = False
    annex: tuple[Table, ...] = ()
    """The whole list, where the form shows it grouped."""
