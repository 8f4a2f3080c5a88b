"""The cycle with nothing new: what a minute costs on a small site and on a large one."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from mcur.daemon import cycle
from mcur.daemon.books import known_needs
from mcur.daemon.site_template import site_text
from mcur.playbooks.facts import Appeal, AppealStatus
from mcur.playbooks.load import known_playbooks
from tests.bench.figures import Figure, Tell, Took, medians
from tests.fakes import EXECUTOR, MORNING, Stand, an_appeal

APPEALS = 100_000
TASKS = 10_000
LIVE = {"from": MORNING - timedelta(hours=2), "fuse": 2 * TASKS}


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Measure a new site, and two with a mountain of open tasks and the appeals of a month, of years."""
    stand = _settled(Stand(folder / "small"))
    yield _figure("a new site of one regulation", medians(9, lambda: _minute(stand))[0], "5 ms")
    stand.close()
    tell(f"two sites with {TASKS:,} open tasks (they take some minutes to make)")
    few, many = (_grown(folder / str(n), n) for n in (APPEALS // 10, APPEALS))
    for large in (few, many):
        tasks = large.state.db.execute("SELECT count(*) FROM tasks WHERE is_open = 1").fetchone()[0]
        assert tasks >= TASKS, f"only {tasks:,} tasks are open"
    took = medians(9, lambda: _minute(few), lambda: _minute(many))
    for large in (few, many):
        large.close()
    yield _figure(
        f"{APPEALS // 10:,} appeals, {TASKS:,} open tasks, all regulations", took[0], "20 ms"
    )
    yield _figure(f"{APPEALS:,} appeals, {TASKS:,} open tasks, all regulations", took[1], "20 ms")
    ratio = f"{took[1].wall / took[0].wall:.2f}"
    yield Figure(what="idle cycle: ten times the history", ours="", ratio=ratio, aim="<= 1.3")


def _site(folder: Path, **tables: Any) -> Stand:
    """Open a site of every regulation."""
    made = tomllib.loads(site_text(known_playbooks(), "letter", known_needs()))
    return Stand(folder, **made | {"executors": [EXECUTOR]} | tables)


def _grown(folder: Path, appeals: int) -> Stand:
    stand = _site(folder, live=LIVE)
    stand.take(*(_old(n) for n in range(appeals)))
    stand.cycle()
    stand.take(*(an_appeal(n, due_at=MORNING + timedelta(days=8)) for n in range(TASKS)))
    stand.cycle()
    return _settled(stand)


def _settled(stand: Stand) -> Stand:
    stand.cycle()
    stand.pass_time(minutes=11)  # the letters to executors wait ten minutes for their tasks
    stand.cycle()
    return stand


def _figure(what: str, took: Took, aim: str) -> Figure:
    """Say what ``run`` does each minute on a site that has settled."""
    return Figure(what=f"idle cycle: {what}", ours=took.shown("ms"), aim=f"< {aim}")


def _minute(stand: Stand) -> None:
    stand.pass_time(minutes=1)
    stand.decide()
    cycle.next_wake(stand.site, stand.now)
    stand.site.dispatcher.step(stand.now)


def _old(n: int) -> Appeal:
    """An appeal of the last three hundred days; one in ten is still open, and late."""
    received = MORNING - timedelta(days=1 + n % 300, minutes=n % 900)
    closed = n % 10 > 0
    return an_appeal(
        f"old-{n}",
        received_at=received,
        due_at=received + timedelta(days=8),
        closed_at=received + timedelta(days=n % 9) if closed else None,
        status=AppealStatus.CLOSED if closed else AppealStatus.IN_WORK,
        address=f"Одинцово, ул. Солнцева, д. {n % 2_000}",
    )
