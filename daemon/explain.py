"""Explaining: from a key or a rule back to the facts, the clause in its words and the deliveries."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from mcur.daemon.settings import Settings
from mcur.playbooks.facts import Task
from mcur.playbooks.intents import EFFECT
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules.base import Case, Rule
from mcur.playbooks.rules.registry import KINDS
from mcur.state.answers import Answers
from mcur.state.rows import letter_of
from mcur.state.stamps import moment_or_none
from mcur.state.store import State

Found = dict[str, Any]


def explain_key(playbooks: Sequence[Playbook], state: State, what: str) -> Found | None:
    """Explain a key or a task number (``#12``); ``None`` where nothing has that name."""
    key = _key_of(state, what)
    if key is None:
        return _explain_letter(playbooks, state, what.removeprefix("letter:"))
    playbook = next((p for p in playbooks if f":{p.id}:" in f":{key}:"), playbooks[0])
    zone = playbook.calendar.zone
    row = state.outbox.get(key)
    task = state.tasks.get(key)
    records = state.records(key)
    cite = EFFECT.validate_json(row["payload"]).cite if row else None
    clause = cite.clause if cite else (task.clause if task else _clause_in(records))
    found: Found = {
        "key": key,
        "why": cite.why if cite else next((r["why"] for r in records if r.get("why")), ""),
        "clause": _clause(playbook, clause),
        "rule": cite.rule if cite else (task.rule if task else ""),
        "facts": _task_facts(task, zone) if task else {},
        "appeal": _appeal_facts(state, task, zone) if task else {},
        "records": [_record(r, zone) for r in records],
        "deliveries": _deliveries(state, key, row, zone),
        "appeals": [{"appeal": f"{s}:{n}"} for s, n in state.joined.appeals(key)],
        "acts": _acts(state, key, zone),
        "journal": _journal(state, key, zone),
    }
    return {name: value for name, value in found.items() if value}


def _explain_letter(playbooks: Sequence[Playbook], state: State, digest: str) -> Found | None:
    """Explain what became of a letter: the row of the table that it met, and why."""
    row = state.letters.named(digest)
    if row is None:
        return None
    playbook = next((p for p in playbooks if p.id == row["playbook"]), playbooks[0])
    zone, key = playbook.calendar.zone, f"letter:{row['digest']}"
    letter = letter_of(row["letter"])
    found: Found = {
        "key": key,
        "why": row["why"],
        "sorted_as": row["what"],
        "conditions": row["row"],
        "state": row["state"],
        "facts": {
            "from": letter.sender,
            "subject": letter.subject,
            "received": _shown(letter.received_at, zone),
            "message_id": letter.message_id,
            "authenticated": {True: "yes", False: "no", None: "not known"}[letter.authenticated],
            "task": row["task"],
            "attachments": len(letter.attachments),
            "raw": letter.raw,
            "seen": row["seen"],
        },
        "records": [_record(r, zone) for r in state.records(key)],
        "journal": _journal(state, key, zone),
    }
    return {name: value for name, value in found.items() if value}


def explain_rule(
    playbooks: Sequence[Playbook],
    state: State,
    settings: Settings,
    path: Sequence[str],
    object_: str | None,
    now: datetime,
) -> Found | None:
    """Explain a rule: its values, what it found, what it will do next and why not yet."""
    playbook = next(p for p in playbooks if p.id == path[0])
    rule = playbook.rules.get(path[1], {}).get(path[2])
    if rule is None:
        return None
    zone = playbook.calendar.zone
    facts = Answers(state, settings.directory(), state.live_from(settings.live.since) or now)
    wakes = KINDS[path[1]].wakes(rule, Case(facts, playbook, now))
    found: Found = {
        "rule": f"{playbook.id}.{path[1]}.{rule.id} {rule.title}".strip(),
        "clause": _clause(playbook, rule.clause),
        "enabled": "yes" if rule.enabled else "no: switched off",
        "assumption": rule.assumes if rule.assumption else "",
        "values": _values(rule),
        "next": _shown(wakes, zone) if wakes else "when a fact asks for it",
        "waits": _window(rule, playbook, now),
        "as_of": _shown(now, zone),
        "findings": [_record(r, zone) for r in state.findings(playbook.id, rule.id, object_)],
        "done": [_record(r, zone) for r in state.done_by(playbook.id, rule.id, object_, now)],
    }
    if not found["findings"] and not found["done"]:
        found["why_not"] = _why_not(rule, found["next"], object_)
    return {name: value for name, value in found.items() if value not in ("", [], {})}


def _window(rule: Rule, playbook: Playbook, now: datetime) -> str:
    """Say until when the letters of a rule wait; nothing where it keeps to no window, or that is open."""
    opens = playbook.calendar.sends_at(now)
    if getattr(rule, "immediate", True) or opens == now:
        return ""
    return f"letters leave when send_window opens, {_shown(opens, playbook.calendar.zone)}"


def _key_of(state: State, what: str) -> str | None:
    if what.startswith("#"):
        found = state.tasks.numbered(what[1:])
        return found[0].key if found else None
    return what if state.knows(what) else _shared(state, what)


def _shared(state: State, key: str) -> str | None:
    """An appeal that shares a task with others is explained by that task."""
    kind, _, rest = key.partition(":")
    if kind != "task" or rest.count(":") < 2:
        return None
    task = state.joined.task_of(*rest.split(":", 2))
    return task.key if task else None


def _why_not(rule: Rule, wakes: str, object_: str | None) -> str:
    about = f" about {object_}" if object_ else ""
    off = (
        "it is switched off" if not rule.enabled else f"nothing has asked for it yet; next: {wakes}"
    )
    return f"it has done nothing{about}: {off}"


def _clause(playbook: Playbook, clause: str) -> str:
    known = playbook.clauses.get(clause)
    return f"{playbook.printed(clause)}: «{known.words}»" if known else clause


def _clause_in(records: Sequence[dict[str, Any]]) -> str:
    return next((r["clause"] for r in records if r.get("clause")), "")


def _values(rule: Rule) -> dict[str, str]:
    hidden = {
        "id",
        "clause",
        "clauses",
        "title",
        "printed_clause",
        "enabled",
        "assumption",
        "assumes",
    }
    values = rule.model_dump(mode="json", exclude=hidden, exclude_defaults=False)
    return {k: str(v) for k, v in values.items() if v not in (None, "", [], {})}


def _task_facts(task: Task, zone: ZoneInfo) -> dict[str, Any]:
    names = (
        "kind", "subject", "status", "assignee", "executor", "tracker", "ident", "due_at",
        "decided_at", "created_at", "accepted_at", "done_at", "closed_at", "measures", "causes",
        "prevention",
    )  # fmt: skip
    return {name: _shown(getattr(task, name), zone) for name in names}


def _appeal_facts(state: State, task: Task, zone: ZoneInfo) -> dict[str, Any]:
    appeal = state.appeals.get(task.source, task.number) if task.source and task.number else None
    if appeal is None:
        return {}
    names = (
        "source",
        "number",
        "received_at",
        "status",
        "topic",
        "address",
        "house",
        "executor",
        "due_at",
    )
    return {name: _shown(getattr(appeal, name), zone) for name in names}


def _deliveries(state: State, key: str, row: dict[str, Any] | None, zone: ZoneInfo) -> list[str]:
    rows = ([row] if row else []) + state.outbox.of_task(key)
    return [
        f"{r['effect']} {r['state']} to {r['destination']}, decided {_text(r['created_at'], zone)}"
        + (f", left {_text(r['done_at'], zone)}" if r["done_at"] else "")
        + (f", attempts {r['attempts']}" if r["attempts"] > 1 else "")
        + (f", next {_text(r['next_at'], zone)}" if r["state"] == "waiting" and r["why"] else "")
        + (f": {r['why']}" if r["why"] else "")
        for r in rows
    ]


def _acts(state: State, key: str, zone: ZoneInfo) -> list[str]:
    return [
        f"{_text(a['at'], zone)} {a['person'] or a['by']}: {a['do']} {a['text']}".strip()
        + (f" (refused: {a['why']})" if a["state"] == "refused" else "")
        for a in state.acts_on(key)
    ]


def _journal(state: State, key: str, zone: ZoneInfo) -> list[str]:
    return [f"{_text(e['at'], zone)} {e['event']} ({e['clause']})" for e in state.entries(key)]


def _record(row: dict[str, Any], zone: ZoneInfo) -> str:
    said = {k: _text(v, zone) for k, v in row.items() if v not in (None, "", 0)}
    return ", ".join(f"{k} {v}" for k, v in said.items())


def _text(value: Any, zone: ZoneInfo) -> Any:
    try:
        moment = moment_or_none(value) if isinstance(value, str) and value.endswith("Z") else None
    except ValueError:
        return value
    return _shown(moment, zone) if moment else value


def _shown(value: Any, zone: ZoneInfo) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")
    return value
