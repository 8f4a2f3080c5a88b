"""Following: ten thousand open issues read for the first time, then polls, against bare requests."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from statistics import median

import requests

from mcur.daemon.wiring import Site
from mcur.playbooks.facts import TaskStatus
from tests.bench.figures import Figure, Tell, seconds
from tests.bench.writing import TRACKER, open_redmine_site
from tests.servers.redmine import KEYS, RedmineServer, Staff, missing

ISSUES = 10_000
PAGE = 100
POLLS = 20
POLL = 3.0
"""Seconds, as between two polls at the least: what one met in its own second the next looks at again."""
OURS = 7
"""Every so many issues carry one of our keys, as after a restored backup."""
TEXT = "Адрес: Одинцово, ул. Солнцева, д. 5. " * 50

SEED = """
    with recursive n(i) as (select 1 union all select i + 1 from n where i < ?)
    insert into issues (tracker_id, project_id, subject, description, status_id, priority_id,
        author_id, lock_version, done_ratio, created_on, updated_on, due_date, root_id, lft, rgt,
        is_private)
    select (select id from trackers where name = 'Задача исполнителю'), 1, 'Обращение ' || i, ?,
        1, 2, 5, 0, 0, datetime('2026-01-01', i || ' minutes'), datetime('2026-01-01', i || ' minutes'),
        '2027-01-01', i, 1, 2, 0 from n
"""
VALUES = """
    insert into custom_values (customized_type, customized_id, custom_field_id, value)
    select 'Issue', i.id, f.id, case f.name when 'Ключ' then
        case i.id % ? when 0 then 'task:other:dobrodel:' || i.id else '' end
        else 'Значение ' || i.id end
    from issues i, custom_fields f
    where f.name in ('Ключ', 'Пункт регламента', 'Источник', 'Номер обращения', 'Адрес')
"""


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Read all of it both ways, then poll, then let a person write."""
    reason = missing()
    if reason is not None:
        tell(f"following is left out: {reason}")
        return
    tell(
        f"following {ISSUES} open issues of a real Redmine: the first sync, {POLLS} polls, a change"
    )
    with RedmineServer(folder, folder / "cache") as server:
        server.reset("full")
        server.sql(SEED, ISSUES, TEXT)
        server.sql(VALUES, OURS)
        _pages(server, 5 * PAGE)  # both of its processes are warm
        bare = seconds(lambda: _pages(server, ISSUES))
        with closing(open_redmine_site(folder / "site", server)) as site:
            first = seconds(lambda: _look(site))
            assert site.state.tasks.by_ident("redmine", str(ISSUES)) is not None
            time.sleep(POLL)
            _look(site)
            yield _first(first, bare)
            yield _steady(site, server)
            yield _heard(site, server)


def _first(first: float, bare: float) -> Figure:
    return Figure(
        what=f"first sync of {ISSUES:,} issues",
        ours=f"{first:.1f} s",
        bare=f"{bare:.1f} s (keyset pages)",
        ratio=f"{first / bare:.2f}",
        aim="<= 1.1",
    )


def _steady(site: Site, server: RedmineServer) -> Figure:
    server.forget_requests()
    own, whole = [], []
    for _ in range(POLLS):
        begun, used = time.perf_counter(), time.process_time()
        _look(site)
        own.append(time.process_time() - used)
        whole.append(time.perf_counter() - begun)
    asked = len(server.requests()) / POLLS
    return Figure(
        what="steady poll of them",
        ours=f"{median(own) * 1e3:.0f} ms of our own",
        bare=f"{median(whole) * 1e3:.0f} ms with Redmine",
        ratio=f"{asked:.2f} requests",
        aim="1 request, < 150 ms",
    )


def _heard(site: Site, server: RedmineServer) -> Figure:
    """A person moves an issue and writes; one poll later the state has it."""
    number = str(ISSUES // 2)
    Staff(server).change(number, status_id=2, notes="Слесарь на месте")
    took = seconds(lambda: _look(site))
    task = site.state.tasks.by_ident("redmine", number)
    assert task is not None
    known = task.status is TaskStatus.IN_WORK
    return Figure(
        what="a person's change in the state",
        ours=f"{took * 1e3:.0f} ms" if known else "not there",
        ratio=f"{'1' if known else 'more than 1'} poll",
        aim="1 poll",
    )


def _look(site: Site) -> None:
    """Read what the tracker has to say, to its end."""
    is_read = False
    while not is_read:
        now = site.clock.now()
        site.observers.ask(TRACKER, now)  # nothing happens while the last look is still out
        is_read = site.observers.collect(now) and TRACKER not in site.observers.impatient(now)
        assert not site.observers.unreachable, site.observers.unreachable
        time.sleep(0.001)


def _pages(server: RedmineServer, count: int) -> None:
    """List by number, page by page, as plainly as can be."""
    session = requests.Session()
    session.headers["X-Redmine-API-Key"] = KEYS["robot"]
    start, read = 1, 0
    while read < count:
        asked = f"issue_id=%3E%3D{start}&sort=id:asc&status_id=*&limit={PAGE}"
        page = session.get(f"{server.url}/issues.json?{asked}", timeout=60).json()["issues"]
        read += len(page)
        start = page[-1]["id"] + 1
