"""The audit finds what should have happened and did not, says it once, and is silent otherwise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mcur.playbooks.facts import Report, Term
from mcur.playbooks.intents import Finding, Intent, Outcome, RaiseFlag
from mcur.playbooks.playbook import Playbook
from mcur.playbooks.rules.audit import KIND, Audit
from mcur.playbooks.rules.base import Case
from mcur.playbooks.waiting import DeadLetter
from tests.playbooks.facts import ID, PLAYBOOK, Known, at

KEY = f"report:{ID}:O-2:2026-11-18"
DAY = f"task:{ID}:day:mcur_resp:2026-11-18"


def known_of(**given: Any) -> Known:
    """Return what is known of a site that has run for days."""
    return Known(**{"before": at("07:00", 10)} | given)


def audited(known: Known, clock: str, playbook: Playbook = PLAYBOOK) -> list[Intent]:
    """Audit at a clock time of 18 November."""
    rule = playbook.rules["audit"]["day"]
    assert isinstance(rule, Audit)
    return list(KIND.decide(rule, Case(known, playbook, at(clock))))


def flags(known: Known, clock: str, playbook: Playbook = PLAYBOOK) -> dict[str, RaiseFlag]:
    """Return the flags of an audit by what they are about."""
    found = audited(known, clock, playbook)
    return {flag.object: flag for flag in found if isinstance(flag, RaiseFlag)}


def kept(state: str, day: int = 18) -> Report:
    """A report of a day in a state."""
    return Report(
        key=f"report:{ID}:O-2:2026-11-{day}", playbook=ID, rule="O-2", day=at("12:00", day).date(),
        state=state, decided_at=at("09:00", day),
    )  # fmt: skip


def test_a_slot_without_a_record_is_flagged_once() -> None:
    """Its hour has passed: one flag with the rule's clause and the hour, and no second one."""
    known = known_of()

    flag = flags(known, "18:30")[KEY]
    known.keys.add(flag.key)

    assert flag.cite.clause == PLAYBOOK.rules["report"]["O-2"].clause
    assert "18.11.2026 09:50" in flag.text
    assert KEY not in flags(known, "18:40")


@pytest.mark.parametrize(
    ("state", "flagged"),
    [("drafted", True), ("held", False), ("decided", False), ("sent", False), ("missed", False)],
)
def test_a_record_is_what_left_was_missed_or_is_held(state: str, *, flagged: bool) -> None:
    """A draft whose hour has passed is none."""
    assert (KEY in flags(known_of(reports=[kept(state)]), "18:30")) is flagged


@pytest.mark.parametrize(
    ("state", "flagged"),
    [("drafted", True), ("held", True), ("decided", True), ("sent", False), ("missed", False)],
)
def test_a_day_that_is_over_has_its_end(state: str, *, flagged: bool) -> None:
    """What was decided yesterday has left by today, or is said not to have."""
    yesterday = kept(state, 17)

    assert (yesterday.key in flags(known_of(reports=[yesterday]), "08:30")) is flagged


def test_a_site_that_has_just_begun_is_asked_for_nothing_older() -> None:
    """Its first cycle is the beginning, whatever the site file says of the day it went live."""
    assert KEY not in flags(known_of(before=at("10:00")), "18:30")


def test_nothing_is_asked_before_its_hour_or_before_the_site_was_live() -> None:
    """What was never owed is not outstanding; the audit has its own hours."""
    assert KEY not in flags(known_of(), "08:30")
    assert audited(known_of(), "08:29") == []
    assert KEY not in flags(known_of(live_from=at("10:00")), "18:30")


def test_it_looks_once_at_each_of_its_hours() -> None:
    """What it looked at is remembered with the day; the hour itself is long enough for an idle cycle."""
    known = known_of()
    [done] = [i for i in audited(known, "08:31") if isinstance(i, Finding)]
    known.found["day", "day", done.day] = done.numbers

    assert done.outcome is Outcome.FIRED  # of a day of which nothing is known
    assert audited(known, "12:00") == audited(known, "18:29") == []
    assert KEY in flags(known, "18:30")


def test_a_control_whose_lists_are_not_there_is_flagged() -> None:
    """The task of the day is the officer's list of what to look at."""
    assert DAY in flags(known_of(), "18:30")
    assert DAY in flags(
        known_of(keys={DAY}), "18:30"
    )  # a report's draft made it, without the lists
    assert DAY not in flags(known_of(keys={DAY, f"update:{DAY}:daily"}), "18:30")


def test_a_term_past_due_without_a_breach_is_flagged() -> None:
    """The end itself is in time; afterwards somebody should have said so."""
    rule = PLAYBOOK.rules["term"]["accept"]
    term = Term(
        key="term:x", playbook=ID, rule=rule.id, clause=rule.clause, object="task:x",
        started_at=at("08:00"), due_at=at("18:30"),
    )  # fmt: skip
    known = known_of(terms=[term])

    assert "term:x" not in flags(known, "18:30")
    assert flags(known, "18:31")["term:x"].cite.clause == rule.clause


def test_what_a_server_refused_is_named_with_its_reason() -> None:
    """It stands in the outbox until the administrator lets it go or drops it."""
    dead = DeadLetter(key="letter:x", rule="E-2", why="550 no such user")

    flag = flags(known_of(dead=[dead]), "18:30")["dead:letter:x"]

    assert "letter:x (550 no such user)" in flag.text
    assert flag.cite.clause == PLAYBOOK.rules["ladder"]["E-2"].clause


@pytest.mark.parametrize(("kind", "rule"), [("report", "O-3"), ("control", "daily")])
def test_a_duty_of_the_day_that_is_off_is_nobodys(kind: str, rule: str) -> None:
    """Said of reports and daily controls; a rule that waits for a value says so in the reports."""
    table = PLAYBOOK.rules[kind]
    off = {**table, rule: table[rule].model_copy(update={"enabled": False})}
    found = flags(known_of(), "18:30", replace(PLAYBOOK, rules={**PLAYBOOK.rules, kind: off}))

    assert f"off:{kind}.{rule}" in found
    assert not [about for about in flags(known_of(), "18:30") if about.startswith("off:")]
