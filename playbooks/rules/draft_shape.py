"""How long what waits for a person's word may wait, and until when each one does."""

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

    ``of`` names the rules whose letters, or drafts of plans, are meant; without any it is every other
    letter. At the end of ``within`` whoever has it is reminded, once; after ``expires`` the letter can no
    longer leave, nor the plan be approved. Without it what waits, waits.
    """

    of: tuple[str, ...] = ()
    within: DurationField
    expires: DurationField | None = None

    def until(self, calendar: Calendar, prepared_at: datetime) -> Until:
        """Return the moments of a letter that was prepared at a moment."""
        return Until(
            due_at=calendar.wait_ends(prepared_at, self.within),
            expires_at=calendar.wait_ends(prepared_at, self.expires) if self.expires else None,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Until:
    """When the owner has to decide, and when it is too late."""

    due_at: datetime
    expires_at: datetime | None

    @property
    def moments(self) -> tuple[datetime, ...]:
        """The moments at which something is due."""
        return (self.due_at, self.expires_at) if self.expires_at else (self.due_at,)

    def is_over(self, moment: datetime) -> bool:
        """Whether the end has come."""
        return self.expires_at is not None and moment >= self.expires_at


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
