"""``mcur run`` at a real IMAP server: what comes is heard, and nothing at the bell holds it up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.servers.dovecot import PASSWORDS, Dovecot
from tests.servers.site import a_letter, with_section
from tests.servers.tap import Tap

pytestmark = pytest.mark.server

MCUR = Path(sys.executable).with_name("mcur")
POST = """
[mail]
address = "robot@firm.test"
trusted = [{{ from = "*@cur.mosreg.ru", as = "cur" }}]

[[mailboxes]]
id = "inbox"
kind = "imap"
host = "127.0.0.1"
security = "none"
port = {port}
user = "robot"
password_file = "secrets/mail.password"

[courier]
kind = "files"
"""
TEXT = "Адрес: Одинцово, ул. Маршала Жукова, д. 10\nПроблема: нет освещения\n"


class Running:
    """A site whose mailbox is polled every ten minutes, behind a tap, and its daemon."""

    def __init__(self, folder: Path, port: int) -> None:
        self._folder = folder
        subprocess.run([MCUR, "init", folder, "--playbook", "odintsovo-1204"], check=True)
        config = folder / "mcur.toml"
        text = with_section(config.read_text("utf-8"), "Почта", POST.format(port=port))
        config.write_text(text.replace('mail = "2m"', 'mail = "10m"'), "utf-8")
        (folder / "secrets").mkdir()
        (folder / "secrets/mail.password").write_text(PASSWORDS["robot"])
        (folder / "secrets/mail.password").chmod(0o600)
        self.config = config
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the daemon and wait until its bell is on."""
        with (self._folder / "log").open("ab") as log:
            self.process = subprocess.Popen([MCUR, "-c", self.config, "run"], stderr=log)
        self.until(lambda: "on, last heard" in self.bell(), "the bell to be on")

    def json(self, *arguments: str) -> Any:
        """Ask a command beside the daemon."""
        command = [str(MCUR), "-c", str(self.config), *arguments, "--json"]
        done = subprocess.run(command, capture_output=True, check=False, timeout=60)
        return json.loads(done.stdout) if done.returncode == 0 else None

    def bell(self) -> str:
        """What the status says of the bell."""
        status = self.json("status") or {"connectors": {}}  # the state may not be there yet
        return str(status["connectors"].get("mail:inbox (bell)", ""))

    def tasks(self) -> list[str]:
        """The subjects of the assignments."""
        return [t["subject"] for t in self.json("tasks") if t["kind"] == "assignment"]

    def until(self, condition: Callable[[], bool], what: str) -> None:
        """Wait; say what for where it was in vain."""
        begun = time.monotonic()
        while not condition():
            said = (self._folder / "log").read_text("utf-8")
            assert time.monotonic() - begun < 30, f"waited in vain for {what}: {said}"
            time.sleep(0.1)

    def stop(self) -> float:
        """Ask it to stop, as systemd does; return how many seconds that took."""
        assert self.process is not None
        begun = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(timeout=30) == 0
        return time.monotonic() - begun


@pytest.fixture
def tap(dovecot: Dovecot) -> Iterator[Tap]:
    """Put a tap before Dovecot."""
    made = Tap(dovecot.imap)
    yield made
    made.close()


@pytest.fixture
def running(tmp_path: Path, tap: Tap) -> Iterator[Running]:
    """Start a daemon."""
    made = Running(tmp_path / "site", tap.port)
    try:
        made.start()
        yield made
    finally:
        if made.process is not None:
            made.process.kill()
            made.process.wait()


def test_letters_are_tasks_before_the_poll_and_after_a_disconnect(
    dovecot: Dovecot, tap: Tap, running: Running
) -> None:
    """One comes while the bell listens, one while its connection is gone."""
    dovecot.inject("robot", a_letter("duty@cur.mosreg.ru", "Задание", TEXT, "one"))
    running.until(lambda: len(running.tasks()) == 1, "the first task")
    tap.cut()
    dovecot.inject("robot", a_letter("duty@cur.mosreg.ru", "Задание", TEXT, "two"))
    running.until(lambda: len(running.tasks()) == 2, "the second task")

    assert "on, last heard" in running.bell()


def test_it_stops_within_a_second_while_the_server_is_frozen(tap: Tap, running: Running) -> None:
    """Neither the bell nor a look is waited for."""
    tap.frozen.set()
    time.sleep(0.3)

    assert running.stop() < 1


def test_a_bell_can_be_switched_off(dovecot: Dovecot, tap: Tap, running: Running) -> None:
    """``push = false``: nobody says IDLE, and the status says that it is polled."""
    running.stop()
    text = running.config.read_text("utf-8")
    running.config.write_text(text.replace('id = "inbox"', 'id = "inbox"\npush = false'), "utf-8")
    tap.said = b""
    done = subprocess.run([MCUR, "-c", running.config, "once"], check=False, timeout=60)

    assert done.returncode == 0
    assert running.bell() == "off by push = false, polled every 600 s"
    assert b"IDLE" not in tap.said
