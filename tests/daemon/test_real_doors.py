"""Doors of real servers: what ``check --connect`` says of each, and what waits before a shut one."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.dovecot import free_port
from tests.servers.redmine import Staff
from tests.servers.site import (
    MOSCOW,
    RealSite,
    Servers,
    ecur_workbook,
    issues,
    key_of,
    mailbox,
    parsed,
    real_site,
    rows_of_a_day,
)

pytestmark = pytest.mark.server

DAY = datetime(2027, 2, 17, tzinfo=MOSCOW)
Fault = Callable[[RealSite], None]


@pytest.fixture
def site(servers: Servers, tmp_path: Path) -> Iterator[RealSite]:
    """Give a site whose Redmine stands behind TLS."""
    with real_site(tmp_path / "site", servers, "bare", DAY - timedelta(days=2)) as made:
        yield made


def wrong_key(site: RealSite) -> None:
    """Mistype the key."""
    (site.folder / "secrets" / "redmine.key").write_text("0" * 40)


def no_project(site: RealSite) -> None:
    """Name a project that is not there."""
    site.edit('project = "support"', 'project = "nowhere"')


def no_trust(site: RealSite) -> None:
    """Forget the certificate of the authority that signed Redmine's."""
    ca = f'ca_file = "{site.servers.dovecot.certificates.ca}"\nprofile'
    site.edit(ca, "profile")


def wrong_password(site: RealSite) -> None:
    """Mistype the password of the mailbox and the courier."""
    (site.folder / "secrets" / "mail.password").write_text("mistyped")


def wrong_port(site: RealSite) -> None:
    """Send letters to a port where nobody listens."""
    site.edit(f"port = {site.servers.smtp.starttls}", f"port = {free_port()}")


def test_a_site_in_order_is_told_so(site: RealSite) -> None:
    """Each system is named, and the exit status is 0."""
    said = site.mcur("check", "--connect")

    for system in ("mailbox inbox", "courier", "tracker redmine"):
        assert f"{system}: answers, nothing is missing" in said


@pytest.mark.parametrize(
    ("fault", "status", "sentences"),
    [
        (
            wrong_key,
            1,
            ["tracker redmine: log in: the API key of Redmine «redmine» is not accepted"],
        ),
        (no_project, 1, ["tracker redmine: read project nowhere: Redmine «redmine» has no such"]),
        (no_trust, 1, ["tracker redmine: ", "is not trusted; set ca_file of this tracker"]),
        (wrong_password, 1, ["mailbox inbox: ", "courier: ", "refused the login of «robot»"]),
        (wrong_port, 3, ["courier: cannot be reached: ", "Connection refused"]),
    ],
)
def test_what_is_wrong_with_a_door_is_a_sentence(
    site: RealSite, fault: Fault, status: int, sentences: list[str]
) -> None:
    """Which system, what it said, what to do; the others are still asked."""
    fault(site)

    said = site.mcur("check", "--connect", expect=status)

    assert all(sentence in said for sentence in sentences)
    assert "Traceback" not in said


@pytest.mark.parametrize("fault", [wrong_key, no_project, no_trust])
def test_before_a_shut_door_tasks_wait_and_none_dies(site: RealSite, fault: Fault) -> None:
    """After the mistake is mended everything leaves by itself."""
    rows = rows_of_a_day(DAY - timedelta(days=1), 12)
    site.drop("rows.xlsx", ecur_workbook(rows))
    right = site.config.read_text(), (site.folder / "secrets" / "redmine.key").read_text()
    fault(site)

    said = site.mcur("once", "--at", f"{DAY:%Y-%m-%d}T08:00", expect=1)
    states = {row["state"] for row in site.json("outbox")}
    site.config.write_text(right[0])
    (site.folder / "secrets" / "redmine.key").write_text(right[1])
    site.mcur("once", "--at", f"{DAY:%Y-%m-%d}T08:01")

    assert "tracker:redmine: " in said
    assert said.count("the door is shut") == 1
    assert states == {"waiting"}
    assert {key_of(issue) for issue in issues(site.servers.redmine)} == {row.key for row in rows}
    told = [parsed(raw)["Subject"] for raw in mailbox(site.servers.dovecot, "officer")]
    assert told == ["mcur: нет доступа к «tracker:redmine»"]


def test_the_running_daemon_sees_people_and_exports_and_stops_at_once(site: RealSite) -> None:
    """A status and measures are known within a poll, an export becomes issues, SIGTERM ends it."""
    now = datetime.now(MOSCOW)
    site.edit('feeds = "10m"', 'feeds = "1s"')
    site.edit('redmine = "1m"', 'redmine = "1s"')
    site.edit(
        f"from = {DAY - timedelta(days=2):%Y-%m-%dT%H:%M:%S+03:00}",
        f"from = {now - timedelta(days=2):%Y-%m-%dT%H:%M:%S+03:00}",
    )
    daemon = site.start("run")
    rows = rows_of_a_day(
        now.replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1), 8
    )

    site.drop("rows.xlsx", ecur_workbook(rows))
    _until(lambda: _made(site) >= {row.key for row in rows})
    numbers = {key_of(issue): str(issue["id"]) for issue in issues(site.servers.redmine)}
    staff = Staff(site.servers.redmine)
    staff.change(numbers[rows[0].key], status_id=2, notes="Меры: Слесарь на месте")
    _until(lambda: _status(site, rows[0].key) == "in_work")
    begun = time.monotonic()
    daemon.send_signal(signal.SIGTERM)
    status = daemon.wait(timeout=10)

    assert time.monotonic() - begun < 2
    assert status == 0
    assert "Слесарь на месте" in site.mcur("explain", f"#{numbers[rows[0].key]}")


def _made(site: RealSite) -> set[str | None]:
    return {key_of(issue) for issue in issues(site.servers.redmine)}


def _status(site: RealSite, key: str) -> str:
    return next(str(task["status"]) for task in site.json("tasks") if task["key"] == key)


def _until(seen: Callable[[], bool], seconds: float = 30) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + seconds
    while not seen():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.1)
