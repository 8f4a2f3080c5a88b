"""Phrases of notes that are acts, and everything that is only a note."""

from __future__ import annotations

import pytest

from mcur.playbooks import notes
from mcur.playbooks.facts import Note
from mcur.playbooks.permits import VOCABULARY
from mcur.playbooks.spoken import PHRASES, acts_in
from tests.playbooks.facts import PEOPLE, at


@pytest.mark.parametrize(
    ("text", "do", "rest", "fields"),
    [
        ("Утверждаю", "approve", "", {}),
        ("утверждаю.", "approve", "", {}),
        ("На доработку: нет сроков", "return", "нет сроков", {}),
        ("На доработку\nнет сроков\nи ответственных", "return", "нет сроков\nи ответственных", {}),
        ("Нет динамики", "no-progress", "", {}),
        ("Проблема не устранена: подрядчик не вышел", "unsolved", "подрядчик не вышел", {}),
        ("Звонок сделан в 10:42: дозвонился", "call-done", "дозвонился", {"at": "10:42"}),
        ("Создан штаб: Иванов И. И.", "form-hq", "", {"head": "Иванов И. И."}),
        ("Продлить до 25.11.2026 18:00: ждём насос", "extend", "ждём насос", {"due_at": "25.11.2026 18:00"}),
        (
            "Объявить чрезвычайную ситуацию: ул. Солнцева, 5\nВзрыв газа",
            "declare", "Взрыв газа", {"mode": "crisis", "object": "ул. Солнцева, 5"},
        ),
        (
            "Отсутствует до 2026-11-20: Петрова А. А.; замещает Иванов И. И.",
            "absent", "Петрова А. А.; замещает Иванов И. И.",
            {"until": "2026-11-20", "person": "Петрова А. А.", "substitute": "Иванов И. И."},
        ),
        ("[x] сайт администрации", "tick", "", {"item": "сайт администрации"}),
    ],
)  # fmt: skip
def test_a_phrase_is_an_act(text: str, do: str, rest: str, fields: dict[str, str]) -> None:
    """Case and a full stop do not count; what follows is its text, or fills its field."""
    [said] = acts_in(text)

    assert (said.do, said.text, said.fields, said.key) == (do, rest, fields, None)


def test_a_key_says_what_it_is_done_to() -> None:
    """Reports and drafts have no task of their own: their key stands behind the phrase."""
    [said] = acts_in("Отправить: draft:ruza-679:L-4:2026-11-18\nпроверил сам")

    assert (said.do, said.text) == ("release", "проверил сам")
    assert said.key == "draft:ruza-679:L-4:2026-11-18"


def test_each_ticked_line_is_an_act() -> None:
    """A checklist is ticked line by line; what is not ticked waits."""
    said = list(acts_in("[x] сайты\n[ ] стенды\n✓ соцсети"))

    assert [(one.do, one.fields["item"]) for one in said] == [
        ("tick", "сайты"),
        ("tick", "соцсети"),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Закрыть не можем, ждём насос",
        "Прошу утвердить",
        "Меры: заменён стояк",
        "Отправил письмо",
    ],
)
def test_anything_else_is_a_note(text: str) -> None:
    """A phrase inside a sentence orders nothing."""
    assert list(acts_in(text)) == []


def test_every_act_that_is_no_change_of_a_field_has_a_phrase() -> None:
    """The table of acts of the contract is whole: notes and statuses are the tracker's own."""
    said = {do for do, _ in PHRASES.values()} | {"tick"}

    assert VOCABULARY - said == {"note", "status"}


def test_a_note_that_is_an_order_is_that_and_nothing_else() -> None:
    """One deed of one person; the measures that stand under it are its own."""
    note = Note(
        ident="7", at=at("10:02"), author="ivanova", text="Нет динамики: не вышли\nМеры: ждём"
    )

    [order] = notes.from_note("incident:x", "redmine", note, PEOPLE)
    assert (order.do, order.key, order.text) == (
        "no-progress",
        "incident:x",
        "не вышли\nМеры: ждём",
    )
    assert order.fields["measures"] == "ждём"
    assert order.ident == "tracker:redmine:incident:x:7:said:1"
