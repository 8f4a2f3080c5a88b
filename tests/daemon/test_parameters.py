"""Each parameter of the regulations has an effect: another value, another day.

The days are those of ``tests/days``; a value over one of them must change what it tells. The values of
surges are tried without days (``test_surge_parameters``), the pauses in ``test_pauses``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon import scenario
from mcur.daemon.simulate import timeline_of
from mcur.playbooks.load import load
from mcur.playbooks.rules.report_shape import Report

DAYS = Path(__file__).parents[1] / "days"
DAY = date(2026, 11, 20)
"""A Friday: the weekly reports of that day leave too."""
Told = list[dict[str, Any]]


def play(day: str, folder: Path, **values: Any) -> Told:
    """Tell a day, with other values over its own."""
    read = scenario.read(DAYS / f"{day}.toml")
    if values:
        read = read.model_copy(update={"values": {**read.values, **values}})
    return timeline_of(read, folder, day)


@pytest.fixture(scope="module")
def as_it_is(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Told]:
    """Tell a day as its file has it, once."""
    told: dict[str, Told] = {}

    def tell(day: str) -> Told:
        if day not in told:
            told[day] = play(day, tmp_path_factory.mktemp("day") / "site")
        return told[day]

    return tell


EFFECTS: list[tuple[str, Any, str]] = [
    ("khimki-energy.calendar.top_n", 1, "khimki-top"),
    ("khimki-energy.calendar.week_starts", "mon", "khimki-week"),
    ("odintsovo-1204.calendar.catch_up", "never", "down-over-ten"),
    ("odintsovo-1204.calendar.cover_gap", False, "report-working-days"),
    ("odintsovo-1204.calendar.extra_workdays", ["2026-12-13"], "report-working-days"),
    ("odintsovo-1204.calendar.holidays", [], "report-working-days"),
    ("odintsovo-1204.calendar.plan_at", "mon 11:00", "plan-ties"),
    ("odintsovo-1204.calendar.report_days", "all", "report-working-days"),
    ("odintsovo-1204.calendar.show_assumptions", True, "report-working-days"),
    ("odintsovo-1204.calendar.tz", "Asia/Yekaterinburg", "report-working-days"),
    (
        "odintsovo-1204.calendar.work_days",
        ["mon", "tue", "wed", "thu", "fri", "sat"],
        "report-working-days",
    ),
    ("ruza-679.calendar.ladder_time", "clock", "ladder-working-time"),
    ("ruza-679.calendar.send_window", [], "ladder-send-window"),
    ("ruza-679.calendar.work_hours", ["08:00", "18:00"], "ladder-working-time"),
    ("lenobl-8.control.T12.overdue", 50, "lenobl-quality"),
    ("lenobl-8.control.T12.returns", 50, "lenobl-quality"),
    ("ruza-679.control.T12.late_acceptances", 50, "s12-acceptance"),
    ("ruza-679.control.T13.enabled", False, "e-low-figures"),
    ("ruza-679.control.T13.max_returned_pct", 30, "e-low-figures"),
    ("ruza-679.control.T13.min_timely_pct", 90, "e-low-figures"),
    ("ruza-679.control.T9.at", "15:00", "s18-stock"),
    ("ruza-679.control.T9.consecutive", 2, "s18-stock"),
    ("ruza-679.control.T9.per_status", False, "s18-stock"),
    ("ruza-679.control.T9.release", "auto", "s18-stock"),
    ("ruza-679.control.T9.window", "2d", "s18-stock"),
    ("ruza-679.control.daily.at", "08:00", "s12-acceptance"),
    ("odintsovo-1204.intake.appeals.group_by", "none", "burst-of-one-topic"),
    ("ruza-679.intake.appeals.monitoring_slots", ["10:00"], "monitoring-two-feeds"),
    ("ruza-679.intake.appeals.topics", [], "ruza-intake"),
    ("khimki-energy.ladder.K-L1.wait", "1h", "khimki-stuck"),
    ("khimki-energy.ladder.K-L2.wait", ["30m", "30m"], "khimki-unsolved-violation"),
    ("lenobl-8.ladder.L-L1.wait", "1h", "lenobl-emergency"),
    ("odintsovo-1204.ladder.E-1.wait", "1h", "emergency-no-result"),
    ("odintsovo-1204.ladder.L-9.objects", ["plan"], "overdue-plan-l9"),
    ("ruza-679.ladder.L-1.report_by", "16:00", "s17"),
    ("ruza-679.ladder.L-1.same_day_cutoff", "10:00", "s17"),
    ("ruza-679.ladder.L-1.wait", "1h", "s17"),
    (
        "kostroma-rgis.notice.planned.at_publication_if_more_than",
        "20d",
        "kostroma-night-start-later",
    ),
    ("kostroma-rgis.notice.planned.before_start", ["3d"], "kostroma-night-start-later"),
    ("kostroma-rgis.notice.planned.published_before", "30d", "kostroma-night-start-later"),
    ("kostroma-rgis.notice.planned.shift", "earlier", "kostroma-night-start-later"),
    ("kostroma-rgis.notice.window.close", "18:00", "kostroma-window-edges"),
    ("kostroma-rgis.notice.window.open", "06:00", "kostroma-window-edges"),
    ("ruza-679.poll.feed_max_age", "12h", "monitoring-two-feeds"),
    ("lenobl-8.report.L-3.every", "1h", "lenobl-emergency"),
    ("lenobl-8.report.L-3.release", "auto", "lenobl-emergency"),
    ("kostroma-rgis.term.change.within", "1m", "kostroma-changed-term"),
    ("ruza-679.term.accept.sources", ["mp"], "s12-acceptance"),
    ("ruza-679.term.accept.within", "20h", "s12-acceptance"),
    ("ruza-679.term.extension.before", "48h", "s13-extension"),
    ("ruza-679.calls.daily.at", ["11:00"], "s24-silence"),
    ("ruza-679.calls.daily.merge", True, "crisis"),
    ("ruza-679.ladder.L-5.wait", "1h", "s24-silence"),
    ("ruza-679.ladder.L-6.wait", "1h", "s24-silence"),
    ("ruza-679.report.R-4.cutoff", "14:45", "s23-absent-person"),
    ("ruza-679.report.R-4.remind_at", "14:00", "s23-absent-person"),
]


@pytest.mark.parametrize(("path", "value", "day"), EFFECTS, ids=[e[0] for e in EFFECTS])
def test_a_value_changes_the_day(
    path: str, value: Any, day: str, as_it_is: Callable[[str], Told], tmp_path: Path
) -> None:
    """What an administrator writes is seen in what happens."""
    assert play(day, tmp_path / "site", **{path: value}) != as_it_is(day)


def reports() -> list[tuple[str, str]]:
    """List every report of every regulation that leaves by itself."""
    books = ("ruza-679", "odintsovo-1204", "khimki-energy", "lenobl-8")
    return [
        (book, rule.id)
        for book in books
        for rule in load(book).rules["report"].values()
        if isinstance(rule, Report)
    ]


@pytest.mark.parametrize(("book", "name"), reports())
def test_the_hours_of_a_report_are_values(book: str, name: str) -> None:
    """It leaves at ``send_at``, and is late from its deadline, or from the end of its day."""
    path = f"{book}.report.{name}"
    early = load(book, {f"{path}.send_at": "06:10", f"{path}.deadline": "06:20"})
    shipped, moved = (b.rules["report"][name] for b in (load(book), early))
    assert isinstance(shipped, Report)
    assert isinstance(moved, Report)

    calendar = early.calendar
    assert calendar.local(moved.leaves_at(calendar, DAY)).time() == time(6, 10)
    assert calendar.local(moved.late_from(calendar, DAY)).time() == time(6, 20)
    assert shipped.late_from(calendar, DAY) - shipped.leaves_at(calendar, DAY) > timedelta()
    assert shipped.leaves_at(calendar, DAY) != moved.leaves_at(calendar, DAY)
