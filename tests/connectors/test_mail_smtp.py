"""SMTP when things go wrong: what may succeed later, what needs a person, and who got the letter."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mcur.connectors.mail.smtp import SmtpCourier, SmtpShape
from mcur.connectors.mail.tls import Security
from mcur.connectors.ports import OutgoingLetter, PartlySent, Rejected, Unavailable
from tests.servers.dovecot import free_port
from tests.servers.letters import NOON, TEXT
from tests.servers.smtp import SmtpServer
from tests.servers.tap import Tap
from tests.servers.tls import make_certificates

pytestmark = pytest.mark.server

LETTER = OutgoingLetter(
    message_id="<one@mcur.firm.test>",
    sender=("МЦУР", "robot@firm.test"),
    to=(("", "head@firm.test"), ("", "officer@firm.test")),
    subject="Отчет 1",
    text=TEXT,
    date=NOON,
)


@pytest.fixture
def shape(smtp_server: SmtpServer) -> SmtpShape:
    """Describe the server's STARTTLS door."""
    return SmtpShape(
        host="localhost",
        port=smtp_server.starttls,
        ca_file=smtp_server.dovecot.certificates.ca,
        login="robot@firm.test",
        password="robotpw",
        timeout=5,
    )


@pytest.fixture
def courier(shape: SmtpShape) -> SmtpCourier:
    """Make a courier."""
    return SmtpCourier("out", shape)


def test_the_password_is_shown_nowhere(shape: SmtpShape, courier: SmtpCourier) -> None:
    """Neither in the shape nor in a courier made of it."""
    assert "robotpw" not in repr(shape) + repr(courier)


def test_the_answer_of_the_server_is_kept(courier: SmtpCourier) -> None:
    """Its queue id is how an administrator finds the letter in the server's log."""
    assert courier.send(LETTER) == "2.0.0 OK queued as 1"


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
def test_a_temporary_fault_passes(
    smtp_server: SmtpServer, courier: SmtpCourier, command: str
) -> None:
    """451: nothing has left, and the same letter leaves later."""
    smtp_server.faults[command].append("451 4.3.0 try later")

    with pytest.raises(Unavailable, match=r"did not take .*: 451 4\.3\.0 try later"):
        courier.send(LETTER)

    assert smtp_server.letters == []
    courier.send(LETTER)
    assert len(smtp_server.letters) == 1


@pytest.mark.parametrize("command", ["MAIL", "DATA"])
def test_a_refusal_needs_a_person(
    smtp_server: SmtpServer, courier: SmtpCourier, command: str
) -> None:
    """550 and its like will be said again."""
    smtp_server.faults[command].append("554 5.7.1 looks like spam")

    with pytest.raises(Rejected, match=r"554 5\.7\.1 looks like spam"):
        courier.send(LETTER)


def test_recipients_whom_nobody_knows_are_named(courier: SmtpCourier) -> None:
    """All were refused: nothing has left."""
    nobody = replace(LETTER, to=(("", "nobody@firm.test"), ("", "a@elsewhere.test")))

    with pytest.raises(Rejected, match=r"refused every recipient: nobody@firm\.test \(550"):
        courier.send(nobody)


def test_recipients_who_may_be_taken_later_are_tried_later(
    smtp_server: SmtpServer, courier: SmtpCourier
) -> None:
    """A full mailbox is no reason to give up while nobody has got the letter."""
    smtp_server.faults["RCPT"] += ["452 4.2.2 mailbox full", "550 5.1.1 no such person"]

    with pytest.raises(Unavailable, match="mailbox full"):
        courier.send(LETTER)


def test_one_bad_address_does_not_keep_the_report_from_the_others(
    smtp_server: SmtpServer, courier: SmtpCourier
) -> None:
    """It leaves for the rest, is not repeated to them, and says who has not got it."""
    letter = replace(LETTER, cc=(("", "nobody@firm.test"),))

    with pytest.raises(PartlySent, match=r"has left, but not for nobody@firm\.test") as caught:
        courier.send(letter)

    [refusal] = caught.value.refused
    assert isinstance(caught.value, Rejected)
    assert (refusal.address, refusal.code, refusal.passes) == ("nobody@firm.test", 550, False)
    assert caught.value.said.startswith("2.0.0 OK")
    assert [to for _, to, _ in smtp_server.letters] == [["head@firm.test", "officer@firm.test"]]


def test_a_wrong_password_needs_a_person(shape: SmtpShape) -> None:
    """Trying again would lock the account."""
    courier = SmtpCourier("out", replace(shape, password="wrong"))

    with pytest.raises(Rejected, match=r"refused the login of «robot@firm\.test»") as caught:
        courier.send(LETTER)

    assert "wrong" not in str(caught.value)
    assert courier.check() == [str(caught.value)]


def test_a_russian_password_is_a_password(smtp_server: SmtpServer, shape: SmtpShape) -> None:
    """Right or wrong."""
    russian = replace(shape, login="officer@firm.test", password="пароль")
    SmtpCourier("out", russian).send(LETTER)

    with pytest.raises(Rejected, match="refused the login"):
        SmtpCourier("out", replace(russian, password="слово")).send(LETTER)

    assert len(smtp_server.letters) == 1


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_certificate_that_is_not_trusted_names_ca_file(
    smtp_server: SmtpServer, shape: SmtpShape, security: Security, tmp_path: Path
) -> None:
    """Neither the system's authorities nor another one vouch for the server."""
    port = getattr(smtp_server, security)
    other = make_certificates(tmp_path).ca

    for ca_file in (None, other):
        courier = SmtpCourier("out", replace(shape, security=security, port=port, ca_file=ca_file))
        with pytest.raises(Rejected, match=r"is not trusted .* set ca_file to"):
            courier.send(LETTER)


def test_a_server_that_is_not_there_may_come_back(shape: SmtpShape) -> None:
    """Connection refused, and a name that nobody knows."""
    for changed in (replace(shape, port=free_port()), replace(shape, host="nowhere.invalid")):
        with pytest.raises(Unavailable, match="did not answer as it should"):
            SmtpCourier("out", changed).send(LETTER)


def test_a_server_without_starttls_is_not_trusted_with_a_password(
    smtp_server: SmtpServer, shape: SmtpShape
) -> None:
    """The plain door has no STARTTLS: that needs a person, and no password was said."""
    tap = Tap(smtp_server.plain)

    with pytest.raises(Rejected, match="check security and login"):
        SmtpCourier("out", replace(shape, port=tap.port)).send(LETTER)

    tap.close()
    assert b"AUTH" not in tap.said


def test_a_server_that_freezes_is_left_in_time(smtp_server: SmtpServer, shape: SmtpShape) -> None:
    """The timeout ends the wait."""
    tap = Tap(smtp_server.starttls)
    tap.frozen.set()

    with pytest.raises(Unavailable, match="timed out"):
        SmtpCourier("out", replace(shape, port=tap.port, timeout=0.3)).send(LETTER)

    tap.close()


def test_tls_to_a_port_that_has_none_hints_at_security(
    smtp_server: SmtpServer, shape: SmtpShape
) -> None:
    """The usual mix-up of 465 and 587."""
    with pytest.raises(Unavailable, match="speaks no TLS; check port and security"):
        SmtpCourier("out", replace(shape, security="tls")).send(LETTER)


def test_a_letter_without_recipients_is_refused(courier: SmtpCourier) -> None:
    """Nobody to send to is a mistake of ours or of the directory."""
    with pytest.raises(Rejected, match="has no recipient"):
        courier.send(replace(LETTER, to=()))
