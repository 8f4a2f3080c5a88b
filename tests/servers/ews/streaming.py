"""Streams: a client subscribes to folders and is told of new letters while its request stays open."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from tests.servers.ews.mailboxes import Box, EwsError, Firm, Item
from tests.servers.ews.shapes import item_id
from tests.servers.ews.words import SPACES, Element, m, said, stamp, t

HEARTBEAT = 0.5
"""Seconds between signs of life on an idle stream; a real server lets 30 and more pass."""


@dataclass
class _Subscription:
    box: Box
    folders: set[str] | None
    """Ids of the folders; ``None`` for all."""
    told: int
    """How many of the mailbox's events are behind it."""


@dataclass
class Streams:
    """Subscriptions of all clients. ``minute`` is how many seconds a client's minute lasts here."""

    firm: Firm
    minute: float = 6
    subscriptions: dict[str, _Subscription] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def subscribe(self, call: Element, box: Box) -> Element:
        """Begin to watch."""
        named = call.findall(".//t:FolderIds/*", SPACES)
        folders = {
            one.get("Id") or ""
            if one.tag.endswith("}FolderId")
            else box.well_known[one.get("Id") or ""].ident
            for one in named
        }
        ident = f"stream-{next(self.numbers)}"
        self.subscriptions[ident] = _Subscription(box, folders or None, len(box.events))
        return _response("Subscribe", m("SubscriptionId", ident))

    def unsubscribe(self, call: Element) -> Element:
        """Watch no longer."""
        ident = said(call, "m:SubscriptionId") or ""
        watched = self.subscriptions.pop(ident, None)
        if watched is None:
            return _not_found("Unsubscribe", ident)
        with watched.box.changed:
            watched.box.changed.notify_all()
        return _response("Unsubscribe")

    def stream(self, call: Element) -> Iterator[Element]:
        """Yield one response after the other until the client's time is over."""
        idents = [one.text or "" for one in call.findall("m:SubscriptionIds/*", SPACES)]
        lost = [ident for ident in idents if ident not in self.subscriptions]
        if lost:
            yield _not_found("GetStreamingEvents", lost[0])
            return
        until = time.monotonic() + int(said(call, "m:ConnectionTimeout") or 1) * self.minute
        yield _response("GetStreamingEvents", m("ConnectionStatus", "OK"))
        while time.monotonic() < until and idents[0] in self.subscriptions:
            news = self._news(idents[0])
            still = m("ConnectionStatus", "OK")
            yield _response("GetStreamingEvents", still if news is None else news)
        yield _response("GetStreamingEvents", m("ConnectionStatus", "Closed"))

    def _news(self, ident: str) -> Element | None:
        watched = self.subscriptions[ident]
        with watched.box.changed:
            if len(watched.box.events) <= watched.told:
                watched.box.changed.wait(HEARTBEAT)
            fresh = watched.box.events[watched.told :]
            watched.told += len(fresh)
        mine = [item for folder, item in fresh if not watched.folders or folder in watched.folders]
        if not mine:
            return None
        notification = m("Notification", t("SubscriptionId", ident), *map(_event, mine))
        return m("Notifications", notification)


def _event(item: Item) -> Element:
    return t(
        "NewMailEvent",
        t("Watermark", item.number),
        t("TimeStamp", stamp(datetime.now(UTC))),
        item_id(item),
        t("ParentFolderId", Id=item.folder.ident, ChangeKey="AQAAAA=="),
    )


def _response(name: str, *inside: Element) -> Element:
    message = m(
        f"{name}ResponseMessage", m("ResponseCode", "NoError"), *inside, ResponseClass="Success"
    )
    return m(f"{name}Response", m("ResponseMessages", message))


def _not_found(name: str, ident: str) -> Element:
    exc = EwsError("ErrorSubscriptionNotFound", "The specified subscription was not found.")
    message = m(
        f"{name}ResponseMessage",
        m("MessageText", str(exc)),
        m("ResponseCode", exc.code),
        m("DescriptiveLinkKey", 0),
        *([m("ErrorSubscriptionIds", m("SubscriptionId", ident))] if "Get" in name else []),
        ResponseClass="Error",
    )
    return m(f"{name}Response", m("ResponseMessages", message))
