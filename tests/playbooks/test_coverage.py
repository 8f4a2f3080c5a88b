"""Who does each clause: rules, the directory of the site, people with a reason."""

from __future__ import annotations

import pytest

from mcur.playbooks.coverage import counts, coverage
from mcur.playbooks.load import PlaybookError, clauses_of, known_playbooks, load, parse
from tests.playbooks.hand_made import HEAD


@pytest.mark.parametrize("playbook", known_playbooks())
def test_every_clause_is_somebodys(playbook: str) -> None:
    """A clause has a rule or a reason."""
    found = coverage(load(playbook))

    assert {c.clause.id for c in found if c.how == "uncovered"} == set()
    assert sum(counts(found).values()) == 2 * len(found) == 2 * len(clauses_of(playbook))


@pytest.mark.parametrize("playbook", known_playbooks())
def test_people_keep_only_what_the_table_of_clauses_leaves_to_them(playbook: str) -> None:
    """A reason is no way out of a duty that a program can perform."""
    found = coverage(load(playbook))

    assert [one.clause.id for one in found if one.how == "human" and not one.reason] == []
    assert [
        one.clause.id for one in found if one.how == "human" and one.clause.automation == "auto"
    ] == []


def test_a_clause_says_by_which_rules() -> None:
    """A column of a form is found through its rule."""
    found = {one.clause.id: one for one in coverage(load("odintsovo-1204"))}

    assert found["app3.T2.c7"].rules == ("plan.O-P2",)
    assert set(found["3.2"].rules) == {"mode.emergency", "ladder.E-1"}
    assert found["1.4.b3"].rules == ("directory",)
    assert (found["5.5"].how, found["app2.T2.c2"].how) == ("performed", "helped")


@pytest.mark.parametrize(
    "table",
    ['[human]\n"99.9" = "нет такого"', '[directory]\nclauses = ["99.9"]'],
)
def test_a_clause_that_does_not_stand_in_the_regulation_is_refused(table: str) -> None:
    """Nobody can be given what nobody asked for."""
    with pytest.raises(PlaybookError, match=r'clause "99\.9" does not stand in the regulation'):
        parse(HEAD.format(id="ruza-679") + table, "test.toml", {})
