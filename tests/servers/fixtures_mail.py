"""Mail servers as fixtures: one Dovecot and one SMTP server a session, clean mailboxes a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.servers import dovecot as dovecot_server
from tests.servers.dovecot import PASSWORDS, Dovecot
from tests.servers.smtp import SmtpServer


@pytest.fixture(scope="session")
def running_dovecot() -> Iterator[Dovecot]:
    """Start Dovecot once; skip where it is not installed."""
    if not dovecot_server.is_installed():
        # Counted as «not run» and said at the end; with CI=true the run fails (tests/conftest.py).
        pytest.skip("Dovecot is not installed")
    server = dovecot_server.start()
    yield server
    server.stop()


@pytest.fixture
def dovecot(running_dovecot: Dovecot) -> Dovecot:
    """Give a server whose mailboxes are empty and new."""
    for user in PASSWORDS:
        running_dovecot.wipe(user)
    running_dovecot.tokens.forget()
    return running_dovecot


@pytest.fixture(scope="session")
def running_smtp(running_dovecot: Dovecot) -> Iterator[SmtpServer]:
    """Start the SMTP server once, before the same Dovecot."""
    server = SmtpServer(running_dovecot)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def smtp_server(running_smtp: SmtpServer, dovecot: Dovecot) -> SmtpServer:
    """Give a server that has no faults and has seen no letter."""
    running_smtp.forget()
    return running_smtp
