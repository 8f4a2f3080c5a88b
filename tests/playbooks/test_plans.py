"""Plans: what grew most, what keeps a plan from approval, who may do what to it."""

from __future__ import annotations

import json
from datetime import date
from typing import cast

import pytest

from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Incident, Measure
from mcur.playbooks.inquiry import Facts
from mcur.playbooks.intents import CreateTask, Finding, KeepPlan, Outcome, SendLetter
from mcur.playbooks.load import load
from mcur.playbooks.permits import on_incident, on_plan
from mcur.playbooks.plan_growth import top_growth
from mcur.playbooks.plans import lacks, measures_in
from mcur.playbooks.rules.base import Case
from tests.playbooks.hand_made import Known, at, decided, of, some

WEEKLY = """
[plan.P]
clause = "5.1.1"
title = "План"
name = "weekly"
occasion = "week"
owner = "mcur_head"
approver = "deputy_head"
coordinator = "mcur_resp"
"""
Weeks = dict[str, tuple[int, int]]


def weeks(topics: Weeks) -> Known:
    """Return the counts of 2–8 and 9–15 November: topic, the week before, the week."""
    before = [some(b, subcategory=t) for t, (b, _) in topics.items()]
    now = [some(n, subcategory=t) for t, (_, n) in topics.items()]
    return Known(counts={4: before, 11: now})


def case(known: Known) -> Case:
    """Return the known things before the plan of Odintsovo."""
    return Case(cast(Facts, known), load("odintsovo-1204"), at("16 10:00"))


@pytest.mark.parametrize(
    ("topics", "expected"),
    [
        ({"C": (10, 14), "A": (30, 50), "D": (8, 8), "B": (5, 20), "E": (9, 3)}, "ABC"),
        ({"A": (10, 12), "B": (2, 4)}, "BA"),
        ({"B": (4, 6), "A": (4, 6)}, "AB"),
        ({"A": (2, 4), "B": (0, 2)}, "BA"),
        ({k: (1, 9 - n) for n, k in enumerate("ABCDEFG")}, "ABCDE"),
        ({"A": (5, 5)}, ""),
        ({}, ""),
    ],
)
def test_topics_stand_by_growth_then_percent_then_name(topics: Weeks, expected: str) -> None:
    """Only what grew, at most five (T10)."""
    found = top_growth(case(weeks(topics)), date(2026, 11, 9))

    assert "".join(name for name, *_ in found) == expected


@pytest.mark.parametrize(
    ("now", "drafts"),
    [("16 09:59:59", 0), ("16 10:00", 1), ("16 23:00", 1), ("17 09:59", 1), ("17 10:00", 0)],
)
def test_the_plan_is_drafted_on_its_day_and_not_later(now: str, drafts: int) -> None:
    """Monday at ten; after downtime still within a day; never a stale one."""
    intents = decided(weeks({"A": (1, 2)}), "ruza-679", WEEKLY, now)

    assert [p.key for p in of(KeepPlan, intents)] == ["plan:ruza-679:weekly:2026-11-09"] * drafts
    assert len(of(CreateTask, intents)) == len(of(SendLetter, intents)) == drafts


@pytest.mark.parametrize(
    ("days", "outcome", "why"),
    [
        ({4}, Outcome.NOT_COMPUTABLE, "не вычислимо: нет данных за неделю с 09.11.2026"),
        ({11}, Outcome.NOT_COMPUTABLE, "не вычислимо: нет данных за неделю с 02.11.2026"),
        (
            {4, 11},
            Outcome.NOT_FIRED,
            "за неделю с 09.11.2026 прироста ни по одной подкатегории нет",
        ),
    ],
)
def test_without_a_week_there_is_no_growth(days: set[int], outcome: Outcome, why: str) -> None:
    """Absent is not zero; and no growth is said too."""
    [found] = of(Finding, decided(Known(days_with_data=days), "ruza-679", WEEKLY, "16 10:00"))

    assert (found.outcome, found.cite.why) == (outcome, why)


@pytest.mark.parametrize(
    ("measures", "said"),
    [
        ([], "План нельзя утвердить: в нём нет ни одного мероприятия."),
        ([Measure(subject="А", due=date(2026, 11, 20), assignee="mcur_resp")], None),
        (
            [
                Measure(subject="А", due=date(2026, 11, 20), assignee="mcur_resp"),
                Measure(subject="Б", assignee="mcur_resp"),
                Measure(subject="В", due=date(2026, 11, 20)),
            ],
            "План нельзя утвердить: нет срока или ответственного у мероприятий: Б; В.",
        ),
    ],
)
def test_a_measure_without_term_or_executor_blocks_the_plan(
    measures: list[Measure], said: str | None
) -> None:
    """The sentence names what is missing where."""
    assert lacks(case(Known()), measures) == said


def test_measures_are_read_from_the_table_of_an_act() -> None:
    """A stamp is as good as a date; what is not given is empty."""
    row = {"subject": "А", "due": "2026-11-20T18:00:00+03:00", "assignee": "mcur_resp"}

    assert measures_in(case(Known()), act("fill-plan", measures=json.dumps([row]))) == (
        Measure(subject="А", due=date(2026, 11, 20), assignee="mcur_resp"),
    )
    assert measures_in(case(Known()), act("approve")) == ()
    assert measures_in(case(Known()), act("note", measures="снег вывезен")) == ()


@pytest.mark.parametrize("text", ["{", "{}", '["А"]', '[{"due": "завтра"}]'])
def test_a_table_that_is_none_is_refused(text: str) -> None:
    """The caller makes a sentence of it."""
    with pytest.raises(ValueError, match=r"."):
        measures_in(case(Known()), act("fill-plan", measures=text))


@pytest.mark.parametrize(
    ("by", "do", "declared_by", "may"),
    [
        ("mcur_resp", "close", "", True),
        ("mcur_head", "close", "", True),
        ("deputy_head", "close", "", False),
        ("omsu_persons", "close", "", False),
        ("omsu_persons", "note", "", True),
        ("mcur_resp", "close", "deputy_head", False),
        ("deputy_head", "close", "deputy_head", True),
        ("mcur_head", "close", "deputy_head", True),
        ("okrug_head", "close", "deputy_head", True),
        ("deputy_head", "solve", "deputy_head", False),
        ("mcur_resp", "solve", "", True),
        ("executor", "solve", "", False),
        ("mcur_resp", "form-group", "", False),
        ("mcur_head", "form-group", "", True),
        ("mcur_resp", "dismiss", "", True),
    ],
)
def test_who_may_do_what_to_an_incident(by: str, do: str, declared_by: str, *, may: bool) -> None:
    """A declared one ends by its declarer or above, any other by officer or head."""
    moment = at("17")
    incident = Incident(
        key="k",
        playbook="p",
        rule="r",
        clause="c",
        object="o",
        mode="emergency",
        state="open",
        detected_at=moment,
        onset_at=moment,
        entered_at=moment,
        declared_by=declared_by,
    )

    assert on_incident(act(do, by=by), incident) is may


@pytest.mark.parametrize(
    ("by", "do", "may"),
    [
        ("mcur_head", "fill-plan", True),
        ("mcur_resp", "fill-plan", False),
        ("deputy_head", "approve", True),
        ("mcur_resp", "approve", False),
        ("okrug_head", "approve", False),
        ("mcur_head", "approve", False),
        ("deputy_head", "return", True),
        ("gzhi_dep_curator", "approve", False),
    ],
)
def test_who_may_do_what_to_a_plan(by: str, do: str, *, may: bool) -> None:
    """The head fills in, the deputy whose plan it is approves or returns."""
    assert on_plan(act(do, by=by), "deputy_head") is may


def test_a_deputy_stands_above_a_head_who_approves() -> None:
    """Where the regulation names no deputy for a plan."""
    assert on_plan(act("approve", by="mcur_head"), "mcur_head")
    assert on_plan(act("approve", by="deputy_head"), "mcur_head")
    assert not on_plan(act("approve", by="mcur_resp"), "mcur_head")


def act(do: str, *, by: str = "mcur_head", **fields: str) -> Act:
    """Return an act on something."""
    return Act(ident="a", at=at("17"), by=by, do=do, key="k", fields=fields)
