"""An account on an Exchange server on the premises, shared by the mailbox and the courier.

Facts of exchangelib that shape it: its tolerant retry policy sends a
wrong password for an hour, which locks the account in the directory, so it fails fast here and two
refusals close the door for good; protocols, adapters and time limits are kept for the whole
process; a dying stream raises an error of requests.
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import requests
from exchangelib import (  # type: ignore[import-untyped]
    BASIC,
    DELEGATE,
    IMPERSONATION,
    NTLM,
    OAUTH2,
    UTC,
    Account,
    Configuration,
    Credentials,
    ExtendedProperty,
    FailFast,
    Folder,
    Identity,
    Message,
    OAuth2Credentials,
)
from exchangelib.errors import (  # type: ignore[import-untyped]
    ErrorAccessDenied,
    ErrorFolderNotFound,
    ErrorInternalServerError,
    ErrorInternalServerTransientError,
    ErrorMailboxStoreUnavailable,
    ErrorNonExistentMailbox,
    ErrorServerBusy,
    ErrorSyncFolderNotFound,
    ErrorTimeoutExpired,
    ErrorToFolderNotFound,
    EWSError,
    ResponseMessageError,
    SessionPoolMinSizeReached,
    UnauthorizedError,
)
from exchangelib.protocol import BaseProtocol  # type: ignore[import-untyped]
from oauthlib.oauth2 import OAuth2Error  # type: ignore[import-untyped]

from mcur.connectors.mail.remedies import BY_URL, remedy
from mcur.connectors.mail.tls import to_be_trusted, trust
from mcur.connectors.ports import Barred, ConnectorError, Rejected, Unavailable

Login = Literal["ntlm", "basic", "oauth2"]
"""How the account logs in; ``oauth2`` is an application that acts for the mailbox."""

INBOX = "INBOX"
"""The name that stands for the well-known folder, whatever its name in the office's language."""

_T = TypeVar("_T")
_REFUSALS = 2  # after so many the directory is left in peace
_CONNECTIONS = 3  # reading, sending, and a stream that keeps its own open
_TIMEOUT = 60  # seconds
_WRONG_CLIENT = {"invalid_client", "unauthorized_client", "invalid_scope"}
_GONE = (ErrorFolderNotFound, ErrorSyncFolderNotFound, ErrorToFolderNotFound)
_PASSING = (
    ErrorInternalServerError,
    ErrorInternalServerTransientError,
    ErrorMailboxStoreUnavailable,
    ErrorTimeoutExpired,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeShape:
    r"""How to reach the account.

    ``url`` is the address of ``Exchange.asmx``, ``address`` the mailbox, ``login`` is
    ``DOMAIN\\user`` or the address; for ``oauth2`` it is the application's id, ``password`` its
    secret, and tokens come from ``token_url`` for ``scope``.
    """

    url: str
    address: str
    login: str
    password: str = field(repr=False)
    how: Login = "ntlm"
    token_url: str = ""
    scope: str = ""
    ca_file: Path | None = None


class FolderGone(Barred):
    """A folder is not there any more; it may have been made anew, and is looked up by the next call."""


class _TransportHeaders(ExtendedProperty):  # type: ignore[misc]  # the library has no types
    """The header block as it came from the network (PidTagTransportMessageHeaders)."""

    property_tag = 0x007D
    property_type = "String"


Message.register("transport_headers", _TransportHeaders)


class _Tokens(OAuth2Credentials):  # type: ignore[misc]  # the library has no types
    """Client credentials of a server that is not Microsoft's cloud."""

    def __init__(self, shape: ExchangeShape) -> None:
        super().__init__(
            client_id=shape.login,
            client_secret=shape.password,
            tenant_id="-",
            identity=Identity(primary_smtp_address=shape.address),
        )
        self._url, self._scope = shape.token_url, shape.scope

    @property
    def token_url(self) -> str:
        """Where tokens are given out."""
        return self._url

    @property
    def scope(self) -> list[str]:
        """What they are for."""
        return [self._scope] if self._scope else []

    def session_params(self) -> dict[str, Any]:
        """Ask for a new token when one is over: client credentials come without a refresh token."""
        return {"token": self.access_token}


class _Trusting(requests.adapters.HTTPAdapter):
    """Checks the certificate against the ``ca_file`` of the server that is called."""

    authorities: ClassVar[dict[str, str]] = {}
    """Path of the PEM file by the address of the server."""

    def send(self, request: Any, *args: Any, **how: Any) -> Any:
        """Call the server."""
        authority = self.authorities.get(_server(request.url))
        return super().send(request, *args, **(how | {"verify": authority} if authority else how))


BaseProtocol.HTTP_ADAPTER_CLS = _Trusting
BaseProtocol.TIMEOUT = _TIMEOUT
# It logs whole requests, with their passwords, when something fails; every failure is said here.
logging.getLogger("exchangelib").addHandler(logging.NullHandler())
logging.getLogger("exchangelib").propagate = False


class ExchangeAccount:
    """One mailbox's account: logs in when it is first used, translates what goes wrong.

    After two refused logins nobody tries again until the daemon is started anew: the directory
    would lock the account.
    """

    def __init__(self, shape: ExchangeShape) -> None:
        self.shape = shape
        self._account: Any = None
        self._refused = 0
        self._lock = threading.Lock()

    @contextmanager
    def session(self, who: str) -> Iterator[Any]:
        """Give the account; ``who`` is the connector as its messages begin («mailbox in»)."""
        where = f"{who}: {self.shape.url}"
        if self._refused >= _REFUSALS:
            raise self._shut(where, "nobody tries again, so that the account is not locked")
        try:
            yield self._opened(who)
            self._refused = 0
        except FolderGone:
            self._forget_folders()
            raise
        except (ConnectorError, GeneratorExit):
            raise
        except UnauthorizedError as exc:
            self._refused += 1
            raise self._not_let_in(where, exc) from exc
        except OAuth2Error as exc:
            raise self._no_token(where, exc) from exc
        except _GONE as exc:
            self._forget_folders()
            msg = f"{where}: {exc}; check address, folder and the rights of the login"
            raise FolderGone(msg) from exc
        except (EWSError, requests.RequestException, OSError) as exc:
            raise _translated(where, exc) from exc

    def _opened(self, who: str) -> Any:
        with self._lock:
            if self._account is None:
                if self.shape.ca_file:
                    trust(who, self.shape.ca_file)  # says in a sentence what is wrong with the file
                    for url in filter(None, (self.shape.url, self.shape.token_url)):
                        _Trusting.authorities[_server(url)] = str(self.shape.ca_file)
                self._account = _log_in(self.shape)
            return self._account

    def _not_let_in(self, where: str, exc: UnauthorizedError) -> ConnectorError:
        """Tell a wrong password from a token that was taken back: the next one may be good."""
        self._forget_token()
        if self.shape.how == "oauth2" and self._refused < _REFUSALS:
            return Unavailable(f"{where} did not take its token: {exc}", reached=False)
        return self._shut(where, str(exc))

    def _no_token(self, where: str, exc: OAuth2Error) -> ConnectorError:
        """Tell a wrong secret from a token that could not be renewed (RFC 6749, 5.2)."""
        if exc.error in _WRONG_CLIENT:
            self._refused += 1
            return self._shut(where, str(exc))
        self._forget_token()
        return Unavailable(f"{where}: {self.shape.token_url} gave no token: {exc}")

    def _forget_folders(self) -> None:
        """Let the next session look its folders up by their names."""
        with self._lock:
            self._account = None

    def _forget_token(self) -> None:
        """Let the next session ask for a token of its own."""
        with self._lock:
            if self._account is not None and self.shape.how == "oauth2":
                self._account.protocol.close()

    def _shut(self, where: str, why: str) -> Barred:
        return Barred(
            f"{where} refused the login of «{self.shape.login}» ({why}); check login, password and "
            "auth, then restart mcur"
        )


@cache
def account_of(shape: ExchangeShape) -> ExchangeAccount:
    """Return the one account of a shape: a mailbox and a courier must count refusals together."""
    return ExchangeAccount(shape)


def with_its_folders(work: Callable[[], _T]) -> _T:
    """Do a work, and once more where a folder was deleted meanwhile: it may have been made anew."""
    try:
        return work()
    except FolderGone:
        return work()


def folder_of(who: str, account: Any, path: str, *, make: bool = False) -> Any:
    """Return a folder by its path from the root of the mailbox, made where it may be.

    :data:`INBOX` is the inbox whatever its name; «Обработано/2026» is a folder in a folder.
    """
    if path.upper() == INBOX:
        return account.inbox
    folder = account.msg_folder_root
    for name in filter(None, path.split("/")):
        found = next((one for one in folder.children if one.name == name), None)
        if found is None and make:
            found = Folder(parent=folder, name=name)
            found.save()
        if found is None:
            msg = (
                f"{who}: there is no folder «{name}» in {folder.name}; "
                "name it as Outlook shows it, below the mailbox, with / between folders"
            )
            raise FolderGone(msg)
        folder = found
    return folder


def _log_in(shape: ExchangeShape) -> Any:
    kinds = {"ntlm": NTLM, "basic": BASIC, "oauth2": OAUTH2}
    by_token = shape.how == "oauth2"
    known = _Tokens(shape) if by_token else Credentials(shape.login, shape.password)
    configuration = Configuration(
        service_endpoint=shape.url,
        credentials=known,
        auth_type=kinds[shape.how],
        retry_policy=FailFast(),
        max_connections=_CONNECTIONS,
    )
    account = Account(
        primary_smtp_address=shape.address,
        config=configuration,
        autodiscover=False,
        access_type=IMPERSONATION if by_token else DELEGATE,
        default_timezone=UTC,
    )
    account.protocol.decrease_poolsize = _never
    return account


def _never() -> None:
    """Give up no connection where a server is busy: whoever calls us waits.

    The library would hold a lock while it waits for one to give up, and where a stream and a look
    have them all, take the same lock again and stand still for ever.
    """
    msg = "each connection is needed"
    raise SessionPoolMinSizeReached(msg)


def _server(url: str) -> str:
    parts = urlsplit(url)
    return parts.netloc.lower()


def _translated(where: str, exc: Exception) -> ConnectorError:
    """Tell what a person must mend from what passes by itself."""
    said = " ".join(str(exc).split()) or type(exc).__name__
    if isinstance(exc, ErrorServerBusy):
        wait = timedelta(seconds=exc.back_off) if exc.back_off else None
        return Unavailable(f"{where} is busy: {said}", retry_after=wait)
    if "CERTIFICATE_VERIFY_FAILED" in said:  # the library hands it on as text alone
        why = re.search(r"certificate verify failed: ([^('\"]+)", said)
        return Barred(
            f"{where}: the certificate is not trusted ({why[1].strip() if why else said}); "
            f"{to_be_trusted(said)}"
        )
    if isinstance(exc, ErrorNonExistentMailbox | ErrorAccessDenied):
        return Barred(
            f"{where}: {said.rstrip('.')}; check address, folder and the rights of the login"
        )
    if isinstance(exc, ResponseMessageError) and not isinstance(exc, _PASSING):
        return Rejected(f"{where} refused: {said}")
    hint = remedy(said, BY_URL)  # the library's own text is a heap of nested errors
    return Unavailable(f"{where} did not answer as it should: {hint or said}")
