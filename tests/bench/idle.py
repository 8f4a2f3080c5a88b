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
    """Measure a new site, and two with a mountain of open tasks and the appeals of a month, of years."""
    stand = _settled(Stand(folder / "small"))
    yield _figure("a new site", in_turns(9, idle=lambda: _minute(stand))["idle"], "5 ms")
    stand.close()
    tell(f"two sites with {TASKS:,} open tasks (they take two minutes to make)")
    few, many = (_grown(folder / str(n), n) for n in (APPEALS // 10, APPEALS))
    took = in_turns(9, few=lambda: _minute(few), many=lambda: _minute(many))
    for large in (few, many):
        large.close()
    yield _figure(f"{APPEALS // 10:,} appeals, {TASKS:,} open tasks", took["few"], "20 ms")
    yield _figure(f"{APPEALS:,} appeals, {TASKS:,} open tasks", took["many"], "20 ms")
    ratio = f"{took['many'] / took['few']:.2f}"
    yield Figure(what="idle cycle: ten times the history", ours="", ratio=ratio, aim="< 1.3")


def _grown(folder: Path, appeals: int) -> Stand:
    stand = Stand(folder, live=LIVE)
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


def _figure(what: str, took: float, aim: str) -> Figure:
    """Say what ``run`` does each minute on a site that has settled."""
    return Figure(what=f"idle cycle: {what}", ours=f"{took * 1e3:.1f} ms", aim=f"< {aim}")


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
