"""What other systems keep and we only mirror: outages (РГИС ЖКХ) and inspections (МП ЕГИС ОКНД).

Both come as exports, row by row, known by their number; a value that nobody gave is ``None``.
``cleared`` names the fields that a row has and leaves empty.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

MirrorKind = Literal["outages", "inspections"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outage:
    """A planned or an emergency outage of a communal resource (contract, «Outages»).

    ``status`` and ``completion`` are beside the contract's fields: ``cancelled`` and ``finished``
    end an outage; one of ``manual`` completion is ended by hand.
    """

    number: str
    type: Literal["planned", "emergency"] | None = None
    resource: str | None = None
    zone: str | None = None
    owner: str | None = None
    published_at: datetime | None = None
    occurred_at: datetime | None = None
    start_at: datetime | None = None
    end_at: datetime | None = None
    end_known_at: datetime | None = None
    changed_at: datetime | None = None
    emergency_notice: bool | None = None
    status: Literal["published", "cancelled", "finished"] | None = None
    completion: Literal["auto", "manual"] | None = None
    cleared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """An inspection of a house by its management company (contract, «Inspections»)."""

    number: str
    campaign: Literal["ice", "common_areas"] | None = None
    executor: str | None = None
    address: str | None = None
    planned_at: datetime | None = None
    done_at: datetime | None = None
    moderated_at: datetime | None = None
    returned: bool | None = None
    cleared: frozenset[str] = frozenset()


Mirrored = Outage | Inspection


@dataclass(frozen=True, slots=True, kw_only=True)
class OutageSeen:
    """An outage as its export shows it now, with what its rows said over time.

    ``entered`` holds for each field the stamp of the row that first carried its present value: its
    ``changed_at``, else the moment of the export. ``before`` holds the values before the last change of
    a field. ``first_at`` is the stamp of the first row. ``gone`` marks one that vanished.
    """

    outage: Outage
    first_at: datetime
    entered: Mapping[str, datetime] = field(default_factory=dict)
    before: Mapping[str, str] = field(default_factory=dict)
    gone: bool = False

    @property
    def is_over(self) -> bool:
        """Whether somebody has cancelled or finished the outage, or its row is no longer there."""
        return self.gone or self.outage.status in {"cancelled", "finished"}


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealStep:
    """One change of an appeal by an export: the values after it, and which of them it changed.

    Values are texts as the row holds them, by canonical field; what was absent is not there.
    ``number`` counts from 0, the first row.
    """

    number: int
    at: datetime
    before: Mapping[str, str]
    after: Mapping[str, str]

    def changes(self, name: str) -> bool:
        """Whether this step gave a field another value."""
        return self.before.get(name) != self.after.get(name)
