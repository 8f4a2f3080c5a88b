"""Measures of a plan: read from what a person sent, and what keeps a plan from approval."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from mcur.playbooks.directory import fold
from mcur.playbooks.facts import Act
from mcur.playbooks.incidents import Measure
from mcur.playbooks.rules.base import Case

_CELLS = ("n", "subject", "result", "indicator", "assessment", "start", "due", "assignee")
_COLUMNS = ("n", "measure", "result", "indicator", "assessment", "start", "due", "executor")
"""Cells of a measure, and the names of the form's columns that show them."""
_GROUP = re.compile(r"\d+\.?")
"""The number of a row that heads a group; measures are 1.1., 1.2. and so on."""
_RUSSIAN = re.compile(r"(\d{1,2})\.(\d{1,2})\.(\d{4})")


def measures_in(case: Case, act: Act) -> tuple[Measure, ...]:
    """Read the measures that an act brings: a table of JSON, or the table of a note.

    Raises ``ValueError`` where it is no such table, or a date in it is none.
    """
    said = act.fields.get("measures", "")
    fills = act.do == "fill-plan"
    # The line «Меры: …» of any other word on a plan is no table of measures.
    rows = json.loads(said) if said and (fills or said.startswith("[")) else []
    if not said and fills:
        rows = list(_rows(case, act.text))
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


def _rows(case: Case, text: str) -> Iterator[Mapping[str, str]]:
    """Read a table of a tracker's note under the headings of the form."""
    lines = [line.strip() for line in text.splitlines() if line.strip().startswith("|")]
    table = [[cell.removeprefix("_.").strip() for cell in x.strip("|").split("|")] for x in lines]
    known = {
        fold(case.say(f"plan.column.{c}")): cell for c, cell in zip(_COLUMNS, _CELLS, strict=True)
    }
    roles = {fold(title): role for role, title in case.playbook.roles.items()}
    heads = [known.get(fold(title), "") for title in table[0]] if table else []
    if table and "subject" not in heads:
        msg = "the first row of a table names its columns"
        raise ValueError(msg)
    for cells in table[1:]:
        row = dict(zip(heads, cells, strict=False))
        if row.get("subject") and not _GROUP.fullmatch(row.get("n", "")):
            who = row.get("assignee", "")
            yield row | {"assignee": roles.get(fold(who), who)}


def _date(text: object) -> date | None:
    russian = _RUSSIAN.fullmatch(str(text or "").strip())
    if russian:
        day, month, year = map(int, russian.groups())
        return date(year, month, day)
    return date.fromisoformat(str(text)[:10]) if text else None
