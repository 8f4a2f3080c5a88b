"""The Exchange server, and DavMail in front of it, as fixtures: one a session, empty a test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from exchangelib.protocol import close_connections  # type: ignore[import-untyped]

from mcur.connectors.mail.ews.account import ExchangeAccount, ExchangeShape
from tests.servers.davmail import DavMail, is_installed
from tests.servers.ews.server import CLIENT, Door, ExchangeServer


@pytest.fixture(scope="session")
def running_exchange() -> Iterator[ExchangeServer]:
    """Start the server once."""
    server = ExchangeServer()
    yield server
    server.stop()


@pytest.fixture
def exchange(running_exchange: ExchangeServer) -> Iterator[ExchangeServer]:
    """Give a server that nobody has used; the library keeps connections between tests otherwise."""
    running_exchange.forget()
    yield running_exchange
    close_connections()


@pytest.fixture(scope="session")
def running_davmail(running_exchange: ExchangeServer) -> Iterator[DavMail]:
    """Start DavMail once; skip where it is not installed."""
    if not is_installed():
        # Counted as «not run» and said at the end; with CI=true the run fails (tests/conftest.py).
        pytest.skip("DavMail is not installed")
    gateway = DavMail(running_exchange)
    gateway.start()
    yield gateway
    gateway.stop()


@pytest.fixture
def davmail(running_davmail: DavMail, exchange: ExchangeServer) -> DavMail:
    """Give DavMail before mailboxes that are empty."""
    assert running_davmail.exchange is exchange
    return running_davmail


def exchange_account(
    server: ExchangeServer, how: Door, user: str = "robot", password: str | None = None
) -> ExchangeAccount:
    """Log in as a user of the server; the robot's password is right unless another is given."""
    login, secret = CLIENT if how == "oauth2" else (f"FIRM\\{user}", f"{user}pw")
    return ExchangeAccount(
        ExchangeShape(
            url=server.url,
            address=f"{user}@firm.test",
            login=login,
            password=password or secret,
            how=how,
            token_url=server.token_url if how == "oauth2" else "",
            ca_file=server.certificates.ca,
        )
    )
