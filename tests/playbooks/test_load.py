"""Reading playbooks: what is wrong is said as sentences, all of it at once."""

from __future__ import annotations

import tomllib
from datetime import timedelta
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest

from mcur.playbooks.load import PlaybookError, cited, clauses_of, known_playbooks, load, parse
from mcur.playbooks.playbook import Playbook

BROKEN = sorted((Path(__file__).parent / "broken").glob("*.toml"))
ID = "odintsovo-1204"


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_a_broken_playbook_is_refused_with_a_sentence(path: Path) -> None:
    """Each file says in its first line what must be said of it."""
    text = path.read_text("utf-8")
    expected = text.splitlines()[0].removeprefix("# expect: ")

    with pytest.raises(PlaybookError) as refusal:
        parse(text, path.name, {})

    assert expected in str(refusal.value)
    assert all(problem.startswith(path.name) for problem in refusal.value.problems)


def test_everything_wrong_is_said_at_once() -> None:
    """Who mends a file wants the whole list."""
    text = 'id = "odintsovo-1204"\ntitle = "x"\n[surge9.a]\n[surge8.b]\n[calendar]\ntz = "Mars"\n'

    with pytest.raises(PlaybookError) as refusal:
        parse(text, "x.toml", {})

    assert len(refusal.value.problems) == 3


VALUES: dict[str, tuple[str, Any, str]] = {
    "a rule that is not there": ("report.O-9.send_at", "09:00", 'there is no "O-9"'),
    "a kind that is not there": ("reports.O-2.send_at", "09:00", 'there is no "reports"'),
    "a parameter that is not there": ("report.O-2.sent_at", "09:00", "sent_at: unknown key"),
    "a value of the wrong type": ("report.O-2.max_rows", "many", "report.O-2.max_rows"),
    "an hour that is none": ("report.O-2.send_at", "9 утра", "report.O-2.send_at"),
    "hours that contradict": ("report.O-2.send_at", "10:30", "is not before deadline"),
    "a word that is not known": ("calendar.catch_up", "always", '"always" is not known'),
    "a zone that is none": ("calendar.tz", "Mars", "is not a time zone"),
    "the title": ("title", "Мой", "is no value of a playbook"),
    "nothing but the playbook": ("", "x", "is no value of a playbook"),
    "a clause that is not there": ("report.O-2.clause", "9.9", "does not stand in the regulation"),
}


@pytest.mark.parametrize(("path", "value", "words"), VALUES.values(), ids=VALUES.keys())
def test_a_value_of_the_site_that_cannot_be_is_refused(path: str, value: Any, words: str) -> None:
    """With its dotted path."""
    with pytest.raises(PlaybookError) as refusal:
        load(ID, {f"{ID}.{path}".rstrip("."): value})

    assert words in str(refusal.value)


def test_a_value_of_the_site_wins() -> None:
    """By its dotted path; everything else stays."""
    plain = load(ID)
    playbook = load(ID, {f"{ID}.report.O-2.send_at": "09:40", f"{ID}.calendar.day_starts": "08:00"})

    assert f"{playbook.rules['report']['O-2'].send_at:%H:%M}" == "09:40"  # type: ignore[attr-defined]
    assert f"{playbook.calendar.day_starts:%H:%M}" == "08:00"
    assert playbook.rules["report"]["O-3"] == plain.rules["report"]["O-3"]
    assert playbook.digest != plain.digest


def test_values_of_other_playbooks_are_not_ours() -> None:
    """The site says whose they are."""
    assert load(ID, {"ruza-679.surge.T1.op": "gt"}).digest == load(ID).digest


def test_an_unknown_playbook_is_refused_with_a_guess() -> None:
    """A misprint is the usual reason."""
    with pytest.raises(PlaybookError, match='did you mean "odintsovo-1204"'):
        load("odintsovo-1240")


@pytest.fixture(params=known_playbooks())
def shipped(request: pytest.FixtureRequest) -> Playbook:
    """Every playbook of the library."""
    return load(str(request.param))


def test_every_clause_that_is_cited_stands_in_the_regulation(shipped: Playbook) -> None:
    """The table of clauses is the regulation's own."""
    rules = [rule for table in shipped.rules.values() for rule in table.values()]
    clauses = [clause for rule in rules for clause in cited(rule)]

    assert clauses
    assert set(clauses) <= set(clauses_of(shipped.id))


def test_every_rule_can_be_switched_off(shipped: Playbook) -> None:
    """``enabled = false`` is a value like any other."""
    for kind, table in shipped.rules.items():
        for name in table:
            off = load(shipped.id, {f"{shipped.id}.{kind}.{name}.enabled": False})
            assert name not in [rule.id for rule in off.enabled(kind)]


def test_what_fills_a_gap_says_which(shipped: Playbook) -> None:
    """`playbook assumptions` lists it."""
    silent = [
        rule.id
        for table in shipped.rules.values()
        for rule in table.values()
        if rule.assumption and not rule.assumes
    ]

    assert silent == []


def test_the_file_has_no_key_that_nobody_reads(shipped: Playbook) -> None:
    """Tables at the top are rule kinds or known ones."""
    text = (files("mcur.playbooks") / "library" / f"{shipped.id}.toml").read_text("utf-8")
    known = {
        "id",
        "title",
        "municipalities",
        "act",
        "calendar",
        "poll",
        "roles",
        "projects",
        "human",
        "directory",
        "overlay",
        "texts",
    }

    assert set(tomllib.loads(text)) <= known | set(shipped.rules)


def test_a_periodic_report_is_named_as_a_report_too() -> None:
    """Whoever reads the regulation looks for L-3 among its reports."""
    [rule] = [
        r
        for r in load("lenobl-8", {"lenobl-8.report.L-3.every": "3h"}).enabled("cycle")
        if r.id == "L-3"
    ]

    assert getattr(rule, "every", None) == timedelta(hours=3)
    with pytest.raises(PlaybookError, match='there is no "L-4"'):
        load("lenobl-8", {"lenobl-8.report.L-4.every": "3h"})
