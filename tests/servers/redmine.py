"""A real Redmine for tests: Debian's packages, an instance of its own, a clean database per test.

Nothing of the machine is touched: the application tree (16 MB) is copied into a folder of the
run, where it finds its own database, files and log; so no root is needed once the packages are
there (`make servers`). One server serves two golden databases: ``bare`` has Redmine's Russian
default data, ``full`` has our trackers, statuses and fields over it. A golden database is put back
under the running server in a few milliseconds.

Who is there: ``robot`` (the daemon's account, no administrator), ``ivanov`` and ``petrova`` (staff),
``gone`` (locked), ``stranger`` (no member), ``admin``; the project ``support`` and the project ``plans``.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote, urlencode
from zoneinfo import ZoneInfo

from mcur.connectors.redmine import wanted
from mcur.connectors.redmine.shape import RedmineShape

HERE = Path(__file__).parent
APPLICATION = Path("/usr/share/redmine")
LOCK = Path("/var/lib/redmine/Gemfile.lock")
NEEDED = ("redmine_stock.rb", "redmine_sqlite.rb", "redmine_clock.rb")
ENVIRONMENT = ("redmine_sqlite.rb", "redmine_clock.rb")
"""What is not stock Redmine in the instance; each file says why."""
FULL = RedmineShape(
    name="full", url="", key="", project="support", profile="full", zone=ZoneInfo("UTC")
)
"""The Redmine that the script of ``mcur redmine setup --script`` makes of a bare one."""

KEYS: Mapping[str, str] = {
    "admin": "ad" * 20,
    "ivanov": "1" * 40,
    "petrova": "2" * 40,
    "robot": "3" * 40,
    "gone": "4" * 40,
    "stranger": "5" * 40,
}
"""API keys by login."""

PASSWORD = "Secret-123"
"""Of everybody."""

Golden = Literal["bare", "full"]


def missing() -> str | None:
    """Say in one line why no Redmine can be started here, ``None`` when it can."""
    absent = [name for name in ("puma", "bundle", "setpriv") if shutil.which(name) is None]
    absent += [str(path) for path in (APPLICATION / "config.ru", LOCK) if not path.exists()]
    if absent:
        return f"Redmine is not installed ({', '.join(absent)} missing): run `make servers`"
    return None


class RedmineServer:
    """One running instance. Close it, or use it in a ``with`` statement."""

    def __init__(self, folder: Path, cache: Path, *, workers: int = 2, threads: int = 2) -> None:
        """Lay the instance out in ``folder``; ``cache`` keeps the golden databases between runs."""
        self.root = folder / "redmine"
        self.instance = self.root / "instances" / "test"
        self.database = self.instance / "test.sqlite3"
        self.port = _free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._shape = (workers, threads)
        self._process: subprocess.Popen[bytes] | None = None
        self._log_start = 0
        self._settings_changed = False
        self._lay_out()
        self._golden = self._make_golden(cache)
        self.reset("bare")

    def __enter__(self) -> RedmineServer:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start the server and wait for its first page."""
        workers, threads = self._shape
        # A run that is killed takes its server along (prctl(2), PR_SET_PDEATHSIG).
        command = [
            "setpriv",
            "--pdeathsig",
            "TERM",
            "puma",
            "-b",
            f"tcp://127.0.0.1:{self.port}",
            "-e",
            "production",
            "--silent",
        ]
        command += ["-w", str(workers), "-t", f"{threads}:{threads}"]
        log = (self.instance / "puma.log").open("ab")
        with log:
            self._process = subprocess.Popen(
                command, cwd=self.root, env=self._environment(), stdout=log, stderr=log
            )
        deadline = time.monotonic() + 60
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                said = (self.instance / "puma.log").read_text(errors="replace")[-2000:]
                raise RuntimeError(f"Redmine did not start: {said}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop the server and wait until it is gone."""
        process, self._process = self._process, None
        if process is None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

    def reset(self, golden: Golden) -> None:
        """Put a golden database back, under the running server; no request may be in flight."""
        source = sqlite3.connect(self._golden[golden])
        target = sqlite3.connect(self.database, timeout=15)
        with contextlib.closing(source), contextlib.closing(target):
            source.backup(target)
        for path in (self.instance / "files").iterdir():
            shutil.rmtree(path)
        self.turn_clock(None)
        if self._settings_changed:
            self._announce_settings()
        self.forget_requests()

    def sql(self, statement: str, *values: object) -> list[tuple[object, ...]]:
        """Run a statement in the database, for what REST cannot bring about (age, workflow)."""
        with contextlib.closing(sqlite3.connect(self.database, timeout=15)) as db, db:
            return db.execute(statement, values).fetchall()

    def setting(self, name: str, value: str) -> None:
        """Change one of Redmine's settings until the next reset."""
        self.sql("delete from settings where name = ?", name)
        self.sql("insert into settings (name, value) values (?, ?)", name, value)
        self._announce_settings()
        self._settings_changed = True

    def _announce_settings(self) -> None:
        # Each process keeps its settings until it sees a stamp younger than its own. It may see
        # none for many tests, so once there was a change every reset says so.
        self.sql("update settings set updated_on = datetime('now', '+1 second')")

    def age(self, seconds: int = 3600) -> None:
        """Let time pass over all issues: they were made and touched so long ago."""
        for column in ("created_on", "updated_on"):
            self.sql(f"update issues set {column} = datetime({column}, ?)", f"-{seconds} seconds")

    def turn_clock(self, moment: datetime | None) -> None:
        """Let every request from now on happen at a moment; ``None``: at the machine's own time."""
        clock = self.instance / "clock"
        if moment is None:
            clock.unlink(missing_ok=True)
        else:
            clock.write_text(f"{moment.timestamp():.0f}")

    def requests(self) -> list[str]:
        """List what was asked since the last reset, from Redmine's own log: «GET /issues.json»."""
        log = (self.instance / "log" / "production.log").read_text(errors="replace")
        return re.findall(r'Started (\w+ "[^"]+)"', log[self._log_start :])

    def forget_requests(self) -> None:
        """Count requests anew from here."""
        log = self.instance / "log" / "production.log"
        self._log_start = len(log.read_text(errors="replace")) if log.exists() else 0

    def _lay_out(self) -> None:
        shutil.copytree(
            APPLICATION, self.root, ignore=shutil.ignore_patterns("instances", "Gemfile.lock")
        )
        for name in ("config", "files", "log", "tmp"):
            (self.instance / name).mkdir(parents=True)
        shutil.copy(LOCK, self.root / "Gemfile.lock")
        gemfile = self.root / "Gemfile"
        gemfile.write_text(gemfile.read_text().replace("/usr/share/redmine", str(self.root)))
        (self.root / "config" / "additional_environment.rb").write_text(
            "\n".join((HERE / name).read_text() for name in ENVIRONMENT)
        )
        (self.instance / "config" / "secret_key.txt").write_text("0" * 64)
        (self.root / "config" / "database.yml").unlink()
        (self.root / "config" / "configuration.yml").write_text(
            f"default:\n  attachments_storage_path: {self.instance / 'files'}\n"
        )
        self._use(self.database)

    def _use(self, database: Path) -> None:
        """Say which database file Rails opens."""
        (self.instance / "config" / "database.yml").write_text(
            f"production:\n  adapter: sqlite3\n  database: {database}\n  encoding: utf8\n"
        )

    def _make_golden(self, cache: Path) -> dict[Golden, Path]:
        """Make the golden databases where ``cache`` does not hold those of these very scripts."""
        script = wanted.script(FULL, ["support", "plans"])
        text = LOCK.read_bytes() + b"".join((HERE / name).read_bytes() for name in NEEDED)
        text += script.encode()
        stem = hashlib.sha256(text).hexdigest()[:16]
        golden: dict[Golden, Path] = {
            "bare": cache / f"bare-{stem}.sqlite3",
            "full": cache / f"full-{stem}.sqlite3",
        }
        if all(path.exists() for path in golden.values()):
            return golden
        cache.mkdir(parents=True, exist_ok=True)
        made = self.root.parent / "golden"
        made.mkdir()
        (made / "full.rb").write_text(script)
        self.run("rake", "db:migrate", SCHEMA="/dev/null")
        self.run(
            "rails",
            "runner",
            str(HERE / "redmine_stock.rb"),
            GOLDEN_BARE=str(made / "bare"),
            GOLDEN_FULL=str(made / "full"),
            FULL_SCRIPT=str(made / "full.rb"),
        )
        for name, path in golden.items():
            shutil.copy(made / name, path.with_suffix(f".{os.getpid()}"))
            path.with_suffix(f".{os.getpid()}").replace(path)  # two runs may do this at once
        return golden

    def run(self, *command: str, **extra: str) -> str:
        """Run one of Rails' own commands in the instance and return what it printed."""
        done = subprocess.run(
            ["bundle", "exec", *command],
            cwd=self.root,
            env=self._environment() | extra,
            capture_output=True,
            check=False,
            timeout=240,
        )
        if done.returncode:
            said = (done.stdout + done.stderr).decode(errors="replace")[-3000:]
            raise RuntimeError(f"{' '.join(command)} failed: {said}")
        return done.stdout.decode()

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.root.parent),
            "LANG": "C.UTF-8",
            "TZ": "Etc/UTC",
            "RAILS_ENV": "production",
            "RAILS_SERVE_STATIC_FILES": "1",
            "REDMINE_INSTANCE": "test",
            "REDMINE_CLOCK": str(self.instance / "clock"),
            "BUNDLE_GEMFILE": str(self.root / "Gemfile"),
        }

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/login", timeout=5) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False


def _between(text: str, before: str, after: str) -> str:
    """Return what stands between two marks."""
    return text.partition(before)[2].partition(after)[0]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


class Staff:
    """A person at work in Redmine: what a browser would do, over REST with the person's key."""

    def __init__(self, server: RedmineServer, login: str = "ivanov", key: str = "") -> None:
        self.login = login
        self._key = key or KEYS[login]
        self._server = server

    def make(self, subject: str, **values: Any) -> str:
        """Make an issue and return its number."""
        wish = {"project_id": 1, "tracker_id": 3, "subject": subject, **values}
        return str(self._send("POST", "/issues.json", {"issue": wish})["issue"]["id"])

    def change(self, ident: str, **values: Any) -> None:
        """Change an issue, or write a note on it (``notes``)."""
        self._send("PUT", f"/issues/{ident}.json", {"issue": values})

    def delete(self, ident: str) -> None:
        """Delete an issue; few may."""
        self._send("DELETE", f"/issues/{ident}.json")

    def relate(self, ident: str, kind: str, other: str) -> None:
        """Put a relation between two issues."""
        wish = {"relation": {"issue_to_id": int(other), "relation_type": kind}}
        self._send("POST", f"/issues/{ident}/relations.json", wish)

    def attach(self, ident: str, name: str, content: bytes) -> None:
        """Put a file on an issue."""
        upload = self._send("POST", f"/uploads.json?filename={quote(name)}", content)["upload"]
        self.change(ident, uploads=[{"token": upload["token"], "filename": name}])

    def read(self, ident: str, include: str = "journals,attachments") -> dict[str, Any]:
        """Return an issue as Redmine gives it."""
        issue: dict[str, Any] = self._send("GET", f"/issues/{ident}.json?include={include}")[
            "issue"
        ]
        return issue

    def description(self, ident: str) -> str:
        """Return an issue's description as the browser gets it."""
        opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
        form = {"username": self.login, "password": PASSWORD}
        with opener.open(f"{self._server.url}/login", timeout=30) as page:
            form["authenticity_token"] = _between(
                page.read().decode(), 'name="authenticity_token" value="', '"'
            )
        opener.open(f"{self._server.url}/login", urlencode(form).encode(), timeout=30).close()
        with opener.open(f"{self._server.url}/issues/{ident}", timeout=30) as page:
            whole = page.read().decode()
        wiki = _between(
            whole[whole.index('<div class="description">') :], '<div class="wiki">', "</div>"
        )
        return wiki.strip()

    def count(self) -> int:
        """Count all issues that the person sees."""
        return int(self._send("GET", "/issues.json?status_id=*&limit=1")["total_count"])

    def _send(
        self, method: str, path: str, body: Mapping[str, Any] | bytes = b""
    ) -> dict[str, Any]:
        file = isinstance(body, bytes)
        request = urllib.request.Request(
            self._server.url + path,
            method=method,
            data=body if isinstance(body, bytes) else json.dumps(body).encode(),
            headers={
                "X-Redmine-API-Key": self._key,
                "Content-Type": "application/octet-stream" if file else "application/json",
            },
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            text = answer.read()
        whole: dict[str, Any] = json.loads(text) if text.strip() else {}
        return whole
