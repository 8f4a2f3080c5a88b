"""The world of a scenario: what an export shows at a moment, outages, things that arrive."""

from __future__ import annotations

from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import compat32, default
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.ports import Unavailable
from mcur.daemon import scenario
from mcur.daemon.world import UNBROKEN, Behind, Outages, feed_id, visible
from tests.daemon.playing import Player


def at(clock: str, day: int = 18) -> datetime:
    """Return a moment of November 2026."""
    return datetime.fromisoformat(f"2026-11-{day}T{clock}:00+03:00")


ROW: dict[str, Any] = {"number": "1", "received_at": at("08:00")}
SHOWN = {
    "a stamp that is still to come is not there": (
        {"accepted_at": at("12:00")}, "11:59", {"status": "new"},
    ),
    "a stamp that has passed gives the status": (
        {"accepted_at": at("12:00")}, "12:00", {"status": "accepted", "accepted_at": at("12:00")},
    ),
    "the last of the stamps decides": (
        {"accepted_at": at("09:00"), "closed_at": at("10:00"), "returned_at": at("11:00")}, "12:00",
        {"status": "returned"},
    ),
    "a status waits for its own stamp": (
        {"status": "closed", "closed_at": at("12:00"), "accepted_at": at("09:00")}, "10:00",
        {"status": "accepted"},
    ),
    "a status waits for its change": (
        {"status": "deferred", "status_changed_at": at("12:00")}, "10:00", {"status": "new"},
    ),
    "a status without a stamp is there from the start": (
        {"status": "in_work"}, "08:00", {"status": "in_work"},
    ),
    "a withdrawal comes at its hour": ({"withdrawn_at": at("12:00")}, "11:00", {}),
}  # fmt: skip


@pytest.mark.parametrize(("further", "clock", "wanted"), SHOWN.values(), ids=SHOWN.keys())
def test_an_export_shows_a_row_as_it_is_by_now(
    further: dict[str, Any], clock: str, wanted: dict[str, Any]
) -> None:
    """Later stamps of a row take effect when they pass."""
    shown = visible({**ROW, **further}, at(clock))

    assert {name: shown.get(name) for name in wanted} == wanted
    assert all(not isinstance(v, datetime) or v <= at(clock) for v in shown.values())


class Hand:
    """A connector that remembers what it was asked."""

    name = "hand"

    def __init__(self) -> None:
        self.asked: list[str] = []

    def create(self) -> str:
        """Write."""
        self.asked.append("create")
        return "done"

    def changes(self) -> str:
        """Read."""
        self.asked.append("changes")
        return "seen"


def behind(now: datetime, **outage: Any) -> tuple[Any, Hand]:
    """Put a hand behind an outage from nine to ten."""
    table = {"system": "redmine", "from": at("09:00"), "to": at("10:00"), **outage}
    play = scenario.parse(
        {"playbooks": ["x"], "start": at("08:00"), "until": at("12:00"), "outage": [table]},
        "day.toml",
        Path(),
    )
    hand = Hand()
    return Behind(hand, "redmine", Outages(play, lambda: now)), hand


@pytest.mark.parametrize(("clock", "answers"), [("08:59", 1), ("09:00", 0), ("10:00", 1)])
def test_an_outage_begins_at_its_start_and_is_over_at_its_end(clock: str, answers: int) -> None:
    """[from, to): at ``to`` the system answers again."""
    connector, hand = behind(at(clock))

    for _ in range(1 - answers):
        with pytest.raises(Unavailable) as silence:
            connector.create()
        assert silence.value.reached is False
    for _ in range(answers):
        assert connector.create() == "done"
    assert hand.asked == ["create"] * answers
    assert connector.name == "hand"


def test_an_outage_after_writes_lets_these_pass_and_reading_until_then() -> None:
    """The server dies in the middle of its work."""
    connector, hand = behind(at("09:30"), after_writes=2)

    connector.create()
    connector.changes()
    connector.create()
    for operation in (connector.create, connector.changes):
        with pytest.raises(Unavailable):
            operation()

    assert hand.asked == ["create", "changes", "create"]


def test_an_export_of_another_scope_is_another_feed() -> None:
    """So that rows vanish only from what should hold them."""
    assert [feed_id("mp", None), feed_id("mp", "window:7d")] == ["mp", "mp-window-7d"]


DAY = """
playbooks = ["odintsovo-1204"]
start = 2026-11-18T08:00:00+03:00
until = 2026-11-18T12:00:00+03:00
poll = "30m"
[[appeals]]
source = "dobrodel"
count = 2
first = 2026-11-18T08:30:00+03:00
number = "R-{n}"
address = "Одинцово, ул. Мира, д. {n}"
executor = "УК «Дом»"
"""


def test_an_answer_to_a_task_comes_from_its_executor(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``reply_to_key`` without ``from``: the task gets the answer as a note."""
    played = Player(tmp_path, capsys).text(
        DAY,
        '[[letter]]\nat = 2026-11-18T10:00:00+03:00\nreply_to_key = "task:*:R-2"',
        'subject = "Re: задача"\ntext = "Снег вывезли"',
    )

    [line] = played.of("task.updated", key="task:odintsovo-1204:dobrodel:R-2")
    assert line["at"] == "2026-11-18T10:00:00+03:00"
    assert "executor-1@executors.invalid" in line["data"]["text"]
    assert "Снег вывезли" in line["data"]["text"]
    assert played.of("flag.raised") == []


@pytest.mark.parametrize("words", [3, 6, 9, 12])
def test_a_long_name_keeps_its_blanks(words: int) -> None:
    """Where a header is long, no blank between two words of it is lost or doubled."""
    said = " ".join(
        ("Ответственный сотрудник МЦУР Рузского городского округа " * 2).split()[:words]
    )
    letter = EmailMessage(policy=UNBROKEN)
    letter["From"] = f'"{said}" <a@b.invalid>'

    for policy in (default, compat32):
        read = message_from_bytes(bytes(letter), policy=policy)
        assert str(make_header(decode_header(read["From"]))) == f"{said} <a@b.invalid>"


def test_a_letter_as_a_file_arrives_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``file`` instead of the fields: what a mail program has kept."""
    (tmp_path / "order.eml").write_bytes(
        "From: duty@cur.mosreg.ru\r\nTo: mcur@mosreg.ru\r\nSubject: order\r\n"
        "Message-ID: <1@cur.mosreg.ru>\r\nContent-Type: text/plain; charset=windows-1251\r\n"
        "Content-Transfer-Encoding: 8bit\r\n\r\n"
        "Адрес: Одинцово, ул. Мира, 5\r\nПроблема: снег\r\n".encode("cp1251")
    )
    played = Player(tmp_path, capsys).text(
        DAY, '[[letter]]\nat = 2026-11-18T10:00:00+03:00\nfile = "order.eml"'
    )

    assert played.one("task.created", rule="letters")["subject"] == (
        "Задание ЦУР: снег — Одинцово, ул. Мира, 5"
    )


def test_an_act_may_be_done_to_many_things_at_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A glob names every match; what matches nothing is said."""
    played = Player(tmp_path, capsys).text(
        DAY,
        '[[act]]\nat = 2026-11-18T10:00:00+03:00\nby = "mcur_resp"\ndo = "close"\nkey = "task:*:R-*"',
        '[[act]]\nat = 2026-11-18T10:30:00+03:00\nby = "mcur_resp"\ndo = "close"\nkey = "task:*:X-*"',
    )

    assert len(played.of("task.closed")) == 2
    assert "task:*:X-*" in played.one("flag.raised")["why"]


def test_an_act_at_the_moment_of_its_letter_finds_what_the_cycle_made_of_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A glob that matches nothing yet is tried again when the cycle has decided."""
    when = "2026-11-18T10:10:00+03:00"
    played = Player(tmp_path, capsys).text(
        DAY,
        f'[[letter]]\nat = {when}\nfrom = "duty@cur.mosreg.ru"\ntext = "Проблема: снег"',
        f'[[act]]\nat = {when}\nby = "mcur_resp"\ndo = "close"\nkey = "task:*:letter:*"',
    )

    assert played.one("task.created", rule="letters")["at"] == when
    assert played.one("task.closed", rule="letters")["at"] == when
    assert [line["why"] for line in played.of("flag.raised") if "объекта" in line["why"]] == []


def test_an_issue_of_the_centre_goes_to_the_officer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Somebody else made it: it is not told as ours, but it gets a term and an officer."""
    played = Player(tmp_path, capsys).text(
        DAY,
        '[[issue]]\nat = 2026-11-18T09:10:00+03:00\nauthor = "mingos"\nsubject = "Отчитаться"',
        "due_at = 2026-11-18T11:00:00+03:00",
    )

    key = played.one("term.started", rule="control")["key"].split(":", 3)[-1]
    assert played.one("term.started", rule="control")["clause"] == "4.3"
    [update] = played.of("task.updated", key=key)
    assert update["clause"] == "2.1.6[1]"
    assert update["data"]["assignee"] == "mcur_resp"
    assert played.one("term.breached")["at"] == "2026-11-18T11:30:00+03:00"
    assert played.of("task.created", key=key) == []


def test_the_clock_of_a_scenario_is_its_own() -> None:
    """Nothing of the machine's time stands in a scenario."""
    assert at("08:00").astimezone(UTC).hour == 5
