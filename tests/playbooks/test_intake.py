"""Kind ``intake``: new appeals become tasks of their executors, and tasks follow their appeals."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks.facts import AppealStatus, MessageType, TaskKind, TaskStatus
from mcur.playbooks.intents import CreateTask, Intent, UpdateTask
from mcur.playbooks.rules import intake as kind
from tests.playbooks.facts import ID, Known, appeal, at, case, change, rule, task


def decide(known: Known, **values: Any) -> list[Intent]:
    """Let the rule of appeals decide at ten."""
    shown = case(known, at("10:00"), **values)
    return list(kind.decide(rule("intake", "appeals", shown), shown))


def test_a_new_appeal_becomes_a_task_of_its_executor() -> None:
    """Named by an alias; with term, clause, project and the reason."""
    one = appeal("4711", executor="ООО «УК Дом»", due_at=at("18:00", 20), text="Не убран снег")
    [made] = decide(Known(changes=[change(one)]))

    assert isinstance(made, CreateTask)
    assert made.key == f"task:{ID}:dobrodel:4711"
    assert (made.kind, made.project) == (TaskKind.EXECUTOR, "Задачи исполнителям")
    assert (made.assignee, made.announce) == ("executor:УК «Дом»", True)
    assert made.due_at == at("18:00", 20)
    assert made.cite.clause == "2.1.1[1]"
    assert made.cite.why == "новое обращение № 4711, поступило 18.11.2026 08:00"
    assert made.subject == "Снег: Одинцово, ул. Мира, 1 (№ 4711)"


def test_the_text_of_a_task_says_what_the_executor_needs() -> None:
    """Problem, number, address, term, when it is done, and the clause in its own words."""
    one = appeal("4711", executor="УК «Дом»", due_at=at("18:00", 20), text="Не убран снег")
    [made] = decide(Known(changes=[change(one)]))

    assert isinstance(made, CreateTask)
    text = to_text(made.body)
    wanted = [
        "Не убран снег", "4711 (Добродел)", "Одинцово, ул. Мира, 1", "20.11.2026 18:00",
        "Выполнено, когда", "п. 2.1.1", "Ответственный ставит задачу",
    ]  # fmt: skip
    assert [word for word in wanted if word not in text] == []


NOBODY = {
    "named, but not in the directory": ({"executor": "ООО «Рога»"}, "Исполнителя «ООО «Рога»» нет"),
    "not named": ({}, "Исполнитель в выгрузке не указан"),
}


@pytest.mark.parametrize(("given", "words"), NOBODY.values(), ids=NOBODY.keys())
def test_what_has_no_executor_is_the_officers(given: dict[str, Any], words: str) -> None:
    """The queue of the officer, with the reason on the task; nobody gets a letter."""
    [made] = decide(Known(changes=[change(appeal(**given))]))

    assert isinstance(made, CreateTask)
    assert (made.assignee, made.announce) == ("mcur_resp", False)
    assert words in to_text(made.body)


def test_who_serves_the_topic_is_found_where_the_export_names_nobody() -> None:
    """By the directory of the site."""
    [made] = decide(Known(changes=[change(appeal(category="Освещение"))]))

    assert isinstance(made, CreateTask)
    assert made.assignee == "executor:Горсвет"


BLANK = appeal(address=None, subcategory=None)


def test_blanks_of_an_export_are_said() -> None:
    """Absent is said, not left out."""
    [made] = decide(Known(changes=[change(BLANK)]))

    assert isinstance(made, CreateTask)
    assert made.subject == "Обращение: адрес не указан (№ 1)"
    assert made.due_at is None
    text = to_text(made.body)
    assert "тема не указана" in text
    assert "срок не определён" in text


def test_a_term_by_topic_fills_the_gap_of_the_export() -> None:
    """G18: the finest topic first, counted from registration."""
    [made] = decide(
        Known(changes=[change(appeal(category="Двор"))]),
        term__task__by_topic={"Снег": "12h", "Двор": "3d"},
    )

    assert isinstance(made, CreateTask)
    assert made.due_at == at("08:00") + timedelta(hours=12)


NO_TASK = {
    "closed at first sight": change(appeal(status=AppealStatus.CLOSED)),
    "rejected at first sight": change(appeal(status=AppealStatus.REJECTED)),
    "withdrawn": change(appeal(withdrawn_at=at("09:00"))),
    "a proposal": change(appeal(message_type=MessageType.PROPOSAL)),
    "spam": change(appeal(spam=True)),
    "history": change(appeal(), history=True),
    "another municipality": change(appeal(municipality="Рузский городской округ")),
}


@pytest.mark.parametrize("one", NO_TASK.values(), ids=NO_TASK.keys())
def test_some_appeals_make_no_task(one: Any) -> None:
    """Facts they are all the same."""
    assert decide(Known(changes=[one])) == []


MINE = ["Одинцовский городской округ", "Одинцовский г.о.", "г.о. Одинцовский", "Одинцово", None]


@pytest.mark.parametrize("name", MINE)
def test_the_municipality_is_known_in_all_its_spellings(name: str | None) -> None:
    """And a row without one belongs to every playbook that reads its feed."""
    assert len(decide(Known(changes=[change(appeal(municipality=name))]))) == 1


def test_topics_choose_what_the_rule_takes() -> None:
    """A row with neither block nor category belongs too."""
    rows = [appeal("1", category="ЖКХ"), appeal("2", block="жкх"), appeal("3"),
            appeal("4", category="Дороги")]  # fmt: skip
    found = decide(Known(changes=[change(r) for r in rows]), intake__appeals__topics=["ЖКХ"])

    assert [f.key.rsplit(":", 1)[1] for f in found if isinstance(f, CreateTask)] == ["1", "2", "3"]


# --- what happens to the appeal later -------------------------------------------------------------------

FOLLOWED: dict[str, tuple[dict[str, Any], tuple[str, ...], dict[str, Any], dict[str, Any]]] = {
    "closed there": (
        {"status": AppealStatus.CLOSED, "closed_at": at("09:30")}, ("status", "closed_at"), {},
        {"status": TaskStatus.CLOSED},
    ),
    "withdrawn": (
        {"withdrawn_at": at("09:30")}, ("withdrawn_at",), {}, {"status": TaskStatus.CLOSED},
    ),
    "returned there": (
        {"status": AppealStatus.RETURNED}, ("status",), {"status": TaskStatus.CLOSED},
        {"status": TaskStatus.RETURNED},
    ),
    "in work again after it was reported": (
        {"status": AppealStatus.IN_WORK}, ("status",), {"status": TaskStatus.DONE},
        {"status": TaskStatus.RETURNED},
    ),
    "the due moved": (
        {"due_at": at("12:00", 25)}, ("due_at",), {"due_at": at("12:00", 20)},
        {"due_at": at("12:00", 25)},
    ),
    "another executor": (
        {"executor": "Горсвет"}, ("executor",), {}, {"assignee": "executor:Горсвет"},
    ),
    "an executor nobody knows": (
        {"executor": "ООО «Рога»"}, ("executor",), {}, {"assignee": "mcur_resp"},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("given", "changed", "was", "news"), FOLLOWED.values(), ids=FOLLOWED)
def test_a_task_follows_its_appeal(
    given: dict[str, Any], changed: tuple[str, ...], was: dict[str, Any], news: dict[str, Any]
) -> None:
    """One change with one note that says why."""
    known = Known(changes=[change(appeal(**given), *changed)], kept=[task(**was)])
    [update] = decide(known)

    assert isinstance(update, UpdateTask)
    assert {name: getattr(update, name) for name in news} == news
    assert update.note is not None
    assert to_text(update.note).strip() == update.cite.why


UNMOVED = {
    "nothing changed": (change(appeal(), first=False), task()),
    "the text changed": (change(appeal(text="иначе"), "text"), task()),
    "closed there, closed here": (
        change(appeal(status=AppealStatus.CLOSED), "status"), task(status=TaskStatus.CLOSED)),
    "in work there, in work here": (
        change(appeal(status=AppealStatus.IN_WORK), "status"), task(status=TaskStatus.IN_WORK)),
    "the same due": (change(appeal(due_at=at("12:00")), "due_at"), task(due_at=at("12:00"))),
    "another executor of a closed task": (
        change(appeal(executor="Горсвет", status=AppealStatus.CLOSED), "executor"),
        task(status=TaskStatus.CLOSED)),
    "history": (change(appeal(status=AppealStatus.CLOSED), "status", history=True), task()),
}  # fmt: skip


@pytest.mark.parametrize(("one", "there"), UNMOVED.values(), ids=UNMOVED.keys())
def test_what_changes_nothing_costs_no_write(one: Any, there: Any) -> None:
    """An unchanged row costs no work in the tracker."""
    assert decide(Known(changes=[one], kept=[there])) == []


def test_an_appeal_that_reopens_becomes_a_task_if_there_was_none() -> None:
    """Closed at first sight, open now."""
    [made] = decide(Known(changes=[change(appeal(status=AppealStatus.RETURNED), "status")]))

    assert isinstance(made, CreateTask)


# --- tasks of others ------------------------------------------------------------------------------------

HANDS = {
    "nobody has it": ({"assignee": None}, 1),
    "the officer has it": ({"assignee": "mcur_resp"}, 0),
    "it is closed": ({"assignee": None, "status": TaskStatus.CLOSED}, 0),
    "we made it": ({"assignee": None, "rule": "letters"}, 0),
}


@pytest.mark.parametrize(("given", "updates"), HANDS.values(), ids=HANDS.keys())
def test_a_task_that_others_made_and_nobody_has_goes_to_the_officer(
    given: dict[str, Any], updates: int
) -> None:
    """2.1.6: the officer does what is set for the centre in Redmine."""
    one = task(kind=TaskKind.ASSIGNMENT, **{"rule": "issues", "author": "cur", **given})
    shown = case(Known(fresh=[one]), at("10:00"))
    found = list(kind.decide(rule("intake", "issues"), shown))

    assert [f.assignee for f in found if isinstance(f, UpdateTask)] == ["mcur_resp"] * updates
