"""A site with several regulations: whose is a task that somebody made by hand, who reads a feed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from mcur.playbooks.directory import Directory, Person
from mcur.playbooks.facts import TaskSeen, TaskStatus
from mcur.playbooks.load import load
from mcur.playbooks.owning import reader_of, taker_of
from mcur.playbooks.playbook import Playbook
from tests.fakes import MORNING

ODINTSOVO, RUZA = load("odintsovo-1204"), load("ruza-679")
SILENT = replace(ODINTSOVO, id="silent", rules={})
"""A regulation that takes neither tasks nor appeals."""
ELSEWHERE = replace(RUZA, projects={"assignment": "Задания ГЖИ"})
PEOPLE = Directory(people=(Person(name="Инспектор", roles=("gzhi_spec",), login="inspector"),))


def an_issue(**given: Any) -> TaskSeen:
    """Make a task that a stranger made by hand in the project of both regulations."""
    values: dict[str, Any] = {
        "tracker": "redmine", "ident": "7", "key": None, "subject": "Отчитаться об уборке",
        "project": "RM: ЦУР: Управление", "status": TaskStatus.NEW, "author": "stranger",
        "created_at": MORNING, "updated_at": MORNING,
    }  # fmt: skip
    return TaskSeen(**values | given)


@pytest.mark.parametrize(
    ("site", "given", "owner"),
    [
        ([ODINTSOVO, RUZA], {}, "odintsovo-1204"),
        ([RUZA, ODINTSOVO], {}, "ruza-679"),
        ([SILENT, RUZA], {}, "ruza-679"),
        ([ODINTSOVO, ELSEWHERE], {"project": "Задания ГЖИ"}, "ruza-679"),
        ([ODINTSOVO, RUZA], {"author": "inspector"}, "ruza-679"),
        ([ODINTSOVO, RUZA], {"assignee": "inspector"}, "ruza-679"),
        ([ODINTSOVO, RUZA], {"text": "Адрес: Руза, ул. Солнцева, д. 5"}, "ruza-679"),
        ([RUZA, ODINTSOVO], {"subject": "г. Одинцово, ул. Мира, д. 5: снег"}, "odintsovo-1204"),
        ([RUZA, ODINTSOVO], {"text": "Адрес: Химки, ул. Мира, д. 5"}, "ruza-679"),
        ([SILENT], {}, "silent"),
    ],
    ids=[
        "nothing tells", "the first", "one that takes tasks", "by project", "by author",
        "by assignee", "by the place", "by the place in the subject", "a place of nobody",
        "one that takes none",
    ],
)  # fmt: skip
def test_a_task_made_by_hand_belongs_to_one_regulation(
    site: list[Playbook], given: dict[str, Any], owner: str
) -> None:
    """By project, people, place; else to the first."""
    cite = taker_of(an_issue(**given), site, PEOPLE)

    assert cite.playbook == owner
    assert cite.clause in next(one for one in site if one.id == owner).clauses
    assert (cite.rule == "issues") is (owner != "silent")


def test_a_feed_is_read_under_the_first_regulation_that_takes_appeals() -> None:
    """One that takes none does not stop the daemon."""
    assert reader_of([SILENT, RUZA]).playbook == "ruza-679"
    assert reader_of([ODINTSOVO, RUZA]).playbook == "odintsovo-1204"
    assert reader_of([SILENT]).playbook == "silent"
