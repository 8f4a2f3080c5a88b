"""All rule kinds, in the order of layers in which one cycle runs them.

What an earlier layer decides is a fact for the later ones of the same cycle: an appeal becomes a
task, the task gets a term, the term feeds a control, the control a ladder, all of it a report.
"""

from __future__ import annotations

from typing import Any

from mcur.playbooks.rules import (
    audit,
    calls,
    checklist,
    control,
    cycle,
    draft,
    intake,
    ladder,
    mode,
    notice,
    plan,
    rating,
    report,
    surge,
    term,
    workflow,
)
from mcur.playbooks.rules.base import Kind

LAYERS: tuple[Kind[Any], ...] = (
    intake.KIND,
    intake.LATE,
    intake.LAST,
    workflow.KIND,
    surge.KIND,
    mode.KIND,
    plan.KIND,
    ladder.EARLY,
    draft.KIND,
    calls.KIND,
    term.KIND,
    notice.KIND,
    control.KIND,
    ladder.KIND,
    plan.LATE,
    checklist.KIND,
    mode.DUTIES,
    cycle.KIND,
    rating.KIND,
    report.KIND,
    audit.KIND,
)

BEFORE_ACTS: tuple[Kind[Any], ...] = (intake.EARLY,)
"""What is asked before the acts of people are judged: who decides by letter acts, too."""

KINDS: dict[str, Kind[Any]] = {}
for _kind in LAYERS:  # a kind may run in two layers: its shape is that of the first
    KINDS.setdefault(_kind.name, _kind)
