"""A simulated week of every regulation at once, with a thousand appeals a day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from mcur.daemon import log, scenario
from mcur.daemon.simulate import Simulation
from mcur.playbooks.load import known_playbooks, load
from tests.bench.figures import Figure, Tell, took

APPEALS = 1_000
"""A day, spread over the regulations."""
START = datetime(2026, 11, 16, tzinfo=scenario.ZONE)
SOURCES = ("dobrodel", "eds", "mp", "ecur", "rgis")
TOPICS = ("Отопление", "Уборка двора", "Освещение", "Дороги", "Мусор")


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Play the week, once: it is long enough to be its own median."""
    playbooks = known_playbooks()
    tell(f"a week of {', '.join(playbooks)}, {APPEALS:,} appeals a day, polls of 5 minutes")
    log.configure(quiet=True)
    simulation = Simulation(_week(playbooks, folder), folder, "week")
    events: list[object] = []
    simulation.listen(events.append)
    play = took(simulation.play)
    simulation.close()
    yield Figure(
        what=f"a week of {len(playbooks)} regulations: {len(events):,} events",
        ours=play.shown("s"),
        aim="< 60 s",
    )


def _week(playbooks: list[str], folder: Path) -> scenario.Scenario:
    days = [START + timedelta(days=n) for n in range(7)]
    table: dict[str, Any] = {
        "playbooks": playbooks,
        "start": START,
        "until": days[-1] + timedelta(hours=24, seconds=-1),
        "poll": "5m",
        "appeals": [
            _day(day, n, playbook, APPEALS // len(playbooks))
            for day in days
            for n, playbook in enumerate(playbooks)
        ],
    }
    return scenario.parse(table, "week", folder)


def _day(day: datetime, n: int, playbook: str, count: int) -> dict[str, Any]:
    book = load(playbook)
    topics = {t for rule in book.enabled("intake") for t in getattr(rule, "topics", ())}
    appeals: dict[str, Any] = {
        "source": SOURCES[n % len(SOURCES)],
        "count": count,
        "first": day + timedelta(minutes=1 + n),
        "every": f"{24 * 60 // count - 1}m",
        "address": f"ул. {playbook}, д. {{n}}",
        "block": min(topics, default="ЖКХ"),
        "category": min(topics, default="ЖКХ"),
        "subcategory": TOPICS[(n + day.day) % len(TOPICS)],
        "executor": f"УК {n}",
        "due_after": "3d",
    }
    return appeals | ({"municipality": book.municipalities[0]} if book.municipalities else {})
