"""Wiring: which regulation reads a feed, and where its rows lie."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from mcur.daemon import wiring
from mcur.daemon.books import known_needs, load_playbooks
from mcur.daemon.settings import build
from mcur.daemon.site_template import site_text

FEED = {"id": "export", "source": "eds", "path": "feeds"}


@pytest.mark.parametrize(
    ("playbooks", "site", "feed", "place"),
    [
        (["ruza-679"], {}, {}, "Рузский городской округ"),
        (["ruza-679"], {"municipality": "Тучково"}, {}, "Тучково"),
        (["ruza-679"], {"municipality": "Тучково"}, {"municipality": "Химки"}, "Химки"),
        (["ruza-679", "odintsovo-1204"], {}, {}, ""),
        (["ruza-679", "odintsovo-1204"], {}, {"playbooks": ["ruza-679"]}, "Рузский городской округ"),
    ],
    ids=["the regulation's", "the site's", "the feed's", "of several", "of the one that reads it"],
)  # fmt: skip
def test_where_the_rows_of_a_feed_lie(
    tmp_path: Path, playbooks: list[str], site: dict[str, Any], feed: dict[str, Any], place: str
) -> None:
    """The nearest that is said; a row of nowhere belongs to each regulation that reads it."""
    made = tomllib.loads(site_text(playbooks, "letter", known_needs()))
    tables = {**made, "feeds": [{**FEED, **feed}], **site}
    settings = build(tables, folder=tmp_path, known_playbooks=known_needs(), on_disk=False)

    assert wiring.place_of(settings.feeds[0], settings, load_playbooks(settings)) == place
