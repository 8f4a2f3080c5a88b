"""The cycle with nothing new: what a minute costs on a small site and on a large one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from mcur.daemon import cycle
from mcur.playbooks.facts import Appeal, AppealStatus
from mcur.state.answers import Answers
from tests.bench.figures import Figure, Tell, in_turns
from tests.fakes import MORNING, Stand, an_appeal

APPEALS = 100_000
TASKS = 10_000
LIVE = {"from": MORNING - timedelta(hours=2), "fuse": 2 * TASKS}


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Measure a new site and one with the appeals of years and a mountain of open tasks."""
    yield _idle("a new site", Stand(folder / "small"), "5 ms")
    tell(f"a site with {APPEALS:,} appeals and {TASKS:,} open tasks (it takes a minute to make)")
    large = Stand(folder / "large", live=LIVE)
    large.take(*(_old(n) for n in range(APPEALS)))
    large.cycle()
    large.take(*(an_appeal(n, due_at=MORNING + timedelta(days=8)) for n in range(TASKS)))
    large.cycle()
    yield _idle(f"{APPEALS:,} appeals, {TASKS:,} open tasks", large, "20 ms")


def _idle(what: str, stand: Stand, aim: str) -> Figure:
    """Let the site settle, then measure what ``run`` does each minute."""
    stand.cycle()
    stand.pass_time(minutes=11)  # the letters to executors wait ten minutes for their tasks
    stand.cycle()
    took = in_turns(9, idle=lambda: _minute(stand))
    stand.close()
    return Figure(what=f"idle cycle: {what}", ours=f"{took['idle'] * 1e3:.1f} ms", aim=f"< {aim}")


def _minute(stand: Stand) -> None:
    stand.pass_time(minutes=1)
    stand.decide()
    facts = Answers(stand.state, stand.site.directory, stand.site.live_from())
    cycle.next_wake(stand.site, facts, stand.now)
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
