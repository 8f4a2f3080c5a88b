"""`kill -9` at random moments: nothing is made twice, nothing is lost, a repeat has its old name."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.redmine import Golden
from tests.servers.site import (
    MOSCOW,
    PLAYBOOK,
    RealSite,
    Servers,
    ecur_workbook,
    issues,
    key_of,
    real_site,
    rows_of_a_day,
    sent_letters,
)

pytestmark = pytest.mark.server

DAY = datetime(2027, 2, 17, tzinfo=MOSCOW)
AT = f"{DAY:%Y-%m-%d}T09:50"
KILLS = (7, 3)
"""While tasks are made, and while letters leave."""


@pytest.fixture
def site(servers: Servers, tmp_path: Path) -> Iterator[RealSite]:
    """Give a site over a bare Redmine, where only the subject tells an issue's key."""
    profile: Golden = "bare"
    with real_site(tmp_path / "site", servers, profile, DAY - timedelta(days=2)) as made:
        yield made


def test_ten_kills_make_no_issue_twice_and_lose_no_letter(site: RealSite) -> None:
    """300 issues stand there once each; a letter may lie there twice only under one Message-ID."""
    seed = random.SystemRandom().randrange(10**6)
    print(f"seed {seed}")  # noqa: T201  a failure can be played again
    rows = rows_of_a_day(DAY - timedelta(days=1))
    site.drop("ecur.xlsx", ecur_workbook(rows))

    lives = _kill_again_and_again(site, random.Random(seed))
    site.mcur("once", "--at", AT)

    print(f"lived {lives}, then to the end")  # noqa: T201  as above
    keys = Counter(key_of(issue) for issue in issues(site.servers.redmine))
    assert [key for key, count in keys.items() if count > 1] == []
    assert set(keys) == {row.key for row in rows} | {
        f"task:{PLAYBOOK}:day:mcur_resp:{DAY:%Y-%m-%d}"
    }
    letters = sent_letters(site.servers.dovecot)
    assert Counter(user for user, _ in letters) == {"head": 1, "garant": 1, "uyut": 1}
    repeated = sum(letters.values()) - len(letters)
    status = site.json("status")
    assert ("repeated" in status["outbox"]) or not repeated
    assert status["outbox"]["done"] == 301 + 3
    assert site.json("outbox") == []


def _kill_again_and_again(site: RealSite, chance: random.Random) -> list[float]:
    """Start and kill: by the clock first, then about when a letter is being accepted."""
    making, mailing = KILLS
    lives = [round(chance.uniform(0.8, 3.2), 2) for _ in range(making)]
    for life in lives:
        child = site.start("once", "--at", AT)
        time.sleep(life)
        site.kill(child)
    for _ in range(mailing):
        pause = round(chance.uniform(0, 0.03), 3)
        _kill_at_the_next_letter(site, pause)
        lives.append(pause)
    return lives


def _kill_at_the_next_letter(site: RealSite, pause: float) -> None:
    """Kill a run a moment after a letter has been taken, before or after it was noted as sent."""
    child = site.start("once", "--at", AT)
    killers: list[threading.Timer] = []

    def kill_soon() -> None:
        killers.append(threading.Timer(pause, site.kill, [child]))
        killers[-1].start()

    site.servers.smtp.accepted = kill_soon
    child.wait(timeout=100)
    site.servers.smtp.accepted = None
    for killer in killers:
        killer.join()
    site.kill(child)
