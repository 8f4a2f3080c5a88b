"""The first day: a site that goes live at 14:00 makes nothing of what was there before."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from mcur.daemon.clock import ClockWrong, SystemClock
from mcur.daemon.failures import status_of
from mcur.daemon.status import gather
from mcur.playbooks.facts import TaskKind, TaskStatus
from tests.connectors.feeds.making import ECUR, ecur_row, xlsx
from tests.fakes import MORNING, Stand, write_letter

LIVE = MORNING.replace(hour=14)
ROWS, LETTERS, ISSUES = 35_000, 2_000, 400


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a cumulative export of a year until the moment of going live, as ЕЦУР has it."""
    dice = random.Random(1)
    begun = datetime(2026, 1, 1, tzinfo=LIVE.tzinfo)
    step = (LIVE - begun) / (ROWS + 1)
    rows = (
        ecur_row(
            **{
                "Номер ЕЦУР": f"E-{n}",
                "Номер в источнике": f"{7_000_000 + n}-1",
                "Дата (первого взятия в работу)": f"{begun + n * step:%d.%m.%Y %H:%M}",
                "Направление": "ЖКХ",
                "Синт. группа": "МКД",
                "Подтема": dice.choice(["Отопление", "Кровля", "Двор"]),
                "Статус": dice.choice(["Закрыто", "В работе", "Новое", "Отложено", "Возвращено"]),
                "Исполнитель": f"УК {n % 40}",
                "Описание": "В квартире холодно, уже третий день. " * 6,
                "Адрес (формат)": f"Одинцово, ул. Мира, д. {n % 90}, кв. {n % 70}",
                "Просрочка": dice.choice(["да", "нет", ""]),
                "Есть повторы": dice.choice(["да", "нет"]),
            }
        )
        for n in range(ROWS)
    )
    path = tmp_path_factory.mktemp("ecur") / "ecur.xlsx"
    path.write_bytes(xlsx([ECUR, *rows]))
    return path


class FlatBattery(SystemClock):
    """The clock of a machine that has lost its time."""

    def now(self) -> datetime:
        """Return a moment of long ago."""
        return datetime(2020, 1, 1, tzinfo=UTC)


def test_a_site_does_not_go_live_by_a_clock_that_cannot_be_right(stand: Stand) -> None:
    """Six years of reports would be missed, and all that is open would become tasks."""
    stand.site.clock = FlatBattery()
    with pytest.raises(ClockWrong, match=r"says 2020-01-01 00:00 UTC.*set it right") as caught:
        stand.site.live_from()

    assert stand.state.stamp("live_from") is None
    assert status_of(caught.value) == 1


def test_a_site_that_is_live_goes_on_under_a_wrong_clock(stand: Stand) -> None:
    """It knows since when; nothing is lost when the clock is right again."""
    live = stand.site.live_from()
    stand.restart()
    stand.site.clock = FlatBattery()

    assert stand.site.live_from() == live


def fill(stand: Stand, letters: int, issues: int) -> None:
    """Put letters and issues of the past where a site finds them."""
    for n in range(letters):
        at = LIVE - timedelta(hours=n + 1)
        text = f"Адрес: Одинцово, ул. Мира, д. {n}\nПроблема: снег\nСрок: {at:%d.%m.%Y}"
        write_letter(stand.folder / "mail" / "in", f"old-{n}", at=at, text=text)
    for n in range(issues):
        at = LIVE - timedelta(hours=n + 1)
        seen = stand.tracker.make(
            "mcur_resp", f"Старая задача {n}", at, due_at=at + timedelta(hours=n % 48),
            kind=list(TaskKind)[n % len(TaskKind)], assignee="mcur_resp",
        )  # fmt: skip
        if n % 3 == 0:
            stand.tracker.note(seen.ident, "mcur_resp", "Меры: убрано", at)
            stand.tracker.change(seen.ident, "mcur_resp", at, status=TaskStatus.REFUSED)


@pytest.fixture(params=["configured", "first start"])
def first(request: pytest.FixtureRequest, tmp_path: Path, export: Path) -> Iterator[Stand]:
    """A site full of the past, live since its file says so or since its first start."""
    live = {"from": LIVE} if request.param == "configured" else {}
    stand = Stand(tmp_path, LIVE, live=live)
    target = stand.folder / "feeds" / "ecur.xlsx"
    target.write_bytes(export.read_bytes())
    moment = (LIVE - timedelta(minutes=1)).timestamp()
    os.utime(target, (moment, moment))
    fill(stand, LETTERS, ISSUES)
    yield stand
    stand.close()


def test_what_was_there_before_is_history_and_makes_nothing(first: Stand) -> None:
    """No task, letter, breach or late report; status counts it; Отчет 2 leaves at its hour."""
    begun = datetime.now(LIVE.tzinfo)
    first.cycle(LIVE)
    took = datetime.now(LIVE.tzinfo) - begun
    history = gather(first.settings, first.site.playbooks, first.state, first.now)[
        "taken_as_history"
    ]
    nothing_yet = [e for e in first.events if e.event != "appeals.read"]
    for hour, minute in ((14, 10), (15, 0), (16, 20), (16, 49), (16, 50), (17, 20), (17, 50)):
        first.cycle(LIVE.replace(hour=hour, minute=minute))
    first.cycle(LIVE.replace(hour=9, minute=0) + timedelta(days=1))
    first.cycle(LIVE.replace(hour=9, minute=50) + timedelta(days=1))

    assert history == {"appeals": ROWS, "letters": LETTERS, "issues": ISSUES}
    assert nothing_yet == []
    assert took < timedelta(seconds=90)
    assert {e.data["kind"] for e in first.told("task.created")} == {TaskKind.DAY}
    assert [e for e in first.events if e.event.startswith(("term.", "draft.", "flag."))] == []
    assert [e for e in first.events if e.event in {"report.missed", "appeals.held"}] == []
    sent = [
        (e.cite.rule, e.at.astimezone(LIVE.tzinfo).strftime("%d %H:%M"), e.late)
        for e in first.told("mail.sent")
    ]
    assert sent == [
        ("O-3", "18 16:50", False),
        ("O-4", "18 17:50", False),
        ("O-2", "19 09:50", False),
    ]
    assert len([t for t in first.tracker.listing() if t.key]) == len(first.told("task.created"))


def test_what_comes_after_going_live_is_work(stand: Stand) -> None:
    """A new row of the next export, a letter, an issue: each becomes what the regulation wants."""
    fill(stand, 20, 20)
    row = "source;number;received_at;category\n{};МКД\n"
    feeds = stand.folder / "feeds"
    (feeds / "old.csv").write_text(row.format("dobrodel;O-1;18.11.2026 13:59"), "utf-8")
    stand.cycle(LIVE)
    stand.pass_time(minutes=5)
    (feeds / "new.csv").write_text(row.format("dobrodel;N-1;18.11.2026 14:03"), "utf-8")
    write_letter(stand.folder / "mail" / "in", "new", at=stand.now, text="Адрес: ул. Мира, д. 5")
    stand.tracker.make("mcur_head", "Новая задача", stand.now)
    stand.cycle()

    made = {e.data["kind"] for e in stand.told("task.created")}
    issue = stand.state.tasks.by_ident("embedded", "21")
    assert made == {TaskKind.EXECUTOR, TaskKind.ASSIGNMENT}
    assert issue is not None
    assert not issue.history
    assert stand.state.history() == {"appeals": 1, "letters": 20, "issues": 20}
