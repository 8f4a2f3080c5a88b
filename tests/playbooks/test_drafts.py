"""Whether the reason of a letter that waits still stands, and what no rule names."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mcur.playbooks import drafts
from mcur.playbooks.incidents import Incident
from mcur.playbooks.load import load
from mcur.playbooks.rules import draft_shape
from mcur.playbooks.rules.base import Case
from mcur.playbooks.waiting import Draft
from tests.playbooks.facts import ID, PLAYBOOK, Known, at, case

INCIDENT = f"incident:{ID}:declared:Мост:2026-11-18"


def incident(**given: object) -> Incident:
    """An emergency that lasts since the morning."""
    known = Incident(
        key=INCIDENT, playbook=ID, rule="emergency", clause="1.3[2]", object="Мост",
        mode="emergency", state="open", detected_at=at("09:00"), onset_at=at("09:00"),
        entered_at=at("09:00"),
    )  # fmt: skip
    return replace(known, **given)  # type: ignore[arg-type]  # whatever field a test is about


def draft(rule: str, key: str) -> Draft:
    """A letter of a rule, prepared at ten."""
    return Draft(
        key=f"draft:{ID}:{rule}:{key}", playbook=ID, rule=rule, clause="3.1", owner="mcur_head",
        state="waiting", at=at("10:00"), subject="Мост",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("step", "given", "said"),
    [
        (1, {}, None),
        (3, {}, None),
        (1, {"state": "closed"}, "закрыта"),
        (3, {"state": "dismissed"}, "не подтвердилась"),
        (3, {"solved_at": at("11:00")}, "решена"),
        (1, {"solved_at": at("11:00")}, None),  # that there was an emergency is worth telling
    ],
)
def test_a_step_of_an_incident_is_worth_something_while_it_is_so(
    step: int, given: dict[str, object], said: str | None
) -> None:
    """An alert while the emergency lasts; «no result» while there is none."""
    known = Known(running=[incident(**given)])

    why = drafts.gone(draft("E-1", f"{step}:{INCIDENT}:1"), case(known, at("12:00")))

    assert (why is None) if said is None else (why or "").endswith(said)


def test_a_rule_of_its_own_comes_before_the_one_for_the_rest() -> None:
    """The letter about stocks has a day, any other a week; a plan of an incident has its own term."""
    prepared: datetime = at("16:00")

    stock = draft_shape.until(PLAYBOOK, "E-3", prepared)
    other = draft_shape.until(PLAYBOOK, "E-4", prepared)

    assert stock is not None
    assert other is not None
    assert (stock.due_at, stock.expires_at) == (at("10:00", 19), at("16:00", 19))
    assert (other.due_at, other.expires_at) == (at("20:00"), prepared + timedelta(days=7))


def test_where_nothing_is_said_of_letters_they_wait() -> None:
    """A regulation without the table keeps them until somebody speaks."""
    bare = replace(PLAYBOOK, rules={**PLAYBOOK.rules, "draft": {}})
    said = Case(Known(), bare, at("12:00", 28))
    expired = replace(draft("E-4", "1:task:x:1"), state="expired")

    assert draft_shape.until(bare, "E-4", at("16:00")) is None
    assert drafts.gone(expired, said) is None


def test_a_wait_may_count_working_days() -> None:
    """From Friday afternoon it is Monday afternoon."""
    book = load(ID, {f"{ID}.draft.letters.within": "1wd"})
    until = draft_shape.until(book, "E-4", at("16:00", 20))

    assert until is not None
    assert until.due_at == at("16:00", 23)
