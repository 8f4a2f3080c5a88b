"""What a site says about one feed: where its files are and how they differ from the canon."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Literal
from zoneinfo import ZoneInfo

from mcur.playbooks.facts import Appeal, AppealStatus
from mcur.playbooks.mirrored import Inspection, Outage

CANONICAL_FIELDS = frozenset(f.name for f in fields(Appeal)) - {"house", "extra"}
"""Fields of the canonical table that a column may fill (contract, "Appeals")."""

FIELDS = {
    "appeals": CANONICAL_FIELDS,
    "outages": frozenset(f.name for f in fields(Outage)) - {"cleared"},
    "inspections": frozenset(f.name for f in fields(Inspection)) - {"cleared"},
}
"""What a column may fill, by the kind of the feed."""

EXTRA = "extra."
"""Beginning of the name under which a mapping keeps a column beside the canonical fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedShape:
    """One feed of the site.

    ``source`` is the source of rows that name none; empty means the form's own («Добродел» is
    ``dobrodel``), else ``id``. ``mapping`` goes from canonical fields (or ``extra.NAME``) to
    headings of the file, ``constants`` from canonical fields to values that hold for each row,
    ``statuses`` from words of the file to canonical statuses. ``date_format`` is a ``strptime``
    format that is tried before the known forms.

    :raises ValueError: a field, a status or a delimiter is none; the sentence says which.
    """

    id: str
    zone: ZoneInfo
    source: str = ""
    kind: Literal["appeals", "outages", "inspections"] = "appeals"
    pattern: str = "*.csv *.xlsx *.xls *.json *.jsonl"
    """Names of the files of this feed: globs with blanks between them."""
    scope: str = "cumulative"
    municipality: str | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    statuses: Mapping[str, str] = field(default_factory=dict)
    date_format: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None

    def __post_init__(self) -> None:
        named = [*self.mapping, *self.constants]
        known = FIELDS[self.kind]
        strange = [n for n in named if n not in known and not n.startswith(EXTRA)]
        if strange:
            msg = (
                f"feed {self.id}: no canonical field {strange[0]!r}; "
                f"the fields are {', '.join(sorted(known))} and {EXTRA}NAME"
            )
            raise ValueError(msg)
        wrong = [s for s in self.statuses.values() if s not in set(AppealStatus)]
        if wrong:
            msg = f"feed {self.id}: no status {wrong[0]!r}; there are {', '.join(AppealStatus)}"
            raise ValueError(msg)
        if self.delimiter is not None and len(self.delimiter) != 1:
            msg = f"feed {self.id}: delimiter {self.delimiter!r} is not one character"
            raise ValueError(msg)
