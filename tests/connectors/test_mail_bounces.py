"""Letters that came back: as Postfix, Exchange and older servers say it."""

from __future__ import annotations

import pytest

from tests.servers.letters import read

OURS = "<mcur.0123456789abcdef@firm.test>"
POSTFIX = f"""\
Return-Path: <>
From: MAILER-DAEMON@mail.firm.test (Mail Delivery System)
Subject: Undelivered Mail Returned to Sender
To: mcur@firm.test
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
\tboundary="9B095.1"
Message-ID: <20261118.9B095@mail.firm.test>

This is a MIME-encapsulated message.

--9B095.1
Content-Description: Notification
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.
<ivanov@gone.test>: host mx.gone.test said: 550 5.1.1 User unknown

--9B095.1
Content-Description: Delivery report
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.firm.test
X-Postfix-Queue-ID: 9B095
Arrival-Date: Wed, 18 Nov 2026 09:00:00 +0300 (MSK)

Final-Recipient: rfc822; ivanov@gone.test
Original-Recipient: rfc822;ivanov@gone.test
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.gone.test
Diagnostic-Code: smtp; 550 5.1.1 User unknown

Final-Recipient: rfc822; PETROV@gone.test
Action: failed
Status: 5.1.1
Diagnostic-Code: smtp; 550 5.1.1 User unknown

--9B095.1
Content-Description: Undelivered Message
Content-Type: message/rfc822

Message-ID: {OURS}
From: mcur@firm.test
To: ivanov@gone.test
Subject: test

Text
--9B095.1--
"""
EXCHANGE = f"""\
From: =?utf-8?B?0KHQuNGB0YLQtdC80LA=?= <postmaster@firm.test>
To: mcur@firm.test
Subject: =?utf-8?B?0J3QtSDRg9C00LDQu9C+0YHRjCDQtNC+0YHRgtCw0LLQuNGC0Yw=?=
Message-ID: <e1@firm.test>
In-Reply-To: {OURS}
X-MS-Exchange-Message-Is-Ndr:
MIME-Version: 1.0
Content-Type: multipart/report; report-type="delivery-status"; boundary="b1"

--b1
Content-Type: multipart/alternative; boundary="b2"

--b2
Content-Type: text/plain; charset="utf-8"
Content-Transfer-Encoding: base64

0JTQvtGB0YLQsNCy0LrQsCDQvdC1INCy0YvQv9C+0LvQvdC10L3QsA==
--b2
Content-Type: text/html; charset="utf-8"

<p>Delivery has failed</p>
--b2--
--b1
Content-Type: message/delivery-status

Reporting-MTA: dns;EX01.firm.local

Final-recipient: RFC822;uk@firm.test
Action: failed
Status: 5.2.2
Diagnostic-code: smtp;554 5.2.2 mailbox full

--b1
Content-Type: message/rfc822

Subject: test
Message-ID: {OURS}

Text
--b1--
"""
OLD = f"""\
From: Mailer-Daemon@old.test
To: mcur@firm.test
Subject: failure notice
Message-ID: <o1@old.test>

Hi. This is the qmail-send program at old.test.

<uk@old.test>:
Sorry, no mailbox here by that name. (#5.1.1)

--- Below this line is a copy of the message.

Subject: test
Message-ID: {OURS}
"""
RETURNED = {
    "Postfix": (POSTFIX, ("ivanov@gone.test", "petrov@gone.test"), "smtp; 550 5.1.1 User unknown"),
    "Exchange": (EXCHANGE, ("uk@firm.test",), "smtp;554 5.2.2 mailbox full"),
    "qmail": (OLD, (), "<uk@old.test>:"),
}


@pytest.mark.parametrize(("text", "recipients", "reason"), RETURNED.values(), ids=RETURNED.keys())
def test_a_bounce_names_the_letter_that_came_back(
    text: str, recipients: tuple[str, ...], reason: str
) -> None:
    """By the Message-ID of what was returned, with whom it did not reach and why."""
    letter = read(text.encode())

    assert letter.auto
    assert letter.bounce is not None
    assert letter.bounce.original == OURS
    assert letter.bounce.recipients == recipients
    assert letter.bounce.reason == reason
    assert letter.bounce.final


def test_headers_alone_are_enough() -> None:
    """Servers that return only the headers of a letter."""
    short = POSTFIX.replace("message/rfc822", "text/rfc822-headers")

    assert getattr(read(short.encode()).bounce, "original", None) == OURS


@pytest.mark.parametrize("action", ["delayed", "delivered", "relayed"])
def test_what_may_still_arrive_is_not_final(action: str) -> None:
    """A server that tries on, or says that it delivered."""
    found = read(POSTFIX.replace("Action: failed", f"Action: {action}").encode()).bounce

    assert found is not None
    assert not found.final


@pytest.mark.parametrize(
    "text",
    [
        OLD.replace("Mailer-Daemon@", "ivanov@"),
        OLD.replace("Message-ID: <mcur", "Message: <mcur"),
        "From: ivanov@firm.test\nSubject: Undelivered Mail Returned to Sender\n\nText",
    ],
)
def test_a_letter_of_a_person_is_no_bounce(text: str) -> None:
    """Whatever it quotes, and whatever its subject says."""
    letter = read(text.encode())

    assert letter.bounce is None
    assert not letter.auto


@pytest.mark.parametrize(
    "status", ["", "\n\n\n", "Action", ": \n:\n", "Final-Recipient: x\n\n\x00\xff", "A: b\n" * 999]
)
def test_a_broken_report_is_read_as_far_as_it_goes(status: str) -> None:
    """Nothing raises, nothing hangs."""
    head, _, rest = POSTFIX.partition("Reporting-MTA")
    broken = head + status + rest[rest.index("\n--9B095.1\nContent-Description: Undelivered") :]

    assert getattr(read(broken.encode("utf-8", "replace")).bounce, "original", None) == OURS
