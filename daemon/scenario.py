"""Days as data: the shapes of a scenario file (contract, «Scenario»)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from mcur.connectors.feeds.dates import Calendar
from mcur.connectors.feeds.shape import CANONICAL_FIELDS
from mcur.daemon import scenario_checks
from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.load import sentences
from mcur.playbooks.permits import VOCABULARY

ZONE = ZoneInfo("Europe/Moscow")
"""Where a stamp without an offset is; the exports of a scenario are read in it too."""
AUTHSERV = "mcur.invalid"
"""The own mail server of a scenario, which speaks only of senders whom it denies."""


class ScenarioError(Exception):
    """A scenario cannot be played; the message holds every fault as a sentence."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


def _stamp(value: Any) -> datetime:
    return Calendar(ZONE).stamp(value)


def _gap(value: Any) -> Any:
    seconds = re.fullmatch(r"([0-9]{1,5})s", value) if isinstance(value, str) else None
    return timedelta(seconds=int(seconds[1])) if seconds else value


Stamp = Annotated[datetime, BeforeValidator(_stamp)]
Gap = Annotated[ElapsedField, BeforeValidator(_gap)]
"""What lies between two rows: a duration, or seconds, ``"90s"``."""


class _Row(BaseModel):
    """A row of the canonical table; fields that are not named here are taken as they stand."""

    model_config = ConfigDict(frozen=True, extra="allow")

    source: str
    status_changed_at: Stamp | None = None
    accepted_at: Stamp | None = None
    returned_at: Stamp | None = None
    closed_at: Stamp | None = None
    withdrawn_at: Stamp | None = None

    @model_validator(mode="after")
    def _canonical(self) -> _Row:
        strange = sorted(set(self.model_extra or {}) - CANONICAL_FIELDS)
        if strange:
            known = ", ".join(sorted(CANONICAL_FIELDS))
            msg = f'"{strange[0]}" is no field of an appeal; the fields are {known}'
            raise ValueError(msg)
        return self

    def values(self) -> dict[str, Any]:
        """Return the fields of the row itself."""
        given = self.model_dump(exclude_none=True)
        return {name: value for name, value in given.items() if name in CANONICAL_FIELDS}


class Appeals(_Row):
    """``[[appeals]]``: rows made by rule; any canonical field may stand beside these."""

    count: int = Field(ge=1)
    first: Stamp
    every: Gap = timedelta()
    due_after: ElapsedField | None = None


class Appeal(_Row):
    """``[[appeal]]``: one row; its later stamps take effect when they pass."""

    received_at: Stamp


class Feed(_Table):
    """``[[feed]]``: an export that appears at a moment."""

    at: Stamp
    source: str
    kind: Literal["appeals", "outages", "inspections"] = "appeals"
    scope: str | None = None
    file: str | None = None
    rows: tuple[dict[str, Any], ...] | None = None
    empty: bool = False

    @model_validator(mode="after")
    def _one_content(self) -> Feed:
        if sum((self.file is not None, self.rows is not None, self.empty)) != 1:
            msg = "needs exactly one of file, rows, empty = true"
            raise ValueError(msg)
        return self


class Letter(_Table):
    """``[[letter]]``: a mail that arrives.

    ``authenticated = false``: the own server denies the sender. ``bounce_of`` is the key of a letter of
    ours that a mail server returns, ``in_reply_to`` a Message-ID as a stranger would write it,
    ``to`` an address or a role, where it is not the site itself. What the headers of a ``file`` say of
    its sender the own server says, unless ``[site.mail]`` names that one (``authserv``).
    """

    at: Stamp
    sender: str = Field(default="", alias="from")
    to: str = ""
    subject: str = ""
    text: str = ""
    reply_to_key: str | None = None
    attachments: tuple[str, ...] = ()
    auto: bool = False
    authenticated: bool = True
    bounce_of: str | None = None
    in_reply_to: str | None = None
    message_id: str | None = None
    file: str | None = None


class Issue(_Table):
    """``[[issue]]``: an issue that an outside author makes in the tracker."""

    at: Stamp
    author: str
    subject: str
    text: str = ""
    due_at: Stamp | None = None


class Act(BaseModel):
    """``[[act]]``: what a person does; fields beside these belong to the act.

    The context of validation holds the ``roles`` that may stand in ``by``; without it any may.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    at: Stamp
    by: str
    do: str
    key: str | None = None
    text: str = ""

    @field_validator("do")
    @classmethod
    def _known(cls, value: str) -> str:
        if value not in VOCABULARY:
            msg = f'"{value}" is not an act; the acts are {", ".join(sorted(VOCABULARY))}'
            raise ValueError(msg)
        return value

    @field_validator("by")
    @classmethod
    def _somebody(cls, value: str, info: ValidationInfo) -> str:
        roles = (info.context or {}).get("roles", {value})
        if not {value, re.split("[@:]", value)[0]} & roles:
            msg = f'"{value}" is not a role; the roles are {", ".join(sorted(roles))}'
            raise ValueError(msg)
        return value

    @model_validator(mode="after")
    def _says_enough(self) -> Act:
        given = self.model_extra or {}
        if self.do == "declare" and not (given.get("object") or self.key):
            msg = "declare needs object: what the incident is about"
            raise ValueError(msg)
        if self.do == "absent" and not given.get("until"):
            msg = "absent needs until: the last day of the absence"
            raise ValueError(msg)
        return self


class Down(_Table):
    """``[[down]]``: the daemon is not running in [from, to)."""

    start: Stamp = Field(alias="from")
    end: Stamp = Field(alias="to")


class Outage(_Table):
    """``[[outage]]``: an outside system does not answer in [from, to)."""

    system: Literal["redmine", "mail_in", "mail_out", "feed"]
    start: Stamp = Field(alias="from")
    end: Stamp = Field(alias="to")
    after_writes: int = Field(default=0, ge=0)


class Expect(_Table):
    """``[[expect]]``: what the timeline must show, or must not (``count = 0``)."""

    event: str
    rule: str | None = None
    playbook: str | None = None
    clause: str | None = None
    key: str | None = None
    at: Stamp | None = None
    between: tuple[Stamp, Stamp] | None = None
    to: tuple[str, ...] | None = None
    cc: tuple[str, ...] | None = None
    subject: str | None = None
    late: bool | None = None
    why: str | None = None
    data: dict[str, Any] = Field(default_factory=dict)
    count: int | None = Field(default=None, ge=0)
    note: str = ""


class Scenario(_Table):
    """A scenario, whole. ``folder`` is where its files lie."""

    playbooks: tuple[str, ...] = Field(min_length=1)
    start: Stamp
    until: Stamp
    poll: ElapsedField = timedelta(minutes=5)
    values: dict[str, Any] = Field(default_factory=dict, alias="set")
    site: dict[str, Any] = Field(default_factory=dict)
    appeals: tuple[Appeals, ...] = ()
    appeal: tuple[Appeal, ...] = ()
    feed: tuple[Feed, ...] = ()
    letter: tuple[Letter, ...] = ()
    issue: tuple[Issue, ...] = ()
    act: tuple[Act, ...] = ()
    down: tuple[Down, ...] = ()
    outage: tuple[Outage, ...] = ()
    expect: tuple[Expect, ...] = ()
    title: str = ""
    folder: Path = Path()

    @model_validator(mode="after")
    def _playable(self) -> Scenario:
        wrong = [*self._wrong_times(), *self._missing_files()]
        if wrong:
            raise ValueError("; ".join(wrong))
        return self

    def _wrong_times(self) -> list[str]:
        spans = [(d.start, d.end) for d in self.down] + [(o.start, o.end) for o in self.outage]
        found = [f"from {start} is after to {end}" for start, end in spans if start > end]
        if self.until < self.start:
            found.append(f"until {self.until} is before start {self.start}")
        if self.poll <= timedelta():
            found.append("poll must be a minute or more")
        return found

    def _missing_files(self) -> list[str]:
        named = [f.file for f in self.feed] + [x.file for x in self.letter]
        return [
            f"{name}: there is no such file beside the scenario"
            for name in named
            if name is not None and not (self.folder / name).is_file()
        ]

    def rows(self) -> list[dict[str, Any]]:
        """Return every row of ``[[appeals]]`` and ``[[appeal]]``, numbers unique in the scenario."""
        found = []
        for batch, table in enumerate(self.appeals, start=1):
            for n in range(1, table.count + 1):
                received = table.first + table.every * (n - 1)
                row = {k: _numbered(v, n) for k, v in table.values().items()}
                row |= {"received_at": received, "number": _number(table, batch, n)}
                if table.due_after is not None:
                    row["due_at"] = received + table.due_after
                found.append(row)
        single = [{"number": f"A-{n}", **one.values()} for n, one in enumerate(self.appeal, 1)]
        return found + single

    def moments(self) -> set[datetime]:
        """Return every moment that the scenario names."""
        named = {f.at for f in self.feed} | {x.at for x in self.letter}
        named |= {i.at for i in self.issue} | {a.at for a in self.act}
        named |= {m for d in self.down for m in (d.start, d.end)}
        named |= {m for o in self.outage for m in (o.start, o.end)}
        return {m for m in named if self.start <= m <= self.until}

    def is_down(self, moment: datetime) -> bool:
        """Whether the daemon is not running at a moment; ``from = to`` is only a restart."""
        return any(d.start <= moment < d.end for d in self.down)


def read(path: Path) -> Scenario:
    """Read a scenario file; raise :class:`ScenarioError` with every fault."""
    try:
        table = tomllib.loads(path.read_text("utf-8"))
    except OSError as exc:
        msg = f"{path}: {exc.strerror}"
        raise ScenarioError(msg) from exc
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as exc:
        msg = f"{path.name}: {exc}"
        raise ScenarioError(msg) from exc
    return parse(table, path.name, path.parent)


def parse(table: Mapping[str, Any], name: str, folder: Path) -> Scenario:
    """Make a scenario of a table; :class:`ScenarioError` names all that is wrong with it."""
    wrong = [f"{name}: {fault}" for fault in scenario_checks.wrong_values(table, folder)]
    context = {"roles": scenario_checks.acting(table, folder)}
    try:
        play = Scenario.model_validate({**table, "folder": folder}, context=context)
    except ValidationError as exc:
        wrong = [s.replace(": .", ": ") for s in sentences(exc, f"{name}: ")] + wrong
    if wrong:
        raise ScenarioError("\n".join(wrong))
    return play


def _number(table: Appeals, batch: int, n: int) -> str:
    """Give each row of a batch its own number, also where the scenario forgot ``{n}``."""
    wanted = str((table.model_extra or {}).get("number", f"G{batch}-{{n}}"))
    return wanted.replace("{n}", str(n)) if "{n}" in wanted else f"{wanted}-{n}"


def _numbered(value: Any, n: int) -> Any:
    return value.replace("{n}", str(n)) if isinstance(value, str) else value
