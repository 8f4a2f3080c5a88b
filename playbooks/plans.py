"""Measures of a plan: read from what a person sent, and what keeps a plan from approval."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date

from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Measure
from mcur.playbooks.rules.base import Case


def measures_in(act: Act) -> tuple[Measure, ...]:
    """Read the measures that an act brings, as a table of JSON.

    Raises ``ValueError`` where it is no such table, or a date in it is none.
    """
    rows = json.loads(act.fields.get("measures") or "[]")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        msg = "measures are a list of tables"
        raise ValueError(msg)
    return tuple(
        Measure(
            subject=str(row.get("subject", "")),
            start=_date(row.get("start")),
            due=_date(row.get("due")),
            assignee=str(row.get("assignee", "")),
            result=str(row.get("result", "")),
            indicator=str(row.get("indicator", "")),
            assessment=str(row.get("assessment", "")),
        )
        for row in rows
    )


def lacks(case: Case, measures: Sequence[Measure]) -> str | None:
    """Say what keeps a plan from approval; ``None`` where nothing does."""
    if not measures:
        return case.say("plan.no_measures")
    bare = [m.subject for m in measures if m.due is None or not m.assignee]
    return case.say("plan.bare", subjects=bare) if bare else None


def _date(text: object) -> date | None:
    return date.fromisoformat(str(text)[:10]) if text else None
