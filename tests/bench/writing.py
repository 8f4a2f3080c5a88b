"""Writing: tasks through our dispatcher against raw POSTs of the same bodies to the same Redmine."""

from __future__ import annotations

import threading
import time
import tomllib
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

import requests

from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.daemon import clock, cycle, wiring
from mcur.daemon.wiring import Site
from mcur.playbooks.intents import EFFECT, CreateTask
from tests.bench.figures import Figure, Tell, seconds
from tests.fakes import CITE, MORNING, an_export, settings_of, some_appeals
from tests.servers.redmine import KEYS, RedmineServer, missing
from tests.servers.site import SECTIONS

ROWS = 300
POOL = 4
ROUNDS = 3
TRACKER = "tracker:redmine"


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Alternate the two ways over several rounds, each with an empty Redmine."""
    reason = missing()
    if reason is not None:
        tell(f"writing is left out: {reason}")
        return
    tell(
        f"writing to Redmine: {ROUNDS} rounds of {ROWS} tasks, {POOL} at a time, ours and raw in turns"
    )
    folder.mkdir()
    with RedmineServer(folder, folder / "golden") as server:
        rounds = [_round(folder / f"site-{n}", server, ours_first=n % 2 > 0) for n in range(ROUNDS)]
    ours, raw, own = (median(times) for times in zip(*rounds, strict=True))
    yield Figure(
        what="tasks written to Redmine",
        ours=f"{ROWS / ours:.1f} tasks/s",
        bare=f"{ROWS / raw:.1f} tasks/s (POST)",
        ratio=f"{median(r / o for o, r, _ in rounds):.2f}",
        aim=">= 0.95",
    )
    yield Figure(
        what="dispatcher's own work, Redmine apart",
        ours=f"{own / ROWS * 1e3:.1f} ms/task",
        bare=f"{raw / ROWS * 1e3:.1f} ms/task (POST)",
        ratio=f"{own / raw:.2f}",
        aim="< 2 ms",
    )


def _round(folder: Path, server: RedmineServer, *, ours_first: bool) -> tuple[float, float, float]:
    """Write the same tasks both ways; return seconds of ours, of raw, of our main thread's work."""
    server.reset("full")
    with closing(_site(folder, server)) as site:
        bodies = _bodies(site)
        raw = 0.0 if ours_first else seconds(lambda: _post(server, bodies))
        server.reset("full")
        begun = time.thread_time()
        ours = seconds(lambda: site.dispatcher.drain(pause=time.sleep))
        own = time.thread_time() - begun
        counts = site.state.outbox.counts()
        assert counts == {"done": ROWS, "repeated": 0}, f"not all was written: {counts}"
        if ours_first:
            server.reset("full")
            raw = seconds(lambda: _post(server, bodies))
    return ours, raw, own


def _site(folder: Path, server: RedmineServer) -> Site:
    """Open a site that owes the tasks of a busy morning."""
    secret = folder / "redmine.key"
    folder.mkdir()
    secret.write_text(KEYS["robot"])
    secret.chmod(0o600)
    table = {
        "id": "redmine",
        "kind": "redmine",
        "url": server.url,
        "key_file": str(secret),
        "project": "support",
        "pool": POOL,
    }
    people = tomllib.loads(SECTIONS["Люди"])["people"]
    live = {"from": datetime(2026, 11, 18, tzinfo=MORNING.tzinfo), "tasks": "on"}
    settings = settings_of(folder, tracker=[table], people=people, live=live)
    site = wiring.open_site(settings, clock.SystemClock())
    export = an_export(*some_appeals(ROWS))
    site.state.take_export(export, scope=None, live_from=site.live_from(), now=MORNING, cite=CITE)
    cycle.decide(site, MORNING)
    tracker = site.destinations[TRACKER].tracker
    assert tracker is not None
    tracker.check()  # what a daemon at work has read long ago: statuses, fields, members
    return site


def _bodies(site: Site) -> list[Mapping[str, Any]]:
    """Return what our connector posts for each task of the outbox."""
    tracker = site.destinations[TRACKER].tracker
    assert isinstance(tracker, RedmineTracker)
    rows = site.state.db.query("SELECT payload FROM outbox WHERE effect = 'create_task'")
    effects = [EFFECT.validate_json(row["payload"]) for row in rows]
    tasks = [
        site.dispatcher._desk.task(effect, MORNING)
        for effect in effects
        if isinstance(effect, CreateTask)
    ]
    assert len(tasks) == ROWS
    return [{"issue": tracker._writer.new(task, MORNING).values} for task in tasks]


def _post(server: RedmineServer, bodies: list[Mapping[str, Any]]) -> None:
    """Post the bodies as plainly as can be: a session per thread, nothing read back."""
    mine = threading.local()

    def post(body: Mapping[str, Any]) -> None:
        if not hasattr(mine, "session"):
            mine.session = requests.Session()
            mine.session.headers["X-Redmine-API-Key"] = KEYS["robot"]
        answer = mine.session.post(f"{server.url}/issues.json", json=body, timeout=60)
        assert answer.status_code == 201, answer.text[:300]

    with ThreadPoolExecutor(POOL) as pool:
        list(pool.map(post, bodies))
