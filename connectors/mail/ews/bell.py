"""Streaming notifications as a bell: it says that something may have come, and a look finds out what.

What a subscription held when its stream died may be lost, so a look is due each time that a stream
is opened; the subscription itself is kept, for a server grants a person only twenty or so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from exchangelib.errors import (  # type: ignore[import-untyped]
    ErrorExpiredSubscription,
    ErrorInvalidSubscription,
    ErrorSubscriptionNotFound,
)

from mcur.connectors.mail.ews.account import ExchangeAccount, folder_of
from mcur.connectors.ports import Unavailable

_MINUTES = 5  # of one stream; a server allows thirty, and a silent one is noticed by its end
_EVENTS = ("NewMailEvent", "CreatedEvent", "MovedEvent")
_FORGOTTEN = (ErrorExpiredSubscription, ErrorInvalidSubscription, ErrorSubscriptionNotFound)


class EwsBell:
    """Listens to a folder over a connection of its own, logged in by the account of the mailbox."""

    def __init__(
        self, name: str, account: ExchangeAccount, folder: str, *, minutes: int = _MINUTES
    ) -> None:
        self.name = name
        self._account = account
        self._folder = folder
        self._minutes = minutes
        self._who = f"mailbox {name}"
        self._subscription = ""
        self._subscribed_to = ""

    def listen(self) -> Iterator[bool]:
        """Yield ``True`` when a look is worth while, until the time of one stream is over."""
        with self._account.session(self._who) as account:
            folder = folder_of(self._who, account, self._folder)
            if self._subscribed_to != folder.id:  # the first time, or it was made anew
                self._subscription = folder.subscribe_to_streaming(event_types=_EVENTS)
                self._subscribed_to = folder.id
            yield True
            yield from self._heard(folder)

    def _heard(self, folder: Any) -> Iterator[bool]:
        try:
            for _ in folder.get_streaming_events(
                self._subscription, connection_timeout=self._minutes
            ):
                yield True
        except _FORGOTTEN as exc:
            self._subscribed_to = ""
            msg = f"{self._who}: the server has forgotten that somebody listens ({exc})"
            raise Unavailable(msg) from exc
