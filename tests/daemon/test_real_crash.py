"""`kill -9` at random moments: nothing is made twice, nothing is lost, a repeat has its old name."""

from __future__ import annotations

import random
import re
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
    mailbox,
    parsed,
    real_site,
    rows_of_a_day,
    sent_letters,
)

pytestmark = pytest.mark.server

DAY = datetime(2027, 2, 17, tzinfo=MOSCOW)
AT, LATER, LAST = (f"{DAY:%Y-%m-%d}T{clock}" for clock in ("09:50", "10:21", "10:52"))
DAY_TASK = f"task:{PLAYBOOK}:day:mcur_resp:{DAY:%Y-%m-%d}"
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
    site.mcur("once", "--at", LATER)
    site.mcur("once", "--at", LAST)

    print(f"lived {lives}, then to the end")  # noqa: T201  as above
    keys = Counter(key_of(issue) for issue in issues(site.servers.redmine))
    assert [key for key, count in keys.items() if count > 1] == []
    assert set(keys) == {row.key for row in rows} | {DAY_TASK}
    letters = sent_letters(site.servers.dovecot)
    assert [user for user, _ in letters].count("head") == 1
    for user, executor in (("garant", "УК «Гарант»"), ("uyut", "УК «Уют»")):
        told = _told(site, user)
        assert sorted(told) == sorted(row.number for row in rows if row.executor == executor)
    assert sum(letters.values()) > len(letters)
    status = site.json("status")["outbox"]
    assert "sent again after a crash" in status.pop("repeated")
    assert status == {"done": len(keys) + 2 * len(letters)}  # each letter has its copy


def _kill_again_and_again(site: RealSite, chance: random.Random) -> list[float]:
    """Start and kill: by the clock first, then about when a letter is being accepted."""
    making, mailing = KILLS
    lives = [round(chance.uniform(0.8, 3.2), 2) for _ in range(making)]
    for life in lives:
        child = site.start("once", "--at", AT)
        time.sleep(life)
        site.kill(child)
    for pause in (0.0, *(round(chance.uniform(0, 0.03), 3) for _ in range(mailing - 1))):
        _kill_at_the_next_letter(site, pause)
        lives.append(pause)
    return lives


def _kill_at_the_next_letter(site: RealSite, pause: float) -> None:
    """Kill a run when a letter has been taken: before the answer, or a moment after it.

    It is half an hour later, so that the executors who had a letter already get another one.
    """
    child = site.start("once", "--at", LATER)
    killers: list[threading.Timer] = []

    def kill_soon() -> None:
        killers.append(threading.Timer(pause, site.kill, [child]))
        killers[-1].start()
        if not pause:
            killers[-1].join()

    site.servers.smtp.accepted = kill_soon
    child.wait(timeout=100)
    site.servers.smtp.accepted = None
    for killer in killers:
        killer.join()
    site.kill(child)


def _told(site: RealSite, user: str) -> list[str]:
    """List the appeals that an executor was told of, a repeated letter once."""
    letters = {
        str(one["Message-ID"]): one for one in map(parsed, mailbox(site.servers.dovecot, user))
    }
    bodies = [letter.get_body(("plain",)) for letter in letters.values()]
    texts = [str(body.get_content()) for body in bodies if body is not None]
    return [number for text in texts for number in re.findall(r"Обращение: (\S+)", text)]
