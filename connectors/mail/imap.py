"""An IMAP mailbox that is polled: new UIDs, their sizes, then the bodies of what is new.

The only module that imports imapclient. Facts that shape it: lists of integers only («1:*» in
``fetch`` raises since imapclient 4.0), ``n:*`` always finds the last letter even when it is older
than n (RFC 3501, 6.4.8), new letters may be unseen before a NOOP, and after any error the
connection is worth nothing.
"""

from __future__ import annotations

import json
import re
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import (  # type: ignore[import-untyped]
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    LoginError,
    ProtocolError,
)

from mcur.connectors.mail.parts import HEADER_BLOCK
from mcur.connectors.mail.tls import Security, distrust, trust
from mcur.connectors.ports import (
    Barred,
    ConnectorError,
    MailBatch,
    RawLetter,
    Rejected,
    Unavailable,
)
from mcur.playbooks.facts import LetterPlace

_BATCH = 200
_WINDOW = 50_000  # UIDs asked for at once: imaplib refuses answers of over a million bytes a line
_BATCH_BYTES = 64 * 2**20
_HEAD = f"BODY.PEEK[HEADER]<0.{HEADER_BLOCK}>"
_PORTS = {"tls": 993, "starttls": 143, "none": 143}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapShape:
    """How to reach a mailbox. ``settle`` is ``keep`` or ``move:FOLDER``; timeouts in seconds."""

    host: str
    login: str
    password: str = field(repr=False)
    port: int | None = None
    security: Security = "tls"
    ca_file: Path | None = None
    folder: str = "INBOX"
    settle: str = "keep"
    size_limit: int = 35 * 2**20
    """Bytes of the largest letter that is read whole."""
    connect_timeout: float = 15
    read_timeout: float = 60

    @property
    def where(self) -> str:
        """The server as people write it."""
        return f"{self.host}:{self.port or _PORTS[self.security]}"


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

    def __init__(self, name: str, shape: ImapShape) -> None:
        self.name = name
        self._shape = shape
        self._client: Any = None
        self._most = _BATCH
        self._spoilt: set[tuple[int, int]] = set()

    def fetch(self, cursor: str | None, now: datetime) -> MailBatch:
        """Return letters after the cursor, stamped in the server's time (IMAP tells no clock).

        A letter that the server cannot read comes without bytes after some polls that fail, so
        that it is told and does not hold up the others.
        """
        with self._session() as client:
            uidvalidity, uidnext = self._select(client, self._shape.folder)
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
            uidvalidity, _ = self._select(client, self._shape.folder, readonly=False)
            known = sorted(int(place.uid) for place in ours if place.uidvalidity == uidvalidity)
            uids = _present(client, known)
            if uids and not _exists(client, target):
                client.create_folder(target)
            for start in range(0, len(uids), _BATCH):
                _move(client, uids[start : start + _BATCH], target)

    def check(self) -> list[str]:
        """Log in and open the folder."""
        try:
            with self._session() as client:
                self._select(client, self._shape.folder)
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

    def _select(self, client: Any, folder: str, *, readonly: bool = True) -> tuple[int, int]:
        """Open a folder and return its UIDVALIDITY and UIDNEXT (0 where the server hides it)."""
        try:
            found = client.select_folder(folder, readonly=readonly)
        except IMAPClientAbortError:
            raise
        except IMAPClientError as exc:
            msg = f"mailbox {self.name}: {self._shape.where} cannot open folder «{folder}» ({exc})"
            raise Barred(msg) from exc
        return found.get(b"UIDVALIDITY", 0), found.get(b"UIDNEXT", 0)

    @contextmanager
    def _session(self) -> Iterator[Any]:
        """Give a connection that is logged in; translate errors and drop it after any."""
        who = f"mailbox {self.name}"
        try:
            if self._client is None:
                self._client = self._connect()
            yield self._client
        except ConnectorError:
            self._drop()
            raise
        except ssl.SSLCertVerificationError as exc:
            self._drop()
            raise distrust(who, self._shape.where, exc) from exc
        except (IMAPClientError, OSError) as exc:
            self._drop()
            raise _translated(who, self._shape, exc) from exc

    def _connect(self) -> Any:
        shape = self._shape
        context = None if shape.security == "none" else trust(f"mailbox {self.name}", shape.ca_file)
        client = IMAPClient(
            shape.host,
            port=shape.port or _PORTS[shape.security],
            ssl=shape.security == "tls",
            ssl_context=context if shape.security == "tls" else None,
            timeout=SocketTimeout(connect=shape.connect_timeout, read=shape.read_timeout),
        )
        client.normalise_times = False  # else INTERNALDATE comes naive, in this machine's zone
        self._client = client
        if shape.security == "starttls":
            client.starttls(context)
        # LOGIN is sent as ASCII; SASL PLAIN is UTF-8 (RFC 4616).
        ascii_only = (shape.login + shape.password).isascii()
        (client.login if ascii_only else client.plain_login)(shape.login, shape.password)
        return client

    def _drop(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            with suppress(IMAPClientError, OSError):
                client.shutdown()


def _translated(who: str, shape: ImapShape, exc: Exception) -> ConnectorError:
    """Tell what a person must mend from what passes by itself."""
    where = f"{who}: {shape.where}"
    cause = exc.__context__ if isinstance(exc, LoginError) else exc
    passing = isinstance(cause, IMAPClientAbortError | ProtocolError | OSError)
    if isinstance(exc, LoginError) and not passing and "[UNAVAILABLE]" not in str(exc):
        return Barred(
            f"{where} refused the login of «{shape.login}» ({_said(exc)}); check login and password"
        )
    if isinstance(exc, CapabilityError):
        return Barred(f"{where} cannot do what is asked ({exc}); check security")
    hint = "; is security right for this port?" if isinstance(exc, ssl.SSLError) else ""
    return Unavailable(f"{where} did not answer as it should: {_said(exc)}{hint}")


def _said(exc: Exception) -> str:
    """Return the server's words, which imapclient hands on as the text of a bytes literal."""
    return re.sub(r"^b(['\"])(.*)\1$", r"\2", str(exc)) or type(exc).__name__


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
