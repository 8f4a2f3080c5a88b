"""IDLE (RFC 2177) as a bell: it says that something may have come, and a look finds out what.

Facts of imapclient that shape it: what a server says together with its «+ idling» stays in a
buffer that nobody polls, so a look is due each time that IDLE has begun; a connection that was
closed answers at once and for ever that nothing came.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from imapclient.exceptions import IMAPClientAbortError  # type: ignore[import-untyped]

from mcur.connectors.mail.imap.door import ImapDoor, examine, leave
from mcur.connectors.ports import Barred

_RENEWED = 240.0  # seconds; servers end IDLE after 29 minutes, routers forget it long before
_SLICE = 0.5  # seconds after which a still bell says so, for whoever wants to stop
_ANSWER = 20.0  # seconds for an answer to DONE: a server that froze is left
_HOLLOW = 3  # empty answers at once that mean the end; one may be a letter of TLS to itself


class ImapBell:
    """Listens to the folder of a mailbox over a connection of its own."""

    def __init__(
        self,
        door: ImapDoor,
        *,
        renewed: float = _RENEWED,
        answer: float = _ANSWER,
    ) -> None:
        self.name = door.name
        self._door = door
        self._watch = door.watch
        self._renewed = renewed
        self._answer = answer

    def listen(self) -> Iterator[bool]:
        """Yield ``True`` when a look is worth while, ``False`` twice a second while all is still.

        The folder is opened anew with each IDLE, for it may have been deleted and made again.
        """
        with self._door.translating():
            client = self._door.enter(self._answer)
            try:
                if not client.has_capability("IDLE"):
                    msg = f"{self._door.who}: {self._door.shape.where} knows no IDLE"
                    raise Barred(msg)
                while True:
                    examine(self._door, client)
                    client.idle()
                    yield True
                    yield from self._heard(client)
                    client.idle_done()
            finally:
                leave(client)

    def _heard(self, client: Any) -> Iterator[bool]:
        """Listen until IDLE has to be begun anew."""
        end = self._watch() + self._renewed
        hollow = 0
        while (asked := self._watch()) < end:
            said = client.idle_check(timeout=_SLICE)
            at_once = self._watch() - asked < _SLICE / 2
            hollow = hollow + 1 if at_once and not said else 0
            if hollow == _HOLLOW or any(one[0] == b"BYE" for one in said):
                msg = "the server has ended IDLE"
                raise IMAPClientAbortError(msg)
            yield any(one[1:] == (b"EXISTS",) for one in said)
