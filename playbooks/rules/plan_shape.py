"""The shape of a plan."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from mcur.playbooks.rules.base import Rule


class PlanRule(Rule):
    """A plan. ``occasion`` is the week that has passed, or an incident of ``mode``.

    ``since`` is what the draft of an incident's plan waits for: the step of a ladder, a fact.

    ``name`` stands in the key: where two offices plan the same week, each has its own (``weekly-…``).
    ``owner`` fills in the measures, ``approver`` approves, ``coordinator`` stands in the form.
    ``published_clause`` is the one under which tasks are made, ``informed_clause`` the one under which all
    responsible get the plan. ``columns`` are the clauses that the fields of the form answer.
    """

    name: str = Field(pattern=r"^(weekly(-[a-z0-9]+)?|operational)$")
    occasion: Literal["week", "incident"]
    mode: str = ""
    since: str = "entered"
    owner: str
    approver: str
    coordinator: str
    responsible: tuple[str, ...] = ()
    approval_clause: str = ""
    informed_clause: str = ""
    published_clause: str = ""
    columns: tuple[str, ...] = ()
