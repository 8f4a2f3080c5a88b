"""Access tokens of OAuth2 (RFC 6749) for IMAP and SMTP, and how a token logs in (XOAUTH2).

An application asks in its own name (client credentials, 4.4) or in that of a person who allowed it
once (refresh token, 6). A server may hand out a new refresh token with each access token and take
the old one back, so the newest one is kept in a file, under the digest of the configured one.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import requests

from mcur.connectors.mail.tls import trust
from mcur.connectors.ports import Barred, ConnectorError, Unavailable

Watch = Callable[[], float]
"""Seconds on a clock that only runs forward."""

_TIMEOUT = (15, 30)  # seconds to connect, and to answer
_LIFE = 600  # seconds of a token whose server does not say how long it is good
_MARGIN = 300  # seconds before its end that a token is renewed, or a fifth of a shorter life
_PASSING = {"temporarily_unavailable", "server_error", "slow_down"}


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenShape:
    """Where tokens come from. Without ``refresh`` the application asks in its own name.

    ``keep`` is the folder for the refresh tokens that the server gives in place of ``refresh``.
    """

    url: str
    client: str
    secret: str = field(repr=False)
    scope: str = ""
    refresh: str | None = field(default=None, repr=False)
    keep: Path = Path()
    ca_file: Path | None = None


class Tokens:
    """Gives a token that is good; asks for a new one before its end, or when it was refused.

    For many threads: a mailbox, its bell and a courier share it.
    """

    def __init__(self, shape: TokenShape, watch: Watch) -> None:
        self.shape = shape
        self._watch = watch
        self._lock = threading.Lock()
        self._token = ""
        self._renew_at = 0.0

    def get(self, who: str) -> str:
        """Return a token; ``who`` is the connector as its messages begin («mailbox in»)."""
        with self._lock:
            if not self._token or self._watch() >= self._renew_at:
                self._take(self._asked(who), who)
            return self._token

    def forget(self, token: str) -> None:
        """Let the next call ask for another token: a server has refused this one."""
        with self._lock:
            if token == self._token:
                self._token = ""

    def _take(self, given: dict[str, Any], who: str) -> None:
        token, life = given.get("access_token"), given.get("expires_in", _LIFE)
        if not isinstance(token, str) or not token:
            msg = f"{who}: {self.shape.url} gave no token: {', '.join(given) or 'nothing'} in its answer"
            raise Barred(msg)
        seconds = float(life) if str(life).isdigit() else _LIFE
        self._token = token
        self._renew_at = self._watch() + seconds - min(_MARGIN, seconds / 5)
        newer = given.get("refresh_token")
        if self.shape.refresh and isinstance(newer, str) and newer != self._refresh():
            self._keep(newer)

    def _asked(self, who: str) -> dict[str, Any]:
        """Ask the server; translate what goes wrong."""
        shape = self.shape
        if shape.refresh is not None and not os.access(shape.keep, os.W_OK | os.X_OK):
            # The answer may hold a new refresh token in place of the one that is asked with.
            msg = f"{who}: a new refresh token could not be kept in {shape.keep}; run mcur as its own user"
            raise Barred(msg)
        form = {"client_id": shape.client, "client_secret": shape.secret}
        form |= {"scope": shape.scope} if shape.scope else {}
        if shape.refresh is None:
            form["grant_type"] = "client_credentials"
        else:
            form |= {"grant_type": "refresh_token", "refresh_token": self._refresh()}
        if shape.ca_file:
            trust(who, shape.ca_file)  # says in a sentence what is wrong with the file
        verify = str(shape.ca_file) if shape.ca_file else True
        try:
            answer = requests.post(shape.url, data=form, timeout=_TIMEOUT, verify=verify)
        except (requests.RequestException, OSError) as exc:
            raise _silence(who, shape, exc) from exc
        given = _table(answer)
        if answer.status_code == 200 and "error" not in given:
            return given
        raise _refusal(who, shape, answer, given)

    def _refresh(self) -> str:
        """Return the newest refresh token: what came in place of the configured one, or that one."""
        path = self._kept()
        try:
            return path.read_text("utf-8")
        except FileNotFoundError:
            return self.shape.refresh or ""
        except PermissionError as exc:
            msg = f"{path} cannot be read; give it to the user of mcur"
            raise Barred(msg) from exc

    def _keep(self, token: str) -> None:
        path = self._kept()
        draft = path.with_suffix(".new")
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(token)
        if os.geteuid() == 0:  # who looks into a site as root leaves it to its own user
            home = path.parent.stat()
            os.chown(draft, home.st_uid, home.st_gid)
        draft.replace(path)

    def _kept(self) -> Path:
        digest = hashlib.sha256((self.shape.refresh or "").encode()).hexdigest()
        return self.shape.keep / f"refresh-{digest[:16]}.token"


@cache
def tokens_of(shape: TokenShape, watch: Watch) -> Tokens:
    """Return the one source of a shape: a mailbox and a courier must not ask each for its own."""
    return Tokens(shape, watch)


def sasl(login: str, token: str) -> bytes:
    """Return the initial answer of XOAUTH2, as Gmail, Exchange Online and Dovecot read it."""
    return f"user={login}\1auth=Bearer {token}\1\1".encode()


def _refusal(
    who: str, shape: TokenShape, answer: requests.Response, given: dict[str, Any]
) -> ConnectorError:
    """Tell what a person must mend (RFC 6749, 5.2) from what passes by itself."""
    error = str(given.get("error") or f"HTTP {answer.status_code}")
    said = " ".join(f"{error} {given.get('error_description') or ''}".split())[:300]
    if answer.status_code >= 500 or answer.status_code in {408, 429} or error in _PASSING:
        later = answer.headers.get("Retry-After", "")
        wait = timedelta(seconds=int(later)) if later.isdigit() else None
        return Unavailable(f"{who}: {shape.url} gave no token: {said}", retry_after=wait)
    ways = "client, its secret and scope"
    if error == "invalid_grant":
        ways = "the refresh token: it may be over, and a person has to allow the application anew"
    return Barred(f"{who}: {shape.url} refused a token to «{shape.client}» ({said}); check {ways}")


def _silence(who: str, shape: TokenShape, exc: Exception) -> ConnectorError:
    where = f"{who}: {shape.url}"
    said = " ".join(str(exc).split()) or type(exc).__name__
    if "CERTIFICATE_VERIFY_FAILED" in said:  # the library hands it on as text alone
        return Barred(
            f"{where}: the certificate is not trusted ({said}); "
            "set ca_file to the certificate of the authority that issued it"
        )
    return Unavailable(f"{where} gave no token: {said}", reached=False)


def _table(answer: requests.Response) -> dict[str, Any]:
    try:
        found = answer.json()
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
