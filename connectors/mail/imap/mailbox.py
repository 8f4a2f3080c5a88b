"""An IMAP mailbox that is polled: new UIDs, their sizes, then the bodies of what is new.

Facts of imapclient that shape it: lists of integers only («1:*» in
``fetch`` raises since imapclient 4.0), ``n:*`` always finds the last letter even when it is older
than n (RFC 3501, 6.4.8), new letters may be unseen before a NOOP, and after any error the
connection is worth nothing.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any, NamedTuple

from imapclient.exceptions import (  # type: ignore[import-untyped]
    IMAPClientAbortError,
    IMAPClientError,
)

from mcur.connectors.mail.imap.bell import ImapBell
from mcur.connectors.mail.imap.door import ImapDoor, examine, leave
from mcur.connectors.mail.imap.sent import ImapSent
from mcur.connectors.mail.parts import HEADER_BLOCK
from mcur.connectors.ports import ConnectorError, MailBatch, RawLetter, Rejected
from mcur.playbooks.facts import LetterPlace

_BATCH = 200
_WINDOW = 50_000  # UIDs asked for at once: imaplib refuses answers of over a million bytes a line
_BATCH_BYTES = 64 * 2**20
_HEAD = f"BODY.PEEK[HEADER]<0.{HEADER_BLOCK}>"


class _Found(NamedTuple):
    """What is known of a letter before it is fetched."""

    uid: int
    size: int
    arrived: datetime | None
    is_there: bool


class ImapMailbox:
    """Polls one folder over a connection that is kept until something goes wrong.

    The cursor is ``{"uidvalidity": …, "uid": …}``. When the folder was made anew (another
    UIDVALIDITY) it is read from its beginning: the ledger knows the letters by their digests. For
    one thread: a connection is never shared.
    """

    def __init__(self, door: ImapDoor) -> None:
        self.name = door.name
        self._door = door
        self._shape = door.shape
        self._client: Any = None
        self._most = _BATCH
        self._spoilt: set[tuple[int, int]] = set()

    def fetch(self, cursor: str | None, now: datetime) -> MailBatch:
        """Return letters after the cursor, stamped in the server's time (IMAP tells no clock).

        A letter that the server cannot read comes without bytes after some polls that fail, so
        that it is told and does not hold up the others.
        """
        with self._session() as client:
            uidvalidity, uidnext = examine(self._door, client)
            after = _uid_in(cursor, uidvalidity)
            client.noop()
            end = after + _WINDOW if uidnext > after + _WINDOW else None
            found = client.search(["UID", f"{after + 1}:{end or '*'}"])
            uids = sorted(uid for uid in found if uid > after)
            batch = self._sized(client, uids[: self._most])
            try:
                letters = tuple(self._letters(client, batch, uidvalidity, now))
            except IMAPClientError:
                self._doubt(batch, uidvalidity)
                raise
            self._most = _BATCH
        rest = len(uids) - len(batch)
        last = batch[-1].uid if rest else end or max(uids, default=after)
        return MailBatch(
            letters=letters,
            cursor=json.dumps({"uidvalidity": uidvalidity, "uid": last}),
            more=rest > 0 or end is not None,
        )

    def settle(self, places: Iterable[LetterPlace]) -> None:
        """Move stored letters to the folder of ``settle``, which is made where it is missing."""
        target = self._shape.settle.removeprefix("move:")
        ours = [place for place in places if place.folder == self._shape.folder]
        if self._shape.settle == "keep" or not ours:
            return
        with self._session() as client:
            uidvalidity, _ = examine(self._door, client, readonly=False)
            known = sorted(int(place.uid) for place in ours if place.uidvalidity == uidvalidity)
            uids = _present(client, known)
            if uids and not _exists(client, target):
                client.create_folder(target)
            for start in range(0, len(uids), _BATCH):
                _move(client, uids[start : start + _BATCH], target)

    def bell(self) -> ImapBell:
        """Return what listens to the folder, over a connection of its own."""
        return ImapBell(self._door)

    def sent(self, name: str, folder: str) -> ImapSent:
        """Return what keeps copies of letters that left, in a folder of this account."""
        return ImapSent(name, self._door, folder)

    def check(self) -> list[str]:
        """Log in and open the folder, to write where letters are moved from it."""
        try:
            with self._session() as client:
                examine(self._door, client, readonly=self._shape.settle == "keep")
        except Rejected as exc:
            return [str(exc)]
        return []

    def close(self) -> None:
        """Leave the server; the next call logs in again."""
        if self._client is None:
            return
        with suppress(IMAPClientError, OSError):
            self._client.logout()
        self._drop()

    def _sized(self, client: Any, uids: list[int]) -> list[_Found]:
        """Ask size and arrival of letters; take as many as fit into one batch, at least one."""
        known = client.fetch(uids, ["RFC822.SIZE", "INTERNALDATE"])
        taken: list[_Found] = []
        room = _BATCH_BYTES
        for uid in uids:
            if taken and room < 0:
                break
            about = known.get(uid)
            size = about.get(b"RFC822.SIZE", 0) if about else 0
            arrived = about.get(b"INTERNALDATE") if about else None
            taken.append(_Found(uid, size, arrived, is_there=about is not None))
            room -= size if size <= self._shape.size_limit else 0
        return taken

    def _letters(
        self, client: Any, batch: list[_Found], uidvalidity: int, now: datetime
    ) -> list[RawLetter]:
        """Fetch whole letters, and only the headers of those over the limit; nothing is marked."""
        there = [one for one in batch if one.is_there]
        asked = [one for one in there if (uidvalidity, one.uid) not in self._spoilt]
        limit = self._shape.size_limit
        bodies: dict[int, dict[bytes, Any]] = {one.uid: {} for one in there if one not in asked}
        bodies |= client.fetch([one.uid for one in asked if one.size <= limit], ["BODY.PEEK[]"])
        bodies |= client.fetch([one.uid for one in asked if one.size > limit], [_HEAD])
        return [
            RawLetter(
                place=self._place(one.uid, uidvalidity),
                received_at=(one.arrived or now).astimezone(UTC),
                size=one.size,
                raw=bodies[one.uid].get(b"BODY[]"),
                head=bodies[one.uid].get(b"BODY[HEADER]<0>") or b"",
            )
            for one in there
            if one.uid in bodies
        ]

    def _doubt(self, batch: list[_Found], uidvalidity: int) -> None:
        """Find the letter that the server cannot read: ask for fewer, and at last without it.

        A server answers NO, or hangs up, for the whole command.
        """
        if len(batch) == 1:
            self._spoilt.add((uidvalidity, batch[0].uid))
        self._most = max(1, len(batch) // 8)

    def _place(self, uid: int, uidvalidity: int) -> LetterPlace:
        return LetterPlace(
            account=self.name, folder=self._shape.folder, uidvalidity=uidvalidity, uid=str(uid)
        )

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Give a connection that is logged in; translate errors and drop it after any.

        One that was closed while nobody used it is opened anew: what a bell rang for must not wait
        for the next poll.
        """
        try:
            with self._door.translating():
                if self._client is not None and _is_closed(self._client):
                    self._drop()
                if self._client is None:
                    self._client = self._door.enter()
                yield self._client
        except ConnectorError:
            self._drop()
            raise

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            leave(client)


def _is_closed(client: Any) -> bool:
    """Whether a kept connection has ended; one that only does not answer raises ``TimeoutError``."""
    try:
        client.noop()
    except TimeoutError:
        raise
    except (IMAPClientError, OSError):
        return True
    return False


def _uid_in(cursor: str | None, uidvalidity: int) -> int:
    """Return the last UID that was handed out, 0 for a folder that is new to us."""
    if cursor is None:
        return 0
    known: dict[str, int] = json.loads(cursor)
    return known["uid"] if known["uidvalidity"] == uidvalidity else 0


def _exists(client: Any, folder: str) -> bool:
    """Whether a folder is there; a gateway to Exchange answers NO to a list of what is not."""
    try:
        return bool(client.folder_exists(folder))
    except IMAPClientAbortError:
        raise
    except IMAPClientError:
        return False


def _present(client: Any, uids: list[int]) -> list[int]:
    """Leave out letters that are gone: a gateway to Exchange refuses the whole command for one."""
    found: list[int] = []
    for start in range(0, len(uids), _BATCH):
        some = uids[start : start + _BATCH]
        found += client.search(["UID", ",".join(map(str, some))])
    return sorted(found)


def _move(client: Any, uids: list[int], target: str) -> None:
    """Move letters (RFC 6851), or copy them and remove exactly these (RFC 4315)."""
    if client.has_capability("MOVE"):
        client.move(uids, target)
        return
    client.copy(uids, target)
    client.add_flags(uids, ["\\Deleted"], silent=True)
    # A plain EXPUNGE would remove what other people have marked as well.
    if client.has_capability("UIDPLUS"):
        client.uid_expunge(uids)
