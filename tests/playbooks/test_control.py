"""Kind ``control``: the daily check of the officer, and poor work of executors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks.facts import Appeal, TaskKind, TaskStatus, Term
from mcur.playbooks.intents import Channel, CreateTask, SendLetter
from mcur.playbooks.rules import control as kind
from tests.playbooks.facts import ID, LIVE, Known, appeal, at, case, rule, task

DAY = f"task:{ID}:day:mcur_resp:2026-11-18"


def daily(known: Known, now: datetime) -> list[CreateTask]:
    """Let the daily control decide."""
    found = kind.decide(rule("control", "daily"), case(known, now))
    return [f for f in found if isinstance(f, CreateTask)]


def quality(known: Known, now: datetime, **values: Any) -> list[SendLetter]:
    """Let T12 decide."""
    shown = case(known, now, **values)
    found = kind.decide(rule("control", "T12", shown), shown)
    return [f for f in found if isinstance(f, SendLetter)]


@pytest.mark.parametrize(
    ("clock", "tasks"), [("08:59:59", 0), ("09:00:00", 1), ("09:00:01", 1), ("23:59:59", 1)]
)
def test_the_task_of_the_day_is_made_from_nine_on(clock: str, tasks: int) -> None:
    """Also late, after downtime, but on its day."""
    assert len(daily(Known(), at(clock))) == tasks


def test_the_task_of_the_day_is_made_once() -> None:
    """And not of a morning before the site was live."""
    assert daily(Known(keys={DAY}), at("10:00")) == []
    assert daily(Known(live_from=at("09:30")), at("10:00")) == []


def test_the_task_of_the_day_names_every_list_with_its_clause() -> None:
    """Counts for all, tables for what there is."""
    accept = Term(
        key="t", playbook=ID, rule="accept", clause="2.1.2.1", object="mp:Н-1", outcome="breached",
        started_at=at("10:00", 16), due_at=at("10:00", 17),
    )  # fmt: skip
    known = Known(
        terms=[accept],
        entries={
            "new": [appeal("Н-1", source="mp")],
            "returned": [appeal("В-1")],
            "deferred": [appeal("О-1", address=None)],
            "repeat": [appeal("П-1"), appeal("П-2", municipality="Рузский г.о.")],
        },
        kept=[
            task("Т-1", due_at=at("12:00", 17), ident="801"),
            task("Т-2", due_at=at("12:00", 19), ident="802"),
            task("Т-3", kind=TaskKind.ASSIGNMENT, decided_at=at("12:00", 17), ident="803",
                 executor=None, assignee="mcur_resp", topic="Отчитаться"),
        ],
    )  # fmt: skip
    [made] = daily(known, at("09:00"))
    text = to_text(made.body)

    assert made.key == DAY
    assert (made.kind, made.assignee) == (TaskKind.DAY, "mcur_resp")
    assert made.due_at == at("23:59:59")
    wanted = [
        "за 17.11.2026", "Не взяты в работу в течение 24 часов: 1", "Просрочены: 0",
        "Повторные: 1", "Н-1", "В-1", "О-1", "П-1", "№ 801", "Отчитаться",
        "Новые задания и задачи в Redmine (п. 2.1.6)", "адрес не указан",
    ]  # fmt: skip
    assert [word for word in wanted if word not in text] == []
    assert [word for word in ("П-2", "№ 802") if word in text] == []


def test_a_done_task_is_not_shown_as_overdue() -> None:
    """Its executor has reported in time; the officer only has to confirm."""
    one = task(due_at=at("12:00", 17), status=TaskStatus.DONE, done_at=at("11:00", 17))
    [made] = daily(Known(kept=[one]), at("09:00"))

    assert "Просроченные задачи исполнителей: 0" in to_text(made.body)


# --- quality --------------------------------------------------------------------------------------------


def poor(source: str = "mp", **given: Any) -> Appeal:
    """Make an appeal that was returned."""
    return appeal("М-1", **{"source": source, "executor": "УК «Дом»", **given})


def test_the_first_case_of_a_day_is_reported_to_the_head() -> None:
    """At once, with what is wrong and who did it."""
    [letter] = quality(Known(entries={"returned": [poor()]}), at("10:00"))

    assert letter.key == f"letter:{ID}:T12:1:2026-11-18"
    assert (letter.sender, letter.to) == ("mcur_resp", ("mcur_head",))
    assert letter.channel is Channel.ESCALATIONS
    assert "возвращено на доработку" in to_text(letter.document)
    assert letter.cite.why == "некачественная работа исполнителей: 1 случай за день"


def test_one_letter_a_day_is_enough() -> None:
    """The key of the day is known."""
    known = Known(entries={"returned": [poor()]}, keys={f"letter:{ID}:T12:1:2026-11-18"})

    assert quality(known, at("10:00")) == []


GOOD = {
    "another source": poor("dobrodel"),
    "another municipality": poor(municipality="Рузский городской округ"),
    "history": poor(received_at=LIVE.replace(year=2025)),
}


@pytest.mark.parametrize("one", GOOD.values(), ids=GOOD.keys())
def test_nobody_is_blamed_for_what_is_not_his(one: Appeal) -> None:
    """Only the mobile application, only ours, only since the site is live."""
    assert quality(Known(entries={"returned": [one], "overdue": [one]}), at("10:00")) == []


@pytest.mark.parametrize(("limit", "letters"), [(0, 0), (1, 1), (2, 1), (3, 0)])
def test_a_limit_is_reached_by_the_count_of_the_day(limit: int, letters: int) -> None:
    """0 switches a criterion off."""
    known = Known(entries={"overdue": [poor(), appeal("М-2", source="mp")]})

    assert len(quality(known, at("10:00"), control__T12__overdue=limit)) == letters


def test_a_late_acceptance_counts_on_the_day_it_became_late() -> None:
    """By the terms of the acceptance rule."""
    term = Term(
        key="t", playbook=ID, rule="accept", clause="2.1.2.1", object="mp:М-1", outcome="breached",
        started_at=at("09:00", 17), due_at=at("09:00"),
    )  # fmt: skip
    known = Known(terms=[term], entries={"new": [poor()]})

    assert "не взято в работу" in to_text(quality(known, at("10:00"))[0].document)
    assert quality(known, at("10:00", 19)) == []
