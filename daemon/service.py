"""The daemon: wakes at polls and when something falls due, stops when asked to."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from datetime import datetime, timedelta
from types import FrameType

import structlog

from mcur.daemon import cycle
from mcur.daemon.listening import Listeners
from mcur.daemon.wakes import Alarm, Bells
from mcur.daemon.wiring import Site

log = structlog.get_logger()
MINUTE = timedelta(minutes=1)
TICK = 0.5
"""Longest sleep of the loop, in seconds: a signal and the watchdog never wait longer."""


def serve(site: Site) -> None:
    """Run until SIGTERM or SIGINT. Signal handlers only set a flag and end the loop's sleep."""
    stop: list[int] = []
    loop = Loop(site)

    def _stop(number: int, _frame: FrameType | None) -> None:
        stop.append(number)
        loop.alarm.ring()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _stop)
    notify("READY=1")
    log.info("ready", site=site.settings.name, playbooks=list(site.settings.playbooks))
    loop.listeners.start()
    while not stop:
        loop.turn()
        notify("WATCHDOG=1")
        loop.sleep()
    notify("STOPPING=1")
    loop.listeners.stop()
    log.info("stopped")


def leave() -> None:
    """End the process now, also where a hand or a look still waits for a silent server.

    The state is closed by then; what that hand had is in doubt and looked for at the next start.
    """
    if threading.active_count() > 1:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


class Loop:
    """One turn after another: collect, decide when there is a reason, deliver."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._asked: set[str] = {source.name for source in site.observers.sources}
        self._bells = Bells()
        self.alarm = Alarm()
        self.listeners = Listeners(site.bells, self.alarm.ring)
        site.observers.when_back = self.alarm.ring
        self._due = site.clock.now()
        site.live_from()
        self.hurried = False
        for source in site.observers.sources:
            self._bells.every(source.every, lambda name=source.name: self._asked.add(name))  # type: ignore[misc]

    def turn(self) -> None:
        """Do what can be done now without waiting for anybody."""
        site, now = self._site, self._site.clock.now()
        self._bells.ring()
        self._asked.update(site.observers.impatient(now))
        for name, why in self.listeners.news().items():
            site.observers.note_bell(name, now, why)
        for name in sorted(self._asked):
            site.observers.ask(name, now)
        self._asked.clear()
        news = site.observers.collect(now)
        # Never due later than in a minute, so that a clock set back is not waited for.
        set_back = self._due > now + MINUTE
        if set_back:
            site.dispatcher.forget_backoff(now)
        due = now >= self._due or set_back
        if news or due or site.state.changed_elsewhere():
            cycle.decide(site, now)
            self._due = self._next(now)
            self._say(now)
        self.hurried = site.dispatcher.step(now) or site.dispatcher.busy()

    def sleep(self) -> None:
        """Sleep until something may have come: a bell, a look that is back, a signal, or a tick."""
        for name in self.alarm.sleep(0.01 if self.hurried else TICK):
            self._site.observers.owe(name)

    def _next(self, now: datetime) -> datetime:
        try:
            return min(cycle.next_wake(self._site, now), now + MINUTE)
        except cycle.RuleFault as fault:
            log.exception("fault", rule="/".join(fault.name))
            return now + MINUTE

    def _say(self, now: datetime) -> None:
        waiting = self._site.state.outbox.counts().get("waiting", 0)
        notify(f"STATUS=cycle {now:%H:%M:%S} UTC, {waiting} waiting")


def notify(state: str) -> None:
    """Tell systemd (sd_notify(3)); outside of systemd nobody listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):
        address = "\0" + address[1:]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as link:
        link.settimeout(TICK)  # whoever does not listen must not stop the loop
        try:
            link.connect(address)
            link.sendall(state.encode())
        except OSError as exc:
            log.warning("systemd does not listen", why=str(exc))
