"""The cycle goes on without a rule that fails, tells of it, and takes it back when it is mended."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from mcur.connectors.ports import Rejected
from mcur.daemon import cycle, log
from mcur.playbooks.facts import TaskKind
from mcur.playbooks.rules import control, intake
from mcur.playbooks.rules.registry import LAYERS
from tests.fakes import Stand, an_appeal

TODAY = datetime(2026, 11, 18, tzinfo=ZoneInfo("Europe/Moscow"))
TOMORROW = datetime(2026, 11, 19, 9, 50, tzinfo=ZoneInfo("Europe/Moscow"))


@pytest.fixture
def stand(tmp_path: Path) -> Stand:
    """Set up a site whose administrator is named."""
    return Stand(tmp_path, administrator="admin@mcur.example")


@pytest.fixture(autouse=True)
def _journal() -> None:
    """Log as the daemon does, to the stream of this test."""
    log.configure()


@pytest.fixture
def broken(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """Let every intake rule divide by zero until the patch is undone."""

    def _fail(_rule: Any, _case: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    kind = dataclasses.replace(intake.KIND, decide=_fail)
    layers = tuple(kind if one is intake.KIND else one for one in LAYERS)
    monkeypatch.setattr(cycle, "LAYERS", layers)
    return monkeypatch


def subjects(stand: Stand) -> list[str | None]:
    """Return the subjects of the letters that left."""
    return [event.subject for event in stand.events if event.event == "mail.sent"]


def appeals_in(stand: Stand) -> list[str | None]:
    """Return the keys of the executors' tasks in the tracker."""
    return [task.key for task in stand.tracker.listing() if task.kind is TaskKind.EXECUTOR]


def test_a_rule_that_fails_costs_no_report_and_misses_nothing(
    stand: Stand, broken: pytest.MonkeyPatch
) -> None:
    """The report leaves at its hour, the administrator hears once, the appeal becomes a task later."""
    stand.site.live_from()
    stand.take(an_appeal())
    for _ in range(2):
        faults = cycle.decide(stand.site, stand.now)
        stand.deliver()
    stand.clock.moment = TOMORROW
    cycle.decide(stand.site, stand.now)
    stand.deliver()

    fault = faults["odintsovo-1204", "issues"]
    assert str(fault) == "rule odintsovo-1204/issues: ZeroDivisionError: division by zero"
    told = [s for s in subjects(stand) if s == "mcur: правило issues не выполняется"]
    assert len(told) == 2  # once on each of the two days, in three cycles
    flagged = [event.key for event in stand.events if event.event == "flag.raised"]
    assert sum(":audit:fault:issues:" in key for key in flagged) == len(told)
    assert any((s or "").startswith("Отчет 1 за") for s in subjects(stand))
    assert appeals_in(stand) == []

    broken.undo()
    stand.decide()
    stand.deliver()

    assert len(appeals_in(stand)) == 1


def test_a_state_that_cannot_be_read_is_no_fault_of_a_rule(stand: Stand) -> None:
    """A disk that fails stops the daemon: to go on would mean to forget."""
    stand.site.live_from()
    stand.state.db.execute("DROP TABLE indices")

    with pytest.raises(Exception, match="no such table"):
        cycle.decide(stand.site, stand.now)


def test_the_audit_names_what_a_failing_rule_and_a_refusing_server_cost(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the evening the lists of the day are missing and a report is dead: each is said once."""
    stand.site.live_from()
    stand.cycle()
    layers = tuple(
        dataclasses.replace(one, decide=_trip) if one is control.KIND else one for one in LAYERS
    )
    monkeypatch.setattr(cycle, "LAYERS", layers)
    for hour, minute in ((9, 50), (18, 30), (18, 40)):
        stand.courier.switch.fail(Rejected("send: 550 no such user") if hour == 9 else None)
        stand.clock.moment = TODAY.replace(hour=hour, minute=minute)
        cycle.decide(stand.site, stand.now)
        stand.deliver()

    said = [event.key.partition(":audit:")[2] for event in stand.told("flag.raised")]
    assert sorted(said) == [
        "dead:letter:odintsovo-1204:fault:T12:2026-11-18",
        "dead:letter:odintsovo-1204:fault:T9:2026-11-18",
        "dead:letter:odintsovo-1204:fault:daily:2026-11-18",
        "dead:letter:odintsovo-1204:service:dead:courier:2026-11-18",
        "dead:report:odintsovo-1204:O-2:2026-11-18",
        "fault:T12:2026-11-18",
        "fault:T9:2026-11-18",
        "fault:daily:2026-11-18",
        "task:odintsovo-1204:day:mcur_resp:2026-11-18",
    ]


def _trip(_rule: Any, _case: Any) -> Any:
    raise ZeroDivisionError("division by zero")
