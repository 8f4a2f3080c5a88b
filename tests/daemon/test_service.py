"""The daemon as a process of its own: ready, fed, asked, stopped, killed."""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mcur.connectors.embedded import EmbeddedTracker
from mcur.connectors.ports import Unavailable
from mcur.daemon.service import Loop
from mcur.daemon.wakes import Bells
from mcur.playbooks.facts import Act
from tests.fakes import MORNING, Stand, write_csv, write_letter

MCUR = Path(sys.executable).with_name("mcur")
PATIENCE = 45.0


def mcur(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command on a site."""
    command = [str(MCUR), "-c", str(site / "mcur.toml"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def until(condition: Callable[[], bool], what: str) -> float:
    """Wait until something is so; return how many seconds that took."""
    begun = time.monotonic()
    while not condition():
        if time.monotonic() - begun > PATIENCE:
            pytest.fail(f"waited {PATIENCE:g} s in vain: {what}")
        time.sleep(0.05)
    return time.monotonic() - begun


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """Make a site with ``mcur init`` that polls every second."""
    made = tmp_path / "site"
    done = subprocess.run([MCUR, "init", made, "--playbook", "odintsovo-1204"], check=False)
    assert done.returncode == 0
    config = made / "mcur.toml"
    text = config.read_text("utf-8")
    for name, pause in (("feeds", "10m"), ("mail", "2m"), ("redmine", "1m")):
        text = text.replace(f'{name} = "{pause}"', f'{name} = "1s"')
    config.write_text(text, "utf-8")
    return made


class Daemon:
    """``mcur run`` in a process of its own, with somebody who listens as systemd does."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self._address = str(site / "notify")
        self._ear = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._ear.bind(self._address)
        self._ear.settimeout(0.1)
        self.heard: list[str] = []
        self._listening = True
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()
        self._log = (site / "log").open("w")
        command = [str(MCUR), "-c", str(site / "mcur.toml"), "run"]
        env = {**os.environ, "NOTIFY_SOCKET": self._address}
        self.process = subprocess.Popen(command, env=env, stderr=self._log)

    def ready(self) -> Daemon:
        """Wait until it says that it works."""
        until(lambda: "READY=1" in self.heard, "READY=1")
        return self

    def _listen(self) -> None:
        while self._listening:
            with contextlib.suppress(TimeoutError):
                self.heard.append(self._ear.recv(4096).decode())

    def stop(self) -> tuple[int, float]:
        """Ask it to stop; return its exit status and how many seconds it took."""
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        status = self.process.wait(PATIENCE)
        return status, time.monotonic() - begun

    def close(self) -> None:
        """End it, whatever it does."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._listening = False
        self._listener.join()
        self._ear.close()
        self._log.close()
        Path(self._address).unlink()


@contextlib.contextmanager
def running(site: Path) -> Iterator[Daemon]:
    """Have a daemon at work for a while."""
    daemon = Daemon(site)
    try:
        yield daemon.ready()
    finally:
        daemon.close()


@pytest.fixture
def daemon(site: Path) -> Iterator[Daemon]:
    """Start a daemon on the site."""
    with running(site) as started:
        yield started


def rows(site: Path, question: str) -> list[tuple[object, ...]]:
    """Ask the state of a site."""
    with contextlib.closing(sqlite3.connect(f"file:{site}/state/mcur.db?mode=ro", uri=True)) as db:
        return db.execute(question).fetchall()


def an_export(site: Path, count: int) -> None:
    """Drop an export of appeals that came in just now, for one executor."""
    now = datetime.now(UTC).isoformat()
    listed = [
        {"source": "dobrodel", "number": f"N-{n}", "received_at": now, "category": "МКД"}
        for n in range(count)
    ]
    write_csv(site / "export.csv", listed).rename(site / "feeds" / "export.csv")


def test_the_daemon_works_and_stops_as_systemd_asks(daemon: Daemon, site: Path) -> None:
    """It takes what is dropped while it runs, and an act of the command line beside it."""
    an_export(site, 2)
    write_letter(site / "mail" / "in", "one", at=datetime.now(UTC))
    made = "SELECT count(*) FROM tasks WHERE kind = 'executor' AND ident IS NOT NULL"
    until(lambda: rows(site, made) == [(2,)], "two tasks")
    until(lambda: rows(site, "SELECT count(*) FROM letters") == [(1,)], "a letter")

    acted = mcur(
        site, "act", "note", "task:odintsovo-1204:dobrodel:N-0", "--by", "mcur_resp", "--text",
        "Меры: сделано",
    )  # fmt: skip
    noted = "SELECT measures FROM tasks WHERE number = 'N-0'"
    took = until(lambda: rows(site, noted) == [("сделано",)], "note")
    status = mcur(site, "status", "--json")
    second = mcur(site, "once")
    told = list(daemon.heard)
    code, seconds = daemon.stop()

    assert acted.returncode == 0
    assert "the running daemon takes it up now" in acted.stdout
    assert took < 2.0
    assert json.loads(status.stdout)["tasks"]["odintsovo-1204 executor"] == "2 open"
    assert second.returncode == 1
    assert f"in use by another mcur (process {daemon.process.pid})" in second.stderr
    assert "WATCHDOG=1" in told
    assert any(line.startswith("STATUS=cycle ") for line in told)
    assert (code, seconds < 2.0) == (0, True)
    until(lambda: daemon.heard[-1] == "STOPPING=1", "STOPPING=1")
    assert "Traceback" not in (site / "log").read_text()


def test_a_held_row_leaves_beside_the_daemon_after_a_retry(daemon: Daemon, site: Path) -> None:
    """The command line writes, the daemon delivers."""
    an_export(site, 501)
    held = "SELECT count(*) FROM outbox WHERE state = 'held'"
    until(lambda: rows(site, held) == [(501,)], "the fuse")

    retried = mcur(site, "outbox", "retry")
    until(lambda: rows(site, held) == [(0,)], "the retry")
    left = "SELECT count(*) FROM outbox WHERE state = 'done' AND effect = 'create_task'"
    until(lambda: int(str(rows(site, left)[0][0])) >= 502, "all tasks")

    assert (retried.returncode, retried.stdout) == (0, "retry: 501; the next cycle delivers\n")


def test_a_silent_server_does_not_keep_the_daemon_from_stopping(site: Path) -> None:
    """Its mailbox accepts the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        config = site / "mcur.toml"
        table = (
            f'[[mailboxes]]\nid = "mute"\nkind = "imap"\nhost = "127.0.0.1"\nport = {port}\n'
            'security = "none"\nuser = "u"\npassword_file = "pw"\n'
        )
        (site / "pw").write_text("secret\n")
        (site / "pw").chmod(0o600)
        open_all = "[live]\ntasks = 'on'\nreports = 'on'\nexecutor_mail = 'on'\n"
        config.write_text(f"{config.read_text('utf-8')}\n{table}\n{open_all}", "utf-8")
        with running(site) as daemon:
            an_export(site, 1)
            made = "SELECT count(*) FROM tasks WHERE ident IS NOT NULL AND kind = 'executor'"
            until(lambda: rows(site, made) == [(1,)], "a task beside the silent mailbox")
            code, seconds = daemon.stop()

    assert (code, seconds < 2.0) == (0, True)


@pytest.mark.parametrize("round_", range(2))
def test_killed_at_any_moment_it_makes_each_task_once_and_loses_no_letter(
    site: Path, round_: int
) -> None:
    """SIGKILL at random moments of making 60 tasks and a letter; started again each time."""
    dice = random.Random(round_)
    mcur(site, "once")
    an_export(site, 60)
    wanted = "SELECT count(*) FROM outbox WHERE state = 'done' AND effect = 'create_task'"
    for _ in range(4):
        with running(site) as daemon:
            until(lambda: bool(rows(site, "SELECT 1 FROM outbox LIMIT 1")), "a first row")
            time.sleep(dice.random() / 2)
            daemon.process.kill()
    with running(site) as daemon:
        until(lambda: int(str(rows(site, wanted)[0][0])) >= 60, "all tasks")
        daemon.stop()

    tracker = EmbeddedTracker(site / "state" / "tracker.db")
    keys = [task.key for task in tracker.listing() if task.kind == "executor"]
    tracker.close()
    assert len(keys) == 60
    assert len(set(keys)) == 60
    verified = mcur(site, "journal", "--verify")
    assert verified.returncode == 0


# --- the loop under a clock turned by hand --------------------------------------------------------------


def turns(stand: Stand, loop: Loop, count: int = 4) -> None:
    """Let the loop turn at this moment."""
    for _ in range(count):
        loop.turn()


def test_a_report_leaves_at_its_minute(stand: Stand) -> None:
    """Not a second before, and not only at the next poll."""
    stand.pass_time(hours=-1)
    stand.cycle()
    loop = Loop(stand.site)
    stand.clock.moment = MORNING.replace(hour=9, minute=49, second=59)
    turns(stand, loop)
    before = stand.told("mail.sent")
    stand.clock.moment += timedelta(seconds=1)
    turns(stand, loop)

    assert [e for e in before if e.cite.rule == "O-2"] == []
    [sent] = [e for e in stand.told("mail.sent") if e.cite.rule == "O-2"]
    assert (sent.at, sent.late) == (MORNING.replace(hour=9, minute=50), False)


def test_a_loop_that_slept_through_a_report_sends_it_late_and_says_so(stand: Stand) -> None:
    """A jump of the clock needs no special code."""
    stand.cycle()
    loop = Loop(stand.site)
    stand.clock.moment = MORNING.replace(hour=12)
    turns(stand, loop)

    [sent] = [e for e in stand.told("mail.sent") if e.cite.rule == "O-2"]
    assert sent.late is True
    assert "Отправлено с опозданием" in sent.data["text"]


def test_an_idle_loop_decides_once_a_minute(stand: Stand) -> None:
    """And writes nothing then."""
    stand.cycle()
    loop = Loop(stand.site)
    turns(stand, loop)
    journal = stand.state.db.execute("SELECT count(*) FROM journal").fetchone()
    stand.pass_time(seconds=30)
    turns(stand, loop)
    half = stand.state.stamp("last_cycle")
    stand.pass_time(seconds=31)
    turns(stand, loop)

    assert half == MORNING
    assert stand.state.stamp("last_cycle") == MORNING + timedelta(seconds=61)
    assert stand.state.db.execute("SELECT count(*) FROM journal").fetchone() == journal


def test_a_clock_set_back_is_not_waited_for(stand: Stand) -> None:
    """The loop decides at once, and its bells ring within their pause."""
    stand.cycle()
    loop = Loop(stand.site)
    turns(stand, loop)
    stand.pass_time(hours=-1)
    turns(stand, loop, 1)

    assert stand.state.stamp("last_cycle") == MORNING - timedelta(hours=1)


def test_what_was_put_off_by_a_wrong_clock_is_tried_at_once_when_it_is_right(stand: Stand) -> None:
    """A circuit that opened at noon of a wrong clock does not close the door until noon."""
    stand.cycle()
    loop = Loop(stand.site)
    stand.courier.switch.fail(Unavailable("send: mail did not answer"))
    stand.clock.moment = MORNING.replace(hour=12)
    turns(stand, loop)
    stand.courier.switch.mend()
    stand.clock.moment = MORNING.replace(hour=9, minute=55)
    turns(stand, loop)

    assert [e.at for e in stand.told("mail.sent") if e.cite.rule == "O-2"] == [stand.now]


def test_a_clock_that_was_a_day_ahead_costs_no_report(stand: Stand) -> None:
    """It wrote down the reports of today as missed; they are due, and are named nowhere."""
    stand.cycle()
    loop = Loop(stand.site)
    stand.clock.moment = MORNING.replace(hour=8) + timedelta(days=1)
    turns(stand, loop)
    wrong = {e.key for e in stand.told("report.missed")}
    stand.clock.moment = MORNING.replace(hour=8, minute=5)
    turns(stand, loop)
    for hour, minute in ((9, 50), (16, 50), (17, 50)):
        stand.clock.moment = MORNING.replace(hour=hour, minute=minute)
        turns(stand, loop)
    stand.clock.moment = MORNING.replace(hour=9, minute=50) + timedelta(days=1)
    turns(stand, loop)

    sent = [e for e in stand.told("mail.sent") if e.key.startswith("report:")]
    today = [e.key for e in sent if e.key.endswith("2026-11-18")]
    assert {key for key in wrong if key.endswith("2026-11-18")} == set(today)
    assert len(today) == 3
    assert sent[-1].key.endswith("2026-11-19")
    assert "не отправлен" not in sent[-1].data["text"]


def test_a_report_that_waits_for_silent_mail_outlives_a_clock_that_runs_ahead(
    stand: Stand,
) -> None:
    """Its day is not over: it leaves when mail answers, late and with the mark."""
    key = "report:odintsovo-1204:O-2:2026-11-18"
    stand.cycle()
    stand.courier.switch.fail(Unavailable("send: no connection", reached=False))
    stand.cycle(MORNING.replace(hour=9, minute=50))
    stand.cycle(MORNING.replace(hour=1) + timedelta(days=1))
    ended = stand.state.outbox.get(key)
    stand.cycle(MORNING.replace(hour=10))
    stand.courier.switch.mend()
    stand.site.dispatcher.forget_backoff(stand.now)
    stand.cycle(MORNING.replace(hour=10, minute=5))

    assert ended is not None
    assert ended["state"] == "expired"
    assert [e.late for e in stand.told("mail.sent") if e.key == key] == [True]
    assert stand.state.records(key)[0]["state"] == "sent"


def test_a_report_that_was_held_is_held_when_the_clock_is_right_again(stand: Stand) -> None:
    """A wrong clock does not let go what a person keeps back."""
    key = "report:odintsovo-1204:O-2:2026-11-18"
    stand.cycle()
    stand.cycle(MORNING.replace(hour=9, minute=20))
    hold = Act(ident="1", at=stand.now, by="mcur_resp", do="hold", key=key, origin="cli")
    stand.state.add_act(hold)
    stand.cycle()
    stand.cycle(MORNING + timedelta(days=1))
    stand.cycle(MORNING.replace(hour=9, minute=55))

    assert stand.state.records(key)[0]["state"] == "held"
    assert [e for e in stand.told("mail.sent") if e.key == key] == []


def test_slots_of_an_emergency_that_a_wrong_clock_slept_through_are_served(stand: Stand) -> None:
    """A day ahead for one cycle must not silence the next day."""
    stand.cycle()
    fields = {"mode": "emergency", "object": "Одинцово, ул. Садовая, д. 1", "life_threat": "true"}
    stand.state.add_act(
        Act(ident="1", at=stand.now, by="mcur_head", do="declare", fields=fields, origin="cli")
    )
    stand.cycle()
    stand.cycle(MORNING + timedelta(days=1))
    stand.cycle(MORNING + timedelta(minutes=30))
    stand.events.clear()
    for hour in (9, 10, 11):
        stand.cycle(MORNING.replace(hour=hour))

    hourly = stand.state.keys_like("report:odintsovo-1204:O-6:*")
    assert [key[-16:] for key in hourly] == [
        "2026-11-19T08:00",
        "2026-11-18T09:00",
        "2026-11-18T10:00",
        "2026-11-18T11:00",
    ]
    assert stand.told("slot.missed") == []


def test_bells_ring_on_after_the_hour_that_comes_twice() -> None:
    """Local time falls back by an hour; nobody waits for it to come again."""
    rung: list[str] = []
    bells = Bells()
    bells.every(timedelta(minutes=1), lambda: rung.append("mail"))
    bells.every(timedelta(minutes=10), lambda: rung.append("feeds"))
    bells.ring()
    before = list(rung)
    for job in bells._scheduler.jobs:
        assert job.next_run is not None
        job.next_run += timedelta(hours=1)
    bells.ring()
    bells.ring()

    assert (before, rung) == ([], ["mail", "feeds"])
