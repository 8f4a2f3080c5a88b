"""Pages in the wiki of a tracker: queued where they say something new, or the last one never got there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from mcur.playbooks.intents import KeepPage, digest_of

if TYPE_CHECKING:
    from mcur.state.store import State

_LOST = ("expired", "dead")


def put(state: State, page: KeepPage, now: datetime) -> None:
    """Queue a page unless the one before it says the same; when it changed is no news."""
    said = page.document.model_copy(update={"subtitle": ""})
    digest = digest_of(said.model_dump_json(), page.chart.model_dump_json(), page.caption)
    name = f"page:{page.tracker}:{page.title}"
    known, _, before = (state.meta(name) or "").partition(" ")
    row = state.outbox.get(before) if known == digest else None
    if row is None or row["state"] in _LOST:
        state.outbox.put(page, f"tracker:{page.tracker}", now)
        state.set_meta(name, f"{digest} {page.key}")
