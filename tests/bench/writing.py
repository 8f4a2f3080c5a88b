"""Writing: tasks through our dispatcher against raw POSTs of the same bodies to the same Redmine."""

from __future__ import annotations

import threading
import time
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import requests

from mcur.connectors.redmine.tracker import RedmineTracker
from mcur.daemon import clock, cycle, wiring
from mcur.daemon.wiring import Site
from mcur.playbooks.intents import EFFECT, CreateTask
from tests.bench.figures import Figure, Tell, seconds
from tests.fakes import CITE, MORNING, an_export, settings_of, some_appeals
from tests.servers.redmine import KEYS, RedmineServer, missing
from tests.servers.site import SECTIONS

Json = Mapping[str, Any]
ROWS = 300
BATCH = 30
POOL = 4
TRACKER = "tracker:redmine"


class Took(NamedTuple):
    """Seconds of one batch: ours, raw, and the work of our main thread."""

    ours: float
    raw: float
    own: float


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Write batch after batch both ways, in turns: a Redmine on SQLite is anything but steady."""
    reason = missing()
    if reason is not None:
        tell(f"writing is left out: {reason}")
        return
    tell(
        f"writing {ROWS} tasks to a real Redmine, {POOL} at a time, ours and raw in turns of {BATCH}"
    )
    with RedmineServer(folder, folder / "cache") as server:
        server.reset("full")
        with closing(_site(folder / "site", server)) as site:
            batches = list(_batches(site, server))
    ours, raw, own = (median(times) / BATCH for times in zip(*batches, strict=True))
    yield Figure(
        what="tasks written to Redmine",
        ours=f"{1 / ours:.1f} tasks/s",
        bare=f"{1 / raw:.1f} tasks/s (POST)",
        ratio=f"{raw / ours:.2f}",
        aim=">= 0.95",
    )
    yield Figure(
        what="dispatcher's own work, Redmine apart",
        ours=f"{own * 1e3:.1f} ms/task",
        bare=f"{raw * 1e3:.1f} ms/task (POST)",
        ratio=f"{own / raw:.2f}",
        aim="< 2 ms",
    )


def _batches(site: Site, server: RedmineServer) -> Iterator[Took]:
    """Let a batch of the outbox go and post its very bodies, the other one first each time."""
    bodies = _bodies(site)
    with ThreadPoolExecutor(POOL) as pool:
        poster = _Poster(server)
        _all(pool, poster, list(bodies.values())[:POOL])  # its connections, as ours are open
        for n, first in enumerate(range(0, ROWS, BATCH)):
            keys = list(bodies)[first : first + BATCH]
            posts = [bodies[key] for key in keys]
            raw = 0.0 if n % 2 else seconds(lambda: _all(pool, poster, posts))  # noqa: B023  run at once
            with site.state.atomic():
                site.state.outbox.retry(keys, site.clock.now())
            begun = time.thread_time()
            ours = seconds(lambda: site.dispatcher.drain(pause=time.sleep))
            own = time.thread_time() - begun
            done = site.state.outbox.counts()["done"]
            assert done == first + BATCH, f"only {done} tasks were written"
            raw = raw or seconds(lambda: _all(pool, poster, posts))  # noqa: B023  run at once
            yield Took(ours, raw, own)


def open_redmine_site(folder: Path, server: RedmineServer) -> Site:
    """Open a site over a Redmine."""
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
    return wiring.open_site(settings, clock.SystemClock())


def _site(folder: Path, server: RedmineServer) -> Site:
    """Open a site that owes the tasks of a busy morning."""
    site = open_redmine_site(folder, server)
    export = an_export(*some_appeals(ROWS))
    site.state.take_export(export, scope=None, live_from=site.live_from(), now=MORNING, cite=CITE)
    cycle.decide(site, MORNING)
    with site.state.atomic():
        site.state.outbox.hold([row["key"] for row in site.state.outbox.listing(["waiting"])])
    tracker = site.destinations[TRACKER].tracker
    assert tracker is not None
    tracker.check()  # what a daemon at work has read long ago: statuses, fields, members
    return site


def _bodies(site: Site) -> Mapping[str, Json]:
    """Return what our connector posts for each task of the outbox, by key."""
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
    return {task.key: {"issue": tracker._writer.new(task, MORNING).values} for task in tasks}


class _Poster:
    """Posts as plainly as can be: a session per thread, nothing read, nothing kept."""

    def __init__(self, server: RedmineServer) -> None:
        self._url = f"{server.url}/issues.json"
        self._mine = threading.local()

    def post(self, body: Json) -> None:
        """Post one body."""
        if not hasattr(self._mine, "session"):
            self._mine.session = requests.Session()
            self._mine.session.headers["X-Redmine-API-Key"] = KEYS["robot"]
        answer = self._mine.session.post(self._url, json=body, timeout=60)
        assert answer.status_code == 201, answer.text[:300]


def _all(pool: ThreadPoolExecutor, poster: _Poster, bodies: Sequence[Json]) -> None:
    list(pool.map(poster.post, bodies))
