"""What is wrong with a mailbox or a courier is one sentence, and says what to do (``check --connect``)."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from mcur.connectors.mail.ews.account import ExchangeAccount, ExchangeShape
from mcur.connectors.mail.ews.courier import EwsCourier
from mcur.connectors.mail.ews.mailbox import EwsMailbox
from mcur.connectors.mail.imap.door import ImapDoor, ImapShape
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.connectors.mail.maildir import MaildirMailbox, MaildirShape
from mcur.connectors.mail.smtp import SmtpCourier, SmtpShape
from mcur.connectors.mail.tls import Security
from mcur.connectors.ports import ConnectorError
from tests.servers.dovecot import Dovecot, free_port
from tests.servers.ews.server import ExchangeServer
from tests.servers.smtp import SmtpServer
from tests.servers.tls import make_certificates

NOWHERE = "mail.nowhere.invalid"


def said(check: Callable[[], list[str]]) -> str:
    """Return what is said of a connector: one sentence, in one line."""
    try:
        sentences = check()
    except ConnectorError as exc:
        sentences = [str(exc)]
    [sentence] = sentences or ["in order"]
    assert "\n" not in sentence
    assert len(sentence) < 400
    return sentence


@contextmanager
def silent_port() -> Iterator[int]:
    """Open a port that takes calls and says nothing, as a door that waits for TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


class TestImap:
    """A mailbox on Dovecot."""

    pytestmark = pytest.mark.server

    @pytest.fixture
    def shape(self, dovecot: Dovecot) -> ImapShape:
        """A mailbox that is in order."""
        return ImapShape(
            host="127.0.0.1",
            port=dovecot.imap,
            security="none",
            login="robot",
            password="robotpw",
            read_timeout=2,
            connect_timeout=2,
        )

    def says(self, shape: ImapShape) -> str:
        """Check a mailbox."""
        box = ImapMailbox(ImapDoor("in", shape, lambda: 0.0))
        sentence = said(box.check)
        box.close()
        return sentence

    def test_in_order(self, shape: ImapShape) -> None:
        """Nothing is said."""
        assert self.says(shape) == "in order"

    def test_wrong_host(self, shape: ImapShape) -> None:
        """A name that nobody knows."""
        sentence = self.says(replace(shape, host=NOWHERE))

        assert NOWHERE in sentence
        assert "nobody knows that name; check host" in sentence

    def test_closed_port(self, shape: ImapShape) -> None:
        """Nobody listens."""
        sentence = self.says(replace(shape, port=free_port()))

        assert "nobody listens there; check host and port" in sentence

    def test_wrong_password(self, shape: ImapShape) -> None:
        """Whose login, and what to look at."""
        sentence = self.says(replace(shape, password="mistyped"))

        assert "refused the login of «robot»" in sentence
        assert sentence.endswith("check login and password")

    def test_tls_where_there_is_none(self, shape: ImapShape, dovecot: Dovecot) -> None:
        """993 and 143 mixed up."""
        ca = dovecot.certificates.ca
        sentence = self.says(replace(shape, security="tls", ca_file=ca))

        assert "speaks no TLS; check port and security" in sentence

    @pytest.mark.parametrize("security", ["none", "starttls"])
    def test_no_tls_where_there_is(
        self, shape: ImapShape, dovecot: Dovecot, security: Security
    ) -> None:
        """The server waits for TLS, and the client for a greeting."""
        other = replace(shape, port=dovecot.imaps, ca_file=dovecot.certificates.ca)
        sentence = self.says(replace(other, security=security))

        assert "check port and security" in sentence

    def test_a_certificate_of_nobody_known(self, shape: ImapShape, dovecot: Dovecot) -> None:
        """Self-signed, or of an authority of the house."""
        sentence = self.says(replace(shape, port=dovecot.imaps, security="tls"))

        assert "is not trusted" in sentence
        assert "set ca_file to the certificate of the authority that issued it" in sentence

    def test_another_authority(self, shape: ImapShape, dovecot: Dovecot, tmp_path: Path) -> None:
        """The file of another server."""
        other = make_certificates(tmp_path).ca
        sentence = self.says(replace(shape, port=dovecot.imaps, security="tls", ca_file=other))

        assert "set ca_file to" in sentence

    def test_missing_folder(self, shape: ImapShape) -> None:
        """What there is instead."""
        sentence = self.says(replace(shape, folder="Заявки"))

        assert "cannot open folder «Заявки»" in sentence
        assert "check folder, there are «INBOX»" in sentence

    def test_read_only_folder(self, shape: ImapShape, dovecot: Dovecot) -> None:
        """Letters cannot be moved from there; where they stay it does not matter."""
        self.says(shape)  # Dovecot makes the folder at the first login
        folders = [
            dovecot.base / "mail" / "robot" / "Maildir" / name for name in ("", "cur", "new", "tmp")
        ]
        for folder in folders:
            folder.chmod(0o555)
        try:
            moving = self.says(replace(shape, settle="move:Обработано"))
            staying = self.says(shape)
        finally:
            for folder in folders:
                folder.chmod(0o755)

        assert "«robot» may only read folder «INBOX»; give it the right to write there" in moving
        assert 'settle = "keep"' in moving
        assert staying == "in order"

    def test_another_service(self, shape: ImapShape, smtp_server: SmtpServer) -> None:
        """Letters leave there."""
        sentence = self.says(replace(shape, port=smtp_server.plain))

        assert "another service may listen there; check port" in sentence


class TestSmtp:
    """A courier to a real server."""

    pytestmark = pytest.mark.server

    @pytest.fixture
    def shape(self, smtp_server: SmtpServer) -> SmtpShape:
        """A courier that is in order."""
        return SmtpShape(
            host="127.0.0.1",
            port=smtp_server.starttls,
            login="robot",
            password="robotpw",
            ca_file=smtp_server.dovecot.certificates.ca,
            timeout=2,
        )

    def says(self, shape: SmtpShape) -> str:
        """Check a courier."""
        return said(SmtpCourier("out", shape).check)

    def test_in_order(self, shape: SmtpShape) -> None:
        """Nothing is said."""
        assert self.says(shape) == "in order"

    def test_wrong_host(self, shape: SmtpShape) -> None:
        """A name that nobody knows."""
        assert "nobody knows that name; check host" in self.says(replace(shape, host=NOWHERE))

    def test_closed_port(self, shape: SmtpShape) -> None:
        """Nobody listens."""
        sentence = self.says(replace(shape, port=free_port()))

        assert "nobody listens there; check host and port" in sentence

    def test_wrong_password(self, shape: SmtpShape) -> None:
        """Whose login, and what to look at."""
        sentence = self.says(replace(shape, password="mistyped"))

        assert "refused the login of «robot»" in sentence
        assert sentence.endswith("check login and password")

    def test_tls_where_it_is_begun_later(self, shape: SmtpShape) -> None:
        """465 and 587 mixed up."""
        sentence = self.says(replace(shape, security="tls"))

        assert "speaks no TLS; check port and security" in sentence

    def test_a_greeting_where_tls_is_awaited(self, shape: SmtpShape) -> None:
        """587 and 465 mixed up: the server says nothing until the client begins."""
        with silent_port() as port:
            sentence = self.says(replace(shape, port=port))

        assert "it keeps silent; check port and security" in sentence

    def test_no_tls_where_the_login_needs_it(self, shape: SmtpShape) -> None:
        """The server offers no login then."""
        assert "check security and login" in self.says(replace(shape, security="none"))

    def test_a_certificate_of_nobody_known(self, shape: SmtpShape) -> None:
        """Self-signed, or of an authority of the house."""
        assert "set ca_file to the certificate" in self.says(replace(shape, ca_file=None))

    def test_another_service(self, shape: SmtpShape, dovecot: Dovecot) -> None:
        """Letters are read there."""
        sentence = self.says(replace(shape, port=dovecot.imap))

        assert "another service may listen there; check port" in sentence


class TestExchange:
    """A mailbox and a courier by EWS."""

    @pytest.fixture
    def shape(self, exchange: ExchangeServer) -> ExchangeShape:
        """An account that is in order."""
        return ExchangeShape(
            url=exchange.url,
            address="robot@firm.test",
            login="FIRM\\robot",
            password="robotpw",
            how="basic",
            ca_file=exchange.certificates.ca,
        )

    def says(self, shape: ExchangeShape, folder: str = "INBOX") -> str:
        """Check a mailbox."""
        return said(EwsMailbox("in", ExchangeAccount(shape), folder=folder).check)

    def test_in_order(self, shape: ExchangeShape) -> None:
        """Nothing is said."""
        assert self.says(shape) == "in order"

    def test_wrong_password(self, shape: ExchangeShape) -> None:
        """401; the courier says the same."""
        wrong = replace(shape, password="mistyped")

        for sentence in (self.says(wrong), said(EwsCourier("out", ExchangeAccount(wrong)).check)):
            assert "refused the login of «FIRM\\robot»" in sentence
            assert "check login, password and auth" in sentence

    def test_wrong_address_of_the_service(self, shape: ExchangeShape) -> None:
        """404."""
        sentence = self.says(replace(shape, url=shape.url.replace("Exchange.asmx", "Nothing.asmx")))

        assert "no Exchange Web Services; check url, it ends in /EWS/Exchange.asmx" in sentence

    def test_wrong_host(self, shape: ExchangeShape) -> None:
        """A name that nobody knows."""
        sentence = self.says(replace(shape, url=f"https://{NOWHERE}/EWS/Exchange.asmx"))

        assert "nobody knows that name; check url" in sentence

    def test_closed_port(self, shape: ExchangeShape) -> None:
        """Nobody listens."""
        url = f"https://127.0.0.1:{free_port()}/EWS/Exchange.asmx"

        assert "nobody listens there; check url, and" in self.says(replace(shape, url=url))

    def test_no_such_mailbox(self, shape: ExchangeShape) -> None:
        """The server knows the login, and not the address."""
        sentence = self.says(replace(shape, address="nobody@firm.test"))

        assert "no mailbox associated with it; check address" in sentence

    def test_missing_folder(self, shape: ExchangeShape) -> None:
        """How folders are named."""
        sentence = self.says(shape, "Нет такой")

        assert "there is no folder «Нет такой»" in sentence
        assert "name it as Outlook shows it" in sentence

    def test_a_certificate_of_nobody_known(self, shape: ExchangeShape) -> None:
        """Self-signed, or of an authority of the house; trust is kept by the address of a server."""
        other = shape.url.replace("localhost", "127.0.0.1")
        assert other != shape.url

        assert "set ca_file to the certificate" in self.says(
            replace(shape, url=other, ca_file=None)
        )


class TestMaildir:
    """A folder of this machine."""

    def says(self, path: Path) -> str:
        """Check a Maildir."""
        return said(MaildirMailbox("in", MaildirShape(path=path)).check)

    def test_in_order(self, tmp_path: Path) -> None:
        """Nothing is said."""
        for name in ("new", "cur", "tmp"):
            (tmp_path / name).mkdir()

        assert self.says(tmp_path) == "in order"

    def test_missing(self, tmp_path: Path) -> None:
        """The whole of it."""
        assert "is not there; make it, or correct path" in self.says(tmp_path / "none")

    def test_another_folder(self, tmp_path: Path) -> None:
        """Which folders it lacks."""
        (tmp_path / "new").mkdir()

        assert "it has no folder cur, tmp; make it, or correct path" in self.says(tmp_path)

    def test_unreadable(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """Another user's; to root, as tests may run, nothing is closed."""
        for name in ("new", "cur", "tmp"):
            (tmp_path / name).mkdir()
        monkeypatch.setattr(os, "access", lambda path, mode: Path(path).name != "new")

        sentence = self.says(tmp_path)

        assert f"{tmp_path / 'new'} is closed to this user; give it the right to read" in sentence
