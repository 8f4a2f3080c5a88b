"""Letters: a full IMAP mailbox fetched, parsed, classified and stored, beside parsing alone."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import structlog

from mcur.daemon import cycle
from mcur.daemon.clock import SystemClock
from mcur.daemon.context import working
from mcur.daemon.wiring import Site
from tests.bench.figures import Figure, Tell, in_turns
from tests.bench.material import letters
from tests.fakes import settings_of
from tests.servers import dovecot as dovecots
from tests.servers.dovecot import Dovecot
from tests.servers.letters import Blobs, read

LETTERS = 1000
ROUNDS = 5


def measure(folder: Path, tell: Tell) -> Iterator[Figure]:
    """Read a mailbox of strangers' letters into new states, in turns with bare parsing."""
    if not dovecots.is_installed():
        tell("letters by IMAP are left out: Dovecot is not installed")
        return
    tell(f"{LETTERS:,} letters by IMAP")
    kinds = letters()
    raw = [kinds[n % len(kinds)].replace(b"<one@", b"<bench%d@" % n, 1) for n in range(LETTERS)]
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    server = dovecots.start()
    try:
        server.fill("robot", raw)
        with ExitStack() as opened:
            sites = [opened.enter_context(_site(folder / str(n), server)) for n in range(ROUNDS)]
            fresh = iter(sites)
            took = in_turns(ROUNDS, ours=lambda: _taken(next(fresh)), bare=lambda: _parsed(raw))
    finally:
        server.stop()
    yield Figure(
        what="letters by IMAP: fetched to classified",
        ours=f"{LETTERS / took['ours']:,.0f} letters/s",
        bare=f"{LETTERS / took['bare']:,.0f} letters/s (parsed alone)",
        ratio=f"{took['bare'] / took['ours']:.2f}",
        aim=">= 0.5",
    )


def _parsed(raw: list[bytes]) -> None:
    for data in raw:
        read(data, Blobs())


def _taken(site: Site) -> None:
    """Do what the first cycle of a site does; nothing is sent."""
    now = site.clock.now()
    site.observers.look_at_all(now)
    cycle.decide(site, now)
    stored = sum(site.state.letters.counts().values())
    assert stored == LETTERS, f"only {stored} letters were stored"


def _site(home: Path, server: Dovecot) -> AbstractContextManager[Site]:
    """Open a new site over the mailbox, as a daemon has it open."""
    home.mkdir()
    (home / "password").write_text("robotpw")
    clock = SystemClock()
    table: dict[str, Any] = {
        "id": "inbox",
        "kind": "imap",
        "host": "127.0.0.1",
        "port": server.imap,
        "security": "none",
        "user": "robot",
        "password_file": "password",
    }
    live = {"from": clock.now() - timedelta(days=1)}
    return working(settings_of(home, mailboxes=[table], live=live), clock)
