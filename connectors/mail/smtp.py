"""Letters leave through an SMTP server: STARTTLS, TLS from the first byte, or a plain relay."""

from __future__ import annotations

import base64
import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from mcur.connectors.mail.compose import address_of, compose, recipients
from mcur.connectors.mail.remedies import BY_PORT, remedy
from mcur.connectors.mail.tls import Security, distrust, trust
from mcur.connectors.mail.tokens import Tokens, sasl
from mcur.connectors.ports import (
    Barred,
    ConnectorError,
    OutgoingLetter,
    PartlySent,
    Refusal,
    Rejected,
    Unavailable,
)

_PORTS = {"tls": 465, "starttls": 587, "none": 25}


@dataclass(frozen=True, slots=True, kw_only=True)
class SmtpShape:
    """How to reach the server. Without ``login`` none is tried; the timeout is in seconds.

    With ``tokens`` the login is by XOAUTH2 and the password is not used.
    """

    host: str
    login: str | None = None
    password: str = field(default="", repr=False)
    tokens: Tokens | None = field(default=None, repr=False)
    port: int | None = None
    security: Security = "starttls"
    ca_file: Path | None = None
    timeout: float = 60

    @property
    def where(self) -> str:
        """The server as people write it."""
        return f"{self.host}:{self.port or _PORTS[self.security]}"


class SmtpCourier:
    """Hands letters to a server, one connection for each.

    A server cannot be asked what it has sent: where the connection breaks after the last line of
    a letter, the letter may be repeated, under its Message-ID.
    """

    def __init__(self, name: str, shape: SmtpShape) -> None:
        self.name = name
        self._shape = shape
        self._refused = 0

    def send(self, letter: OutgoingLetter) -> str:
        """Hand the letter over and return the server's answer.

        Raises :class:`PartlySent` where only some recipients were taken; where none was,
        :class:`Unavailable` if a later attempt may succeed for one of them, else
        :class:`Rejected`.
        """
        content, to = compose(letter), recipients(letter)
        if not to:
            msg = f"courier {self.name}: letter {letter.message_id} has no recipient"
            raise Rejected(msg)
        handed_over = False
        try:
            with self._session() as server:
                self._accepted(server.mail(address_of(letter.sender[1])), letter.sender[1])
                refused = _refused(server, to)
                if len(refused) == len(to):
                    raise self._nobody(refused)
                handed_over = True
                answer = server.data(content)
                handed_over = False
                said = self._accepted(answer, "the letter")
        except Unavailable as exc:
            # Only silence after the letter itself leaves it open whether the server has it.
            said_no = isinstance(exc.__cause__, smtplib.SMTPResponseException)
            exc.reached = handed_over and not said_no
            raise
        if refused:
            names = ", ".join(map(str, refused))
            msg = f"courier {self.name}: the letter has left, but not for {names}"
            raise PartlySent(msg, refused, said)
        return said

    def sent(self, message_id: str) -> bool | None:  # noqa: ARG002 - SMTP has no such question
        """Return ``None``: a server does not tell what it has sent."""
        return None

    def check(self) -> list[str]:
        """Connect and log in."""
        try:
            with self._session() as server:
                server.noop()
        except Rejected as exc:
            return [str(exc)]
        return []

    def _accepted(self, answer: tuple[int, bytes], what: str) -> str:
        """Return the server's words where it agreed."""
        code, words = answer[0], _words(answer[1])
        if 200 <= code < 300:
            return words
        msg = f"courier {self.name}: {self._shape.where} did not take {what}: {code} {words}"
        raise Unavailable(msg) if 400 <= code < 500 else Rejected(msg)

    def _nobody(self, refused: tuple[Refusal, ...]) -> ConnectorError:
        names = ", ".join(map(str, refused))
        msg = f"courier {self.name}: {self._shape.where} refused every recipient: {names}"
        return Unavailable(msg) if any(one.passes for one in refused) else Rejected(msg)

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Give a connection that is logged in, and translate what goes wrong on it."""
        who = f"courier {self.name}"
        where = f"{who}: {self._shape.where}"
        try:
            server = self._connect()
            try:
                yield server
            finally:
                with suppress(smtplib.SMTPException, OSError):
                    server.quit()
                server.close()
        except ssl.SSLCertVerificationError as exc:
            raise distrust(who, self._shape.where, exc) from exc
        except smtplib.SMTPAuthenticationError as exc:
            raise self._not_let_in(where, exc) from exc
        except smtplib.SMTPNotSupportedError as exc:
            msg = f"{where} cannot do what is asked ({exc}); check security and login"
            raise Barred(msg) from exc
        except (smtplib.SMTPException, OSError) as exc:
            raise _translated(where, exc) from exc

    def _connect(self) -> smtplib.SMTP:
        shape = self._shape
        port = shape.port or _PORTS[shape.security]
        context = trust(f"courier {self.name}", shape.ca_file) if shape.security != "none" else None
        server: smtplib.SMTP
        if shape.security == "tls":
            server = smtplib.SMTP_SSL(shape.host, port, timeout=shape.timeout, context=context)
        else:
            server = smtplib.SMTP(shape.host, port, timeout=shape.timeout)
        try:
            if shape.security == "starttls":
                server.starttls(context=context)
            server.ehlo()
            if shape.login is not None:
                self._log_in(server, shape.login)
        except BaseException:
            server.close()
            raise
        return server

    def _log_in(self, server: smtplib.SMTP, login: str) -> None:
        """Log in by what the server offers; smtplib knows only ASCII, SASL is UTF-8 (RFC 4616)."""
        password, tokens = self._shape.password, self._shape.tokens
        if tokens is not None:
            _by_token(server, login, tokens, f"courier {self.name}")
            self._refused = 0
        elif (login + password).isascii():
            server.login(login, password)
        else:
            _authenticate(server, "PLAIN", f"\0{login}\0{password}".encode())

    def _not_let_in(self, where: str, exc: smtplib.SMTPAuthenticationError) -> ConnectorError:
        """Tell a wrong login from a token that was taken back: the next one may be good."""
        if exc.smtp_code < 500:
            return Unavailable(f"{where} could not look up the login now: {_answer(exc)}")
        if self._shape.tokens is None:
            check = "login and password"
        else:
            self._refused += 1
            if self._refused == 1:
                return Unavailable(f"{where} did not take its token: {_answer(exc)}", reached=False)
            check = "address, user and scope"
        return Barred(
            f"{where} refused the login of «{self._shape.login}» ({_answer(exc)}); check {check}"
        )


def _by_token(server: smtplib.SMTP, login: str, tokens: Tokens, who: str) -> None:
    if "XOAUTH2" not in server.esmtp_features.get("auth", "").upper().split():
        msg = "the server does not offer XOAUTH2"
        raise smtplib.SMTPNotSupportedError(msg)
    token = tokens.get(who)
    try:
        _authenticate(server, "XOAUTH2", sasl(login, token))
    except smtplib.SMTPAuthenticationError:
        tokens.forget(token)
        raise


def _authenticate(server: smtplib.SMTP, how: str, secret: bytes) -> None:
    """Say all at once; a server that refuses a token asks back once more before it says so."""
    code, words = server.docmd("AUTH", f"{how} {base64.b64encode(secret).decode('ascii')}")
    if code == 334:
        code, words = server.docmd("")
    if code != 235:
        raise smtplib.SMTPAuthenticationError(code, words)


def _translated(where: str, exc: Exception) -> ConnectorError:
    """Tell what will be refused again (RFC 5321, 4.2.1: 5yz) from what passes by itself."""
    if isinstance(exc, smtplib.SMTPResponseException) and 500 <= exc.smtp_code < 600:
        return Rejected(f"{where} refused: {_answer(exc)}")
    said = _answer(exc)
    hint = remedy(f"{type(exc).__name__} {said}", BY_PORT)
    return Unavailable(f"{where} did not answer as it should: {said}{hint and '; '}{hint}")


def _refused(server: smtplib.SMTP, to: list[str]) -> tuple[Refusal, ...]:
    """Name the recipients and return those whom the server does not take."""
    refused = []
    for address in to:
        code, words = server.rcpt(address)
        if code not in {250, 251}:
            refused.append(Refusal(address, code, _words(words)))
    return tuple(refused)


def _words(said: bytes) -> str:
    return " ".join(said.decode("utf-8", "replace").split())


def _answer(exc: Exception) -> str:
    if isinstance(exc, smtplib.SMTPResponseException):
        said = exc.smtp_error
        return f"{exc.smtp_code} {_words(said if isinstance(said, bytes) else said.encode())}"
    return str(exc) or type(exc).__name__
