"""The ladder of an incident: waits of steps, steps that count from a step, steps that wait for a word."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Incident
from mcur.playbooks.intents import PrepareDraft, SendLetter
from mcur.playbooks.load import PlaybookError, parse
from tests.playbooks.hand_made import HEAD, Known, at, decided, of

ID = "khimki-energy"
KEY = f"incident:{ID}:T6:total:2026-11-17"
LADDER = """
[ladder.K]
on = "incident"
mode = "emergency"
clause = "3.2"
wait = ["1h", "2h"]
[[ladder.K.steps]]
when = "no_result"
text = "report"
sender = "mcur_resp"
to = ["mcur_head"]
[[ladder.K.steps]]
clause = "4.1[1]"
after = 1
text = "alert"
sender = "mcur_head"
to = ["deputy_head"]
[[ladder.K.steps]]
clause = "4.5"
when = "no_result"
after = 2
text = "no_result"
release = "manual"
sender = "mcur_head"
to = ["okrug_head"]
"""


def known() -> Known:
    """Return what is known of a suspicion since Tuesday 09:40."""
    incident = Incident(
        key=KEY,
        playbook=ID,
        rule="T6",
        clause="3.1[1]",
        object="total",
        mode="emergency",
        state="suspected",
        detected_at=at("17 09:40"),
        onset_at=at("17 09:40"),
        entered_at=at("17 09:40"),
        why="рост",
    )
    return Known(kept={KEY: incident})


def letters(facts: Known, now: str) -> list[str]:
    """Run a cycle; return the clauses of what it wants to write, a draft in brackets."""
    found = []
    for intent in decided(facts, ID, LADDER, now):
        if isinstance(intent, SendLetter):
            found.append(intent.cite.clause)
        elif isinstance(intent, PrepareDraft):
            found.append(f"({intent.cite.clause})")
    return found


def word(clock: str) -> Act:
    """Return the officer's word that there is no progress."""
    return Act(ident=clock, at=at(f"17 {clock}"), by="mcur_resp", do="no-progress", key=KEY)


def test_each_step_has_its_wait_and_its_beginning() -> None:
    """The second step follows the first at once, the third counts from the second."""
    facts = known()

    assert letters(facts, "17 10:39") == []
    assert letters(facts, "17 10:40") == ["3.2", "4.1[1]"]
    assert letters(facts, "17 10:40") == []
    assert letters(facts, "17 12:39") == []
    assert letters(facts, "17 12:40") == ["(4.5)"]
    assert letters(facts, "17 15:00") == []


def test_a_step_that_came_late_moves_the_ones_after_it() -> None:
    """Two hours are two hours: after downtime nobody is told that they have passed when they have not."""
    facts = known()

    assert letters(facts, "17 11:30") == ["3.2", "4.1[1]"]
    assert letters(facts, "17 12:40") == []
    assert letters(facts, "17 13:30") == ["(4.5)"]


@pytest.mark.parametrize(("solved", "later"), [("17 10:39", []), ("17 11:00", ["3.2", "4.1[1]"])])
def test_solved_stops_what_has_not_been_taken(solved: str, later: list[str]) -> None:
    """Before the first step nothing leaves, after it only the rest is spared."""
    facts = known()
    taken = letters(facts, "17 10:40") if later else []  # at its end, while nobody has solved it
    facts.kept[KEY] = replace(facts.kept[KEY], solved_at=at(solved))

    assert taken == later
    assert letters(facts, "17 10:40") == []
    assert letters(facts, "17 12:40") == []


def test_what_was_solved_after_the_wait_does_not_undo_the_step() -> None:
    """While the daemon slept the hour went by; what counts from the late step is spared."""
    facts = known()
    facts.kept[KEY] = replace(facts.kept[KEY], solved_at=at("17 10:50"))

    assert letters(facts, "17 11:00") == ["3.2", "4.1[1]"]
    assert letters(facts, "17 13:00") == []


def test_a_word_stands_for_one_wait() -> None:
    """«No progress» at 10:00 takes the first step; the third waits for its time or another word."""
    facts = known()
    facts.acts = [word("10:00")]
    assert letters(facts, "17 10:00") == ["3.2", "4.1[1]"]
    assert letters(facts, "17 10:30") == []
    facts.acts.append(word("11:00"))
    assert letters(facts, "17 11:00") == ["(4.5)"]


def test_a_draft_wakes_its_owner() -> None:
    """Without an owner of its own a step waits for its sender."""
    facts = known()
    decided(facts, ID, LADDER, "17 10:40")
    [draft] = of(PrepareDraft, decided(facts, ID, LADDER, "17 12:40"))

    assert draft.owner == "mcur_head"
    assert draft.key == f"draft:{ID}:K:3:{KEY}:1"


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('["1h", "2h"]', '["1h", "2h", "3h"]', "wait names 3 waits for 2 steps that wait"),
        ("after = 2", "after = 3", "step 3 counts from step 3, which does not come before it"),
    ],
)
def test_waits_and_steps_must_fit(old: str, new: str, said: str) -> None:
    """A wait too many is a mistake of whoever wrote the table."""
    with pytest.raises(PlaybookError, match=said):
        parse(HEAD.format(id=ID) + LADDER.replace(old, new), "test.toml", {})
