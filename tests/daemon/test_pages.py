"""The page for managers: what stands on it, when it is written, and that it says no more than a mail."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mcur.connectors.papers.chart import to_png
from mcur.connectors.papers.text import to_text
from mcur.connectors.ports import Page, Unavailable
from mcur.daemon import scenario
from mcur.daemon.simulate import Simulation
from mcur.playbooks.documents import Chart

REDMINE = {
    "id": "redmine",
    "kind": "redmine",
    "url": "https://redmine.example",
    "project": "cur",
    "page": "Обстановка",
}
DAY = {
    "playbooks": ["odintsovo-1204"],
    "start": datetime.fromisoformat("2026-11-16T00:00:00+03:00"),
    "until": datetime.fromisoformat("2026-11-18T12:00:00+03:00"),
    "poll": "5m",
    "site": {"tracker": [REDMINE]},
    "appeals": [
        {
            "source": "dobrodel",
            "count": 6,
            "first": datetime.fromisoformat("2026-11-17T09:00:00+03:00"),
            "every": "1h",
            "address": "Одинцово, ул. Мира, д. {n}",
            "category": "МКД",
            "subcategory": "Отопление",
            "executor": "УК «Гарант», тел. 8 (495) 123-45-67",
            "due_after": "20h",
        }
    ],
    "act": [
        {
            "at": datetime.fromisoformat("2026-11-17T13:00:00+03:00"),
            "by": "mcur_head",
            "do": "declare",
            "mode": "emergency",
            "object": "Одинцово, ул. Мира, д. 1",
        }
    ],
}


class Kept:
    """A wiki that remembers each writing, and may be silent."""

    def __init__(self) -> None:
        self.pages: list[tuple[datetime, Page]] = []
        self.silent = False
        self.now: Any = None

    def keep(self, page: Page) -> str:
        """Remember the page."""
        if self.silent:
            raise Unavailable("keep: nobody answers", reached=False)
        self.pages.append((self.now(), page))
        return f"version {len(self.pages)}"

    def texts(self) -> list[str]:
        """Return what the pages say, without when it changed."""
        return [to_text(p.document.model_copy(update={"subtitle": ""})) for _, p in self.pages]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[tuple[Simulation, Kept]]:
    """Lay the days out, with a wiki at hand; the test plays them."""
    simulation = Simulation(scenario.parse(DAY, "day.toml", tmp_path), tmp_path / "site", "day")
    kept = Kept()
    kept.now = simulation.site.clock.now
    simulation.site.destinations["tracker:redmine"].wiki = kept
    yield simulation, kept
    simulation.close()


def test_it_is_written_where_it_says_something_new(played: tuple[Simulation, Kept]) -> None:
    """At quarters of an hour, and no two pages in turn say the same."""
    simulation, kept = played
    simulation.play()

    texts = kept.texts()
    pictures = [page.picture for _, page in kept.pages]
    said = list(zip(texts, pictures, strict=True))
    assert all(now != before for before, now in pairwise(said))
    assert {at.minute % 15 for at, _ in kept.pages} == {0}
    assert 8 <= len(texts) <= 24  # six appeals, five of them late by noon, an emergency, three days


def test_it_says_what_is_open_late_and_in_emergency(played: tuple[Simulation, Kept]) -> None:
    """By executor, yesterday against the week, and no telephone."""
    simulation, kept = played
    simulation.play()

    last = kept.texts()[-1]
    assert "из них" in last
    assert "Продолжается 1 аварийная или чрезвычайная ситуация." in last
    assert "Одинцово, ул. Мира, д. 1" in last
    assert "УК «Гарант»" in last
    assert "17.11.2026" in last
    assert "больше на" in last or "нет данных" in last
    assert "123-45-67" not in last
    assert all("@" not in text for text in kept.texts())


def test_a_page_that_never_got_there_is_written_later(played: tuple[Simulation, Kept]) -> None:
    """Though it says nothing new by then; what was old meanwhile is not written any more."""
    simulation, kept = played
    kept.silent = True
    simulation.play()
    assert kept.pages == []

    kept.silent = False
    simulation._clock.moment = datetime.fromisoformat("2026-11-18T12:30:00+03:00")
    simulation.site.dispatcher.forget_backoff(simulation.site.clock.now())
    simulation._cycle(simulation.site.clock.now())

    assert len(kept.pages) == 1


def test_a_tracker_without_a_wiki_is_asked_for_none(tmp_path: Path) -> None:
    """`mcur simulate` plays such a site with the embedded tracker."""
    simulation = Simulation(scenario.parse(DAY, "day.toml", tmp_path), tmp_path / "site", "day")
    simulation.play()

    counts = simulation.site.state.outbox.counts()
    simulation.close()
    assert counts.get("dead", 0) == 0


def test_the_picture_is_the_same_for_the_same_figures() -> None:
    """And a day that nobody knows is another than a day of nothing."""
    labels = ("16.11", "17.11")
    known, same, unknown = (
        to_png(Chart(labels=labels, series=(values,))) for values in ((0, 5), (0, 5), (None, 5))
    )

    assert known == same
    assert known != unknown
    assert known.startswith(b"\x89PNG")


def test_bars_without_a_label_are_refused() -> None:
    """No picture could name them."""
    with pytest.raises(ValueError, match="each series of a chart needs 1 values"):
        Chart(labels=("16.11",), series=((1, 2),))
