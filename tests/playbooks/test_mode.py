"""What an incident owes by when, and which slots its reports have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Incident, Plan
from mcur.playbooks.intents import (
    ChangeIncident,
    EndTerm,
    PrepareDraft,
    SendLetter,
    StartTerm,
    Tell,
    TermOutcome,
    UpdateTask,
)
from tests.playbooks.hand_made import Known, at, decided, of

KEY = "incident:ruza-679:declared:Котельная:2026-11-17"
MODE = """
[mode.emergency]
clause = "8.1"
mode = "emergency"
officer = "mcur_resp"
head = "mcur_head"
[[mode.emergency.terms]]
clause = "8.2.1"
title = "Сформировать группу"
since = "no_progress"
within = "24h"
met_by = "form_group"
[[mode.emergency.terms]]
clause = "8.2.2"
title = "Утвердить план"
since = "onset"
within = "24h"
met_by = "plan"
"""
CYCLE = """
[cycle.K]
clause = "8.2.4"
title = "Доклад"
mode = "emergency"
every = "2h"
author = "mcur_head"
to = ["deputy_head"]
"""


def emergency(**given: object) -> Known:
    """Return what is known of one emergency since Tuesday 13:05, begun at 12:00."""
    incident = Incident(
        key=KEY,
        playbook="ruza-679",
        rule="emergency",
        clause="8.1",
        object="Котельная",
        mode="emergency",
        state="open",
        detected_at=at("17 13:05"),
        onset_at=at("17 12:00"),
        entered_at=at("17 13:05"),
        why="объявлено",
        declared_by="mcur_resp",
    )
    return Known(kept={KEY: replace(incident, **given)})  # type: ignore[arg-type]


def test_a_term_begins_with_the_fact_that_starts_it() -> None:
    """A term since the onset is there at once, one since a word not before it was said."""
    known = emergency()
    first = of(StartTerm, decided(known, "ruza-679", MODE, "17 13:05"))
    known.kept[KEY] = replace(known.kept[KEY], facts={"no_progress": at("17 15:40")})
    second = of(StartTerm, decided(known, "ruza-679", MODE, "17 15:40"))

    assert [(t.cite.clause, t.due_at) for t in first] == [("8.2.2", at("18 12:00"))]
    assert [(t.cite.clause, t.due_at) for t in second] == [("8.2.1", at("18 15:40"))]


@pytest.mark.parametrize(
    ("approved", "now", "outcome", "ended"),
    [
        ("18 12:00", "18 12:00", TermOutcome.MET, "18 12:00"),
        ("18 12:00:01", "18 12:00:01", TermOutcome.BREACHED, "18 12:00:01"),
        (None, "18 12:00:01", TermOutcome.BREACHED, None),
    ],
)
def test_the_end_of_a_term_is_still_in_time(
    approved: str | None, now: str, outcome: TermOutcome, ended: str | None
) -> None:
    """24 hours and not a second more (C5); what nobody met is breached by the first look after."""
    known = emergency()
    decided(known, "ruza-679", MODE, "17 13:05")
    known.plans[f"plan:ruza-679:operational:{KEY}"] = Plan(
        key="plan",
        playbook="ruza-679",
        rule="P",
        clause="8.1",
        task="draft",
        state="approved",
        approved_at=at(approved) if approved else None,
    )

    [end] = of(EndTerm, decided(known, "ruza-679", MODE, now))

    assert (end.outcome, end.ended_at) == (outcome, at(ended) if ended else None)


def test_at_its_end_a_term_that_nobody_met_is_not_breached_yet() -> None:
    """At 12:00:00 there is still time."""
    known = emergency()
    decided(known, "ruza-679", MODE, "17 13:05")

    assert of(EndTerm, decided(known, "ruza-679", MODE, "18 12:00")) == []


@pytest.mark.parametrize(
    ("closed", "outcome"),
    [("18 11:59", TermOutcome.CANCELLED), ("18 12:10", TermOutcome.BREACHED)],
)
def test_what_was_owed_falls_away_with_the_end_unless_it_was_due_before(
    closed: str, outcome: TermOutcome
) -> None:
    """Also where the daemon slept through the end of the term."""
    known = emergency()
    decided(known, "ruza-679", MODE, "17 13:05")
    known.acts = [Act(ident="a", at=at(closed), by="mcur_head", do="close", key=KEY)]

    intents = decided(known, "ruza-679", MODE, "18 12:30")

    assert [e.outcome for e in of(EndTerm, intents)] == [outcome]
    assert [(c.event, c.at) for c in of(ChangeIncident, intents)] == [("closed", at(closed))]


@pytest.mark.parametrize(
    ("word", "asked"), [(None, "18 13:05"), ("17 20:00", "18 20:00"), ("18 13:04", "19 13:04")]
)
def test_a_day_without_news_asks_the_head_once(word: str | None, asked: str) -> None:
    """Counted from the last word of anybody."""
    known = emergency()
    if word:
        known.acts = [Act(ident="a", at=at(word), by="mcur_resp", do="note", key=KEY)]
    before = (at(asked) - timedelta(seconds=1)).strftime("%d %H:%M:%S")

    early = decided(known, "ruza-679", MODE, before)
    due = decided(known, "ruza-679", MODE, asked)
    again = decided(known, "ruza-679", MODE, asked)

    assert [u for u in of(UpdateTask, early) if u.assignee] == []
    assert [u.assignee for u in of(UpdateTask, due)] == ["mcur_head"]
    assert of(UpdateTask, again) == []


@pytest.mark.parametrize(
    ("now", "sent", "missed"),
    [
        ("17 15:04", [], []),
        ("17 15:05", ["15:05"], []),
        ("17 15:07", ["15:05"], []),
        ("17 15:07:01", [], ["15:05"]),
        ("17 19:05", ["19:05"], ["15:05", "17:05"]),
        ("17 20:00", [], ["15:05", "17:05", "19:05"]),
    ],
)
def test_a_slot_is_served_at_once_or_missed(now: str, sent: list[str], missed: list[str]) -> None:
    """Every two hours from the entry into the mode; two minutes are what a start takes (C7)."""
    intents = decided(emergency(), "ruza-679", CYCLE, now)

    assert [letter.key[-5:] for letter in of(SendLetter, intents)] == sent
    assert [line.key[-5:] for line in of(Tell, intents)] == missed


def test_the_next_report_names_what_was_missed_and_the_one_after_does_not() -> None:
    """Nobody looks for a report that was never sent."""
    known = emergency()
    decided(known, "ruza-679", CYCLE, "17 18:00")
    [first] = of(SendLetter, decided(known, "ruza-679", CYCLE, "17 19:05"))
    [second] = of(SendLetter, decided(known, "ruza-679", CYCLE, "17 21:05"))

    assert "17.11 15:05, 17.11 17:05" in first.document.model_dump_json()
    assert "Не направлены" not in second.document.model_dump_json()


def test_a_suspicion_is_reported_on_until_it_is_dismissed() -> None:
    """Confirming changes only the state: what runs while nobody has looked runs on."""
    known = emergency(state="suspected")

    assert len(of(SendLetter, decided(known, "ruza-679", CYCLE, "17 15:05"))) == 1
    known.kept[KEY] = replace(known.kept[KEY], state="dismissed")
    assert of(SendLetter, decided(known, "ruza-679", CYCLE, "17 17:05")) == []


def test_slots_may_count_from_a_step_of_a_ladder() -> None:
    """Before the step was taken there are none."""
    rules = CYCLE + 'since = "L-5.1"\n'
    known = emergency()

    assert of(SendLetter, decided(known, "ruza-679", rules, "17 15:05")) == []
    known.kept[KEY] = replace(known.kept[KEY], facts={"L-5.1": at("17 15:05")})
    assert of(SendLetter, decided(known, "ruza-679", rules, "17 17:04")) == []
    [letter] = of(SendLetter, decided(known, "ruza-679", rules, "17 17:05"))
    assert letter.key.endswith("T17:05")


def test_a_report_may_wait_for_its_authors_word() -> None:
    """The draft holds the slot; it stays good after the next slot."""
    rules = CYCLE + 'release = "manual"\n'
    known = emergency()
    intents = decided(known, "ruza-679", rules, "17 15:05")
    again = decided(known, "ruza-679", rules, "17 15:10")

    [draft] = of(PrepareDraft, intents)
    assert (draft.key, draft.owner) == (f"draft:ruza-679:K:{KEY}:2026-11-17T15:05", "mcur_head")
    assert (of(SendLetter, intents), draft.letter.not_after) == ([], None)
    assert of(PrepareDraft, again) == of(Tell, again) == []
