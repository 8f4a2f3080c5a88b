"""The directory: who holds a role, who stands in, who executes, who may give assignments."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from mcur.playbooks.directory import Absence, Directory, Executor, Person, fold

DAY = date(2026, 11, 18)
ANNA = Person(name="Анна", roles=("mcur_head",), email="anna@a.ru", login="anna")
BORIS = Person(
    name="Борис", roles=("deputy_head@ЖКХ",), email="boris@a.ru",
    absences=(Absence(first=date(2026, 11, 17), last=date(2026, 11, 18), substitute="Анна"),),
)  # fmt: skip
VERA = Person(name="Вера", roles=("deputy_head@Дороги", "okrug_head"), email="vera@a.ru")
HOUSE = "одинцово, мира, 1"
PEOPLE = Directory(
    people=(ANNA, BORIS, VERA),
    executors=(
        Executor(name="УК «Дом»", aliases=("ООО УК Дом",), addresses=("одинцово, мира, *",)),
        Executor(name="Водоканал", topics=("Вода",), email="voda@v.ru"),
        Executor(name="Дом и вода", topics=("Вода",), addresses=("одинцово, мира, 1",)),
        Executor(name="Никто"),
    ),
    trusted=(("*@mingos.mosreg.ru", "mingos"), ("*@*.mosreg.ru", "cur")),
)

REFS: dict[str, list[tuple[str, str]]] = {
    "mcur_head": [("mcur_head", "anna@a.ru")],
    "deputy_head@Дороги": [("deputy_head@Дороги", "vera@a.ru")],
    "deputy_head": [("deputy_head@ЖКХ", "anna@a.ru"), ("deputy_head@Дороги", "vera@a.ru")],
    "deputy_heads": [("deputy_head@ЖКХ", "anna@a.ru"), ("deputy_head@Дороги", "vera@a.ru")],
    "deputy_head:Вера": [("deputy_head:Вера", "vera@a.ru")],
    "executor:ООО УК Дом": [("executor:ООО УК Дом", "")],
    "executor:Водоканал": [("executor:Водоканал", "voda@v.ru")],
    "executor:Неизвестный": [],
    "duty@cur.mosreg.ru": [("duty@cur.mosreg.ru", "duty@cur.mosreg.ru")],
    "hq_head": [],
}


@pytest.mark.parametrize(("ref", "wanted"), REFS.items(), ids=REFS.keys())
def test_a_recipient_is_a_role_an_executor_or_an_address(
    ref: str, wanted: list[tuple[str, str]]
) -> None:
    """Several stand under their blocks, who is named under his name; the absent are replaced."""
    assert [(r.ref, r.email) for r in PEOPLE.recipients(ref, DAY)] == wanted


@pytest.mark.parametrize(("day", "who"), [(16, "Борис"), (17, "Анна"), (18, "Анна"), (19, "Борис")])
def test_a_substitute_stands_in_from_the_first_to_the_last_day(day: int, who: str) -> None:
    """Both included."""
    [found] = PEOPLE.recipients("deputy_head@ЖКХ", date(2026, 11, day))

    assert found.name == who
    assert bool(found.substitute_for) is (who == "Анна")


def test_several_who_hold_the_very_same_role_are_told_apart_by_name() -> None:
    """A block tells them apart where it is theirs alone."""
    two = tuple(Person(name=n, roles=("oiv",), email=f"{n}@a.ru") for n in ("Анна", "Борис"))
    third = Person(name="Вера", roles=("oiv@ЖКХ",), email="vera@a.ru")
    people = Directory(people=(*two, third)).recipients("oivs", DAY)

    assert [r.ref for r in people] == ["oiv:Анна", "oiv:Борис", "oiv@ЖКХ"]


def test_one_person_of_two_roles_is_written_to_once() -> None:
    """One letter, one address."""
    both = Person(name="Анна", roles=("mcur_head", "mcur_head@ЖКХ"), email="anna@a.ru")

    assert len(Directory(people=(both, ANNA)).recipients("mcur_head", DAY)) == 1


SERVED: dict[str, tuple[dict[str, Any], str | None]] = {
    "by house": ({"topics": (None,), "house": HOUSE}, "УК «Дом»"),
    "by topic": ({"topics": ("вода",), "house": None}, "Водоканал"),
    "by both, the narrower first": ({"topics": ("Вода",), "house": HOUSE}, "Дом и вода"),
    "nobody serves it": ({"topics": ("Снег",), "house": "руза, мира, 1"}, None),
    "nothing is known": ({"topics": (), "house": None}, None),
}


@pytest.mark.parametrize(("given", "name"), SERVED.values(), ids=SERVED.keys())
def test_who_serves_a_problem_is_found_by_topic_and_house(
    given: dict[str, Any], name: str | None
) -> None:
    """Who serves nothing in particular serves nothing."""
    found = PEOPLE.executor_for(**given)

    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("address", "kind"),
    [("a@mingos.mosreg.ru", "mingos"), ("A@CUR.MOSREG.RU", "cur"), ("a@mosreg.ru.evil.ru", None),
     ("a@mosreg.ru", None), ("", None)],
)  # fmt: skip
def test_who_may_give_assignments_is_known_by_his_address(address: str, kind: str | None) -> None:
    """The first glob that fits wins."""
    assert PEOPLE.trusted_as(address) == kind


@pytest.mark.parametrize(
    "name", ["УК «Дом»", "ук дом", "УК  \"Дом\"", "ООО УК Дом", "ооо “ук дом”"]
)  # fmt: skip
def test_a_name_is_known_in_all_its_spellings(name: str) -> None:
    """Case, quotation marks and blanks do not count."""
    found = PEOPLE.executor(name)

    assert found is not None
    assert found.name == "УК «Дом»"
    assert fold("Ёлка") == fold("елка")


def test_an_empty_identity_is_nobody() -> None:
    """People without a login must not be found by an empty one."""
    assert PEOPLE.roles_of("") == ()
    assert PEOPLE.executor_of("") is None
    assert not VERA.holds("okrug_head", "")
