"""Texts: every name that rules ask for is there, and every template can be filled."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from jinja2 import UndefinedError

from mcur.playbooks.load import load
from mcur.playbooks.texts import Texts
from tests.playbooks.facts import PLAYBOOK, at

TREE = Path(__file__).parents[2]
ZONE = ZoneInfo("Europe/Moscow")
TEXTS = PLAYBOOK.texts


def test_stamps_are_shown_in_the_zone_of_the_playbook() -> None:
    """moment, short and day, as people write them here."""
    texts = Texts({"x": "{{ moment(a) }} | {{ short(a) }} | {{ day(a) }} | {{ day(d) }}"})
    shown = texts.say("x", zone=ZONE, a=at("10:02", 17), d=date(2026, 11, 17))

    assert shown == "17.11.2026 10:02 | 17.11 10:02 | 17.11.2026 | 17.11.2026"


def test_a_value_that_nobody_gave_is_an_error() -> None:
    """A letter with a hole in it must not leave."""
    with pytest.raises(UndefinedError):
        Texts({"x": "{{ nobody }}"}).say("x", zone=ZONE)


def test_a_text_has_one_home() -> None:
    """Each file of words has its own names: the later file would silence the earlier."""
    tables = [
        tomllib.loads(f.read_text("utf-8")) for f in (TREE / "playbooks/words").glob("*.toml")
    ]
    names = Counter(name for table in tables for name in _names(table, ""))

    assert [name for name, count in names.items() if count > 1] == []


def _names(table: dict[str, Any], prefix: str) -> Iterator[str]:
    for key, value in table.items():
        if isinstance(value, dict):
            yield from _names(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def test_citizens_words_are_not_templates() -> None:
    """What an appeal says is a value, never evaluated."""
    said = "{{ 7 * 7 }} {% raw %}"

    assert Texts({"x": "{{ said }}"}).say("x", zone=ZONE, said=said) == said


def test_every_text_that_is_asked_for_by_name_is_there() -> None:
    """A name in the rules without a text would be found only on its day."""
    asked = set()
    for path in (TREE / "playbooks").rglob("*.py"):
        asked |= set(re.findall(r'\bsay\(\s*"([a-z_.0-9]+)"', path.read_text("utf-8")))

    assert asked
    assert {name for name in asked if not TEXTS.has(name)} == set()


def test_every_template_compiles() -> None:
    """Also those that are asked for by a made-up name."""
    for name in TEXTS._sources:
        TEXTS._compile(name)


def test_no_text_is_never_asked_for() -> None:
    """The first parts of a name stand somewhere in the code."""
    code = "\n".join(
        path.read_text("utf-8")
        for folder in ("playbooks", "daemon")
        for path in (TREE / folder).rglob("*.py")
    )
    unasked = {
        name
        for name in TEXTS._sources
        if f'"{name}"' not in code
        and not re.search(rf"""["']{re.escape(name.rpartition(".")[0])}\.\{{""", code)
        and f'"{name.split("_")[0]}' not in code
        and not re.search(rf'"{re.escape(name.partition(".")[0])}\.\{{', code)
    }

    assert unasked == set()


def test_the_misprint_of_an_order_is_never_copied() -> None:
    """«Правительства» is misprinted three times in an order; no text or quotation of ours repeats it."""
    sources = [p for p in (TREE / "playbooks").rglob("*") if p.suffix in {".toml", ".csv", ".py"}]
    told = [
        (source.name, number)
        for source in sources
        for number, line in enumerate(source.read_text("utf-8").splitlines(), start=1)
        if "предательств" in line.casefold() and not line.startswith("#")
    ]

    assert len(sources) > 50
    assert told == []
    assert "Правительства" in load("lenobl-8").clauses["4.1.4"].words
