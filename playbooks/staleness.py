"""Feeds whose newest export is too old for what is said of them (``poll.feed_max_age``), each by its name."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from mcur.playbooks.rules.base import Case


@dataclass(frozen=True, slots=True)
class StaleFeed:
    """A feed by the name that people know, and when its newest export was made; ``None``: none ever came.

    Without a name it stands for every feed of a site that reads none.
    """

    name: str
    made_at: datetime | None


def stale_feeds(case: Case, at: datetime) -> list[StaleFeed]:
    """Return the feeds of the playbook whose silence says nothing of a moment: their exports are older."""
    newest = case.facts.newest_exports()
    allowed = case.playbook.poll.feed_max_age
    feeds = case.facts.directory.feeds_of(case.playbook.id)
    if not feeds:
        return [StaleFeed("", None)]
    names = {feed.id: case.say("source", source=feed.source) for feed in feeds}
    return [
        StaleFeed(name, newest.get(ident))
        for ident, name in names.items()
        if ident not in newest or at - newest[ident] > allowed
    ]
