"""A real SMTP server in this process: STARTTLS and implicit TLS, login, faults to order.

It hands each letter to Dovecot's LMTP before it answers 250, so what was accepted is in the
mailbox. A fault is the answer that the next command gets: ``server.faults["DATA"].append("451 …")``.
"""

from __future__ import annotations

import asyncio
import base64
import smtplib
import ssl
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.servers.dovecot import PASSWORDS, Dovecot, free_port


@dataclass
class SmtpServer:
    """Two doors of one server, and what went through them."""

    dovecot: Dovecot
    starttls: int = field(default_factory=free_port)
    tls: int = field(default_factory=free_port)
    plain: int = field(default_factory=free_port)
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    letters: list[tuple[str, list[str], bytes]] = field(default_factory=list)
    doors: list[Controller] = field(default_factory=list)
    accepted: Callable[[], None] | None = None
    """Called when a letter lies in its mailbox and the client does not know it yet."""

    def start(self) -> None:
        """Open the doors."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        files = self.dovecot.certificates
        context.load_cert_chain(files.server, files.key)
        self.doors = [
            self._door(
                self.starttls, tls_context=context, require_starttls=True, auth_require_tls=True
            ),
            self._door(self.tls, ssl_context=context, auth_require_tls=False),
            self._door(self.plain, login_required=False, auth_require_tls=True),
        ]
        for door in self.doors:
            door.start()

    def _door(self, port: int, *, login_required: bool = True, **how: Any) -> Controller:
        handler = _Handler(self, login_required=login_required)
        return Controller(
            handler, hostname="127.0.0.1", port=port, authenticator=_authenticate, **how
        )

    def stop(self) -> None:
        """Close the doors."""
        for door in self.doors:
            door.stop()

    def forget(self) -> None:
        """Forget letters and faults of the test before."""
        self.faults.clear()
        self.letters.clear()
        self.accepted = None

    def fault(self, command: str) -> str | None:
        """Take the fault that is ordered for this command."""
        waiting = self.faults[command]
        return waiting.pop(0) if waiting else None


class _Handler:
    """What aiosmtpd asks at each command."""

    def __init__(self, server: SmtpServer, *, login_required: bool) -> None:
        self._server = server
        self._login_required = login_required

    async def auth_XOAUTH2(  # noqa: N802 - the name that aiosmtpd looks for
        self, server: SMTP, args: list[str]
    ) -> AuthResult:
        login, _, rest = base64.b64decode(args[1]).decode().partition("\1auth=Bearer ")
        name, token = login.removeprefix("user="), rest.rstrip("\1")
        if self._server.dovecot.tokens.knows(name, token):
            return AuthResult(success=True)
        # As Gmail and Exchange Online do: why comes as a question, and the refusal after its answer.
        await server.challenge_auth(b'{"status": "401"}')
        return AuthResult(success=False, handled=False)

    async def handle_MAIL(  # noqa: N802 - the name that aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if (fault := self._server.fault("MAIL")) is not None:
            return fault
        # aiosmtpd's own auth_required warns where TLS came before SMTP and not by STARTTLS.
        if self._login_required and not session.authenticated:
            return "530 5.7.0 log in first"
        envelope.mail_from = address
        return "250 2.1.0 OK"

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd looks for
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        name, _, domain = address.partition("@")
        if (fault := self._server.fault("RCPT")) is not None:
            return fault
        if domain != "firm.test" or name not in PASSWORDS:
            return "550 5.1.1 no such person here"
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 - as above
        if (fault := self._server.fault("DATA")) is not None:
            return fault
        content = envelope.original_content or b""
        sender, to = envelope.mail_from or "", list(envelope.rcpt_tos)
        await asyncio.get_running_loop().run_in_executor(None, self._deliver, sender, to, content)
        self._server.letters.append((sender, to, content))
        if self._server.accepted is not None:
            self._server.accepted()
        return f"250 2.0.0 OK queued as {len(self._server.letters)}"

    def _deliver(self, sender: str, to: list[str], content: bytes) -> None:
        with smtplib.LMTP("127.0.0.1", self._server.dovecot.lmtp, timeout=30) as gate:
            # One at a time: LMTP answers DATA once for each recipient and smtplib reads one answer.
            for recipient in to:
                gate.sendmail(sender, [recipient], content)


def _authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
) -> AuthResult:
    if not isinstance(data, LoginPassword):
        return AuthResult(success=False, handled=False)
    name = data.login.decode().partition("@")[0]
    known = PASSWORDS.get(name)
    return AuthResult(success=known is not None and known.encode() == data.password, handled=False)
