"""Gathering what an administrator wants to see at a glance."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from mcur.daemon import books
from mcur.daemon.copies import COPIES
from mcur.daemon.settings import CHANNELS, Settings
from mcur.playbooks.facts import Health, TaskKind
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules.base import Case
from mcur.playbooks.rules.registry import LAYERS
from mcur.state.answers import Answers, with_absences
from mcur.state.store import State
from mcur.state.systems import LISTENING

MANY_LETTERS = 15
"""Letters to one person on one day above which status warns."""


def gather(
    settings: Settings, playbooks: Sequence[Playbook], state: State, now: datetime
) -> dict[str, Any]:
    """Return the sections of the status in the order in which they are printed."""
    zone = playbooks[0].calendar.zone
    live = state.live_from(settings.live.since)
    return {
        "site": _site(settings, state, live, now, zone),
        "appeals": _appeals(state),
        "tasks": _tasks(playbooks, state, now),
        "due_next": _due_next(playbooks, settings, state, live, now),
        "outbox": _outbox(state, zone),
        "connectors": _connectors(settings, playbooks, state, zone),
        "letters_today": _letters_today(settings, playbooks[0], state, now),
        "to_look_at": _to_look_at(settings, state, now),
        "taken_as_history": state.history(),
    }


def _stamp(moment: datetime | None, zone: Any) -> str:
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment else "never"


def _site(
    settings: Settings, state: State, live: datetime | None, now: datetime, zone: Any
) -> dict[str, str]:
    gates = {c: str(settings.gate(c)) for c in CHANNELS}
    shut = ", ".join(f"{c} {g}" for c, g in gates.items() if g != "on")
    last = state.stamp("last_cycle")
    return {
        "name": settings.name or settings.folder.name,
        "playbooks": ", ".join(settings.playbooks),
        "live since": _stamp(live, zone) if live else "not started yet",
        "last cycle": _stamp(last, zone),
        "now": _stamp(now, zone),
        "gates": shut or "all on",
    }


def _appeals(state: State) -> dict[str, int]:
    stock = state.appeals.stock()
    first = ("open", "overdue")
    return {k: stock.get(k, 0) for k in first} | {
        k: v for k, v in sorted(stock.items()) if k not in first
    }


def _tasks(playbooks: Sequence[Playbook], state: State, now: datetime) -> dict[str, str]:
    found: dict[str, str] = {}
    for playbook in playbooks:
        tasks = [t for t in state.tasks.find(playbook.id, tuple(TaskKind), None) if not t.history]
        kinds = Counter(t.kind for t in tasks)
        late = Counter(t.kind for t in tasks if t.due_at and t.due_at < now)
        for kind, count in sorted(kinds.items()):
            word = f"{count} open" + (f", {late[kind]} overdue" if late[kind] else "")
            found[f"{playbook.id} {kind}"] = word
    return found


def _due_next(
    playbooks: Sequence[Playbook],
    settings: Settings,
    state: State,
    live: datetime | None,
    now: datetime,
) -> list[str]:
    facts = Answers(state, settings.directory(), live or now)
    found: list[tuple[datetime, str]] = []
    for playbook in playbooks:
        case = Case(facts, playbook, now)
        for kind in LAYERS:
            for rule in playbook.enabled(kind.name):
                moment = kind.wakes(rule, case)
                if moment is not None:
                    name = f"{playbook.id} {rule.id} {rule.title} (clause {rule.clause})"
                    found.append((moment, name))
    zone = playbooks[0].calendar.zone
    return [f"{_stamp(moment, zone)}  {name}" for moment, name in sorted(found)[:6]]


def _outbox(state: State, zone: Any) -> dict[str, Any]:
    counts = state.outbox.counts()
    repeated = counts.pop("repeated", 0)
    found: dict[str, Any] = dict(sorted(counts.items()))
    if repeated:
        found["repeated"] = (
            f"{repeated} sent again after a crash: readers may have it twice, under one Message-ID"
        )
    for circuit in state.outbox.circuits.listing():
        since = _stamp(circuit.since, zone)
        found[circuit.destination] = f"silent since {since}: {circuit.why}"
    return found


def _connectors(
    settings: Settings, playbooks: Sequence[Playbook], state: State, zone: Any
) -> dict[str, str]:
    every = f"{books.pause(settings, playbooks, 'mail').total_seconds():g} s"
    found = {}
    for one in state.health():
        if one.system.endswith(LISTENING):
            found[one.system] = _bell(one, every, zone)
            continue
        good = f"last success {_stamp(one.last_success, zone)}"
        down = f"down since {_stamp(one.down_since, zone)}: {one.why}; {good}"
        found[one.system] = down if one.down_since else good
    for mailbox in settings.mailboxes:
        if mailbox.kind != "maildir" and not mailbox.push:
            found[f"mail:{mailbox.id}{LISTENING}"] = f"off by push = false, polled every {every}"
    return found


def _bell(one: Health, every: str, zone: Any) -> str:
    """Say whether a mailbox is listened to."""
    if one.down_since:
        return f"silent since {_stamp(one.down_since, zone)}, polled every {every}: {one.why}"
    return f"on, last heard {_stamp(one.last_success, zone)}"


def _letters_today(
    settings: Settings, playbook: Playbook, state: State, now: datetime
) -> dict[str, str]:
    """Count the letters of today by person: whoever holds several roles, or stands in, reads them all."""
    first, last = playbook.calendar.day_bounds(playbook.calendar.day_of(now))
    people = with_absences(state.db, settings.directory())
    day = playbook.calendar.local(now).date()
    counts: Counter[str] = Counter()
    for ref, n in state.outbox.readers(first, last).items():
        for name in {one.name or one.ref for one in people.recipients(ref, day)} or {ref}:
            counts[name] += n
    return {
        reader: f"{n} letters: too many for one person" if n > MANY_LETTERS else str(n)
        for reader, n in counts.most_common()
    }


def _to_look_at(settings: Settings, state: State, now: datetime) -> dict[str, int]:
    homes = {"courier", "documents", *(f"tracker:{tracker.id}" for tracker in settings.trackers)}
    homes |= {f"mailed:{feed.id}" for feed in settings.feeds if feed.mailed_from}
    homes |= {COPIES} if settings.copying else set()
    letters = state.letters.counts()
    found = {
        "letters for review": letters.get("review", 0),
        "rows and letters in quarantine": state.quarantined(),
        "drafts waiting for a word": state.drafts.count(),
        "what should have happened and did not (two days)": state.audited(now - timedelta(days=2)),
        "letters that did not leave within their hour (two days)": state.undelivered(
            now - timedelta(days=2)
        ),
        "dead letters": state.outbox.counts().get("dead", 0),
        "held by the fuse": state.outbox.counts().get("held", 0),
    }
    waiting = Counter(row["destination"] for row in state.outbox.listing(["waiting"]))
    for home in sorted(waiting.keys() - homes):
        found[f"waiting for {home}, which this site does not have"] = waiting[home]
    return {name: n for name, n in found.items() if n}
