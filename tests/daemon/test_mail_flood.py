"""Many letters at once, and one letter many times: each is a task or stands in a queue, once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon.wiring import Site
from mcur.playbooks.facts import TaskKind
from tests.daemon.test_mail_restart import LIVE, a_round
from tests.fakes import settings_of
from tests.servers.dovecot import Dovecot
from tests.servers.ews.server import ExchangeServer
from tests.servers.site import a_letter

pytestmark = pytest.mark.server

TEXT = "Адрес: Одинцово, ул. Маршала Жукова, д. {n}\nПроблема: нет освещения\n"
MANY, ASSIGNED = 5000, 100


def a_table(server: Dovecot | ExchangeServer) -> dict[str, Any]:
    """Write the table of the robot's mailbox."""
    if isinstance(server, Dovecot):
        place = {"host": "127.0.0.1", "port": server.imap, "security": "none", "user": "robot"}
        return {"id": "imap", "kind": "imap", "password_file": "password", **place}
    place = {"url": server.url, "address": "robot@firm.test", "user": "FIRM\\robot"}
    more = {"auth": "basic", "ca_file": str(server.certificates.ca)}
    return {"id": "ews", "kind": "ews", "password_file": "password", **place, **more}


def counted(site: Site) -> dict[str, int]:
    """Count letters by what became of them, and tasks of letters."""
    tasks = site.state.tasks.find("odintsovo-1204", (TaskKind.ASSIGNMENT,), None)
    made = len({task.ident for task in tasks if task.ident})
    return dict(site.state.letters.counts()) | {"tasks": made}


def test_a_letter_in_two_mailboxes_by_two_protocols_is_one_task(
    dovecot: Dovecot, exchange: ExchangeServer, tmp_path: Path
) -> None:
    """And twice in each of them; the servers wrote trace headers of their own over it."""
    (tmp_path / "password").write_text("robotpw")
    letter = a_letter("duty@cur.mosreg.ru", "Задание", TEXT.format(n=1), "one")
    dovecot.inject_many("robot", [letter, letter])
    exchange.deliver("robot", [b"Received: from gate by exchange\r\n" + letter, letter])
    settings = settings_of(tmp_path, mailboxes=[a_table(dovecot), a_table(exchange)], live=LIVE)
    found: dict[str, int] = {}

    a_round(settings)
    a_round(settings, lambda site: found.update(counted(site)))

    assert found.pop("tasks") == 1
    assert sum(found.values()) == 1


def test_five_thousand_letters_at_once_are_all_there(dovecot: Dovecot, tmp_path: Path) -> None:
    """A hundred assignments among strangers' letters: in batches, in a cycle, each once."""
    (tmp_path / "password").write_text("robotpw")
    every = MANY // ASSIGNED
    letters = [
        a_letter("duty@cur.mosreg.ru", f"Задание {n}", TEXT.format(n=n), f"a{n}")
        if n % every == 0
        else a_letter(f"somebody{n}@elsewhere.example", f"Насосы {n}", "Купите насосы.", f"s{n}")
        for n in range(MANY)
    ]
    dovecot.fill("robot", letters)
    settings = settings_of(tmp_path, mailboxes=[a_table(dovecot)], live=LIVE)
    found: dict[str, int] = {}
    keys: Counter[str] = Counter()

    def look(site: Site) -> None:
        found.update(counted(site))
        keys.update(e["key"] for e in site.state.outbox.listing(["dead", "held"]))

    a_round(settings)
    a_round(settings, look)

    assert found.pop("tasks") == ASSIGNED
    assert sum(found.values()) == MANY
    assert keys == Counter()
