"""Checklists: which item a tick means, when a list is done, when the next one comes."""

from __future__ import annotations

import pytest

from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import CreateTask, Tell
from mcur.playbooks.ticking import item_of
from tests.playbooks.hand_made import Known, at, decided, of

ID = "khimki-energy"
KEY = f"incident:{ID}:T6:Химки:2026-11-17"
CHANNELS = ("сайты ОМСУ", "местные СМИ", "социальные сети ОМСУ", "сайты управляющих организаций")
RULES = """
[checklist.channels]
clause = "4.7"
title = "Проверка каналов"
mode = "emergency"
since = "K.1"
every = "1h"
assignee = "mcur_head"
items = ["сайты", { text = "СМИ", clause = "4.1[3]" }]
"""


def tick(item: str, text: str = "") -> Act:
    """Return a tick."""
    return Act(
        ident="1", at=at("17 11:00"), by="mcur_head", do="tick", text=text, fields={"item": item}
    )


@pytest.mark.parametrize(
    ("said", "place"),
    [
        ("Местные СМИ", 1),
        ("4", 3),
        ("0", None),
        ("5", None),
        ("СМИ", 1),
        ("сайты", None),
        ("Сайты омсу", 0),
        ("листовки", None),
        ("", None),
    ],
)
def test_a_tick_means_one_item_or_none(said: str, place: int | None) -> None:
    """What could mean two items means none."""
    assert item_of(tick(said), CHANNELS) == place


def test_the_only_item_needs_no_name_but_a_wrong_name_is_none() -> None:
    """The text of a tick names an item as well."""
    assert item_of(tick(""), ["предложения доложены"]) == 0
    assert item_of(tick("листовки"), ["предложения доложены"]) is None
    assert item_of(tick("", text="местные СМИ"), CHANNELS) == 1


@pytest.mark.parametrize(
    ("now", "made", "missed"),
    [
        ("17 11:39", [], []),
        ("17 11:40", ["11:40"], []),
        ("17 11:42", ["11:40"], []),
        ("17 11:42:01", [], ["11:40"]),
        ("17 13:40", ["13:40"], ["11:40", "12:40"]),
    ],
)
def test_a_periodic_list_counts_from_its_step(now: str, made: list[str], missed: list[str]) -> None:
    """Before the step there is none; what was slept through is missed, never replayed."""
    incident = Incident(
        key=KEY,
        playbook=ID,
        rule="T6",
        clause="3.1[1]",
        object="Химки",
        mode="emergency",
        state="open",
        detected_at=at("17 09:40"),
        onset_at=at("17 09:40"),
        entered_at=at("17 09:40"),
        facts={"K.1": at("17 10:40")},
    )
    intents = decided(Known(kept={KEY: incident}), ID, RULES, now)

    lists = of(CreateTask, intents)
    assert [task.key[-5:] for task in lists] == made
    assert [line.key[-5:] for line in of(Tell, intents)] == missed
    assert [task.cite.clauses for task in lists] == [("4.1[3]",)] * len(made)
