"""The process: how soon ``mcur`` answers, and what ``mcur run`` holds in memory at rest."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from tests.bench.figures import Figure, Tell, in_turns
from tests.bench.material import ecur_lookalike

MCUR = str(Path(sysconfig.get_path("scripts")) / "mcur")
LIBRARIES = "import click, pydantic, sqlite_utils"
# An installation has its byte code; a developer's shell may forbid writing it.
SHELL = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
PATIENCE = 60.0


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Measure the first answer, then the memory of a new site and of a large one."""
    tell("start-up of the commands")
    config = _site(folder / "fresh")
    _run(MCUR, "-c", config, "once")
    yield from _start_up(config)
    tell("memory of `mcur run`, a new site")
    yield Figure(what="memory of `run` at rest: a new site", ours=_at_rest(config))
    tell("memory of `mcur run`, which has read 35,000 appeals")
    config = _site(folder / "full")
    export = ecur_lookalike(folder / "ecur.xlsx")
    shutil.copy(export, folder / "full" / "feeds" / "ecur.xlsx")
    what = "memory of `run` at rest: has just read 35,000 appeals"
    yield Figure(what=what, ours=_at_rest(config, folder / "full" / "feeds" / "done"))
    what = "memory of `run` at rest: 35,000 appeals, started again"
    yield Figure(what=what, ours=_at_rest(config))


def _site(folder: Path) -> str:
    _run(MCUR, "init", str(folder), "--playbook", "odintsovo-1204")
    return str(folder / "mcur.toml")


def _run(*command: str) -> None:
    subprocess.run(command, env=SHELL, check=True, stdout=subprocess.DEVNULL)


def _start_up(config: str) -> Iterator[Figure]:
    """Take the median of seven cold processes of each kind, in turns."""
    commands = {
        "python": (sys.executable, "-c", "pass"),
        "click": (sys.executable, "-c", "import click"),
        "libraries": (sys.executable, "-c", LIBRARIES),
        "help": (MCUR, "--help"),
        "status": (MCUR, "-c", config, "status"),
    }
    for command in commands.values():
        _run(*command)
    took = in_turns(7, **{name: partial(_run, *command) for name, command in commands.items()})
    for name, beside, aim in (
        ("help", "python", "0.25 s"),
        ("help", "click", ""),
        ("status", "python", "0.5 s on an idle machine"),
        ("status", "click", ""),
        ("status", "libraries", "ratio 3.5"),
    ):
        shown = {"python": "pass", "click": "import click", "libraries": LIBRARIES}[beside]
        yield Figure(
            what=f"mcur {'--help' if name == 'help' else name}",
            ours=f"{took[name]:.2f} s",
            bare=f"{took[beside]:.3f} s ({shown})",
            ratio=f"{took[name] / took[beside]:.1f}",
            aim=f"<= {aim}" if aim else "",
        )


def _at_rest(config: str, done: Path | None = None) -> str:
    """Start the daemon, wait for a cycle (and until a file lies in ``done``), look at its memory."""
    address = str(Path(config).parent / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(address)
        listener.settimeout(PATIENCE)
        daemon = subprocess.Popen(
            [MCUR, "-c", config, "run"],
            env=SHELL | {"NOTIFY_SOCKET": address},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            _wait(listener, done)
            return _resident(daemon.pid)
        finally:
            daemon.send_signal(signal.SIGTERM)
            daemon.wait(PATIENCE)
            Path(address).unlink()


def _wait(listener: socket.socket, done: Path | None) -> None:
    """Wait for a cycle that found everything kept, and for ten quiet turns after it."""
    deadline = time.monotonic() + PATIENCE
    quiet = 0
    while quiet < 10:
        assert time.monotonic() < deadline, "`mcur run` did not come to rest"
        cycled = listener.recv(4096).startswith(b"STATUS=")
        settled = done is None or any(done.glob("*"))
        quiet = 0 if cycled or not settled else quiet + 1


def _resident(pid: int) -> str:
    status = Path(f"/proc/{pid}/status").read_text("utf-8")
    sizes = {m[1]: int(m[2]) for m in re.finditer(r"^(VmRSS|VmHWM):\s+(\d+) kB$", status, re.M)}
    return f"{sizes['VmRSS'] / 1024:.0f} MB (at most {sizes['VmHWM'] / 1024:.0f})"
