"""Kind ``term``: clocks of appeals and tasks, their boundaries and three outcomes."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mcur.playbooks.facts import Appeal, AppealStatus, TaskKind, TaskStatus, Term
from mcur.playbooks.intents import (
    EndTerm,
    Finding,
    Intent,
    MoveTerm,
    Outcome,
    StartTerm,
    TermOutcome,
)
from mcur.playbooks.rules import term as kind
from tests.playbooks.facts import ID, Known, appeal, at, case, change, rule, task

KEY = f"term:{ID}:2.1.2.1:mp:1"
TASK_KEY = f"term:{ID}:2.1.1[2]:task:{ID}:dobrodel:1"


DAY_LATER = at("08:00", 19)


def running(key: str = KEY, due: datetime = DAY_LATER, **given: Any) -> Term:
    """Make a term that runs since this morning."""
    values: dict[str, Any] = {
        "rule": "accept" if key == KEY else "task",
        "clause": key.split(":")[2],
        "object": key.split(":", 3)[3],
        **given,
    }
    return Term(key=key, playbook=ID, started_at=at("08:00"), due_at=due, **values)


def accept(known: Known, now: datetime) -> list[Intent]:
    """Let the acceptance rule decide."""
    return list(kind.decide(rule("term", "accept"), case(known, now)))


def of_tasks(known: Known, now: datetime) -> list[Intent]:
    """Let the rule of executors' tasks decide."""
    return list(kind.decide(rule("term", "task"), case(known, now)))


def taken(accepted: datetime | None = None, **given: Any) -> Appeal:
    """Make an appeal of the mobile application."""
    return appeal(source="mp", accepted_at=accepted, **given)


ACCEPTED = {
    "at the last second": ("08:00:00", TermOutcome.MET),
    "a second later": ("08:00:01", TermOutcome.BREACHED),
    "at once": ("00:00:00", TermOutcome.MET),
}


@pytest.mark.parametrize(("clock", "outcome"), ACCEPTED.values(), ids=ACCEPTED.keys())
def test_twenty_four_hours_include_their_end(clock: str, outcome: TermOutcome) -> None:
    """C5: exactly 24 h are in time, nights and weekends count."""
    one = taken(at(clock, 19), status=AppealStatus.ACCEPTED)
    known = Known(changes=[change(one, "accepted_at")], terms=[running()])

    ended, *_ = accept(known, at("09:00", 19))

    assert isinstance(ended, EndTerm)
    assert (ended.outcome, ended.ended_at) == (outcome, at(clock, 19))


@pytest.mark.parametrize(("clock", "breached"), [("08:00:00", 0), ("08:00:01", 1)])
def test_what_nobody_accepted_is_breached_by_the_first_cycle_after_the_end(
    clock: str, breached: int
) -> None:
    """The end moment is still in time; the breach has no end of its own."""
    found = accept(Known(terms=[running()]), at(clock, 19))

    assert [f.outcome for f in found if isinstance(f, EndTerm)] == [TermOutcome.BREACHED] * breached
    assert all(f.ended_at is None for f in found if isinstance(f, EndTerm))


def test_a_new_appeal_starts_the_clock_at_its_registration() -> None:
    """Not at the poll that saw it."""
    [started] = accept(Known(changes=[change(taken())]), at("10:00"))

    assert isinstance(started, StartTerm)
    assert (started.key, started.started_at, started.due_at) == (KEY, at("08:00"), at("08:00", 19))
    assert "до 19.11.2026 08:00" in started.cite.why


NOTHING = {
    "another source": change(appeal()),
    "history": change(taken(), history=True),
    "spam": change(taken(spam=True)),
    "another municipality": change(taken(municipality="Рузский городской округ")),
}


@pytest.mark.parametrize("one", NOTHING.values(), ids=NOTHING.keys())
def test_some_appeals_have_no_such_term(one: Any) -> None:
    """Only the sources of the rule, only ours, only since the site is live."""
    assert accept(Known(changes=[one]), at("10:00")) == []


@pytest.mark.parametrize("status", [AppealStatus.IN_WORK, AppealStatus.CLOSED, None])
def test_who_took_it_nobody_knows_when_is_not_computable(status: AppealStatus | None) -> None:
    """Absent is never zero: neither met nor breached, and no clock starts."""
    found = accept(Known(changes=[change(taken(status=status))]), at("10:00"))

    assert [f.outcome for f in found if isinstance(f, Finding)] == [Outcome.NOT_COMPUTABLE]
    assert not any(isinstance(f, StartTerm) for f in found)
    assert "время принятия неизвестно" in found[0].cite.why  # type: ignore[union-attr]


def test_a_running_clock_stops_when_the_hour_of_acceptance_cannot_be_known() -> None:
    """And runs out no more."""
    one = taken(status=AppealStatus.IN_WORK)
    found = accept(Known(changes=[change(one, "status")], terms=[running()]), at("10:00"))

    assert [f.outcome for f in found if isinstance(f, EndTerm)] == [TermOutcome.CANCELLED]


def test_a_later_export_may_say_when_it_was_accepted() -> None:
    """What was not computable becomes so."""
    term = running(outcome="cancelled", ended_at=at("10:00"))
    one = taken(at("09:00"), status=AppealStatus.IN_WORK)
    found = accept(Known(changes=[change(one, "accepted_at")], terms=[term]), at("11:00"))

    assert [f.outcome for f in found if isinstance(f, EndTerm)] == [TermOutcome.MET]


def test_a_breach_stays_one_whatever_the_status_says_later() -> None:
    """Accepted at an unknown hour after the end is no excuse."""
    term = running(outcome="breached")
    one = taken(status=AppealStatus.IN_WORK)

    assert accept(Known(changes=[change(one, "status")], terms=[term]), at("10:00", 19)) == []


def test_a_withdrawn_appeal_waits_for_nobody() -> None:
    """The citizen took it back before anybody accepted it."""
    one = taken(withdrawn_at=at("09:00"))
    found = accept(Known(changes=[change(one, "withdrawn_at")], terms=[running()]), at("10:00"))

    assert [f.outcome for f in found if isinstance(f, EndTerm)] == [TermOutcome.CANCELLED]
    assert not any(isinstance(f, Finding) for f in found)


def test_a_settled_term_is_not_touched_again() -> None:
    """Each thing that happens is one line."""
    term = running(outcome="met", ended_at=at("09:00"))
    one = taken(at("09:00"))

    assert accept(Known(changes=[change(one, "text")], terms=[term]), at("10:00")) == []


# --- of tasks -----------------------------------------------------------------------------------------

DUE = at("18:00")
DONE = {
    "reported at the last second": (
        {"status": TaskStatus.DONE, "done_at": at("18:00")}, TermOutcome.MET),
    "reported a second later": (
        {"status": TaskStatus.DONE, "done_at": at("18:00:01")}, TermOutcome.BREACHED),
    "closed in time": ({"status": TaskStatus.CLOSED, "closed_at": at("17:00")}, TermOutcome.MET),
    "reported in time, closed later": (
        {"status": TaskStatus.CLOSED, "done_at": at("17:00"), "closed_at": at("19:00")},
        TermOutcome.MET,
    ),
    "rejected in time": (
        {"status": TaskStatus.REJECTED, "closed_at": at("17:00")}, TermOutcome.MET),
}  # fmt: skip


@pytest.mark.parametrize(("given", "outcome"), DONE.values(), ids=DONE.keys())
def test_a_tasks_term_ends_by_report_or_by_closing(
    given: dict[str, Any], outcome: TermOutcome
) -> None:
    """Whichever comes first."""
    one = task(due_at=DUE, **given)
    found = of_tasks(Known(fresh=[one], terms=[running(TASK_KEY, DUE)]), at("17:30"))

    assert [f.outcome for f in found if isinstance(f, EndTerm)] == [outcome]


def test_a_task_without_a_due_has_no_term() -> None:
    """«Срок не определён» is never «on time»."""
    assert of_tasks(Known(fresh=[task()]), at("10:00")) == []


def test_a_task_of_another_kind_belongs_to_another_rule() -> None:
    """Executors' tasks here, assignments under 4.3."""
    one = task(due_at=DUE, kind=TaskKind.ASSIGNMENT)

    assert of_tasks(Known(fresh=[one]), at("10:00")) == []


def test_a_due_of_before_the_site_was_live_is_history() -> None:
    """What fell due earlier makes no breach."""
    one = task(due_at=at("09:00"))

    assert of_tasks(Known(fresh=[one], live_from=at("09:30")), at("10:00")) == []


def test_a_moved_due_moves_the_term() -> None:
    """With the old and the new one in the reason."""
    one = task(due_at=at("12:00", 25))
    [moved] = of_tasks(Known(fresh=[one], terms=[running(TASK_KEY, DUE)]), at("10:00"))

    assert isinstance(moved, MoveTerm)
    assert moved.due_at == at("12:00", 25)
    assert moved.cite.why == "срок перенесён с 18.11.2026 18:00 на 25.11.2026 12:00"


def test_a_returned_task_runs_again_with_the_same_due() -> None:
    """``returned`` reopens the term."""
    one = task(due_at=DUE, status=TaskStatus.RETURNED)
    term = running(TASK_KEY, DUE, outcome="met", ended_at=at("10:00"))
    [started] = of_tasks(Known(fresh=[one], terms=[term]), at("11:00"))

    assert isinstance(started, StartTerm)
    assert started.due_at == DUE


LATE = {
    "past its due": ({"due_at": at("09:00")}, True),
    "at its due": ({"due_at": at("10:00")}, False),
    "without a due": ({}, False),
    "closed": ({"due_at": at("09:00"), "status": TaskStatus.CLOSED}, False),
    "reported in time": (
        {"due_at": at("09:00"), "status": TaskStatus.DONE, "done_at": at("08:59")}, False),
    "reported late": (
        {"due_at": at("09:00"), "status": TaskStatus.DONE, "done_at": at("09:30")}, True),
    "refused": ({"due_at": at("09:00"), "status": TaskStatus.REFUSED}, True),
}  # fmt: skip


@pytest.mark.parametrize(("given", "late"), LATE.values(), ids=LATE.keys())
def test_a_task_is_late_while_nobody_has_reported(given: dict[str, Any], late: bool) -> None:
    """The same measure for terms, controls, plans and reports."""
    assert kind.is_late(task(**given), at("10:00")) is late
