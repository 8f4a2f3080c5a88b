"""Days as data: the shapes of a scenario file (contract, «Scenario»)."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from mcur.playbooks.durations import ElapsedField
from mcur.playbooks.load import sentences


class ScenarioError(Exception):
    """A scenario cannot be played; the message holds every fault as a sentence."""


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Appeals(BaseModel):
    """``[[appeals]]``: rows made by rule; any canonical field may stand beside these."""

    model_config = ConfigDict(frozen=True, extra="allow")

    source: str
    count: int = Field(ge=1)
    first: datetime
    every: ElapsedField = timedelta()
    due_after: ElapsedField | None = None


class Feed(_Table):
    """``[[feed]]``: an export that appears at a moment."""

    at: datetime
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
    """``[[letter]]``: a mail that arrives."""

    at: datetime
    sender: str = Field(default="", alias="from")
    subject: str = ""
    text: str = ""
    reply_to_key: str | None = None
    attachments: tuple[str, ...] = ()
    auto: bool = False
    message_id: str | None = None
    file: str | None = None


class Issue(_Table):
    """``[[issue]]``: an issue that an outside author makes in the tracker."""

    at: datetime
    author: str
    subject: str
    text: str = ""
    due_at: datetime | None = None


class Act(BaseModel):
    """``[[act]]``: what a person does; fields beside these belong to the act."""

    model_config = ConfigDict(frozen=True, extra="allow")

    at: datetime
    by: str
    do: str
    key: str | None = None
    text: str = ""


class Down(_Table):
    """``[[down]]``: the daemon is not running in [from, to)."""

    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")


class Outage(_Table):
    """``[[outage]]``: an outside system does not answer in [from, to)."""

    system: Literal["redmine", "mail_in", "mail_out", "feed"]
    start: datetime = Field(alias="from")
    end: datetime = Field(alias="to")
    after_writes: int = Field(default=0, ge=0)


class Expect(_Table):
    """``[[expect]]``: what the timeline must show, or must not (``count = 0``)."""

    event: str
    rule: str | None = None
    playbook: str | None = None
    clause: str | None = None
    key: str | None = None
    at: datetime | None = None
    between: tuple[datetime, datetime] | None = None
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
    start: datetime
    until: datetime
    poll: ElapsedField = timedelta(minutes=5)
    values: dict[str, Any] = Field(default_factory=dict, alias="set")
    site: dict[str, Any] = Field(default_factory=dict)
    appeals: tuple[Appeals, ...] = ()
    appeal: tuple[dict[str, Any], ...] = ()
    feed: tuple[Feed, ...] = ()
    letter: tuple[Letter, ...] = ()
    issue: tuple[Issue, ...] = ()
    act: tuple[Act, ...] = ()
    down: tuple[Down, ...] = ()
    outage: tuple[Outage, ...] = ()
    expect: tuple[Expect, ...] = ()
    title: str = ""
    folder: Path = Path()

    def rows(self) -> list[dict[str, Any]]:
        """Return every row of ``[[appeals]]`` and ``[[appeal]]``, numbers unique in the scenario."""
        found = []
        for batch, table in enumerate(self.appeals, start=1):
            further = table.model_extra or {}
            for n in range(1, table.count + 1):
                received = table.first + table.every * (n - 1)
                row = {k: _numbered(v, n) for k, v in further.items()}
                row |= {"source": table.source, "received_at": received}
                row.setdefault("number", f"G{batch}-{n}")
                if table.due_after is not None:
                    row["due_at"] = received + table.due_after
                found.append(row)
        return found + [dict(row) for row in self.appeal]

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
    """Make a scenario of a table."""
    try:
        return Scenario.model_validate({**table, "folder": folder})
    except ValidationError as exc:
        msg = "\n".join(s.replace(": .", ": ") for s in sentences(exc, f"{name}: "))
        raise ScenarioError(msg) from exc


def _numbered(value: Any, n: int) -> Any:
    return value.replace("{n}", str(n)) if isinstance(value, str) else value
