"""A site whose tasks live in a real Redmine behind a web server that misbehaves on demand.

The clock is turned by hand, so that waits cost nothing; hands and looks have threads, as in the daemon.
"""

from __future__ import annotations

import tomllib
from datetime import timedelta
from pathlib import Path
from typing import Any

from mcur.connectors.ports import Tracker
from mcur.daemon import outside
from mcur.playbooks.facts import Task
from tests.fakes import MORNING, MOSCOW, Stand
from tests.servers.redmine import KEYS, Golden, RedmineServer
from tests.servers.redmine_front import Front
from tests.servers.site import SECTIONS, issues, key_of

POOL = 4


class RedmineStand(Stand):
    """The site. ``cycle`` waits for its hands; what it had to wait for has passed by the clock."""

    threads = True

    def __init__(
        self, folder: Path, server: RedmineServer, front: Front, profile: Golden, **more: Any
    ) -> None:
        self.server = server
        self.front = front
        secret = folder / "redmine.key"
        secret.write_text(KEYS["robot"])
        secret.chmod(0o600)
        table = {
            "id": "redmine", "kind": "redmine", "url": front.url, "key_file": str(secret),
            "project": "support", "profile": profile, "pool": POOL, **more,
        }  # fmt: skip
        people = tomllib.loads(SECTIONS["Люди"])["people"]
        live = {"from": MORNING - timedelta(days=1), "tasks": "on", "executor_mail": "on"}
        super().__init__(folder, MORNING, tracker=[table], people=people, live=live)

    def trackers(self) -> dict[str, Tracker]:
        """Return the Redmine."""
        settings = self.settings
        return {t.id: outside.tracker(t, settings, _Nothing(), MOSCOW) for t in settings.trackers}

    def deliver(self) -> None:
        """Deliver until nothing is due; waits pass by the clock at once."""
        self.site.dispatcher.drain(pause=lambda seconds: self.pass_time(seconds=seconds))

    def look(self) -> None:
        """Read what people did, a minute later."""
        self.pass_time(minutes=1)
        self.cycle()

    def task(self, key: str) -> Task:
        """Return a task as the state knows it."""
        found = self.state.tasks.get(key)
        assert found is not None
        return found

    def written(self) -> list[str]:
        """List our keys as a person finds them in Redmine, issue by issue."""
        return sorted(key_of(issue) or "" for issue in issues(self.server))

    def waiting(self) -> dict[str, str]:
        """Return what has not been written, by key, with its state."""
        rows = self.state.db.query(
            "SELECT key, state FROM outbox WHERE state != 'done' AND destination = 'tracker:redmine'"
        )
        return {row["key"]: row["state"] for row in rows}

    def told_administrator(self) -> list[str]:
        """List the subjects of letters to the administrator."""
        rows = self.state.db.query(
            "SELECT payload ->> 'subject' AS said FROM outbox WHERE channel = 'service'"
        )
        return [row["said"] for row in rows]


class _Nothing:
    """A shelf without files: tasks of these tests have none."""

    def put(self, content: bytes) -> str:
        """Refuse."""
        raise AssertionError(content)

    def get(self, digest: str) -> bytes:
        """Know nothing."""
        raise KeyError(digest)
