"""Playing scenarios by the real command line, and looking at what they tell."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon.cli import main
from mcur.playbooks.load import clauses_of, load

Line = dict[str, Any]

EVENTS = frozenset(
    [
        "appeals.held",
        "appeals.read",
        "call.requested",
        "draft.expired",
        "draft.prepared",
        "draft.released",
        "flag.raised",
        "notice.due",
        "report.filed",
        "incident.closed",
        "incident.dismissed",
        "incident.escalated",
        "incident.opened",
        "incident.updated",
        "mail.sent",
        "mail.undelivered",
        "mail.waits",
        "plan.approved",
        "report.corrected",
        "report.missed",
        "report.filed",
        "report.reviewed",
        "rule.not_computable",
        "shadow",
        "slot.missed",
        "slot.taken",
        "task.closed",
        "task.created",
        "task.updated",
        "term.breached",
        "term.met",
        "term.reminded",
        "term.started",
    ]
)
"""Events of the contract that the rules of this regulation can tell of so far."""
ALWAYS = ("at", "event", "playbook", "rule", "clause", "key")
OF_EVENT = {
    "appeals.read": {"new", "changed", "repeated", "vanished", "quarantined"},
    "task.created": {"kind", "project", "subject", "text", "status", "attachments", "reopen_count"},
    "task.updated": {"kind", "project", "subject", "status", "reopen_count"},
    "task.closed": {"kind", "project", "subject", "status", "reopen_count"},
    "call.requested": {"from", "to"},
    "mail.sent": {"from", "attachments", "text"},
    "mail.undelivered": {"since", "reason"},
    "mail.waits": {"until"},
    "draft.prepared": {"to", "text", "attachments"},
    "term.started": {"due_at"},
    "term.met": {"due_at", "ended_at"},
    "term.breached": {"due_at"},
    "term.reminded": {"due_at"},
    "shadow": {"event"},
    "incident.opened": {"rule", "object", "count", "houses", "mode", "state"},
}
"""Names that must stand in ``data`` (contract, «Timeline»)."""
ONCE = EVENTS - {
    "appeals.read",
    "incident.updated",
    "task.updated",
    "task.closed",
    "term.started",
    "term.met",
    "term.reminded",
}
"""Events that happen to a key once; a task changes and a term runs again after «returned»."""


@dataclass(frozen=True)
class Played:
    """What a run of ``simulate`` said and told."""

    status: int
    said: str
    lines: list[Line] = field(default_factory=list)

    def of(self, event: str, **given: Any) -> list[Line]:
        """Return the lines of an event whose fields are as given."""
        return [
            line
            for line in self.lines
            if line["event"] == event and all(line.get(k) == v for k, v in given.items())
        ]

    def one(self, event: str, **given: Any) -> Line:
        """Return the only line of an event with these fields."""
        [line] = self.of(event, **given)
        return line


class Player:
    """Plays scenarios in a folder of its own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self._capsys = capsys
        self._played = 0

    def text(self, *parts: str) -> Played:
        """Play a scenario given as text."""
        path = self.folder / "day.toml"
        path.write_text("\n".join(parts), encoding="utf-8")
        return self.file(path)

    def file(self, path: Path) -> Played:
        """Play a scenario file by ``mcur simulate``."""
        self._played += 1
        timeline = self.folder / f"timeline-{self._played}.jsonl"
        self._capsys.readouterr()
        try:
            main(["simulate", str(path), "--timeline", str(timeline)])
        except SystemExit as exc:
            status = int(exc.code or 0)
        else:
            status = 0
        out, err = self._capsys.readouterr()
        there = timeline.read_text("utf-8").splitlines() if timeline.exists() else []
        return Played(status, out + err, [json.loads(line) for line in there])


def faults(lines: Sequence[Line], allowed_roles: frozenset[str] = frozenset()) -> list[str]:
    """Say what in a timeline is not as the contract has it."""
    found = [f"{fault}: {line}" for line in lines for fault in _faults(line, allowed_roles)]
    moments = [datetime.fromisoformat(line["at"]) for line in lines]
    if moments != sorted(moments):
        found.append("the lines are not in the order of time")
    told = Counter((line["event"], line["key"]) for line in lines if line["event"] in ONCE)
    found += [f"{event} {key} is told {n} times" for (event, key), n in told.items() if n > 1]
    whole = Counter(json.dumps(line, sort_keys=True) for line in lines)
    same = [line for line, n in whole.items() if n > 1 and '"event": "appeals.read"' not in line]
    return found + [f"stands twice: {line}" for line in same]


def _faults(line: Line, allowed: frozenset[str]) -> list[str]:
    found = [f"no {name}" for name in ALWAYS if not isinstance(line.get(name), str)]
    if line["event"] not in EVENTS:
        found.append("no event of the contract")
    if not datetime.fromisoformat(line["at"]).tzinfo:
        found.append("a stamp without a zone")
    if line["clause"] not in clauses_of(line["playbook"]):
        found.append("a clause that does not stand in the regulation")
    missing = OF_EVENT.get(line["event"], set()) - set(line.get("data", {}))
    if missing:
        found.append(f"data lacks {sorted(missing)}")
    if line["event"] == "mail.sent":
        found += _letter_faults(line, allowed)
    if not line.get("why"):
        found.append("no reason")
    return found


def _letter_faults(line: Line, allowed: frozenset[str]) -> list[str]:
    roles = set(load(line["playbook"]).roles) | allowed
    found = [
        f"{ref} is no role, executor or address"
        for ref in (*line["to"], *line["cc"])
        if ref.split(":")[0] not in roles and not ref.startswith("executor:") and "@" not in ref
    ]
    if not isinstance(line.get("late"), bool):
        found.append("late is neither true nor false")
    return found if line["to"] and line["subject"] else [*found, "nobody, or no subject"]
