"""How often the outside is asked: by the site, else by its playbooks; in one place."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon.books import Polled, known_needs, load_playbooks, pause
from mcur.daemon.settings import Settings, SettingsError, build
from mcur.playbooks.load import PlaybookError, load
from tests.fakes import site_tables


def site(folder: Path, *, poll: dict[str, str] | None = None, **values: Any) -> Settings:
    """Make a site of two regulations that says so of its pauses, with values of its playbooks."""
    for name in ("feeds", "mail/in/new", "mail/in/cur", "mail/in/tmp", "mail/out", "state"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    said = {f"odintsovo-1204.poll.{name}": value for name, value in values.items()}
    tables = site_tables(set=said, poll=poll or {})
    return build(tables, folder=folder, known_playbooks=known_needs())


def paused(settings: Settings, what: Polled) -> timedelta:
    """Return how often something is asked."""
    return pause(settings, load_playbooks(settings), what)


def test_a_playbook_says_how_often_where_the_site_does_not(tmp_path: Path) -> None:
    """What it says of nothing keeps the default."""
    settings = site(tmp_path, feeds="5m")

    assert (paused(settings, "feeds"), paused(settings, "mail")) == (
        timedelta(minutes=5), timedelta(minutes=2),
    )  # fmt: skip


def test_the_site_counts_for_all_of_its_playbooks(tmp_path: Path) -> None:
    """An administrator spares a slow server once."""
    assert paused(site(tmp_path, poll={"feeds": "1h"}), "feeds") == timedelta(hours=1)


def test_what_would_do_nothing_is_refused(tmp_path: Path) -> None:
    """Said in both places, one of them would have no effect."""
    with pytest.raises(SettingsError, match=r"\[poll\] feeds counts for all playbooks"):
        site(tmp_path, poll={"feeds": "1h"}, feeds="5m")


@pytest.mark.parametrize(
    ("path", "value", "words"),
    [
        ("poll.feed_max_age", "soon", '"soon" is not a duration'),
        ("poll.feed_max_age", "0h", "it is no time at all"),
        ("poll.letters", "5m", "letters"),
        ("calendar.plan_at", "monday", '"monday" is not a moment of a week'),
        ("calendar.holyday", [], "holyday"),
    ],
)
def test_a_value_that_means_nothing_is_refused(path: str, value: object, words: str) -> None:
    """At once, in a sentence, and not in the cycle that first needs it."""
    with pytest.raises(PlaybookError) as caught:
        load("ruza-679", {f"ruza-679.{path}": value})

    assert words in str(caught.value)


def test_a_clause_is_printed_as_its_rule_says() -> None:
    """G3: the number that the text prints by mistake is the one that people look for."""
    told = load("ruza-679", {"ruza-679.report.R-5.printed_clause": "6.3.1 (Отчет 1)"})

    assert told.printed("6.3.1") == "6.3.1 (Отчет 1)"
    assert load("ruza-679").printed("6.3.2") == "6.1.2"
