"""The journal: what was sealed cannot be altered, taken out, put in or cut off unseen."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mcur.state import journal
from mcur.state.journal import Event
from mcur.state.store import State
from tests.fakes import CITE, MORNING


@pytest.fixture
def told(state: State) -> State:
    """Tell of five things."""
    for n in range(5):
        with state.atomic():
            at = MORNING + timedelta(minutes=n)
            state.tell(Event(at=at, event="task.created", cite=CITE, key=f"task:{n}"))
    return state


def test_an_untouched_chain_holds(told: State) -> None:
    """All five entries."""
    assert journal.verify(told.db) == (5, None)


def test_an_empty_journal_holds(state: State) -> None:
    """A new site has nothing to hide."""
    assert journal.verify(state.db) == (0, None)


@pytest.mark.parametrize("field", ["at", "event", "clause", "key", "by", "evidence", "digest"])
def test_an_altered_entry_is_found(told: State, field: str) -> None:
    """Whatever was altered in it."""
    told.db.execute(f"UPDATE journal SET {field} = 'other' WHERE seq = 3")

    count, broken = journal.verify(told.db)

    assert count == 2
    assert broken is not None
    assert broken.startswith("entry 3 (")
    assert broken.endswith("was altered")


def test_a_deleted_entry_is_found(told: State) -> None:
    """By the gap in the numbers."""
    told.db.execute("DELETE FROM journal WHERE seq = 3")

    assert journal.verify(told.db) == (2, "entry 3 is missing: the next one is 4")


def test_a_deleted_entry_is_found_when_the_others_close_ranks(told: State) -> None:
    """By the chain."""
    told.db.execute("DELETE FROM journal WHERE seq = 3")
    told.db.execute("UPDATE journal SET seq = seq - 1 WHERE seq > 3")

    count, broken = journal.verify(told.db)

    assert (count, "was altered" in str(broken)) == (2, True)


def test_an_inserted_entry_is_found(told: State) -> None:
    """Also one that is sealed as it should be."""
    told.db.execute("UPDATE journal SET seq = seq + 10 WHERE seq > 3")
    told.db.execute("UPDATE journal SET seq = seq - 9 WHERE seq > 10")
    told.db.execute(
        "INSERT INTO journal SELECT 4, at, event, playbook, rule, clause, 'task:forged', by,"
        " evidence, digest, hash, hash FROM journal WHERE seq = 3"
    )

    count, broken = journal.verify(told.db)

    assert (count, "was altered" in str(broken)) == (3, True)


def test_entries_cut_off_at_the_end_are_missed(told: State) -> None:
    """The head of the chain is kept apart."""
    told.db.execute("DELETE FROM journal WHERE seq > 3")

    assert journal.verify(told.db) == (3, "entries 4 to 5 are missing at the end")


def test_the_terms_of_an_event_are_sealed_too(state: State) -> None:
    """A digest that left the dates out would not prove a deadline."""
    for due in (MORNING, MORNING + timedelta(hours=1)):
        event = Event(at=MORNING, event="e", cite=CITE, key="k", data={"due_at": due})
        with state.atomic():
            state.tell(event)

    first, second = (entry["digest"] for entry in journal.last(state.db, 2))
    assert first != second


def test_the_journal_holds_no_texts(state: State) -> None:
    """Clearing personal data elsewhere leaves the chain whole."""
    event = Event(at=MORNING, event="e", cite=CITE, key="k", data={"text": "Иванов, 8 900"})
    with state.atomic():
        state.tell(event, by="Петрова П. П.", evidence="courier <id>")

    [entry] = journal.last(state.db, 10)
    assert "Иванов" not in str(entry)
    assert (entry["by"], entry["evidence"]) == ("Петрова П. П.", "courier <id>")
