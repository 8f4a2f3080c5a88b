"""What goes wrong at an Exchange server, and what becomes of it."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from mcur.connectors.mail.ews.account import ExchangeAccount, account_of
from mcur.connectors.mail.ews.courier import EwsCourier
from mcur.connectors.mail.ews.mailbox import EwsMailbox
from mcur.connectors.mail.mime import parse
from mcur.connectors.ports import Barred, MailBatch, Rejected, Unavailable
from tests.connectors.test_courier_contract import LETTER
from tests.connectors.test_mailbox_contract import numbered
from tests.servers.ews.mailboxes import Folder
from tests.servers.ews.server import CLIENT, ExchangeServer, Fault
from tests.servers.fixtures_exchange import exchange_account
from tests.servers.letters import NOON, Blobs
from tests.servers.tls import make_certificates


def all_of(mailbox: EwsMailbox, cursor: str | None = None) -> tuple[list[str], str]:
    """Fetch to the end; return the Message-IDs and the cursor."""
    found: list[str] = []
    while True:
        batch: MailBatch = mailbox.fetch(cursor, NOON)
        found += [parse(raw, Blobs()).message_id or "" for raw in batch.letters]
        cursor = batch.cursor
        if not batch.more:
            return found, cursor


def ids(*numbers: int) -> list[str]:
    """Return the Message-IDs of numbered letters."""
    return [f"<{number}@mosreg.ru>" for number in numbers]


@pytest.mark.parametrize(
    "fault",
    [
        Fault(status=503),
        Fault(status=502),
        Fault(status=429),
        Fault(code="ErrorInternalServerTransientError"),
        Fault(code="ErrorMailboxStoreUnavailable"),
        Fault(hangs_up=True),
    ],
    ids=lambda fault: str(fault.status or fault.code or "hangs up"),
)
def test_what_passes_is_unavailable_and_nothing_is_lost(
    exchange: ExchangeServer, fault: Fault
) -> None:
    """The cursor of the last good look goes on from where it was."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"))
    _, cursor = all_of(mailbox)
    exchange.deliver("robot", [numbered(1), numbered(2)])
    exchange.faults.append(fault)

    with pytest.raises(Unavailable):
        all_of(mailbox, cursor)

    assert all_of(mailbox, cursor)[0] == ids(1, 2)


def test_the_server_says_how_long_it_wants_to_be_left_alone(exchange: ExchangeServer) -> None:
    """Its back-off is handed on to who repeats."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"))
    mailbox.fetch(None, NOON)
    exchange.faults.append(Fault(code="ErrorServerBusy", back_off=90_000))

    with pytest.raises(Unavailable) as busy:
        mailbox.fetch(None, NOON)

    assert busy.value.retry_after == timedelta(seconds=90)


@pytest.mark.parametrize("how", ["basic", "ntlm"])
def test_a_wrong_password_is_sent_twice_and_never_again(exchange: ExchangeServer, how: str) -> None:
    """The directory would lock the account; the courier of the same account counts with it."""
    exchange.forget("ntlm" if how == "ntlm" else "basic")
    account = exchange_account(exchange, exchange.door, password="wrong")
    mailbox, courier = EwsMailbox("in", account), EwsCourier("out", account)

    for _ in range(3):
        with pytest.raises(Barred, match="check login, password"):
            mailbox.fetch(None, NOON)
        with pytest.raises(Barred, match="restart mcur"):
            courier.sent("<a@b>")

    assert exchange.logins == [False, False]
    assert "not locked" in mailbox.check()[0]


def test_a_mailbox_and_a_courier_of_one_login_share_the_account(exchange: ExchangeServer) -> None:
    """So that they count refusals together."""
    shape = exchange_account(exchange, "basic").shape

    assert account_of(shape) is account_of(replace(shape))
    assert account_of(shape) is not account_of(replace(shape, login="other"))


def test_a_good_login_after_a_bad_moment_forgets_it(exchange: ExchangeServer) -> None:
    """One refusal a week is no reason to stop."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"))
    for _ in range(4):
        exchange.faults.append(Fault(status=401))
        with pytest.raises(Barred):
            mailbox.fetch(None, NOON)
        assert mailbox.fetch(None, NOON).letters == ()


def test_a_broken_state_begins_anew(exchange: ExchangeServer) -> None:
    """A mailbox restored from a backup: the ledger knows the letters, none is lost."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"))
    exchange.deliver("robot", [numbered(1)])
    all_of(mailbox)

    found, cursor = all_of(mailbox, '["bm90IG91cnM=", [], false]')

    assert found == ids(1)
    assert all_of(mailbox, cursor)[0] == []


def test_a_token_that_is_over_is_asked_for_anew(exchange: ExchangeServer) -> None:
    """Nobody notices."""
    exchange.forget("oauth2")
    exchange.token_life = 2
    mailbox = EwsMailbox("in", exchange_account(exchange, "oauth2"))
    exchange.deliver("robot", [numbered(1)])
    assert all_of(mailbox)[0] == ids(1)

    time.sleep(3.1)

    assert all_of(mailbox)[0] == ids(1)
    assert len(exchange.tokens) == 2


def test_a_token_that_is_taken_back_costs_one_look(exchange: ExchangeServer) -> None:
    """The next look comes with a new one; an application that is not let in is told at last."""
    exchange.forget("oauth2")
    mailbox = EwsMailbox("in", exchange_account(exchange, "oauth2"))
    exchange.deliver("robot", [numbered(1)])
    all_of(mailbox)
    exchange.tokens.clear()

    with pytest.raises(Unavailable, match="did not take its token"):
        all_of(mailbox)
    found, cursor = all_of(mailbox)
    exchange.faults += [Fault(status=401), Fault(status=401)]
    with pytest.raises(Unavailable):
        all_of(mailbox, cursor)
    with pytest.raises(Barred, match="check login"):
        all_of(mailbox, cursor)

    assert found == ids(1)


def test_a_wrong_secret_is_said(exchange: ExchangeServer) -> None:
    """It is the administrator's to mend."""
    exchange.forget("oauth2")
    mailbox = EwsMailbox("in", exchange_account(exchange, "oauth2", password="wrong"))

    with pytest.raises(Barred, match=f"refused the login of «{CLIENT[0]}»"):
        mailbox.fetch(None, NOON)


def test_a_letter_moved_meanwhile_is_not_ours(exchange: ExchangeServer) -> None:
    """Somebody files it by hand between the list and the fetch."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"))
    exchange.deliver("robot", [numbered(number) for number in range(30)])
    box = exchange.firm.box("robot@firm.test")
    first = box.well_known["inbox"].items[0]
    exchange.faults.append(Fault())
    box.move(first, box.well_known["deleteditems"])

    assert all_of(mailbox)[0] == ids(*range(1, 30))


def test_what_people_read_or_move_back_is_told_rightly(exchange: ExchangeServer) -> None:
    """A read mark is no new letter; a letter that comes back is there again."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"))
    exchange.deliver("robot", [numbered(1)])
    _, cursor = all_of(mailbox)
    box = exchange.firm.box("robot@firm.test")
    [letter] = box.well_known["inbox"].items
    letter.is_read = True
    box.touch(letter, "read")

    seen, cursor = all_of(mailbox, cursor)
    moved = box.move(letter, box.well_known["deleteditems"])
    gone, cursor = all_of(mailbox, cursor)
    box.move(moved, box.well_known["inbox"])

    assert (seen, gone) == ([], [])
    assert all_of(mailbox, cursor)[0] == ids(1)


def test_an_unknown_authority_is_said(exchange: ExchangeServer, tmp_path: Path) -> None:
    """With what to set."""
    shape = exchange_account(exchange, "basic").shape
    other = make_certificates(tmp_path)

    [said] = EwsMailbox("in", ExchangeAccount(replace(shape, ca_file=other.ca))).check()

    assert "is not trusted" in said
    assert "set ca_file" in said


def test_a_folder_that_is_not_there_is_said(exchange: ExchangeServer) -> None:
    """By its name."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"), folder="Поручения/2026")

    assert mailbox.check() == [
        "mailbox in: there is no folder «Поручения» in Корневой уровень; "
        "name it as Outlook shows it, below the mailbox, with / between folders"
    ]


def test_the_copy_lies_among_the_sent_letters(exchange: ExchangeServer) -> None:
    """A person in Outlook sees what mcur has written."""
    EwsCourier("out", exchange_account(exchange, "basic")).send(LETTER)

    [copy] = exchange.firm.box("robot@firm.test").well_known["sentitems"].items
    assert copy.header("Message-ID") == LETTER.message_id


def test_a_letter_whose_answer_was_lost_is_not_sent_again(exchange: ExchangeServer) -> None:
    """The copy tells that it has left."""
    courier = EwsCourier("out", exchange_account(exchange, "basic"))
    courier.send(LETTER)

    courier.send(LETTER)

    assert exchange.calls.count("CreateItem") == 1


def test_a_refused_letter_is_for_a_person(exchange: ExchangeServer) -> None:
    """Over the size limit, or under a foreign name."""
    courier = EwsCourier("out", exchange_account(exchange, "basic"))
    assert courier.check() == []
    exchange.faults += [Fault(), Fault(code="ErrorMessageSizeExceeded")]

    with pytest.raises(Rejected, match="out: https://localhost"):
        courier.send(LETTER)


def a_folder(exchange: ExchangeServer, name: str) -> Folder:
    """Make a folder of the robot's, in place of the one of its name."""
    box = exchange.firm.box("robot@firm.test")
    for ident in [one.ident for one in box.folders.values() if one.name == name]:
        del box.folders[ident]
    return box.add_folder(name, box.well_known["msgfolderroot"])


def test_a_folder_made_anew_is_read_from_its_beginning(exchange: ExchangeServer) -> None:
    """Somebody deletes it in Outlook and makes it again: nobody has to restart anything."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"), folder="Поручения")
    old = a_folder(exchange, "Поручения")
    old.box.add(old, numbered(1))
    first, cursor = all_of(mailbox)
    new = a_folder(exchange, "Поручения")
    new.box.add(new, numbered(2))

    assert (first, all_of(mailbox, cursor)[0]) == (ids(1), ids(2))


def test_a_folder_that_is_gone_is_said_until_it_is_there_again(exchange: ExchangeServer) -> None:
    """By its name."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"), folder="Поручения")
    old = a_folder(exchange, "Поручения")
    _, cursor = all_of(mailbox)
    del old.box.folders[old.ident]
    with pytest.raises(Barred, match="there is no folder «Поручения»"):
        mailbox.fetch(cursor, NOON)
    new = a_folder(exchange, "Поручения")
    new.box.add(new, numbered(1))

    assert all_of(mailbox, cursor)[0] == ids(1)


def test_letters_are_filed_in_a_folder_that_was_deleted_meanwhile(
    exchange: ExchangeServer,
) -> None:
    """It is made again."""
    mailbox = EwsMailbox("in", exchange_account(exchange, "basic"), settle="move:Обработано")
    box = exchange.firm.box("robot@firm.test")
    cursor = None
    for number in (1, 2):
        exchange.deliver("robot", [numbered(number)])
        batch = mailbox.fetch(cursor, NOON)
        cursor = batch.cursor
        mailbox.settle([raw.place for raw in batch.letters])
        [filed] = [one for one in box.folders.values() if one.name == "Обработано"]
        assert len(filed.items) == 1
        del box.folders[filed.ident]
