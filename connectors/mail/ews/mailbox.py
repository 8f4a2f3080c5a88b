"""A mailbox of an Exchange server on the premises, followed by ``SyncFolderItems``.

The server keeps the place in a folder as an opaque state (MS-OXWSSYNC); a page of it may hold more
than one batch, so the cursor carries what of the page has not been handed out yet.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from email.header import Header
from typing import Any, NamedTuple

from exchangelib.errors import (  # type: ignore[import-untyped]
    ErrorInvalidSyncStateData,
    ErrorItemNotFound,
)
from exchangelib.services import SyncFolderItems  # type: ignore[import-untyped]

from mcur.connectors.mail.ews.account import ExchangeAccount, folder_of, with_its_folders
from mcur.connectors.mail.ews.bell import EwsBell
from mcur.connectors.mail.parts import HEADER_BLOCK
from mcur.connectors.ports import MailBatch, RawLetter, Rejected
from mcur.playbooks.facts import LetterPlace

_PAGE = 200
_BATCH_BYTES = 64 * 2**20
_AT_ONCE = 25  # letters in one call
_ABOUT = ("size", "datetime_received")


class _Waiting(NamedTuple):
    """A letter that the server has told of."""

    ident: str
    size: int
    received: float


class _Place(NamedTuple):
    """What the cursor says: the state of the folder, and what of its last page is to come."""

    state: str | None
    waiting: list[_Waiting]
    more: bool
    """Whether the server has further pages."""


class EwsMailbox:
    """Follows one folder.

    A letter that somebody moves away before it is fetched is not ours any more. A state that the
    server does not know (a restored mailbox) starts the folder anew: the ledger knows the letters
    by their digests.
    """

    def __init__(
        self,
        name: str,
        account: ExchangeAccount,
        *,
        folder: str = "INBOX",
        settle: str = "keep",
        size_limit: int = 35 * 2**20,
    ) -> None:
        self.name = name
        self._account = account
        self._folder = folder
        self._settle = settle
        self._limit = size_limit
        self._who = f"mailbox {name}"

    def fetch(self, cursor: str | None, now: datetime) -> MailBatch:  # noqa: ARG002 - the server stamps what it receives
        """Return letters after the cursor, stamped in the server's time."""
        return with_its_folders(lambda: self._fetched(_read(cursor)))

    def _fetched(self, place: _Place) -> MailBatch:
        with self._account.session(self._who) as account:
            folder = folder_of(self._who, account, self._folder)
            if not place.waiting:
                place = _next_page(account, folder, place.state)
            batch = self._fitting(place.waiting)
            letters = tuple(self._letters(account, batch))
        rest = place.waiting[len(batch) :]
        return MailBatch(
            letters=letters,
            cursor=json.dumps([place.state, rest, place.more]),
            more=bool(rest) or place.more,
        )

    def settle(self, places: Iterable[LetterPlace]) -> None:
        """Move stored letters to the folder of ``settle``, which is made where it is missing."""
        idents = [(place.uid, None) for place in places if place.folder == self._folder]
        if self._settle != "keep" and idents:
            with_its_folders(lambda: self._move(idents))

    def _move(self, idents: list[tuple[str, None]]) -> None:
        with self._account.session(self._who) as account:
            path = self._settle.removeprefix("move:")
            target = folder_of(self._who, account, path, make=True)
            for moved in account.bulk_move(idents, target, chunk_size=_PAGE):
                # Gone already: somebody was faster.
                if isinstance(moved, Exception) and not isinstance(moved, ErrorItemNotFound):
                    raise moved

    def bell(self) -> EwsBell:
        """Return what listens to the folder, over a connection of its own."""
        return EwsBell(self.name, self._account, self._folder)

    def check(self) -> list[str]:
        """Log in and open the folder."""
        try:
            with self._account.session(self._who) as account:
                folder_of(self._who, account, self._folder).refresh()
        except Rejected as exc:
            return [str(exc)]
        return []

    def _fitting(self, waiting: list[_Waiting]) -> list[_Waiting]:
        """Take as many as fit into one batch, at least one."""
        room = _BATCH_BYTES
        taken: list[_Waiting] = []
        for one in waiting:
            if taken and room < 0:
                break
            taken.append(one)
            room -= one.size if one.size <= self._limit else 0
        return taken

    def _letters(self, account: Any, batch: list[_Waiting]) -> Iterator[RawLetter]:
        """Fetch whole letters, and of those over the limit only the headers."""
        small = [one for one in batch if one.size <= self._limit]
        big = [one for one in batch if one.size > self._limit]
        found = dict(_fetched(account, small, "mime_content"))
        heads = dict(_fetched(account, big, "transport_headers", "subject", "sender", "message_id"))
        for one in batch:
            item = found.get(one.ident) or heads.get(one.ident)
            if item is None:
                continue
            raw = item.mime_content if one.ident in found else None
            yield RawLetter(
                place=LetterPlace(
                    account=self.name, folder=self._folder, uidvalidity=0, uid=one.ident
                ),
                received_at=datetime.fromtimestamp(one.received, UTC),
                size=one.size if raw is None else len(raw),
                raw=raw,
                head=b"" if raw is not None else _head(item),
            )


def _next_page(account: Any, folder: Any, state: str | None) -> _Place:
    """Ask what came since; a state that the server does not know begins anew."""
    service = SyncFolderItems(account=account)
    fields = {path for path in folder.normalize_fields(_ABOUT) if not path.field.is_attribute}
    try:
        changes = list(
            service.call(
                folder=folder,
                shape="IdOnly",
                additional_fields=fields,
                sync_state=state,
                ignore=None,
                max_changes_returned=_PAGE,
                sync_scope=None,
            )
        )
    except ErrorInvalidSyncStateData:
        if state is None:
            raise
        return _next_page(account, folder, None)
    waiting = [
        _Waiting(item.id, item.size or 0, item.datetime_received.timestamp())
        for kind, item in changes
        if kind == "create" and item.datetime_received is not None
    ]
    return _Place(service.sync_state, waiting, more=not service.includes_last_item_in_range)


def _fetched(account: Any, letters: list[_Waiting], *fields: str) -> Iterator[tuple[str, Any]]:
    """Fetch fields of letters; one that is gone meanwhile is left out."""
    idents = [(one.ident, None) for one in letters]
    found = account.fetch(idents, only_fields=fields, chunk_size=_AT_ONCE) if idents else ()
    for one, item in zip(letters, found, strict=False):
        if isinstance(item, ErrorItemNotFound):
            continue
        if isinstance(item, Exception):
            raise item
        yield one.ident, item


def _head(item: Any) -> bytes:
    """Return the header block; a letter of a colleague on the same server may have none."""
    if item.transport_headers:
        text: str = item.transport_headers
        return text.encode("utf-8", "replace")[:HEADER_BLOCK]
    known = {
        "Message-ID": item.message_id or "",
        "From": item.sender.email_address if item.sender else "",
        "Subject": Header(item.subject or "", "utf-8").encode(),
    }
    return "".join(f"{name}: {value}\r\n" for name, value in known.items() if value).encode()


def _read(cursor: str | None) -> _Place:
    if cursor is None:
        return _Place(None, [], more=False)
    state, waiting, more = json.loads(cursor)
    return _Place(state, [_Waiting(*one) for one in waiting], more)
