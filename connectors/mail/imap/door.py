"""The way into an IMAP mailbox: how to reach it, logging in, and what goes wrong at the door."""

from __future__ import annotations

import logging
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from imapclient import IMAPClient, SocketTimeout  # type: ignore[import-untyped]
from imapclient.exceptions import (  # type: ignore[import-untyped]
    CapabilityError,
    IMAPClientAbortError,
    IMAPClientError,
    IMAPClientReadOnlyError,
    LoginError,
    ProtocolError,
)

from mcur.connectors.mail.remedies import BY_PORT, remedy
from mcur.connectors.mail.tls import Security, distrust, trust
from mcur.connectors.mail.tokens import Tokens, Watch
from mcur.connectors.ports import Barred, ConnectorError, Unavailable

# It prints what it cannot decode of a server's words; every failure is said here.
logging.getLogger("imapclient").addHandler(logging.NullHandler())
logging.getLogger("imapclient").propagate = False

_SHOWN = 20  # folders that are named to who has to choose one
_PORTS = {"tls": 993, "starttls": 143, "none": 143}
_REFUSALS = 2  # after so many the account is left in peace for a while
_PEACE = (
    3600  # seconds; directories forget refusals sooner, and a server may have refused by mistake
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapShape:
    """How to reach a mailbox. ``settle`` is ``keep`` or ``move:FOLDER``; timeouts in seconds.

    With ``tokens`` the login is by XOAUTH2 and the password is not used.
    """

    host: str
    login: str
    password: str = field(default="", repr=False)
    tokens: Tokens | None = field(default=None, repr=False)
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


class ImapDoor:
    """Logs in for a mailbox and its bell, which count refused logins together.

    After two of them nobody tries for an hour: the directory would lock the account.
    """

    def __init__(self, name: str, shape: ImapShape, watch: Watch) -> None:
        self.name = name
        self.shape = shape
        self.who = f"mailbox {name}"
        self.watch = watch
        self._refused = 0
        self._open_at = 0.0

    def enter(self, read_timeout: float | None = None) -> Any:
        """Return a connection that is logged in; raises what :meth:`translating` translates."""
        if self._refused >= _REFUSALS and self.watch() < self._open_at:
            msg = "nobody tries for an hour, so that the account is not locked"
            raise self._shut(msg)
        client = self._connect(read_timeout or self.shape.read_timeout)
        try:
            self._log_in(client)
        except BaseException:
            leave(client)
            raise
        self._refused = 0
        return client

    @contextmanager
    def translating(self) -> Iterator[None]:
        """Tell in our errors what goes wrong on a connection."""
        try:
            yield
        except ssl.SSLCertVerificationError as exc:
            raise distrust(self.who, self.shape.where, exc) from exc
        except LoginError as exc:
            raise self._not_let_in(exc) from exc
        except CapabilityError as exc:
            msg = f"{self.who}: {self.shape.where} cannot do what is asked ({exc}); check security and auth"
            raise Barred(msg) from exc
        except (IMAPClientError, OSError) as exc:
            raise self._passing(exc) from exc

    def _connect(self, read_timeout: float) -> Any:
        shape = self.shape
        context = None if shape.security == "none" else trust(self.who, shape.ca_file)
        client = IMAPClient(
            shape.host,
            port=shape.port or _PORTS[shape.security],
            ssl=shape.security == "tls",
            ssl_context=context if shape.security == "tls" else None,
            timeout=SocketTimeout(connect=shape.connect_timeout, read=read_timeout),
        )
        client.normalise_times = False  # else INTERNALDATE comes naive, in this machine's zone
        if shape.security == "starttls":
            try:
                client.starttls(context)
            except BaseException:
                leave(client)
                raise
        return client

    def _log_in(self, client: Any) -> None:
        shape = self.shape
        if shape.tokens is None:
            # LOGIN is sent as ASCII; SASL PLAIN is UTF-8 (RFC 4616).
            ascii_only = (shape.login + shape.password).isascii()
            (client.login if ascii_only else client.plain_login)(shape.login, shape.password)
            return
        if not client.has_capability("AUTH=XOAUTH2"):
            msg = "the server does not offer XOAUTH2"
            raise CapabilityError(msg)
        token = shape.tokens.get(self.who)
        try:
            client.oauth2_login(shape.login, token)
        except LoginError:
            shape.tokens.forget(token)
            raise

    def _not_let_in(self, exc: Exception) -> ConnectorError:
        """Tell a refused login from a server that cannot look it up now (RFC 5530)."""
        cause = exc.__context__
        passing = isinstance(cause, IMAPClientAbortError | ProtocolError | OSError)
        if passing or "[UNAVAILABLE]" in str(exc):
            return self._passing(exc)
        self._refused += 1
        self._open_at = self.watch() + _PEACE
        if self.shape.tokens is not None and self._refused < _REFUSALS:
            # It may have been taken back before its end: the next one may be good.
            return Unavailable(
                f"{self.who}: {self.shape.where} did not take its token: {_said(exc)}"
            )
        return self._shut(_said(exc))

    def _shut(self, why: str) -> Barred:
        check = "login and password" if self.shape.tokens is None else "address, user and scope"
        return Barred(
            f"{self.who}: {self.shape.where} refused the login of «{self.shape.login}» ({why}); "
            f"check {check}"
        )

    def _passing(self, exc: Exception) -> Unavailable:
        where, said = f"{self.who}: {self.shape.where}", _said(exc)
        hint = remedy(f"{type(exc).__name__} {said}", BY_PORT)
        return Unavailable(f"{where} did not answer as it should: {said}{hint and '; '}{hint}")


def examine(door: ImapDoor, client: Any, *, readonly: bool = True) -> tuple[int, int]:
    """Open the folder and return its UIDVALIDITY and UIDNEXT (0 where the server hides it)."""
    folder = door.shape.folder
    try:
        found = client.select_folder(folder, readonly=readonly)
    except IMAPClientReadOnlyError as exc:
        msg = (
            f"{door.who}: «{door.shape.login}» may only read folder «{folder}»; give it the right to "
            'write there, or leave letters where they are: settle = "keep"'
        )
        raise Barred(msg) from exc
    except IMAPClientAbortError:
        raise
    except IMAPClientError as exc:
        msg = (
            f"{door.who}: {door.shape.where} cannot open folder «{folder}» ({exc}); check folder, "
            f"there are {_folders(client)}"
        )
        raise Barred(msg) from exc
    return found.get(b"UIDVALIDITY", 0), found.get(b"UIDNEXT", 0)


def _folders(client: Any) -> str:
    """Name the folders that the login can see, the first of many."""
    with suppress(IMAPClientError, OSError):
        names = [str(name) for _, _, name in client.list_folders()]
        return ", ".join(f"«{name}»" for name in names[:_SHOWN]) + (", …" if names[_SHOWN:] else "")
    return "none that the login can see"


def leave(client: Any) -> None:
    """Break a connection off; after any error it is worth nothing."""
    with suppress(IMAPClientError, OSError):
        client.shutdown()


def _said(exc: Exception) -> str:
    """Return the server's words, which imapclient hands on as the text of a bytes literal."""
    return re.sub(r"^b(['\"])(.*)\1$", r"\2", str(exc)) or type(exc).__name__
