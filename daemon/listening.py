"""Listening: a thread at each mailbox's bell, which does nothing but wake the loop.

Nothing depends on it: mailboxes are polled all the same, so a bell that is silent costs minutes and
no letter. A server that does not want to be listened to is asked again later and later.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from queue import SimpleQueue
from typing import NamedTuple

import structlog

from mcur.connectors.ports import Bell, ConnectorError, Unavailable
from mcur.daemon.clock import stopwatch

FIRST, LONGEST = 1.0, 300.0
"""Seconds before a bell is begun anew: after its first trouble, and at most."""
STEADY = 60.0
"""Seconds of listening after which a bell's troubles before are forgotten."""

log = structlog.get_logger()


class News(NamedTuple):
    """How a bell does: ``why`` it is silent, or ``None``."""

    name: str
    why: str | None


class Listeners:
    """The threads of a site, one for each bell; ``ring`` is called from them with its name."""

    def __init__(
        self,
        bells: Mapping[str, Bell],
        ring: Callable[[str], None],
        *,
        first: float = FIRST,
        steady: float = STEADY,
    ) -> None:
        self._bells = bells
        self._ring = ring
        self._first = first
        self._steady = steady
        self._news: SimpleQueue[News] = SimpleQueue()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Begin to listen. Nobody waits for the threads: they end with the process."""
        for name, bell in self._bells.items():
            work = threading.Thread(
                target=self._attend, args=(name, bell), name=f"bell {name}", daemon=True
            )
            work.start()

    def stop(self) -> None:
        """Let each end at its next sign of life."""
        self._stopped.set()

    def news(self) -> dict[str, str | None]:
        """Return what became of the bells since the last call: the last word of each."""
        found: dict[str, str | None] = {}
        while not self._news.empty():
            name, why = self._news.get()
            found[name] = why
        return found

    def _attend(self, name: str, bell: Bell) -> None:
        pause = self._first
        while not self._stopped.is_set():
            begun = stopwatch()
            why, wanted = self._listen(name, bell)
            if stopwatch() - begun > self._steady:
                pause = self._first
            if why:
                self._news.put(News(name, why))
            self._stopped.wait(max(pause, wanted))
            pause = min(2 * pause, LONGEST)

    def _listen(self, name: str, bell: Bell) -> tuple[str, float]:
        """Listen until it ends; return its trouble, and how many seconds of peace the server wants."""
        try:
            for heard in bell.listen():
                if self._stopped.is_set():
                    break
                if heard:
                    self._news.put(News(name, None))
                    self._ring(name)
        except Unavailable as exc:
            return str(exc), exc.retry_after.total_seconds() if exc.retry_after else 0
        except ConnectorError as exc:
            return str(exc), LONGEST
        except Exception as exc:  # a fault of ours at one bell: letters are polled all the same
            log.exception("fault", bell=name)
            return f"a fault of mcur itself, {type(exc).__name__}: {exc}", LONGEST
        return "", 0
