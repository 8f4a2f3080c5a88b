"""A day of a site whose post is Exchange: an assignment in, its task made, a report out, a look kept."""

from __future__ import annotations

import json
import subprocess
import sysconfig
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from tests.servers.dovecot import PASSWORDS
from tests.servers.ews.server import ExchangeServer
from tests.servers.site import MOSCOW, SECTIONS, a_letter, parsed, with_section

MCUR = Path(sysconfig.get_path("scripts")) / "mcur"
DAY = datetime(2027, 2, 17, tzinfo=MOSCOW)

ACCOUNT = """
kind = "ews"
url = "{url}"
address = "robot@firm.test"
user = 'FIRM\\robot'
auth = "ntlm"
password_file = "secrets/exchange.password"
ca_file = "{ca}"
"""

POST = """
[mail]
address = "robot@firm.test"
name = "МЦУР Одинцово"
trusted = [{{ from = "*@cur.mosreg.ru", as = "cur" }}]

[[mailboxes]]
id = "inbox"
after = "move:Обработано"
{account}
[courier]
id = "courier"
{account}
"""


@pytest.fixture
def site(exchange: ExchangeServer, tmp_path: Path) -> Path:
    """Make a site whose mailbox and courier are one account on the server, by NTLM."""
    exchange.forget("ntlm")
    folder = tmp_path / "site"
    subprocess.run([str(MCUR), "init", str(folder), "--playbook", "odintsovo-1204"], check=True)
    account = ACCOUNT.format(url=exchange.url, ca=exchange.certificates.ca)
    config = folder / "mcur.toml"
    text = config.read_text(encoding="utf-8")
    for title, table in (
        ("Запуск", SECTIONS["Запуск"].format(live_from=DAY.isoformat())),
        ("Люди", SECTIONS["Люди"]),
        ("Исполнители", SECTIONS["Исполнители"]),
        ("Почта", POST.format(account=account)),
    ):
        text = with_section(text, title, table)
    config.write_text(text, encoding="utf-8")
    (folder / "secrets").mkdir()
    (folder / "secrets/exchange.password").write_text(PASSWORDS["robot"])
    (folder / "secrets/exchange.password").chmod(0o600)
    return folder


@pytest.fixture
def mcur(site: Path) -> Callable[..., str]:
    """Give what runs a command of the site and returns what it said."""

    def run(*arguments: str, expect: int = 0) -> str:
        command = [str(MCUR), "-c", str(site / "mcur.toml"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == expect, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


def subjects(exchange: ExchangeServer, user: str, folder: str = "inbox") -> list[str]:
    """List what lies in a folder of a mailbox."""
    box = exchange.firm.box(f"{user}@firm.test")
    return [str(parsed(item.raw)["Subject"]) for item in box.well_known[folder].items]


def test_an_assignment_becomes_a_task_and_the_report_reaches_the_head(
    exchange: ExchangeServer, mcur: Callable[..., str]
) -> None:
    """The letter is filed under «Обработано», a copy of the report stays in «Отправленные»."""
    text = "Адрес: Одинцово, ул. Маршала Жукова, д. 10\nПроблема: нет освещения\nСрок: 19.02.2027 18:00\n"
    exchange.deliver("robot", [a_letter("cur@cur.mosreg.ru", "Поручение", text, "one")])

    assert "in order" in mcur("check", "--connect")
    mcur("once", "--at", "2027-02-17T09:50")

    tasks = json.loads(mcur("tasks", "--json"))
    reports = [one for one in subjects(exchange, "head") if "Отчет 1" in one]
    filed = [
        one
        for one in exchange.firm.box("robot@firm.test").folders.values()
        if one.name == "Обработано"
    ]
    assert len(reports) == 1
    assert reports[0] in subjects(exchange, "robot", "sentitems")
    assert subjects(exchange, "robot") == []
    assert [len(folder.items) for folder in filed] == [1]
    assert "assignment" in {task["kind"] for task in tasks}


def test_a_second_look_writes_nothing(exchange: ExchangeServer, mcur: Callable[..., str]) -> None:
    """No letter is repeated."""
    mcur("once", "--at", "2027-02-17T09:50")
    sent = subjects(exchange, "robot", "sentitems")
    exchange.calls.clear()

    mcur("once", "--at", "2027-02-17T09:50")

    assert subjects(exchange, "robot", "sentitems") == sent
    assert "CreateItem" not in exchange.calls


def test_a_report_whose_answer_was_lost_leaves_once(
    exchange: ExchangeServer, mcur: Callable[..., str]
) -> None:
    """The server took it and hung up: the copy among the sent letters tells."""
    exchange.lost.append("CreateItem")
    mcur("once", "--at", "2027-02-17T09:50", expect=3)

    mcur("once", "--at", "2027-02-17T10:10")

    sent = subjects(exchange, "robot", "sentitems")
    assert len([one for one in sent if "Отчет 1" in one]) == 1


def test_a_letter_is_a_task_long_before_the_poll(
    exchange: ExchangeServer, site: Path, mcur: Callable[..., str]
) -> None:
    """The daemon listens by streaming notifications; the mailbox is polled every ten minutes."""
    config = site / "mcur.toml"
    text = config.read_text("utf-8").replace('mail = "2m"', 'mail = "10m"')
    config.write_text(text.replace(DAY.isoformat(), "2026-01-01T00:00:00+03:00"), "utf-8")
    mcur("once")
    daemon = subprocess.Popen([str(MCUR), "-c", str(config), "run"], stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: '(bell)": "on, last heard' in mcur("status", "--json"))
        text = "Адрес: Одинцово, ул. Маршала Жукова, д. 10\nПроблема: нет освещения\n"
        exchange.deliver("robot", [a_letter("cur@cur.mosreg.ru", "Поручение", text, "heard")])
        wait_for(lambda: "нет освещения" in mcur("tasks", "--json"))
    finally:
        daemon.terminate()
        assert daemon.wait(10) == 0


def wait_for(condition: Callable[[], bool]) -> None:
    """Wait for what the daemon does."""
    begun = time.monotonic()
    while not condition():
        assert time.monotonic() - begun < 40
        time.sleep(0.1)
