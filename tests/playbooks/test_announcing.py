"""Letters to executors about their new tasks: one an executor and half-hour."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from mcur.connectors.papers.text import to_text
from mcur.playbooks.directory import Directory, Executor, Notify
from mcur.playbooks.facts import Task
from mcur.playbooks.intents import Announced, SendLetter
from mcur.playbooks.rules import announcing
from tests.playbooks.facts import PEOPLE, Known, at, case, rule, task

NOW = at("10:00")


def letters(known: Known, now: datetime = NOW) -> tuple[list[SendLetter], list[Announced]]:
    """Return the letters, and what is noted as told."""
    found = list(
        announcing.letters(
            rule("intake", "appeals"),
            timedelta(minutes=30),
            timedelta(minutes=10),
            case(known, now),
        )
    )
    return [f for f in found if isinstance(f, SendLetter)], [
        f for f in found if isinstance(f, Announced)
    ]


def test_all_new_tasks_of_an_executor_stand_in_one_letter() -> None:
    """A table of number, appeal, address, problem and term, the nearest due first."""
    one, two = task("1", due_at=at("18:00", 25)), task("2", due_at=at("18:00", 19))
    [letter], [told] = letters(Known(announcing=[one, two]))

    assert letter.to == ("executor:УК «Дом»",)
    assert letter.subject == "2 новые задачи"
    assert told.tasks == (one.key, two.key)
    text = to_text(letter.document)
    assert text.index("№ 2") < text.index("№ 1")
    assert "Вам поставлены 2 новые задачи" in text


@pytest.mark.parametrize(
    ("count", "words"),
    [(1, "1 новая задача: Снег, Одинцово, ул. Мира, 1"), (5, "5 новых задач"),
     (21, "21 новая задача"), (60, "60 новых задач")],
)  # fmt: skip
def test_the_subject_counts_in_good_russian(count: int, words: str) -> None:
    """1, 5, 21, 60."""
    [letter], _ = letters(Known(announcing=[task(str(n)) for n in range(count)]))

    assert letter.subject == words


@pytest.mark.parametrize(("minutes", "letters_"), [(0, 0), (29, 0), (30, 1), (31, 1), (None, 1)])
def test_a_second_letter_waits_for_half_an_hour(minutes: int | None, letters_: int) -> None:
    """And nothing is noted as told before."""
    told = {} if minutes is None else {"УК «Дом»": NOW - timedelta(minutes=minutes)}
    sent, noted = letters(Known(announcing=[task()], told=told))

    assert (len(sent), len(noted)) == (letters_, letters_)


@pytest.mark.parametrize(("minutes", "sent"), [(9, 0), (10, 1)])
def test_a_task_without_a_number_waits_ten_minutes_for_it(minutes: int, sent: int) -> None:
    """A silent tracker must not keep the executor in the dark."""
    one = task(ident=None, decided_at=NOW - timedelta(minutes=minutes))
    found, _ = letters(Known(announcing=[one]))

    assert len(found) == sent


def test_who_works_in_the_tracker_gets_no_letter() -> None:
    """But a login alone is not enough: ``notify`` says it."""
    executor = Executor(name="УК «Дом»", email="a@b.ru", login="dom", notify=Notify.REDMINE)
    people = Directory(people=PEOPLE.people, executors=(executor,))
    by_mail = replace(people, executors=(replace(executor, notify=Notify.MAIL),))

    assert letters(Known(announcing=[task()], directory=people))[0] == []
    assert len(letters(Known(announcing=[task()], directory=people))[1]) == 1
    assert len(letters(Known(announcing=[task()], directory=by_mail))[0]) == 1


def test_each_executor_has_a_letter_of_his_own() -> None:
    """Nobody reads of the tasks of others."""
    other: Task = task("2", assignee="executor:Горсвет", executor="Горсвет", address=None)
    sent, _ = letters(Known(announcing=[task("1"), other]))

    assert [x.to for x in sent] == [("executor:Горсвет",), ("executor:УК «Дом»",)]
    assert "адрес не указан" in sent[0].subject
    assert sent[0].key != sent[1].key


def test_the_same_tasks_give_the_same_key() -> None:
    """Tomorrow and after a crash."""
    [one], _ = letters(Known(announcing=[task()]))
    [again], _ = letters(Known(announcing=[task()]), at("10:05"))

    assert one.key == again.key
