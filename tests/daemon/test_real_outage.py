"""Redmine is stopped for a morning: reports leave and say so, tasks wait, afterwards all stand there."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.servers.site import (
    MOSCOW,
    RealSite,
    Row,
    Servers,
    a_letter,
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
DAY_TASK = f"task:odintsovo-1204:day:mcur_resp:{DAY:%Y-%m-%d}"


@pytest.fixture
def site(servers: Servers, tmp_path: Path) -> Iterator[RealSite]:
    """Give a site that talks to Redmine itself, so that a stopped one refuses connections."""
    plain = replace(servers, front=None)
    with real_site(tmp_path / "site", plain, "bare", DAY - timedelta(days=2)) as made:
        yield made
    if servers.redmine._process is None:
        servers.redmine.start()


def test_a_morning_without_redmine_loses_nothing(site: RealSite) -> None:
    """Отчет 1 leaves at its hour and says since when Redmine is silent; the tasks follow at noon."""
    rows = rows_of_a_day(DAY - timedelta(days=1), 40)
    before, meanwhile = rows[:10], rows[10:]
    site.drop("before.xlsx", ecur_workbook(before))
    site.mcur("once", "--at", f"{DAY:%Y-%m-%d}T08:00")
    site.servers.redmine.stop()
    site.drop("rows.xlsx", ecur_workbook(rows))
    site.servers.dovecot.inject(
        "robot", a_letter("duty@cur.mosreg.ru", "Задание", "Адрес: Одинцово, ул. Солнцева, 5", "x")
    )

    said = [
        site.mcur("once", "--at", f"{DAY:%Y-%m-%d}T{clock}", expect=3)
        for clock in ("08:30", "09:00", "09:20", "09:50", "12:00")
    ]
    waiting = [row["key"] for row in site.json("outbox")]
    site.servers.redmine.start()
    site.mcur("once", "--at", f"{DAY:%Y-%m-%d}T12:02")

    assert all("tracker:redmine" in one and "cannot be reached" in one for one in said)
    assert {row.key for row in meanwhile} <= set(waiting)
    _report_says_since_when(site)
    _all_stand_there_in_order(site, rows)
    # The draft of a report that has left is worth nothing any more.
    assert [row["state"] for row in site.json("outbox")] == ["expired"]
    assert set(sent_letters(site.servers.dovecot).values()) == {1}


def _report_says_since_when(site: RealSite) -> None:
    letters = [parsed(raw) for raw in mailbox(site.servers.dovecot, "head")]
    (report,) = [one for one in letters if str(one["Subject"]).startswith("Отчет 1")]
    body = report.get_body(("plain",))
    assert body is not None
    said = "Redmine не отвечает с 17.02.2027 08:30: сведения на 17.02.2027 08:00."
    assert said in " ".join(body.get_content().split())
    assert "09:50" in str(report["Date"])


def _all_stand_there_in_order(site: RealSite, rows: list[Row]) -> None:
    """What was decided first was made first, but for the few whose answer took Redmine long.

    Four are made at once, and the first page of a worker that has just started takes seconds: such a
    one is overtaken by many, and each of those comes one place too early for it.
    """
    made = [key_of(issue) for issue in issues(site.servers.redmine)]
    assert len(made) == len(set(made)) == len(rows) + 2
    assert DAY_TASK in made
    first_seen = [made.index(row.key) for row in rows[:10]]
    assert max(first_seen) < min(made.index(row.key) for row in rows[10:])
    places = sorted(made.index(row.key) for row in rows[10:])
    displaced = [abs(places.index(made.index(row.key)) - n) for n, row in enumerate(rows[10:])]
    assert statistics.median(displaced) <= 4
