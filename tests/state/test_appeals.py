"""Appeals in the state: idempotent imports, history, corrections, what vanished, what fell due."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import datetime, timedelta
from operator import is_
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings, strategies as st

from mcur.playbooks.directory import Directory
from mcur.playbooks.facts import Appeal, AppealStatus, BadRow
from mcur.state.answers import Answers
from mcur.state.imports import Read
from mcur.state.store import State
from tests.fakes import CITE, MORNING, an_appeal, an_export, some_appeals

HOUR = timedelta(hours=1)
GROUPS = ("new", "repeat", "deferred", "overdue", "returned", "closed")


def take(
    state: State,
    *appeals: Appeal,
    now: datetime = MORNING,
    scope: str | None = None,
    live_from: datetime = MORNING - timedelta(days=30),
    **fields: Any,
) -> Read:
    """Take an export made at ``now``."""
    export = an_export(*appeals, **{"made_at": now, **fields})
    return state.take_export(export, scope=scope, live_from=live_from, now=now, cite=CITE)


def table(state: State, name: str) -> list[dict[str, Any]]:
    """Return the rows of a table."""
    return list(state.db.query(f"SELECT * FROM {name}"))


def vanished(state: State) -> set[str]:
    """Return the numbers of the appeals that vanished."""
    rows = state.db.query("SELECT number FROM appeals WHERE vanished_at IS NOT NULL")
    return {row["number"] for row in rows}


def test_the_same_export_three_times_adds_nothing(state: State) -> None:
    """Not a row, not an entry, not a line of history."""
    appeals = some_appeals(20)
    first = take(state, *appeals)
    before = [table(state, name) for name in ("appeals", "entries", "counters", "appeal_history")]

    again = [take(state, *appeals, now=MORNING + n * HOUR) for n in (1, 2)]

    assert (first.new, first.repeated) == (20, 0)
    assert [(r.new, r.changed, r.repeated) for r in again] == [(0, 0, 20)] * 2
    after = [table(state, name) for name in ("appeals", "entries", "counters", "appeal_history")]
    assert after == before


def test_a_changed_row_keeps_what_it_was(state: State) -> None:
    """Field by field, with the moment and the export."""
    take(state, an_appeal(status=AppealStatus.NEW, executor="УК «А»"))
    take(state, an_appeal(status=AppealStatus.IN_WORK, executor="УК «Б»"), now=MORNING + HOUR)

    history = [
        (r["field"], r["old"], r["new"], r["export"]) for r in table(state, "appeal_history")
    ]
    assert history == [
        ("executor", "УК «А»", "УК «Б»", 2),
        ("status", "new", "in_work", 2),
    ]
    found = state.appeals.get("dobrodel", "1")
    assert found is not None
    assert found.executor == "УК «Б»"


def test_of_two_rows_with_one_number_the_last_stands(state: State) -> None:
    """Otherwise each import of the same file would change the row twice."""
    rows = (an_appeal(text="раз"), an_appeal(text="два"))
    first, again = take(state, *rows), take(state, *rows, now=MORNING + HOUR)

    assert (first.new, first.rows) == (1, 2)
    assert (again.changed, again.repeated) == (0, 2)
    assert table(state, "appeal_history") == []


def test_one_number_of_two_systems_is_two_appeals(state: State) -> None:
    """An appeal is (source, number)."""
    done = take(state, an_appeal(source="dobrodel"), an_appeal(source="eds"))

    assert done.new == 2


@pytest.mark.parametrize(
    ("field", "value", "seen"),
    [
        ("category", "Дороги", "Дороги"),
        ("executor", "УК «Верная»", "УК «Верная»"),
        ("spam", True, True),
        ("spam", False, False),
    ],
)
def test_what_a_person_corrected_wins_over_later_imports(
    state: State, field: Any, value: str | bool, seen: object
) -> None:
    """Both values are kept."""
    take(state, an_appeal(spam=not value if field == "spam" else False))
    state.appeals.correct("dobrodel", "1", field, value, by="mcur_resp", now=MORNING)
    take(state, an_appeal(text="ещё раз", spam=not value if field == "spam" else False))

    found = state.appeals.get("dobrodel", "1")
    assert found is not None
    assert getattr(found, field) == seen
    [row] = table(state, "appeals")
    assert str(getattr(found, field)) not in row["row"]
    assert row["spam"] == found.spam


def test_a_corrected_address_brings_its_house(state: State) -> None:
    """Rules count by house."""
    take(state, an_appeal(address="у нас во дворе", house=None, municipality="Одинцово"))
    state.appeals.correct(
        "dobrodel", "1", "address", "ул. Солнцева, д. 5", by="mcur_resp", now=MORNING
    )

    found = state.appeals.get("dobrodel", "1")
    assert found is not None
    assert found.house == "одинцово, солнцева, 5"
    assert state.appeals.entered("new", MORNING, MORNING + HOUR)[0].house == found.house


def test_a_correction_is_news_and_brings_nothing_back(state: State) -> None:
    """What vanished stays so; rules see which field changed."""
    take(state, an_appeal(1), an_appeal(2), scope="cumulative")
    take(state, an_appeal(2), now=MORNING + HOUR, scope="window:7d")
    state.db.execute("DELETE FROM fresh_appeals")

    state.appeals.correct("dobrodel", "1", "executor", "УК", by="mcur_resp", now=MORNING)

    assert vanished(state) == {"1"}
    [change] = state.appeals.fresh()
    assert (change.changed, change.appeal.executor) == (("executor",), "УК")


def test_a_correction_of_an_unknown_appeal_is_refused(state: State) -> None:
    """Nothing is kept for it."""
    done = state.appeals.correct("dobrodel", "9", "spam", True, by="mcur_resp", now=MORNING)

    assert not done
    assert table(state, "corrections") == []


def received(number: int, **before: float) -> Appeal:
    """Make an appeal received so long before this morning."""
    return an_appeal(number, received_at=MORNING - timedelta(**before))


def test_a_row_missing_in_a_cumulative_export_is_marked_and_comes_back(state: State) -> None:
    """Only what is not older than the export's first row: exports begin anew each year."""
    old, second, third = received(1, days=9), received(2, days=5), received(3, days=1)
    take(state, old, second, third, scope="cumulative")
    done = take(state, replace(second, text="ещё"), scope="cumulative", now=MORNING + HOUR)
    gone = vanished(state)
    take(state, second, third, scope="cumulative", now=MORNING + 2 * HOUR)

    assert (done.vanished, gone) == (1, {"3"})
    assert vanished(state) == set()


def test_outside_the_window_nothing_vanishes(state: State) -> None:
    """An export of seven days says nothing of the eighth."""
    take(state, received(1, days=8), received(2, days=6), received(3, hours=1))
    done = take(state, received(3, hours=1), scope="window:7d")

    assert (done.vanished, vanished(state)) == (1, {"2"})


def test_the_scope_of_a_day_is_the_day_of_the_feeds_zone(state: State) -> None:
    """At one in the morning yesterday's rows are not missing, though it is yesterday in London."""
    night = MORNING.replace(hour=1)
    evening = an_appeal(1, received_at=night - timedelta(hours=3))
    take(state, evening, an_appeal(2, received_at=night - timedelta(minutes=30)))
    done = take(state, an_appeal(3, received_at=night), scope="day", now=night)

    assert (done.vanished, vanished(state)) == (1, {"2"})


def test_another_feed_makes_nothing_vanish(state: State) -> None:
    """Each feed speaks for its own rows."""
    take(state, an_appeal(1), scope="cumulative")
    take(state, an_appeal(2), scope="cumulative", feed="other")

    assert vanished(state) == set()


def test_without_a_scope_nothing_vanishes(state: State) -> None:
    """Whoever does not say what an export holds cannot miss anything."""
    take(state, an_appeal(1))
    take(state, an_appeal(2))

    assert vanished(state) == set()


@pytest.mark.parametrize("scope", ["cumulative", "window:7d", "day"])
def test_zero_rows_never_overwrite(state: State, scope: str) -> None:
    """An empty export is said to have been there; yesterday stays."""
    take(state, *some_appeals(3), scope=scope)
    done = take(state, scope=scope, now=MORNING + HOUR)

    assert (done.rows, done.vanished) == (0, 0)
    assert vanished(state) == set()


@pytest.mark.parametrize("line", [2, None])
def test_a_row_that_is_all_bad_overwrites_nothing_either(state: State, line: int | None) -> None:
    """And stands in quarantine once, however often it comes; also where it has no line."""
    bad = BadRow(file="export.csv", line=line, reason="has no number", raw=";;")
    take(state, *some_appeals(3), scope="cumulative")
    done = [take(state, bad=(bad,), scope="cumulative") for _ in range(3)]

    assert [(r.quarantined, r.vanished) for r in done] == [(1, 0)] * 3
    assert [(r["line"], r["reason"], r["raw"]) for r in state.quarantine()] == [
        (line, "has no number", ";;")
    ]


def test_what_falls_due_enters_the_overdue_at_its_end(state: State) -> None:
    """The end itself is in time; the entry stands a second after it, whenever we look."""
    due = MORNING + HOUR
    take(state, an_appeal(due_at=due))

    assert state.appeals.settle_due(due) == 0
    assert state.appeals.settle_due(due + timedelta(hours=5)) == 1
    assert state.appeals.settle_due(due + timedelta(hours=6)) == 0
    assert [r["number"] for r in table(state, "entries") if r["what"] == "overdue"] == ["1"]
    assert len(state.appeals.entered("overdue", due, due + timedelta(seconds=2))) == 1
    assert state.appeals.stock()["overdue"] == 1


def test_a_late_row_that_says_closed_in_time_takes_the_overdue_back(state: State) -> None:
    """Counters and entries with it."""
    due = MORNING + HOUR
    take(state, an_appeal(due_at=due))
    state.appeals.settle_due(due + HOUR)
    closed = an_appeal(due_at=due, status=AppealStatus.CLOSED, closed_at=due)
    take(state, closed, now=due + 2 * HOUR)

    assert state.appeals.entered("overdue", MORNING, MORNING + timedelta(days=1)) == []
    assert state.appeals.count_entered("overdue", MORNING, MORNING + timedelta(days=1)) == 0
    assert state.appeals.stock()["overdue"] == 0


def test_overdue_and_closed_in_time_within_one_export_is_not_overdue(state: State) -> None:
    """What is taken back may not have been written yet."""
    due = MORNING - HOUR
    late = an_appeal(received_at=due - HOUR, due_at=due)
    take(state, late)
    state.db.execute("DELETE FROM entries")
    closed = replace(late, status=AppealStatus.CLOSED, closed_at=due)

    take(state, late, closed, now=MORNING + HOUR)

    assert state.appeals.entered("overdue", due - HOUR, MORNING + HOUR) == []


def test_closed_after_its_end_stays_overdue(state: State) -> None:
    """It was late, and the day's report said so."""
    due = MORNING + HOUR
    closed = {"status": AppealStatus.CLOSED, "closed_at": due + timedelta(seconds=1)}
    take(state, an_appeal(due_at=due, **closed), now=due + HOUR)

    assert len(state.appeals.entered("overdue", due, due + HOUR)) == 1
    assert state.appeals.stock()["overdue"] == 0


def test_a_new_end_that_lies_ahead_takes_the_overdue_back(state: State) -> None:
    """A granted extension in the export."""
    take(state, an_appeal(due_at=MORNING - HOUR))
    take(state, an_appeal(due_at=MORNING + 9 * HOUR), now=MORNING + HOUR)

    assert state.appeals.entered("overdue", MORNING - 2 * HOUR, MORNING + 2 * HOUR) == []


def test_an_unchanged_import_writes_no_row(state: State) -> None:
    """Only that it was read."""
    appeals = some_appeals(300)
    take(state, *appeals)
    before = state.db.conn.total_changes
    take(state, *appeals, now=MORNING + HOUR)

    assert state.db.conn.total_changes - before < 10


def test_an_appeal_received_before_going_live_stays_history(state: State) -> None:
    """Also when it changes later."""
    old = an_appeal(received_at=MORNING - HOUR)
    take(state, old, an_appeal(2, received_at=MORNING), live_from=MORNING)
    take(state, replace(old, text="изменилось"), live_from=MORNING)

    assert [(c.appeal.number, c.history) for c in state.appeals.fresh()] == [
        ("1", True),
        ("2", False),
    ]


@pytest.mark.parametrize("houses", [True, False])
def test_what_was_counted_of_an_hour_holds_until_that_hour_changes(
    state: State, houses: bool
) -> None:
    """Appeals of other hours do not matter; a row that changed, or that a person corrected, does."""
    first, last = MORNING - 2 * HOUR, MORNING - HOUR
    take(state, an_appeal(received_at=first), live_from=first)
    facts = Answers(state, Directory(), first)
    with state.atomic():
        counted = facts.tallies(first, last, by_house=houses)
        entered = state.appeals.entered("new", first, last)
        take(state, an_appeal(2, received_at=last))
        assert all(map(is_, facts.tallies(first, last, by_house=houses), counted))
        assert all(map(is_, state.appeals.entered("new", first, last), entered))
        take(state, an_appeal(3, received_at=last - timedelta(seconds=1)))
        assert sum(t.n for t in facts.tallies(first, last, by_house=houses)) == 2
        take(state, replace(an_appeal(received_at=first), category="ЖКХ"))
        assert "ЖКХ" in {t.category for t in facts.tallies(first, last, by_house=houses)}
        state.appeals.correct("dobrodel", "1", "category", "Дороги", by="mcur_resp", now=MORNING)
        assert "Дороги" in {t.category for t in facts.tallies(first, last, by_house=houses)}
        assert "Дороги" in {a.category for a in state.appeals.entered("new", first, last)}


# --- entries and counters against brute force -------------------------------------------------------

STAMPS = st.integers(0, 72 * 60).map(lambda n: MORNING - timedelta(days=1) + timedelta(minutes=n))
ROWS = st.builds(
    an_appeal,
    st.integers(1, 6),
    received_at=st.integers(0, 1440).map(lambda n: MORNING - timedelta(minutes=n)),
    status=st.sampled_from([None, *AppealStatus]),
    due_at=st.none() | STAMPS,
    closed_at=st.none() | STAMPS,
    returned_at=st.none() | STAMPS,
    status_changed_at=st.none() | STAMPS,
    repeat=st.booleans(),
)
EXPORTS = st.lists(st.lists(ROWS, max_size=5), min_size=1, max_size=6)
WINDOW = st.tuples(STAMPS, STAMPS)


@given(exports=EXPORTS, windows=st.lists(WINDOW, min_size=1, max_size=5))
@settings(
    max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_counters_agree_with_entries_whatever_comes(
    state: State, exports: list[list[Appeal]], windows: list[tuple[datetime, datetime]]
) -> None:
    """After any sequence of exports and looks at the clock, for any window, in every group."""
    for name in ("appeals", "entries", "counters", "fresh_appeals", "appeal_history", "exports"):
        state.db.execute(f"DELETE FROM {name}")
    state.db.forget()
    for n, rows in enumerate(exports):
        now = MORNING + n * 7 * HOUR
        take(state, *rows, now=now)
        state.appeals.settle_due(now)

    entries = table(state, "entries")
    for what in GROUPS:
        for first, last in windows:
            found = state.appeals.entered(what, first, last)
            counted = state.appeals.count_entered(what, first, last)
            there = [e for e in entries if e["what"] == what and _in(e["at"], first, last)]
            assert counted == len(there)
            assert {a.number for a in found} == {e["number"] for e in there}
    assert all(row["n"] >= 0 for row in table(state, "counters"))
    _agrees_with_brute_force(state, MORNING + (len(exports) - 1) * 7 * HOUR)


def _in(at: str, first: datetime, last: datetime) -> bool:
    return first <= datetime.fromisoformat(at) < last


def _agrees_with_brute_force(state: State, now: datetime) -> None:
    """The group of the overdue, and what is new, as one would count them by hand."""
    rows = {
        r["number"]: state.appeals.get("dobrodel", r["number"]) for r in table(state, "appeals")
    }
    entries = table(state, "entries")
    assert {e["number"] for e in entries if e["what"] == "new"} == rows.keys()
    late = {n for n, a in rows.items() if a and a.due_at and a.is_open and a.due_at < now}
    late |= {
        n for n, a in rows.items() if a and a.due_at and a.closed_at and a.closed_at > a.due_at
    }
    surely = {n for n, a in rows.items() if a and (a.is_open or a.closed_at or not a.due_at)}
    told = {e["number"] for e in entries if e["what"] == "overdue"}
    assert told & surely == late & surely


def test_random_windows_count_what_they_hold(state: State) -> None:
    """Minutes, hours, days: the counters' edges are never off by one."""
    dice = random.Random(4)
    start = MORNING - timedelta(days=20)
    moments = [start + timedelta(seconds=dice.randrange(20 * 86400)) for _ in range(500)]
    take(state, *(an_appeal(n, received_at=at) for n, at in enumerate(moments)))

    for _ in range(200):
        first = start + timedelta(seconds=dice.randrange(20 * 86400))
        last = first + timedelta(seconds=dice.choice([1, 60, 3600, 86400, 5 * 86400]))
        expected = sum(first <= at < last for at in moments)
        assert state.appeals.count_entered("new", first, last) == expected
        assert len(state.appeals.entered("new", first, last)) == expected
