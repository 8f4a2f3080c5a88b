"""Hearing: from the moment that SMTP took a letter to its task in Redmine, everything real on loopback."""

from __future__ import annotations

import random
import smtplib
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import requests
from imapclient import IMAPClient  # type: ignore[import-untyped]

from tests.bench.figures import Figure, Tell
from tests.servers import dovecot as dovecots, redmine as redmines
from tests.servers.dovecot import PASSWORDS, Dovecot
from tests.servers.redmine import KEYS, RedmineServer
from tests.servers.site import MOSCOW, RealSite, Servers, a_letter, real_site
from tests.servers.smtp import SmtpServer

LETTERS = 50
PATIENCE = 30.0
TEXT = "Адрес: Одинцово, ул. Маршала Жукова, д. {n}\nПроблема: не горит фонарь {n}\n"


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Send letters one by one to a site that polls every ten minutes and listens by IDLE."""
    if (why := redmines.missing()) or not dovecots.is_installed():
        tell(f"hearing is left out: {why or 'Dovecot is not installed'}")
        return
    tell(f"hearing: {LETTERS} letters by SMTP, IDLE, a task in a real Redmine for each")
    dovecot = dovecots.start()
    smtp = SmtpServer(dovecot)
    smtp.start()
    try:
        with RedmineServer(folder, folder / "cache") as redmine:
            servers = Servers(redmine, dovecot, smtp)
            yesterday = datetime.now(MOSCOW) - timedelta(days=1)
            with real_site(folder / "site", servers, "full", live_from=yesterday) as site:
                told, made = _heard(site)
                posts = _posts(redmine)
    finally:
        smtp.stop()
        dovecot.stop()
    yield Figure(
        what=f"letter: SMTP to task in Redmine, {LETTERS}",
        ours=f"p95 {_p95(made):.2f} s, median {median(made):.2f} s",
        bare=f"p95 {_p95(told):.2f} s (IDLE of Dovecot) + {_p95(posts):.2f} s (POST)",
        ratio=f"{_p95(made) / (_p95(told) + _p95(posts)):.2f}",
        aim="p95 <= 1.5 s",
    )


def _heard(site: RealSite) -> tuple[list[float], list[float]]:
    """Return, for each letter, after how many seconds the server told of it and its task stood."""
    site.edit('mail = "2m"', 'mail = "10m"')
    site.start("run")
    _wait(lambda: "on, last heard" in str(_connectors(site)), "the bell to be on")
    ear = _Ear(site.servers.dovecot)
    chance = random.Random(4)
    made: list[float] = []
    for n in range(LETTERS):
        taken = _send(site.servers, n)
        query = "SELECT 1 FROM issues WHERE subject LIKE ?"
        name = f"%не горит фонарь {n} %"
        _wait(lambda: bool(site.servers.redmine.sql(query, name)), f"the task of {n}")  # noqa: B023  waited for here
        made.append(time.monotonic() - taken)
        ear.taken.append(taken)
        time.sleep(chance.random())
    ear.close()
    return ear.delays(), made


def _connectors(site: RealSite) -> Any:
    child = site.start("status", "--json")
    return child.communicate(timeout=60)[0]


def _send(servers: Servers, n: int) -> float:
    """Hand a letter to the server as another server does; return the moment of its 250."""
    letter = a_letter("duty@cur.mosreg.ru", f"Задание {n}", TEXT.format(n=n), f"bench{n}")
    with smtplib.SMTP("127.0.0.1", servers.smtp.plain, timeout=30) as gate:
        gate.sendmail("duty@cur.mosreg.ru", ["robot@firm.test"], letter)
        return time.monotonic()


class _Ear:
    """Another client in IDLE on the same mailbox: when the server itself tells of a letter."""

    def __init__(self, dovecot: Dovecot) -> None:
        self.taken: list[float] = []
        self._told: list[float] = []
        self._over = threading.Event()
        self._client = IMAPClient("127.0.0.1", port=dovecot.imap, ssl=False)
        self._client.login("robot", PASSWORDS["robot"])
        self._client.select_folder("INBOX", readonly=True)
        self._client.idle()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def delays(self) -> list[float]:
        """Seconds from each letter's 250 to the first word of it."""
        return [
            min((told for told in self._told if told > taken - 0.01), default=taken) - taken
            for taken in self.taken
        ]

    def close(self) -> None:
        """Hang up."""
        self._over.set()
        self._thread.join()
        self._client.shutdown()

    def _listen(self) -> None:
        while not self._over.is_set():
            said = self._client.idle_check(timeout=0.2)
            if any(one[1:] == (b"EXISTS",) for one in said):
                self._told.append(time.monotonic())


def _posts(server: RedmineServer) -> list[float]:
    """Time plain POSTs of a task, one by one."""
    session = requests.Session()
    session.headers["X-Redmine-API-Key"] = KEYS["robot"]
    took = []
    for n in range(30):
        issue = {"project_id": "support", "subject": f"POST {n}", "description": TEXT.format(n=n)}
        begun = time.monotonic()
        answer = session.post(f"{server.url}/issues.json", json={"issue": issue}, timeout=60)
        took.append(time.monotonic() - begun)
        assert answer.status_code == 201, answer.text[:300]
    return took


def _p95(values: Sequence[float]) -> float:
    return quantiles(values, n=20)[-1]


def _wait(condition: Callable[[], bool], what: str) -> None:
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < PATIENCE, f"waited in vain for {what}"
        time.sleep(0.01)
