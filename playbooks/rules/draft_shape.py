"""How long a letter that waits for a person's word may wait, and until when each one does."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from mcur.playbooks.calendar import Calendar
from mcur.playbooks.durations import DurationField
from mcur.playbooks.rules.base import Rule

if TYPE_CHECKING:
    from mcur.playbooks.playbook import Playbook


class Waiting(Rule):
    """The term of its owner and its end, both counted from when it was prepared.

    ``of`` names the rules whose letters are meant; without any it is every other. At the end of
    ``within`` the owner is reminded, once; after ``expires`` the letter can no longer leave.
    """

    of: tuple[str, ...] = ()
    within: DurationField
    expires: DurationField

    def until(self, calendar: Calendar, prepared_at: datetime) -> Until:
        """Return the moments of a letter that was prepared at a moment."""
        return Until(
            due_at=calendar.wait_ends(prepared_at, self.within),
            expires_at=calendar.wait_ends(prepared_at, self.expires),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """When the owner of a letter has to decide, and when it is too late."""

    due_at: datetime
    expires_at: datetime


def rule_for(playbook: Playbook, of: str) -> Waiting | None:
    """Return the rule for the letters of a rule: the one that names it, else the one for the rest."""
    rest = None
    for rule in playbook.enabled("draft"):
        if isinstance(rule, Waiting):
            if of in rule.of:
                return rule
            rest = rest if rule.of else rule
    return rest


def until(playbook: Playbook, of: str, prepared_at: datetime) -> Until | None:
    """Return until when a letter of a rule waits; ``None`` where nothing ends its waiting."""
    rule = rule_for(playbook, of)
    return rule.until(playbook.calendar, prepared_at) if rule else None
