"""A restart at every step of a letter's way, by IMAP and by EWS: it is a task once, and filed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.embedded import EmbeddedTracker
from mcur.connectors.mail.ews.mailbox import EwsMailbox
from mcur.connectors.mail.imap.mailbox import ImapMailbox
from mcur.daemon import cycle
from mcur.daemon.clock import VirtualClock
from mcur.daemon.context import working
from mcur.daemon.dispatch import Dispatcher
from mcur.daemon.observe import MailSource
from mcur.daemon.settings import Settings
from mcur.daemon.wiring import Site
from mcur.playbooks.facts import TaskKind
from mcur.state.store import State
from tests.fakes import MORNING, settings_of
from tests.servers.dovecot import Dovecot
from tests.servers.ews.server import ExchangeServer
from tests.servers.site import a_letter, mailbox

TEXT = "Адрес: Одинцово, ул. Маршала Жукова, д. {n}\nПроблема: нет освещения\n"
COUNT = 3
LIVE = {"from": MORNING - timedelta(days=1), "tasks": "on", "reports": "on"}


class Crash(BaseException):
    """The power goes."""


def crash(*_: object, **__: object) -> None:
    """End it here."""
    raise Crash


def after(original: Callable[..., Any]) -> Callable[..., Any]:
    """Let it happen, and end it then."""

    def done_and_over(*given: Any, **named: Any) -> None:
        original(*given, **named)
        raise Crash

    return done_and_over


def nothing(*_: object, **__: object) -> None:
    """Leave it."""


STEPS: dict[str, list[tuple[object, str, Callable[..., Any]]]] = {
    "fetched": [(MailSource, "keep", crash)],
    "half stored": [(State, "take_letters", after(State.take_letters))],
    "stored": [
        (ImapMailbox, "settle", nothing),
        (EwsMailbox, "settle", nothing),
        (cycle, "decide", crash),
    ],
    "filed": [(cycle, "decide", crash)],
    "decided": [(Dispatcher, "drain", crash)],
    "made": [(EmbeddedTracker, "create", after(EmbeddedTracker.create))],
}
"""What happens, and where the power goes."""


@pytest.fixture(params=[pytest.param("imap", marks=pytest.mark.server), "ews"])
def post(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Settings, Any]]:
    """Make a site with a mailbox that files what is stored, and letters in it."""
    letters = [
        a_letter("duty@cur.mosreg.ru", f"Задание {n}", TEXT.format(n=n), f"letter{n}")
        for n in range(COUNT)
    ]
    (tmp_path / "password").write_text("robotpw")
    table: dict[str, Any] = {"id": "inbox", "after": "move:Обработано", "password_file": "password"}
    if request.param == "imap":
        dovecot: Dovecot = request.getfixturevalue("dovecot")
        dovecot.inject_many("robot", letters)
        more = {"host": "127.0.0.1", "port": dovecot.imap, "security": "none", "user": "robot"}
        boxes = [table | more | {"kind": "imap"}]
        yield settings_of(tmp_path, mailboxes=boxes, live=LIVE), dovecot
        return
    exchange: ExchangeServer = request.getfixturevalue("exchange")
    exchange.deliver("robot", letters)
    more = {"url": exchange.url, "address": "robot@firm.test", "user": "FIRM\\robot"}
    more |= {"auth": "basic", "ca_file": str(exchange.certificates.ca)}
    yield settings_of(tmp_path, mailboxes=[table | more | {"kind": "ews"}], live=LIVE), exchange


def left_in_inbox(server: Dovecot | ExchangeServer) -> int:
    """Count what nobody has filed."""
    if isinstance(server, Dovecot):
        return len(mailbox(server, "robot"))
    return len(server.firm.box("robot@firm.test").well_known["inbox"].items)


def a_round(settings: Settings, check: Callable[[Site], None] = nothing) -> None:
    """Do what ``mcur once`` does, in a process that begins and ends."""
    with working(settings, VirtualClock(MORNING)) as site:
        try:
            site.observers.look_at_all(MORNING)
            cycle.decide(site, MORNING)
            site.dispatcher.drain(pause=nothing)
            check(site)
        finally:
            for source in site.observers.sources:
                if isinstance(one := getattr(source, "mailbox", None), ImapMailbox):
                    one.close()


@pytest.mark.parametrize("step", STEPS)
def test_a_letter_is_one_task_wherever_the_power_went(
    post: tuple[Settings, Any], monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """Two more rounds, and each of the letters is stored, a task, and out of the way: once."""
    settings, server = post
    with monkeypatch.context() as broken:
        for owner, name, what in STEPS[step]:
            broken.setattr(owner, name, what)
        with pytest.raises(Crash):
            a_round(settings)
    found: dict[str, Any] = {}

    def look(site: Site) -> None:
        tasks = site.state.tasks.find("odintsovo-1204", (TaskKind.ASSIGNMENT,), None)
        found["tasks"] = sorted(task.key for task in tasks)
        found["issues"] = [task.ident for task in tasks]
        found["letters"] = sum(site.state.letters.counts().values())

    a_round(settings)
    a_round(settings, look)

    assert len(found["tasks"]) == len(set(found["issues"])) == COUNT
    assert found["letters"] == COUNT
    # Filing is a courtesy: letters that were stored and not filed stay where they lie.
    assert left_in_inbox(server) == (COUNT if step == "stored" else 0)
