"""Feeds whose silence says nothing: each judged by its own newest export, each named."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pytest

from mcur.playbooks.directory import FeedEntry
from mcur.playbooks.load import load
from mcur.playbooks.rules.base import Case
from mcur.playbooks.staleness import StaleFeed, stale_feeds
from tests.playbooks.facts import PEOPLE, Known, at

FEEDS = (
    FeedEntry(id="eds-daily", source="eds"),
    FeedEntry(id="dobrodel", source="dobrodel"),
    FeedEntry(id="energy", source="ecur", playbooks=("khimki-energy",)),
)


def stale(exports: dict[str, datetime], now: str = "12:00", age: str = "3h") -> list[StaleFeed]:
    """Return what is stale at a moment for the regulation of Одинцово."""
    facts = Known(exports=exports)
    facts.directory = replace(PEOPLE, feeds=FEEDS)
    playbook = load("odintsovo-1204", {"odintsovo-1204.poll.feed_max_age": age})
    return stale_feeds(Case(facts, playbook, at(now)), at(now))


def test_a_fresh_feed_does_not_hide_a_silent_one() -> None:
    """The older export is judged by its own age, and its system is named."""
    found = stale({"eds-daily": at("05:00"), "dobrodel": at("11:50")})

    assert found == [StaleFeed("ЕДС", at("05:00"))]


@pytest.mark.parametrize(("age", "count"), [("2h", 1), ("3h", 0)])
def test_the_last_moment_of_the_age_is_fresh(age: str, count: int) -> None:
    """C5: three hours are in the three hours."""
    assert len(stale({"eds-daily": at("09:00"), "dobrodel": at("12:00")}, age=age)) == count


def test_a_feed_that_never_came_is_stale_and_that_of_another_regulation_is_none_of_ours() -> None:
    """«energy» is read for Химки only."""
    assert stale({"dobrodel": at("12:00")}) == [StaleFeed("ЕДС", None)]
